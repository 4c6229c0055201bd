"""Template tags for the host's pages and for the plugin's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from moderation import gate_wording, wording
from moderation.models import Action, Band, Severity
from moderation.permissions import PUBLISH_POLICY
from moderation.selectors import artists
from moderation.selectors import troubles as selectors_troubles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml.operating import Share
    from moderation.models import Artwork, Case, Event
    from moderation.selectors.policies import Replay

register = template.Library()


@register.inclusion_tag("moderation/_status.html", takes_context=True)
def artwork_status(context: dict[str, Any], artwork: Artwork | None) -> dict[str, Any]:
    """Render where the artwork stands, in the artist's words; it follows live while a screening is under way.

    What the statuses of one page share (the usual time, the artist's open cases) is read once a request.
    """
    request = context.get("request")
    clocks: dict[int, artists.Clock] = getattr(request, "_moderation_clocks", {})
    if request is not None:
        request._moderation_clocks = clocks
    clock = None
    if artwork is not None and artwork.standing in artists.WAITS:
        whose = artwork.owner_id or -artwork.pk
        clock = clocks[whose] = clocks.get(whose) or artists.clock_for(artwork)
    return {"artwork": artwork, "status": artists.status_of(artwork, clock)}


@register.inclusion_tag("moderation/_troubles.html", takes_context=True)
def troubles(context: dict[str, Any]) -> dict[str, Any]:
    """Render what an admin should see to; nothing for everybody else, and nothing where nothing is wrong."""
    user = context["request"].user
    is_staff = getattr(user, "is_staff", False)  # the admin's notion: a host's users need not have it
    return {"troubles": selectors_troubles.troubles() if is_staff or user.has_perm(PUBLISH_POLICY) else []}


@register.filter
def standing_explained(artwork: Artwork) -> str:
    """What the artwork's standing means for its artist, in a sentence or two."""
    return wording.explained(artwork.standing)


@register.simple_tag
def about_marks() -> str:
    """What marks in a file, and their absence, can and cannot say."""
    return str(wording.ABOUT_MARKS)


@register.filter
def for_artist(event: Event) -> str:
    """The event in one sentence for the artist; empty where it is not their concern."""
    return wording.for_artist(event)


@register.filter
def for_moderator(event: Event) -> str:
    """The event in one sentence for moderators."""
    return wording.for_moderator(event)


@register.filter
def percent(value: float | None) -> str:
    """A share 0..1 as whole per cent; shares that are not quite 0 or 1 never round to them."""
    if value is None:
        return ""
    whole = round(value * 100)
    return str(min(max(whole, 1 if value > 0 else 0), 99 if value < 1 else 100))


@register.filter
def get(mapping: dict[Any, Any] | None, key: Any) -> Any:
    """The value under ``key``, or nothing."""
    return None if mapping is None else mapping.get(key)


@register.filter
def held(case: Case) -> bool:
    """Whether somebody has the case open at this moment: a lease that ran out does not count."""
    return case.held_by_id is not None and case.held_until is not None and case.held_until > timezone.now()


@register.filter
def severity_kind(severity: int) -> str:
    """The chip's kind for an urgency."""
    kinds = {
        Severity.APPEAL: "label",
        Severity.OVERDUE: "stop",
        Severity.PROOF: "stop",
        Severity.THEFT: "stop",
        Severity.HOLD: "wait",
        Severity.STRONG: "wait",
    }
    return kinds.get(Severity(severity), "idle")


@register.filter
def action_kind(action: str) -> str:
    """The chip's kind for an action."""
    return {Action.APPROVE: "approved", Action.LABEL: "labelled", Action.REJECT: "rejected"}.get(Action(action), "")


@register.filter
def score_kind(p_ai: float, case: Case) -> str:
    """Which band a score alone lies in, as a CSS suffix: a mark in the file does not colour the score's bar."""
    band = case.screening.band if case.screening else ""
    return {"hold": "stop", "review": "wait"}.get(band, "good")


@register.filter
def svg_length(share: float) -> str:
    """A share 0..1 as a length 0..100 in SVG's own spelling, whatever the reader's language does to numbers."""
    return f"{min(max(share, 0.0), 1.0) * 100:.2f}"


@register.filter
def svg_number(value: float) -> str:
    """A number in SVG's own spelling."""
    return f"{value:.2f}"


@register.filter
def words(details: dict[str, Any]) -> list[tuple[str, str]]:
    """A finding's details as pairs of words, for people: long texts and nested values are left to the export."""
    return [
        (wording.detail_name(key), wording.detail(key, value)[:600])
        for key, value in details.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "" and key != "raw"
    ]


@register.filter
def detector_kind(status: str) -> str:
    """The chip's kind for what a detector does."""
    return {"active": "good", "canary": "wait", "shadow": "label", "candidate": "waiting"}.get(status, "idle")


@register.filter
def gate_kind(state: str) -> str:
    """The chip's kind for a gate's state."""
    return {"passed": "good", "refused": "stop", "failed": "stop", "running": "waiting"}.get(state, "idle")


@register.filter
def gate_title(finding: dict[str, Any]) -> str:
    """What the gate asked."""
    return gate_wording.title(finding)


@register.filter
def gate_sentence(finding: dict[str, Any]) -> str:
    """What the gate found."""
    return gate_wording.sentence(finding)


@register.filter
def share(value: float) -> str:
    """A measured share 0..1 in per cent, with one decimal."""
    return _("%(percent)s %%") % {"percent": number_format(value * 100, 1)}


@register.filter
def span(interval: Sequence[float]) -> str:
    """An interval of shares 0..1 in per cent, with one decimal."""
    low, high = (number_format(bound * 100, 1) for bound in interval)
    return _("%(low)s–%(high)s %%") % {"low": low, "high": high}


@register.filter
def span_of(share: Share) -> str:
    """The interval of a measured share, in per cent."""
    return span((share.low, share.high))


@register.filter
def as_percent(value: float) -> str:
    """A share 0..1 in per cent as a form field holds it, whatever the reader's language does to numbers."""
    return f"{value * 100:.1f}"


@register.filter
def band_moves(replay: Replay) -> list[tuple[int, int, str]]:
    """Works of each band under both policies, with the band's name."""
    return [(replay.before(band), replay.after(band), band.value) for band in Band]


@register.filter
def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return ("+" if difference > 0 else "") + number_format(difference * 100, 1)


@register.filter
def p_value(p: float) -> str:
    """A test's p as it is usually written."""
    return f"p = {number_format(p, 3)}" if p >= 0.001 else f"p < {number_format(0.001, 3)}"


@register.filter
def stored(value: Any) -> str:
    """A value of the log as it is stored; a dash where there was none."""
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
