"""Thin Celery tasks: a service called, limits declared. The rows are the queue; these only move the hands."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import shared_task
from celery.signals import worker_process_init
from django.db import DatabaseError

from ml.cards import ArtefactError
from moderation import services
from moderation.evidence.classifier import classifier_for, default_classifier
from moderation.services import (
    appeal_files,
    bell,
    counting,
    detectors,
    gate,
    notices,
    pulse,
    queueing,
    rejudging,
    retention,
    sealing,
    watching,
)

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)


@shared_task(bind=True, acks_late=True, ignore_result=True, soft_time_limit=150, time_limit=170)
def screen_pending(self: Task[..., int]) -> int:
    """Screen what is due. A second run finds the rows claimed or done, and ends at once."""
    rung_for = (self.request.headers or {}).get("work")
    logger.info("Heard the bell", extra={"work": rung_for} if rung_for else {})
    worked = services.screen_pending()
    pulse.beat()
    if worked and queueing.has_due():
        bell.ring()  # the time budget ended before the queue did: let another worker have a turn
    return worked


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def sweep() -> None:
    """Take back lost leases and ring for forgotten rows. A second run finds nothing left to do."""
    services.sweep()
    pulse.beat()


@shared_task(ignore_result=True, soft_time_limit=500, time_limit=600)
def sweep_missed() -> None:
    """Queue objects that were written without signals. A second run finds them recorded."""
    services.sweep_missed()


@shared_task(ignore_result=True, soft_time_limit=250, time_limit=300)
def send_notices() -> None:
    """Tell artists of decisions that became final. A second run finds the notices sent, or claimed."""
    notices.send_notices()


@shared_task(acks_late=True, ignore_result=True, soft_time_limit=50, time_limit=60)
def read_appeal_files() -> None:
    """Read one file of an appeal for the moderator's summary. A second run takes the next, or finds none left.

    One file a task: the time limit is that file's, and whatever it does to this process it does to itself.
    """
    if appeal_files.read_next() and appeal_files.has_pending():
        bell.ring_for_appeal_files()


@shared_task(ignore_result=True, soft_time_limit=500, time_limit=600)
def retain() -> None:
    """Delete what is past its time. A second run finds it gone."""
    retention.retain()


@shared_task(ignore_result=True, soft_time_limit=250, time_limit=300)
def seal_log() -> None:
    """Extend the chain over the event log. A second run finds nothing left to seal, or gives way."""
    sealing.seal_log()


@shared_task(acks_late=True, ignore_result=True, soft_time_limit=150, time_limit=170)
def check_gate() -> None:
    """Check a detector that is to be promoted, a slice of works a task. A second run takes another, or finds none."""
    if gate.run_next() and gate.has_waiting():
        bell.ring_for_gate()


@shared_task(ignore_result=True, soft_time_limit=150, time_limit=170)
def find_detectors() -> None:
    """Look for detectors on disk and check their files. A second run finds the same."""
    detectors.find()


@shared_task(acks_late=True, ignore_result=True, soft_time_limit=500, time_limit=600)
def count_scores() -> None:
    """Count stored scores for the policy page. A second run counts the present day again and finds the same."""
    counting.count_scores()


@shared_task(acks_late=True, ignore_result=True, soft_time_limit=150, time_limit=170)
def rejudge() -> None:
    """Go on judging stored scores under a new policy. A second run goes on behind the first, or finds nothing."""
    if rejudging.rejudge():
        bell.ring_for_rejudging()  # the time budget ended before the works did


@shared_task(ignore_result=True, soft_time_limit=250, time_limit=300)
def watch() -> None:
    """Look whether a week's figures crossed their bounds, and tell by mail. A second run finds them told."""
    watching.watch()


@worker_process_init.connect
def load_detector(**kwargs: Any) -> None:
    """Load the detector in each worker process, so that the first picture does not wait for it."""
    try:
        active = detectors.line_up().active
        classifier_for(active.name, active.version).load()
    except DatabaseError:
        default_classifier().load()  # no database yet: the first batch asks the registry
    except (ArtefactError, ImportError, OSError):
        # The worker still serves: its tries fail, are counted, and end before a person.
        logger.exception("The detector could not be loaded")
