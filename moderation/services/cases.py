"""Opening, claiming and closing cases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from moderation import signals
from moderation.conf import settings
from moderation.errors import CaseConflict, NotAllowed
from moderation.models import Appeal, Artwork, Case, CaseKind, CaseState
from moderation.permissions import is_moderator, is_owner, is_senior
from moderation.services import events

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AbstractBaseUser

    from moderation.models import Screening, Severity


def open_case(
    artwork: Artwork,
    *,
    screening: Screening | None,
    kind: CaseKind,
    severity: Severity,
    reason: str,
    due_at: datetime,
) -> Case:
    """Ask a person about ``artwork``. If one is asked already, the open case is brought up to date instead."""
    open_now = Case.objects.select_for_update().filter(artwork=artwork, state=CaseState.OPEN).first()
    if open_now is not None:
        open_now.screening = screening
        open_now.kind, open_now.reason = kind, reason
        open_now.severity = max(open_now.severity, severity)
        open_now.version += 1
        open_now.save(update_fields=["screening", "kind", "reason", "severity", "version"])
        events.log(
            "case_updated",
            artwork=artwork,
            case=open_now,
            after={"severity": open_now.severity},
            reason=reason,
        )
        return open_now
    case = Case.objects.create(
        artwork=artwork, screening=screening, kind=kind, severity=severity, reason=reason, due_at=due_at
    )
    events.log("case_opened", artwork=artwork, case=case, after={"severity": severity, "kind": kind}, reason=reason)
    events.tell(signals.flagged, artwork=artwork, case=case)
    return case


def lock(case: Case) -> Case:
    """Return ``case`` as it is now, locked behind its artwork (the artwork comes first everywhere: no deadlock)."""
    both = Case.objects.select_for_update(of=("artwork", "self"))  # locked in this order
    return both.select_related("artwork", "screening", "escalation").get(pk=case.pk)


def close_case(case: Case, *, state: CaseState) -> None:
    """End an open case, in the caller's transaction. A decision logs itself; any other end is logged here."""
    case.state, case.closed_at = state, timezone.now()
    case.held_by = case.held_until = None
    case.version += 1
    case.save(update_fields=["state", "closed_at", "held_by", "held_until", "version"])
    if state != CaseState.DECIDED:
        events.log("case_closed", artwork=case.artwork, case=case, after={"state": state.value})


def claim_case(*, case: Case, moderator: AbstractBaseUser, steal: bool = False) -> Case:
    """Keep ``case`` for ``moderator`` for ``CASE_LEASE_SECONDS``; claiming again extends the lease.

    Raises ``NotAllowed`` for people without the permission, for their own works and for cases that wait for a senior
    moderator, ``CaseConflict`` when somebody else has it open (unless ``steal``) or it is closed.
    """
    check_may_handle(moderator, case)
    now = timezone.now()
    free = Q(held_by__isnull=True) | Q(held_until__lte=now) | Q(held_by=moderator.pk)
    claimable = Case.objects.filter(Q() if steal else free, pk=case.pk, state=CaseState.OPEN)
    with transaction.atomic():
        before = case.held_by_id
        won = claimable.update(held_by=moderator.pk, held_until=now + timedelta(seconds=settings.CASE_LEASE_SECONDS))
        case.refresh_from_db()
        if not won:
            raise _conflict_over(case)
        if steal and before not in (None, moderator.pk):
            events.log(
                "case_taken_over",
                artwork=case.artwork,
                case=case,
                actor=moderator,
                before={"held_by": before},
            )
    return case


def release_case(*, case: Case, moderator: AbstractBaseUser) -> None:
    """Give a claimed case back. Nothing happens if it is not the moderator's."""
    Case.objects.filter(pk=case.pk, held_by=moderator.pk, state=CaseState.OPEN).update(held_by=None, held_until=None)


def check_may_decide(moderator: AbstractBaseUser, artwork: Artwork) -> None:
    """Raise ``NotAllowed`` unless ``moderator`` may decide on ``artwork``."""
    if not is_moderator(moderator):
        raise NotAllowed(_("Only moderators may do this."))
    if is_owner(moderator, artwork):
        raise NotAllowed(_("This work is your own: somebody else decides about it."))


def check_may_handle(moderator: AbstractBaseUser, case: Case) -> None:
    """Raise ``NotAllowed`` unless ``moderator`` may decide ``case``.

    An escalated one and an appeal are for senior moderators, and an appeal is not for the first decider.
    """
    check_may_decide(moderator, case.artwork)
    is_appeal = case.kind == CaseKind.APPEAL
    if not is_senior(moderator) and (is_appeal or hasattr(case, "escalation")):
        raise NotAllowed(_("This case waits for a senior moderator."))
    if is_appeal and Appeal.objects.filter(case=case, first_decider=moderator.pk).exists():
        raise NotAllowed(_("You took the decision that this appeal is against: somebody else decides it."))


def lock_for_decider(*, case: Case, decider: AbstractBaseUser, version: int) -> Case:
    """Lock ``case`` in the caller's transaction for somebody who saw ``version`` of it and is about to act.

    Raises ``NotAllowed``, or ``CaseConflict`` when it was decided, changed or taken over meanwhile.
    """
    locked = lock(case)
    check_may_handle(decider, locked)
    if locked.state != CaseState.OPEN:
        raise conflict_with_decision(locked)
    now = timezone.now()
    if locked.held_by_id not in (None, decider.pk) and locked.held_until and locked.held_until > now:
        raise CaseConflict(
            _("%(who)s has taken this case over.") % {"who": locked.held_by},
            by=locked.held_by,
            at=locked.held_until,
        )
    if locked.version != version:
        raise CaseConflict(_("This case changed since you opened it: look again, then decide."))
    return locked


def _conflict_over(case: Case) -> CaseConflict:
    if case.state == CaseState.OPEN:
        return CaseConflict(
            _("%(who)s has this case open at the moment.") % {"who": case.held_by},
            by=case.held_by,
            at=case.held_until,
        )
    return conflict_with_decision(case)


def conflict_with_decision(case: Case) -> CaseConflict:
    """Return the error that tells who closed ``case``, how and when."""
    decision = case.decisions.filter(undone_at__isnull=True).select_related("decider").first()
    if decision is None:
        return CaseConflict(_("This case is closed: the work was withdrawn or replaced."), at=case.closed_at)
    return CaseConflict(
        _("%(who)s already decided: %(what)s.") % {"who": decision.decider, "what": decision.get_action_display()},
        by=decision.decider,
        at=decision.decided_at,
        action=decision.action,
    )
