"""Who looks at what: the next free case, kept while its page is open, passed over, passed on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from moderation.conf import settings
from moderation.errors import NotAllowed
from moderation.models import Appeal, Case, CaseKind, CaseState, Question, Skip
from moderation.models.desk import SkipReason
from moderation.permissions import is_moderator, is_senior
from moderation.services import cases, events

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import AbstractBaseUser
    from django.db.models import QuerySet

QUEUE_ORDER = ("-severity", "due_at", "pk")
"""Facts before guesses, held before visible, then what is due first: the index ``moderation_case_queue``."""

KEEP_STEP = timedelta(seconds=30)
"""A heartbeat writes only when the lease has lost so much; the heartbeats between cost one read."""

SKIP_FOR = {
    SkipReason.LATER: timedelta(hours=1),
    SkipReason.UNSURE: timedelta(hours=12),
    SkipReason.LANGUAGE: timedelta(days=30),
    SkipReason.KNOW_ARTIST: timedelta(days=30),
    SkipReason.UPSETTING: timedelta(days=30),
}

_TRIES = 20


def workable(moderator: AbstractBaseUser, queue: QuerySet[Case] | None = None) -> QuerySet[Case]:
    """Keep the open cases of ``queue`` that ``moderator`` may and would take.

    Free or theirs already; not their own work; not passed over; not waiting for the artist's answer; not waiting for a
    senior moderator unless they are one; no appeal against their own decision.
    """
    now = timezone.now()
    passed_over = Skip.objects.filter(case=OuterRef("pk"), moderator=moderator.pk, until__gt=now)
    parked = Question.objects.filter(case=OuterRef("pk"), answered_at__isnull=True, wait_until__gt=now)
    if is_senior(moderator):
        level = ~Q(Exists(Appeal.objects.filter(case=OuterRef("pk"), first_decider=moderator.pk)))
    else:
        level = Q(escalation__isnull=True) & ~Q(kind=CaseKind.APPEAL)
    return (Case.objects.all() if queue is None else queue).filter(
        _free_for(moderator),
        level,
        ~Q(artwork__owner=moderator.pk),
        ~Exists(passed_over),
        ~Exists(parked),
        state=CaseState.OPEN,
    )


def _free_for(moderator: AbstractBaseUser) -> Q:
    return Q(held_by__isnull=True) | Q(held_until__lte=timezone.now()) | Q(held_by=moderator.pk)


def claim_next(
    *, moderator: AbstractBaseUser, queue: QuerySet[Case] | None = None, besides: Collection[int] = ()
) -> Case | None:
    """Claim the most urgent case of ``queue`` (default: all) that ``moderator`` may take; ``None`` when none is left.

    ``besides`` are primary keys not wanted. On PostgreSQL the row is locked as it is found, and rivals skip it;
    elsewhere the conditional update decides, and the loser tries the next one. Raises ``NotAllowed``.
    """
    if not is_moderator(moderator):
        raise NotAllowed(_("Only moderators may do this."))
    for _try in range(_TRIES):
        with transaction.atomic():
            candidates = workable(moderator, queue).order_by(*QUEUE_ORDER)
            if besides:
                candidates = candidates.exclude(pk__in=besides)
            if connection.features.has_select_for_update_skip_locked:
                candidates = candidates.select_for_update(skip_locked=True, of=("self",))
            case = candidates.first()
            if case is None:
                return None
            until = timezone.now() + timedelta(seconds=settings.CASE_LEASE_SECONDS)
            still = Case.objects.filter(pk=case.pk)
            if not connection.features.has_select_for_update_skip_locked:
                still = still.filter(_free_for(moderator), state=CaseState.OPEN)
            won = still.update(held_by=moderator.pk, held_until=until)
        if won:
            case.held_by_id, case.held_until = moderator.pk, until
            return case
    return None


def keep_case(*, case: Case, moderator: AbstractBaseUser) -> Case:
    """Say that ``moderator`` still has ``case`` open. Raises as ``claim_case`` does."""
    enough = timezone.now() + timedelta(seconds=settings.CASE_LEASE_SECONDS) - KEEP_STEP
    if case.is_open and case.held_by_id == moderator.pk and case.held_until and case.held_until > enough:
        return case
    return cases.claim_case(case=case, moderator=moderator)


def skip_case(*, case: Case, moderator: AbstractBaseUser, reason: str) -> Skip:
    """Pass ``case`` over: it goes back, and ``claim_next`` leaves it out for this moderator for a while.

    The time depends on the reason (``SKIP_FOR``). Raises ``NotAllowed``.
    """
    cases.check_may_decide(moderator, case.artwork)
    kind = SkipReason(reason) if reason in SkipReason.values else SkipReason.LATER
    with transaction.atomic():
        skip, _created = Skip.objects.update_or_create(
            case=case,
            moderator_id=moderator.pk,
            defaults={"reason": kind, "at": timezone.now(), "until": timezone.now() + SKIP_FOR[kind]},
        )
        cases.release_case(case=case, moderator=moderator)
        events.log("case_skipped", artwork=case.artwork, case=case, actor=moderator, after={"why": kind.value})
    return skip
