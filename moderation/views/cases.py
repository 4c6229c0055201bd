"""One case: looking at it, keeping it, passing it over or on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from moderation import reasons, selectors, services
from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed
from moderation.models import Action, RegressionWork
from moderation.models.desk import SkipReason
from moderation.permissions import is_owner
from moderation.readers import language_of
from moderation.services import policies, training_set
from moderation.views._desk import (
    case_or_404,
    case_url,
    conflict,
    is_fragment,
    moderators_only,
    page,
    preferences_of,
    queue_query,
    to_next,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponse

    from moderation.forms import DecisionForm
    from moderation.models import Case, DeskPreferences
    from moderation.views._desk import DeskRequest


@require_safe
@moderators_only
def case(request: DeskRequest, pk: int) -> HttpResponse:
    """Show a case. Looking changes nothing: the page's heartbeat claims it."""
    return case_page(request, case_or_404(pk))


def case_page(request: DeskRequest, one: Case, *, form: DecisionForm | None = None, status: int = 200) -> HttpResponse:
    """Render a case's page, with a form that was sent and is to be put right, if any."""
    preferences = preferences_of(request.user)
    query = queue_query(request)
    may_decide, why_not = _may_decide(request.user, one)
    uncovered = "look" in request.GET or form is not None
    context: dict[str, Any] = {
        "case": one,
        "sheet": selectors.case_sheet(one),
        "saliency": getattr(one, "has_overlay", False),
        "policy": policies.policy_of(one),
        "form": form,
        "chosen": request.POST.get("choice", "") if form else "",
        "text": request.POST.get("explanation", "") if form else "",
        "seen": request.POST.getlist("seen") if form else [],
        "actions": actions_of(one),
        "to_artist": _to_artist(one),
        "observations": list(reasons.OBSERVATIONS.items()),
        "skip_reasons": SkipReason.choices,
        "queue": query,
        "may_decide": may_decide and one.is_open,
        "why_not": why_not,
        "is_own": is_owner(request.user, one.artwork),
        "is_example": not one.is_open and RegressionWork.objects.filter(artwork=one.artwork).exists(),
        "preferences": preferences,
        "covers": _covers(preferences) and one.is_open and not uncovered,
        "grace_minutes": policies.current_policy().within(one.artwork.category).grace_minutes,
    }
    return page(request, "moderation/case.html", context, status=status)


def actions_of(one: Case) -> list[dict[str, Any]]:
    """Return the three actions with their grounds and texts for ``one``, the likeliest ground of each named."""
    keys = {Action.APPROVE: "a", Action.LABEL: "l", Action.REJECT: "r"}
    styles = {Action.APPROVE: "good", Action.LABEL: "label", Action.REJECT: "stop"}
    return [
        {
            "action": action,
            "key": keys[action],
            "style": styles[action],
            "default": reasons.default_choice(one, action),
            "reasons": [
                {"reason": reason, "text": reasons.compose(one, reason)}
                for reason in reasons.REASONS
                if reason.action == action
            ],
        }
        for action in Action
    ]


def _to_artist(one: Case) -> dict[str, Any]:
    """Return the words that may go to the artist, in the artist's language: a text a ground, a phrase a thing seen.

    ``other`` names that language where it is not the moderator's own.
    """
    language = language_of(one.artwork.owner)
    is_other = language != get_language()
    with translation.override(language):
        words = {
            "language": language,
            "texts": {reason.choice: reasons.compose(one, reason) for reason in reasons.REASONS},
            "seen": {key: str(thing.words) for key, thing in reasons.OBSERVATIONS.items()},
            "listed": str(reasons.LISTED),
            "listed_last": str(reasons.LISTED_LAST),
        }
    return {**words, "other": get_language_info(language)["name_translated"] if is_other else ""}


@require_POST
@moderators_only
def keep(request: DeskRequest, pk: int) -> HttpResponse:
    """The page's heartbeat: extend the lease (or take it where the case is free) and tell how things stand."""
    one = case_or_404(pk)
    problem: CaseConflict | None = None
    try:
        if _may_decide(request.user, one)[0]:
            one = services.keep_case(case=one, moderator=request.user)
    except CaseConflict as error:
        problem = error
    seen = request.POST.get("version", "")
    changed = problem is None and one.is_open and seen.isdecimal() and int(seen) != one.version
    context = {"case": one, "problem": problem, "changed": changed, "queue": queue_query(request)}
    return page(request, "moderation/_holder.html", context)


@require_POST
@moderators_only
def take_over(request: DeskRequest, pk: int) -> HttpResponse:
    """Take a case that a colleague has open; their page tells them so within seconds."""
    one = case_or_404(pk)
    try:
        services.claim_case(case=one, moderator=request.user, steal=True)
    except CaseConflict as error:
        return conflict(request, error, case=one)
    except NotAllowed as error:
        return _refused(request, one, error)
    return redirect(case_url(one, queue_query(request)))


@require_POST
@moderators_only
def skip(request: DeskRequest, pk: int) -> HttpResponse:
    """Pass the case over and go to the next."""
    one = case_or_404(pk)
    try:
        services.skip_case(case=one, moderator=request.user, reason=request.POST.get("reason", ""))
    except NotAllowed as error:
        return _refused(request, one, error)
    return to_next(request)


@require_POST
@moderators_only
def escalate(request: DeskRequest, pk: int) -> HttpResponse:
    """Pass the case to the senior moderators and go to the next."""
    one = case_or_404(pk)
    reason = request.POST.get("reason", "")
    version = request.POST.get("version", "")
    try:
        services.escalate_case(
            case=one, moderator=request.user, reason=reason, version=int(version) if version.isdecimal() else 0
        )
    except CaseConflict as error:
        return conflict(request, error, case=one, text=reason)
    except (NotAllowed, IncompleteDecision) as error:
        return _refused(request, one, error)
    messages.success(request, _("“%(title)s” is with the senior moderators now.") % {"title": one.artwork})
    return to_next(request)


@require_POST
@moderators_only
def ask(request: DeskRequest, pk: int) -> HttpResponse:
    """Ask the artist and go to the next case; this one waits for the answer."""
    one = case_or_404(pk)
    text, version = request.POST.get("text", ""), request.POST.get("version", "")
    try:
        services.ask_artist(
            case=one, moderator=request.user, text=text, version=int(version) if version.isdecimal() else 0
        )
    except CaseConflict as error:
        return conflict(request, error, case=one, text=text)
    except (NotAllowed, IncompleteDecision) as error:
        return _refused(request, one, error)
    messages.success(request, _("Asked. “%(title)s” waits for the answer.") % {"title": one.artwork})
    return to_next(request)


@require_POST
@moderators_only
def note(request: DeskRequest, pk: int) -> HttpResponse:
    """Keep an internal note."""
    one = case_or_404(pk)
    try:
        services.add_note(case=one, author=request.user, text=request.POST.get("text", ""))
    except (NotAllowed, IncompleteDecision) as error:
        if not is_fragment(request):
            return _refused(request, one, error)
        return page(
            request, "moderation/_notes.html", {"case": one, "sheet": selectors.case_sheet(one), "problem": error}
        )
    if is_fragment(request):
        one = case_or_404(pk)  # as it is now, with its note
        return page(request, "moderation/_notes.html", {"case": one, "sheet": selectors.case_sheet(one)})
    return redirect(case_url(one, queue_query(request)) + "#notes")


@require_POST
@moderators_only
def wrong(request: DeskRequest, pk: int) -> HttpResponse:
    """Put the work into the regression set, or take it out again."""
    one = case_or_404(pk)
    try:
        training_set.mark_wrong(case=one, moderator=request.user, wrong=request.POST.get("wrong") != "no")
    except NotAllowed as error:
        return _refused(request, one, error)
    return redirect(case_url(one, queue_query(request)) + "#wrong")


@require_POST
@moderators_only
def reopen(request: DeskRequest, pk: int) -> HttpResponse:
    """Open a decided case anew, when the time to undo is over."""
    one = case_or_404(pk)
    try:
        opened = services.reopen_case(case=one, moderator=request.user, reason=request.POST.get("reason", ""))
    except CaseConflict as error:
        return conflict(request, error, case=one, text=request.POST.get("reason", ""))
    except (NotAllowed, IncompleteDecision) as error:
        return _refused(request, one, error)
    return redirect(opened)


def _may_decide(moderator: User, one: Case) -> tuple[bool, str]:
    """Return whether ``moderator`` may decide ``one``, and if not, why."""
    try:
        services.cases.check_may_handle(moderator, one)
    except NotAllowed as error:
        return False, str(error)
    return True, ""


def _covers(preferences: DeskPreferences) -> bool:
    return preferences.hide_score


def _refused(request: DeskRequest, one: Case, error: NotAllowed | IncompleteDecision) -> HttpResponse:
    """Say why not (403 for what is forbidden, 422 for what is incomplete), on the case's page."""
    messages.error(request, str(error))
    return case_page(request, case_or_404(one.pk), status=403 if isinstance(error, NotAllowed) else 422)
