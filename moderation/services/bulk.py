"""Several cases decided with one reason: each its own decision, all taken back by one undo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from moderation.errors import IncompleteDecision, ModerationError, NotAllowed
from moderation.models import Case, DecisionBatch
from moderation.permissions import is_moderator
from moderation.services import decisions, policies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.contrib.auth.models import AbstractBaseUser

    from moderation.models import Decision


@dataclass(frozen=True, slots=True)
class Left:
    """A case that was left as it was, and the sentence that says why."""

    case: Case
    why: str


@dataclass(slots=True)
class BulkOutcome:
    """What came of deciding (or undoing) several cases: what was done, and what was left."""

    batch: DecisionBatch
    done: list[Decision] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def decide_many(
    *,
    versions: Mapping[int, int],
    decider: AbstractBaseUser,
    action: str,
    reason_code: str,
    explain: Callable[[Case], str],
    template: str = "",
) -> BulkOutcome:
    """Decide the cases ``versions`` (case's primary key: the version that the decider saw), each in its own
    transaction; ``explain`` writes the explanation to each artist, or raises ``IncompleteDecision`` where it cannot.

    A case that changed, was decided or may not be decided is left and reported. Raises ``NotAllowed`` and
    ``IncompleteDecision`` (nothing chosen, or more than the policy's ``bulk_cap``).
    """
    if not is_moderator(decider):
        raise NotAllowed(_("Only moderators may do this."))
    cap = policies.current_policy().bulk_cap
    if not versions:
        raise IncompleteDecision(_("Choose at least one case."))
    if len(versions) > cap:
        raise IncompleteDecision(_("At most %(cap)d cases can be decided at once.") % {"cap": cap})
    outcome = BulkOutcome(DecisionBatch.objects.create(moderator=decider))  # type: ignore[misc]
    chosen = Case.objects.filter(pk__in=versions).select_related("artwork", "screening").order_by("pk")
    for case in chosen:
        try:
            with transaction.atomic():
                decision = decisions.decide(
                    case=case,
                    decider=decider,
                    action=action,
                    reason_code=reason_code,
                    explanation=explain,
                    version=versions[case.pk],
                    template=template,
                )
                outcome.batch.decisions.add(decision)
        except ModerationError as error:
            outcome.left.append(Left(case, str(error)))
        else:
            outcome.done.append(decision)
    return outcome


def undo_batch(*, batch: DecisionBatch, moderator: AbstractBaseUser) -> BulkOutcome:
    """Take back each decision of ``batch`` that still can be. What cannot is left and reported."""
    outcome = BulkOutcome(batch)
    for decision in batch.decisions.filter(undone_at__isnull=True).select_related("case__artwork").order_by("pk"):
        try:
            decisions.undo(decision=decision, moderator=moderator)
        except ModerationError as error:
            outcome.left.append(Left(decision.case, str(error)))
        else:
            outcome.done.append(decision)
    return outcome
