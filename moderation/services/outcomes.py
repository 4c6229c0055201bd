"""What a machine's look changes about an artwork, and what its replacement or removal does.

Nothing here restricts: a machine clears, or opens a case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from moderation.evidence.base import Strength
from moderation.models import (
    Action,
    Artwork,
    Band,
    CaseKind,
    CaseState,
    ScreeningState,
    Severity,
    Standing,
)
from moderation.models.artwork import LABEL_OF_ORIGIN, Label
from moderation.models.screening import OPEN_STATES
from moderation.saying import say
from moderation.services import cases, events
from moderation.services.judging import replay

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from moderation.models import Decision, Policy, Screening
    from moderation.services.judging import Verdict

STANDING_OF_ACTION = {
    Action.APPROVE: Standing.APPROVED,
    Action.LABEL: Standing.LABELLED,
    Action.REJECT: Standing.REJECTED,
}
STANDING_OF_BAND = {Band.CLEAR: Standing.CLEARED, Band.REVIEW: Standing.IN_REVIEW, Band.HOLD: Standing.HELD}


def apply_verdict(artwork: Artwork, *, screening: Screening, verdict: Verdict, policy: Policy) -> None:
    """Let a verdict take effect: clear the work, or open a case. A person's decision is never touched.

    A case that is already open stays open whatever a later look says: a person was asked, a person answers.
    """
    if artwork.is_decided or artwork.standing == Standing.WITHDRAWN or not artwork.is_current:
        return
    open_case = artwork.cases.filter(state=CaseState.OPEN).first()
    if verdict.asks_a_person:
        cases.open_case(
            artwork,
            screening=screening,
            kind=CaseKind.SUSPECT,
            severity=verdict.severity or Severity.REVIEW,
            reason=verdict.reason,
            due_at=screening.requested_at + policy.time_limit(verdict.band),
        )
    elif open_case is not None:
        return
    set_standing(
        artwork,
        STANDING_OF_BAND[verdict.band],
        visible=verdict.band == Band.CLEAR or policy.shows(verdict.band),
        label=LABEL_OF_ORIGIN.get(artwork.declared_origin, Label.NONE),
        reason=verdict.reason,
    )


def apply_failure(artwork: Artwork, *, screening: Screening, policy: Policy) -> None:
    """Put a work that could not be screened in front of a person. It waits, it is not rejected."""
    if artwork.is_decided or artwork.standing == Standing.WITHDRAWN or not artwork.is_current:
        return
    has_proof = any(found["strength"] == Strength.PROOF for found in screening.evidence)
    cases.open_case(
        artwork,
        screening=screening,
        kind=CaseKind.UNSCREENED,
        severity=Severity.PROOF if has_proof else Severity.UNSCREENED,
        reason=screening.failure_message,
        due_at=screening.requested_at + policy.time_limit(Band.HOLD),
    )
    visible = artwork.is_visible and artwork.standing != Standing.WAITING
    set_standing(
        artwork,
        Standing.IN_REVIEW if visible else Standing.HELD,
        visible=visible,
        label=artwork.ai_label,
        reason=screening.failure_message,
    )


def apply_decision(artwork: Artwork, *, decision: Decision) -> None:
    """Let a person's decision take effect."""
    artwork.decision = decision
    set_standing(
        artwork,
        STANDING_OF_ACTION[Action(decision.action)],
        visible=decision.action != Action.REJECT,
        label=Label.GENERATED
        if decision.action == Action.LABEL
        else LABEL_OF_ORIGIN.get(artwork.declared_origin, Label.NONE),
        reason=decision.explanation,
        decision=decision,
    )


def redeclare(artwork: Artwork, *, before: str, policy: Policy) -> None:
    """Let a changed declaration of a work that is through take effect.

    Declaring more AI than before only adds the label. Declaring less on a work that a person approved asks a person
    again: they may have approved it *because* it was declared. (One that a machine cleared is simply looked at anew.)
    """
    steps = list(LABEL_OF_ORIGIN)
    earlier, now = (steps.index(origin) + 1 if origin in steps else 0 for origin in (before, artwork.declared_origin))
    if now > earlier and artwork.standing in (Standing.CLEARED, Standing.APPROVED):
        label = LABEL_OF_ORIGIN[artwork.declared_origin]
        set_standing(
            artwork,
            Standing(artwork.standing),
            visible=artwork.is_visible,
            label=label,
            reason=say(_("Declared so.")),
        )
    elif now < earlier and artwork.standing == Standing.APPROVED:
        cases.open_case(
            artwork,
            screening=artwork.screenings.filter(state=ScreeningState.DONE).order_by("-pk").first(),
            kind=CaseKind.SUSPECT,
            severity=Severity.STRONG,
            reason=say(_("The artist took back a declaration of AI on a work that a person had approved.")),
            due_at=timezone.now() + policy.time_limit(Band.REVIEW),
        )


def set_standing(
    artwork: Artwork,
    standing: Standing,
    *,
    visible: bool,
    label: str,
    reason: str = "",
    decision: Decision | None = None,
) -> None:
    """Write where the work stands now, log it, and let a version that became public take its predecessor's place."""
    before = standing_of(artwork)
    after = {"standing": standing.value, "visible": visible, "label": str(label)}
    artwork.standing, artwork.is_visible, artwork.ai_label = standing, visible, str(label)
    artwork.save(update_fields=["standing", "is_visible", "ai_label", "decision", "updated_at"])
    if visible and artwork.is_current:
        for older in siblings(artwork).filter(is_visible=True).only("pk"):
            older.is_visible = False
            older.save(update_fields=["is_visible", "updated_at"])
            events.log("artwork_replaced", artwork=older, before={"visible": True}, after={"visible": False})
    if before != after:
        events.log(
            "standing_changed",
            artwork=artwork,
            actor=decision.decider if decision else None,
            before=before,
            after=after,
            reason=reason,
        )


def standing_of(artwork: Artwork) -> dict[str, Any]:
    """Return where the work stands, as the log and a decision's ``before`` keep it."""
    return {"standing": str(artwork.standing), "visible": artwork.is_visible, "label": str(artwork.ai_label)}


def siblings(artwork: Artwork) -> QuerySet[Artwork]:
    """Return the other versions of the same host object's picture."""
    return Artwork.objects.filter(
        content_type_id=artwork.content_type_id, object_pk=artwork.object_pk, field=artwork.field
    ).exclude(pk=artwork.pk)


def supersede(artwork: Artwork) -> None:
    """Make room for a newer file of the same object.

    A version that a machine or a person let through stays public until the new one is; anything still in doubt goes.
    """
    if artwork.is_visible and artwork.standing in (Standing.CLEARED, Standing.APPROVED, Standing.LABELLED):
        artwork.is_current = False
        artwork.save(update_fields=["is_current", "updated_at"])
        _close_open_work(artwork)
        events.log("artwork_superseded", artwork=artwork, after={"visible": True})
    elif artwork.standing == Standing.REJECTED:
        artwork.is_current = False
        artwork.save(update_fields=["is_current", "updated_at"])
        events.log("artwork_superseded", artwork=artwork)
    else:
        withdraw(artwork, reason=say(_("A newer file took its place.")))


def withdraw(artwork: Artwork, *, reason: str) -> None:
    """Take the work out of sight and close what is open about it."""
    before = standing_of(artwork)
    artwork.is_current = artwork.is_visible = False
    artwork.standing = Standing.WITHDRAWN
    artwork.save(update_fields=["is_current", "is_visible", "standing", "updated_at"])
    _close_open_work(artwork)
    events.log(
        "artwork_withdrawn",
        artwork=artwork,
        before=before,
        after={"standing": Standing.WITHDRAWN.value},
        reason=reason,
    )


def revive(artwork: Artwork) -> None:
    """Bring back bytes that this object had before, with the decision or the result that they already have."""
    if artwork.standing in (Standing.CLEARED, Standing.APPROVED, Standing.LABELLED) and not artwork.is_visible:
        # It had been let through and made room for a newer version: it takes its place again.
        set_standing(artwork, Standing(artwork.standing), visible=True, label=artwork.ai_label)
    if artwork.standing != Standing.WITHDRAWN:
        return
    decision = artwork.decision
    if decision is not None:
        apply_decision(artwork, decision=decision)
        return
    artwork.standing = Standing.WAITING
    artwork.save(update_fields=["standing", "updated_at"])
    done = artwork.screenings.filter(state=ScreeningState.DONE).order_by("-pk").first()
    if done is None or done.policy is None or done.p_ai is None:
        return
    apply_verdict(artwork, screening=done, verdict=replay(done), policy=done.policy.within(artwork.category))


def _close_open_work(artwork: Artwork) -> None:
    now = timezone.now()
    artwork.screenings.filter(state__in=OPEN_STATES).update(
        state=ScreeningState.CANCELLED, finished_at=now, lease_token=None, lease_expires_at=None
    )
    # An appeal goes on: it is about the decision, which stays in the artist's record.
    for case in artwork.cases.select_for_update().filter(state=CaseState.OPEN).exclude(kind=CaseKind.APPEAL):
        cases.close_case(case, state=CaseState.WITHDRAWN)
