"""A person decides, and may take it back while the notice has not left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from moderation import signals
from moderation.conf import settings
from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed, TooLateToUndo
from moderation.evidence.base import Evidence, Strength
from moderation.models import Action, Appeal, Case, CaseKind, CaseState, Decision, Severity, Standing
from moderation.models.artwork import DECIDED
from moderation.models.decision import (
    APPROVING_REASONS,
    RESTRICTING,
    RESTRICTING_REASONS,
    Automation,
    ReasonCode,
)
from moderation.saying import say
from moderation.services import cases, events, outcomes, policies, second_looks

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractBaseUser


def decide(
    *,
    case: Case,
    decider: AbstractBaseUser,
    action: str,
    reason_code: str,
    explanation: str | Callable[[Case], str] = "",
    version: int,
    template: str = "",
) -> Decision:
    """Decide ``case``; ``version`` is the case's version that the decider saw, ``template`` names the text that was
    offered to them, for the log. An ``explanation`` may be written when the case is locked, from how it is then.

    Raises ``NotAllowed`` (permission, own work), ``CaseConflict`` (decided, withdrawn or changed meanwhile, or open
    at somebody else) and ``IncompleteDecision`` (a restriction without a fitting ground and an explanation).
    """
    _check_ground(action, reason_code)
    with transaction.atomic(), events.together():
        locked = cases.lock_for_decider(case=case, decider=decider, version=version)
        if locked.kind == CaseKind.APPEAL:
            raise IncompleteDecision(_("An appeal is answered by itself, with a reply to the artist."))
        text = (explanation(locked) if callable(explanation) else explanation).strip()
        _check_text(action, reason_code, text)
        policy = policies.current_policy().within(locked.artwork.category)
        now = timezone.now()
        restricts = action in RESTRICTING
        decision = Decision.objects.create(
            case=locked,
            artwork=locked.artwork,
            digest=locked.artwork.digest,
            decider=decider,  # type: ignore[misc]
            artist_id=locked.artwork.owner_id,
            action=action,
            reason_code=reason_code,
            explanation=text,
            facts=_facts_of(locked),
            before=outcomes.standing_of(locked.artwork),
            automation=Automation.DETECTION,
            decided_at=now,
            notice_due_at=now + policy.grace,
            appeal_until=now + timedelta(days=settings.APPEAL_DAYS) if restricts else None,
        )
        cases.close_case(locked, state=CaseState.DECIDED)
        outcomes.apply_decision(locked.artwork, decision=decision)
        second_looks.draw(decision, policy)
        events.log(
            "case_decided",
            artwork=locked.artwork,
            case=locked,
            actor=decider,
            before={"state": CaseState.OPEN.value},
            after={
                "state": CaseState.DECIDED.value,
                "action": action,
                "reason_code": reason_code,
                "decision": decision.pk,
                **({"template": template} if template else {}),
            },
            reason=decision.explanation,
        )
        events.tell(signals.decided, artwork=locked.artwork, decision=decision)
    return decision


def undo(*, decision: Decision, moderator: AbstractBaseUser) -> Case:
    """Take ``decision`` back within its grace window: the case is open again, the work stands as before.

    The decider and senior moderators may. Raises ``NotAllowed``, ``CaseConflict`` or ``TooLateToUndo``.
    """
    with transaction.atomic():
        case = cases.lock(decision.case)
        decision = Decision.objects.select_for_update().get(pk=decision.pk)
        cases.check_may_handle(moderator, case)
        if decision.decider_id != moderator.pk and not moderator.has_perm("moderation.decide_appeal"):  # type: ignore[attr-defined]
            raise NotAllowed(_("Only the person who decided, or a senior moderator, may undo this."))
        if decision.undone_at is not None:
            raise CaseConflict(_("This decision was already undone."), by=decision.undone_by, at=decision.undone_at)
        if not decision.may_be_undone:
            raise TooLateToUndo(
                _("The time to undo is over and the artist has been told. Open the case anew instead.")
            )
        if not case.artwork.is_current:
            raise CaseConflict(_("The work was replaced or withdrawn meanwhile."))
        decision.undone_at, decision.undone_by = timezone.now(), moderator  # type: ignore[assignment]
        decision.save(update_fields=["undone_at", "undone_by"])
        Appeal.objects.filter(answer=decision).update(
            outcome="", reply="", decider=None, decided_at=None, answer=None
        )  # an undone answer leaves the appeal open, as its case is
        second_looks.drop(decision)
        _reopen(case, decision)
        events.log(
            "decision_undone",
            artwork=case.artwork,
            case=case,
            actor=moderator,
            before={"action": decision.action, "decision": decision.pk},
        )
        events.tell(signals.undone, artwork=case.artwork, decision=decision)
    return case


def _reopen(case: Case, decision: Decision) -> None:
    """Open ``case`` again and give the artwork the standing that it had before ``decision``."""
    case.state, case.closed_at = CaseState.OPEN, None
    case.version += 1
    case.save(update_fields=["state", "closed_at", "version"])
    # Where the case had been opened anew, an earlier decision is in force again: a restriction rests on it.
    earlier = case.artwork.decisions.filter(undone_at__isnull=True, decided_at__lt=decision.decided_at)
    was_decided = decision.before["standing"] in DECIDED
    case.artwork.decision = earlier.order_by("-decided_at").first() if was_decided else None
    outcomes.set_standing(
        case.artwork,
        Standing(decision.before["standing"]),
        visible=decision.before["visible"],
        label=decision.before["label"],
        reason=say(gettext_noop("A decision was undone.")),
    )


def _check_ground(action: str, reason_code: str) -> None:
    if action not in Action.values:
        raise IncompleteDecision(_("Choose what to do: approve, label or reject."))
    allowed = RESTRICTING_REASONS if action in RESTRICTING else APPROVING_REASONS
    if reason_code not in allowed:
        raise IncompleteDecision(_("Choose a reason that fits what you decide."))


def _check_text(action: str, reason_code: str, text: str) -> None:
    needs_text = action in RESTRICTING or reason_code == ReasonCode.OTHER
    if needs_text and not text:
        raise IncompleteDecision(_("Explain to the artist, in your own words, what this rests on."))


def _facts_of(case: Case) -> list[dict[str, object]]:
    """Return what the decision rests on: the findings as they were stored, or why nothing could be found."""
    screening = case.screening
    if screening is not None and screening.evidence:
        return list(screening.evidence)
    why_asked = Evidence(
        kind="case",
        strength=Strength.HINT,
        message=case.reason,
        artist_message="",
        reader="",
        details={"severity": Severity(case.severity).name},
    )
    return [why_asked.as_dict()]
