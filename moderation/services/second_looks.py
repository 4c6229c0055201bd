"""The blind second look: a share of decided cases is judged again by somebody who does not know the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed
from moderation.models import Action, ReasonCode, SecondLook
from moderation.permissions import is_owner, is_senior
from moderation.services import events

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.db.models import QuerySet

    from moderation.models import Decision, Policy


def draw(decision: Decision, policy: Policy) -> SecondLook | None:
    """Draw ``decision`` into the sample, or not: its random reference decides, so nobody can steer it.

    In the caller's transaction.
    """
    if decision.reference.int % 100 >= policy.second_look_percent:
        return None
    return SecondLook.objects.create(decision=decision)


def drop(decision: Decision) -> None:
    """Take an undone decision out of the sample, in the caller's transaction. A look already taken stays counted."""
    SecondLook.objects.filter(decision=decision, looked_at__isnull=True).delete()


def waiting_for(senior: AbstractBaseUser) -> QuerySet[SecondLook]:
    """Return the second looks that ``senior`` may take, oldest first: none of their own decisions or works, and none
    that can still be undone.
    """
    return (
        SecondLook.objects.filter(looked_at__isnull=True, decision__notice_due_at__lte=timezone.now())
        .exclude(decision__decider=senior.pk)
        .exclude(decision__artist=senior.pk)
        .order_by("drawn_at", "pk")
    )


def take_second_look(
    *, second_look: SecondLook, looker: AbstractBaseUser, action: str, reason_code: str = "", remark: str = ""
) -> SecondLook:
    """Record what ``looker`` would have decided, and whether that agrees. The work itself is not touched.

    Raises ``NotAllowed`` (not a senior moderator, own decision, own work), ``IncompleteDecision`` (no action),
    ``CaseConflict`` (somebody else took this look).
    """
    if action not in Action.values:
        raise IncompleteDecision(_("Choose what you would have done."))
    with transaction.atomic():
        locked = SecondLook.objects.select_for_update().get(pk=second_look.pk)
        decision = locked.decision
        if not is_senior(looker):
            raise NotAllowed(_("Second looks are for senior moderators."))
        if decision.decider_id == looker.pk or is_owner(looker, decision.artwork):
            raise NotAllowed(_("A second look is taken by somebody else."))
        if locked.looked_at is not None:
            raise CaseConflict(
                _("%(who)s already took this look.") % {"who": locked.looker}, by=locked.looker, at=locked.looked_at
            )
        locked.looker = looker  # type: ignore[assignment]
        locked.looked_at = timezone.now()
        locked.action = action
        locked.reason_code = reason_code if reason_code in ReasonCode.values else ""
        locked.remark = remark.strip()[:2000]
        locked.agrees = action == decision.action
        locked.save()
        events.log(
            "second_look_taken",
            artwork=decision.artwork,
            case=decision.case,
            actor=looker,
            after={"action": action, "agrees": locked.agrees},
            reason=locked.remark,
        )
    return locked
