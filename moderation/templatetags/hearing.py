"""Template tags for the hearing: the moderator's panel for an appeal, and what a working file tells, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from moderation.models import Appeal
from moderation.permissions import may_decide_appeal, may_see_appeal
from moderation.selectors.artists import in_words
from moderation.services import appeals
from moderation.statement import statement_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.utils.functional import _StrPromise

    from moderation.models import AppealFile, Case

register = template.Library()

PROBLEMS: dict[str, _StrPromise] = {
    "not_what_it_says": gettext_lazy("The file is not what its name says."),
    "damaged": gettext_lazy("The file is damaged, or made so that it cannot be read."),
    "too_much_inside": gettext_lazy("There is more inside than is read here. Open it in its own program."),
    "no_reader": gettext_lazy("What is inside cannot be read here. Open it in its own program."),
    "gone": gettext_lazy("The file is not in the storage any more."),
    "took_too_long": gettext_lazy("Reading it took too long. Be careful when you open it."),
}

COUNTED = {
    "layers": ngettext_lazy("%(n)d layer", "%(n)d layers", "n"),
    "groups": ngettext_lazy("%(n)d group", "%(n)d groups", "n"),
    "strokes": ngettext_lazy("%(n)d stroke", "%(n)d strokes", "n"),
    "saved_times": ngettext_lazy("saved %(n)d time", "saved %(n)d times", "n"),
    "recordings": ngettext_lazy("%(n)d piece of a recording inside", "%(n)d pieces of a recording inside", "n"),
}
TIMED: dict[str, _StrPromise] = {
    "worked_seconds": gettext_lazy("worked on for %(time)s"),
    "seconds": gettext_lazy("runs for %(time)s"),
}
DATED: dict[str, _StrPromise] = {
    "created": gettext_lazy("begun %(when)s"),
    "changed": gettext_lazy("last changed %(when)s"),
}


@register.inclusion_tag("moderation/hearing/_appeal_panel.html", takes_context=True)
def appeal_panel(context: dict[str, Any], case: Case) -> dict[str, Any]:
    """Render an appeal for whoever may decide it: what the artist says and sends, the first decision, the answer."""
    request = context.get("request")
    user = request.user if request is not None else None
    found = (
        Appeal.objects.filter(case=case)
        .select_related("decision__artwork", "decision__decider", "decision__artist", "decider", "answer")
        .prefetch_related("files")
        .first()
    )
    may_see = bool(found and user and may_see_appeal(user, found))
    return {
        "case": case,
        "appeal": found,
        "may_see": may_see,
        "may_decide": bool(found and user and may_decide_appeal(user, found)) and case.is_open,
        "files": list(found.files.all()) if found and may_see else [],
        "statement": statement_of(found.decision) if found and may_see else None,
        "outcomes": appeals.possible_outcomes(found) if found else [],
        "form": getattr(request, "answer_form", None),
        "queue": context.get("queue", ""),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def told_by(file: AppealFile) -> list[str]:
    """What a working file tells, as short sentences for the moderator."""
    return list(_told(file.summary))


def _told(told: dict[str, Any]) -> Iterator[str]:
    if "width" in told and "height" in told:
        yield _("%(width)d × %(height)d pixels") % told
    for name, words in COUNTED.items():
        if told.get(name):
            yield words % {"n": told[name]}
    for name, words in TIMED.items():
        if told.get(name):
            yield words % {"time": _span(told[name])}
    if told.get("program"):
        yield _("made with %(program)s") % told
    for name, words in DATED.items():
        if told.get(name):
            yield words % {"when": _date(told[name])}
    if told.get("problem"):
        yield str(PROBLEMS.get(told["problem"], PROBLEMS["damaged"]))


def _span(seconds: float) -> str:
    if seconds < 60:
        whole = max(round(seconds), 1)
        return ngettext("%(n)d second", "%(n)d seconds", whole) % {"n": whole}
    return in_words(timedelta(seconds=seconds))


def _date(text: str) -> str:
    """Return a date that a program wrote, as people read it; as it stands where it is in no known form."""
    try:
        found = parse_datetime(text.replace(":", "-", 2) if text[4:5] == ":" else text)
    except ValueError:
        found = None
    return date_format(found, "SHORT_DATETIME_FORMAT") if found else text
