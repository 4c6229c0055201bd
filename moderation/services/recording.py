"""Writing down what one look found: the last step of the corridor, in one transaction."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation import signals, timing
from moderation.conf import settings
from moderation.models import Artwork, Screening, ScreeningState
from moderation.models.screening import OF_THE_MACHINE
from moderation.services import events, outcomes, policies, queueing, standing
from moderation.services.judging import replay
from moderation.timing import timed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from moderation.evidence.base import Evidence
    from moderation.evidence.looking import FileProblem
    from moderation.models import Detector

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The screening is not ours any more: the lease ran out, or the work was withdrawn. The result is dropped."""


@timed("record")
def record_result(
    screening: Screening, *, token: UUID, p_ai: float, evidence: Sequence[Evidence], detector: Detector
) -> None:
    """Store a result and let it take effect. A second result for the same look changes nothing.

    Raises ``LeaseLost``.
    """
    with transaction.atomic():
        artwork, mine = lock(screening, lease_token=token)
        policy = policies.current_policy().within(artwork.category)
        mine.detector, mine.policy, mine.p_ai = detector, policy, p_ai
        mine.evidence = [finding.as_dict() for finding in evidence]
        mine.review_bonus = standing.review_bonus(artwork.owner_id, policy)
        verdict = replay(mine)
        mine.band, mine.ground = verdict.band, verdict.ground
        try:
            with transaction.atomic():
                _finish(mine, ScreeningState.DONE)
        except IntegrityError:
            # The same bytes already have a result by this detector under this policy (invariant 2): keep that one.
            mine.detector = mine.policy = mine.p_ai = None
            mine.band, mine.evidence, mine.review_bonus = "", [], 0
            _finish(mine, ScreeningState.CANCELLED)
            return
        outcomes.apply_verdict(artwork, screening=mine, verdict=verdict, policy=policy)
        events.log(
            "screened",
            artwork=artwork,
            after={
                "band": mine.band,
                "p_ai": p_ai,
                "policy": policy.version,
                "detector": str(detector),
                **({"review_bonus": mine.review_bonus} if mine.review_bonus else {}),
            },
            reason=verdict.reason,
        )
        events.tell(signals.screened, artwork=artwork, screening=mine)
        if artwork.declared_origin != mine.declared_origin and not artwork.is_decided:
            queueing.enqueue(artwork)


def record_failure(screening: Screening, *, token: UUID, problem: FileProblem) -> None:
    """Store a failed try and what was found all the same. A final one (or the last) puts the work before a person.

    Raises ``LeaseLost``.
    """
    with transaction.atomic():
        artwork, mine = lock(screening, lease_token=token)
        mine.evidence = [finding.as_dict() for finding in problem.evidence]
        give_up_or_retry(mine, artwork=artwork, code=problem.code, message=problem.message, final=problem.final)


def give_up_or_retry(screening: Screening, *, artwork: Artwork, code: str, message: str, final: bool) -> None:
    """End or postpone a screening that its caller has locked."""
    screening.failure_code, screening.failure_message = code, message
    if final or screening.attempts >= settings.MAX_ATTEMPTS:
        _finish(screening, ScreeningState.FAILED)
        if code in OF_THE_MACHINE:  # an alert, wherever errors go: this is not about one odd picture
            logger.error("Screening %s is given up (%s: %s); a person looks instead.", screening.pk, code, message)
        outcomes.apply_failure(artwork, screening=screening, policy=policies.current_policy().within(artwork.category))
        events.log("screening_failed", artwork=artwork, after={"code": code}, reason=message)
        return
    pause = settings.RETRY_SECONDS * 2 ** (screening.attempts - 1)
    screening.state = ScreeningState.PENDING
    screening.lease_token = screening.lease_expires_at = None
    screening.not_before = timezone.now() + timedelta(seconds=pause)
    screening.save()
    logger.warning("Screening %s failed (%s: %s); next try in %s s.", screening.pk, code, message, pause)


def lock(screening: Screening, **still: object) -> tuple[Artwork, Screening]:
    """Lock the screening's artwork, then the row itself, which must ``still`` be so. Raises ``LeaseLost``.

    The artwork comes first everywhere (a replaced file, a decision, a sweep), so that no two wait for each other.
    """
    artwork = Artwork.objects.select_for_update().get(pk=screening.artwork_id)
    row = Screening.objects.select_for_update().filter(pk=screening.pk, **still).first()
    if row is None:
        raise LeaseLost
    row.artwork = artwork
    return artwork, row


def _finish(screening: Screening, state: ScreeningState) -> None:
    screening.state, screening.finished_at = state, timezone.now()
    screening.lease_token = screening.lease_expires_at = None
    if state == ScreeningState.DONE:
        screening.failure_code = screening.failure_message = ""
        timing.note("whole", (screening.finished_at - screening.requested_at).total_seconds())
    screening.save()
