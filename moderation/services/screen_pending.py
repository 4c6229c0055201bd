"""The worker's side of the corridor: claim pending rows, look at each file once, record what was found.

    claim a batch -> read and decode each file -> findings -> one classifier pass -> record, row by row

Whatever happens to one picture stays with that picture; whatever happens to the process is healed by the lease.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from moderation import limits, logs
from moderation.conf import settings
from moderation.evidence import classifier
from moderation.evidence.looking import FileProblem, Look, classifier_of, look_at, score_all
from moderation.models import Screening, ScreeningState
from moderation.services import detectors, fingerprints, overlays, queueing, recording, shadows, thumbnails
from moderation.services.files import read_artwork_file
from moderation.services.recording import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moderation.models import Detector

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Screenings that are this worker's own until the lease ends."""

    token: uuid.UUID
    screenings: Sequence[Screening]


def screen_pending(*, seconds: float | None = None) -> int:
    """Claim and screen until nothing is due or ``seconds`` have passed; return how many rows were worked on.

    Safe to run any number of times side by side: rows are claimed, results are unique.
    """
    budget = settings.TASK_SECONDS if seconds is None else seconds
    started, worked = time.monotonic(), 0
    while time.monotonic() - started < budget:
        batch = claim_batch()
        if batch is None:
            break
        screen_batch(batch)
        worked += len(batch.screenings)
    return worked


def claim_batch() -> Batch | None:
    """Take the most urgent due rows for ``LEASE_SECONDS``; ``None`` when nothing is due.

    A row that failed or was lost before is taken alone, so that a picture which kills its worker takes no other
    picture's attempts with it. On PostgreSQL rivals skip each other's rows; elsewhere the conditional update decides.
    """
    token, now = uuid.uuid4(), timezone.now()
    with transaction.atomic():
        due = queueing.due().order_by("priority", "requested_at", "pk")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        rows = list(due[: settings.BATCH_SIZE].values_list("pk", "attempts"))
        if not rows:
            return None
        keys = [pk for pk, attempts in rows if attempts == 0] if rows[0][1] == 0 else [rows[0][0]]
        Screening.objects.filter(pk__in=keys, state=ScreeningState.PENDING).update(
            state=ScreeningState.RUNNING,
            attempts=F("attempts") + 1,
            lease_token=token,
            lease_expires_at=now + timedelta(seconds=settings.LEASE_SECONDS),
        )
    mine = list(Screening.objects.filter(lease_token=token).select_related("artwork").order_by("priority", "pk"))
    return Batch(token, mine)


def screen_batch(batch: Batch) -> None:
    """Look at every picture of the batch and record each by itself."""
    looks: list[tuple[Screening, Look]] = []
    for screening in batch.screenings:
        with logs.about(screening.artwork):
            try:
                data = read_artwork_file(screening.artwork)
                with limits.one_look():
                    look = look_at(
                        data,
                        declared_origin=screening.declared_origin,
                        artwork_id=screening.artwork_id,
                        owner_id=screening.artwork.owner_id,
                    )
                    thumbnails.keep(screening.artwork, look, data)
            except FileProblem as problem:
                _fail(batch, screening, problem)
            else:
                fingerprints.keep(screening.artwork, look.memo)
                looks.append((screening, look))
    if not looks:
        return
    line = detectors.line_up()
    for acting in line.acting:
        mine = [pair for pair in looks if line.acting_for(pair[0].artwork.digest) == acting]
        if mine:
            _score_and_record(batch, mine, acting)
    shadows.keep(looks, line)


def _score_and_record(batch: Batch, looks: Sequence[tuple[Screening, Look]], detector: Detector) -> None:
    try:
        model = classifier_of(detector)
        scores = score_all(model, [look for _screening, look in looks])
    except FileProblem as problem:
        for screening, _look in looks:
            _fail(batch, screening, problem)
        return
    for (screening, look), p_ai in zip(looks, scores, strict=True):
        evidence = [classifier.finding(p_ai, model.card), *look.evidence]
        with logs.about(screening.artwork):
            try:
                recording.record_result(screening, token=batch.token, p_ai=p_ai, evidence=evidence, detector=detector)
                overlays.keep(screening, look.pixels, model)
            except LeaseLost:
                logger.info("Screening %s is not ours any more; its result is dropped.", screening.pk)


def _fail(batch: Batch, screening: Screening, problem: FileProblem) -> None:
    try:
        recording.record_failure(screening, token=batch.token, problem=problem)
    except LeaseLost:
        logger.info("Screening %s is not ours any more; its failure is dropped.", screening.pk)
