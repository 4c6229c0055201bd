"""No work waits for ever: past the policy's time it is shown, or a person is called, as the policy says."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from moderation import signals
from moderation.models import Artwork, Case, CaseKind, CaseState, Policy, Screening, Severity, Standing, WaitedOut
from moderation.models.policy import Band
from moderation.models.screening import OPEN_STATES
from moderation.saying import say
from moderation.services import cases, events, outcomes


def end_waiting(*, limit: int = 500) -> int:
    """Show, or call a person about, at most ``limit`` works of a scope that waited too long; return how many.

    A second run finds them shown, or called about.
    """
    current = Policy.objects.order_by("-version").first()
    if current is None:
        return 0  # nothing was judged here yet, so no promise was made
    ended = 0
    for policy, where in current.scopes():
        if policy.when_waited_out == WaitedOut.SHOW:
            ended += _show_unscreened(policy, where, limit) + _show_unseen(where, limit)
        else:
            ended += _ask_about_unscreened(policy, where, limit) + _ask_louder(where, limit)
    return ended


def _unscreened(policy: Policy, where: Q, limit: int) -> list[int]:
    """Return the artworks (primary keys) whose first screening has not ended in the policy's time."""
    waiting = Screening.objects.filter(
        where,
        state__in=OPEN_STATES,
        requested_at__lte=timezone.now() - timedelta(hours=policy.wait_hours),
        artwork__standing=Standing.WAITING,
        artwork__is_current=True,
    )
    if policy.when_waited_out == WaitedOut.SHOW:
        waiting = waiting.filter(artwork__is_visible=False)
    return list(waiting.order_by("requested_at").values_list("artwork", flat=True)[:limit])


def _still_waiting(pk: int) -> Artwork | None:
    """Lock the artwork; ``None`` when its screening ended meanwhile."""
    return Artwork.objects.select_for_update().filter(pk=pk, standing=Standing.WAITING, is_current=True).first()


def _show_unscreened(policy: Policy, where: Q, limit: int) -> int:
    shown = 0
    for pk in _unscreened(policy, where, limit):
        with transaction.atomic():
            artwork = _still_waiting(pk)
            if artwork is None or artwork.is_visible:
                continue
            outcomes.set_standing(
                artwork,
                Standing.WAITING,
                visible=True,
                label=artwork.ai_label,
                reason=say(_("It waited for its screening longer than the policy allows, so it is shown meanwhile.")),
            )
            events.log("waited_out", artwork=artwork, after={"what": WaitedOut.SHOW.value, "policy": policy.version})
            shown += 1
    return shown


def _ask_about_unscreened(policy: Policy, where: Q, limit: int) -> int:
    asked = 0
    for pk in _unscreened(policy, where, limit):
        with transaction.atomic():
            artwork = _still_waiting(pk)
            if artwork is None:
                continue
            reason = say(_("It waited for its screening longer than the policy allows."))
            case = cases.open_case(
                artwork,
                screening=None,
                kind=CaseKind.UNSCREENED,
                severity=Severity.OVERDUE,
                reason=reason,
                due_at=timezone.now() + policy.time_limit(Band.HOLD),
            )
            outcomes.set_standing(
                artwork, Standing.HELD, visible=artwork.is_visible, label=artwork.ai_label, reason=reason
            )
            events.log(
                "waited_out", artwork=artwork, case=case, after={"what": WaitedOut.ASK.value, "policy": policy.version}
            )
            events.tell(signals.overdue, artwork=artwork, case=case)
            asked += 1
    return asked


def _overdue(limit: int, condition: Q) -> list[Case]:
    late = Case.objects.filter(condition, state=CaseState.OPEN, due_at__lte=timezone.now())
    return list(late.exclude(kind=CaseKind.APPEAL).order_by("due_at", "pk")[:limit])


def _show_unseen(where: Q, limit: int) -> int:
    """Show works whose case is overdue: held ones, and those in review under a policy that does not show these."""
    shown = 0
    undecided = (Standing.HELD, Standing.IN_REVIEW)
    unseen = Q(artwork__standing__in=undecided, artwork__is_visible=False, artwork__is_current=True)
    for late in _overdue(limit, where & unseen):
        with transaction.atomic():
            case = cases.lock(late)
            if not case.is_open or case.artwork.is_visible or case.artwork.standing not in undecided:
                continue
            outcomes.set_standing(
                case.artwork,
                Standing.IN_REVIEW,
                visible=True,
                label=case.artwork.ai_label,
                reason=say(_("Nobody decided in the policy's time, so it is shown while it stays in review.")),
            )
            events.log("waited_out", artwork=case.artwork, case=case, after={"what": WaitedOut.SHOW.value})
            shown += 1
    return shown


def _ask_louder(where: Q, limit: int) -> int:
    """Put overdue cases before all others but appeals, and tell the host. A decider's open page is not disturbed."""
    asked = 0
    for late in _overdue(limit, where & Q(severity__lt=Severity.OVERDUE)):
        with transaction.atomic():
            case = cases.lock(late)
            if case.state != CaseState.OPEN or case.severity >= Severity.OVERDUE:
                continue
            before, case.severity = case.severity, Severity.OVERDUE
            case.save(update_fields=["severity"])
            events.log(
                "case_overdue",
                artwork=case.artwork,
                case=case,
                before={"severity": before},
                after={"severity": case.severity},
            )
            events.tell(signals.overdue, artwork=case.artwork, case=case)
            asked += 1
    return asked
