"""The bell: a Celery message that says "there may be work". Lost, late or doubled, it costs nothing."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)


def ring(work: str = "") -> bool:
    """Ring now; say whether the broker took it. A broker that is down never fails the caller: rows wait.

    ``work`` is the reference for whose sake it is rung. It is logged at both ends and means nothing else: whoever
    hears the bell takes what is most urgent.
    """
    from moderation.tasks import screen_pending

    return _send(screen_pending, work)


def ring_for_appeal_files() -> bool:
    """Ring for files that an artist sent with an appeal; like ``ring``."""
    from moderation.tasks import read_appeal_files

    return _send(read_appeal_files)


def ring_for_gate() -> bool:
    """Ring for a detector that is to be checked; like ``ring``."""
    from moderation.tasks import check_gate

    return _send(check_gate)


def ring_for_detectors() -> bool:
    """Ring for a look at the detectors on disk; like ``ring``."""
    from moderation.tasks import find_detectors

    return _send(find_detectors)


def ring_for_rejudging() -> bool:
    """Ring for works that are to be judged again; like ``ring``."""
    from moderation.tasks import rejudge

    return _send(rejudge)


def ring_for_counting() -> bool:
    """Ring for scores that are to be counted; like ``ring``."""
    from moderation.tasks import count_scores

    return _send(count_scores)


def _send(task: Task[..., Any], work: str = "") -> bool:
    try:
        message = task.apply_async(retry=False, headers={"work": work} if work else {})
    except (OperationalError, OSError) as error:
        logger.warning("The broker is not there (%s). The pending rows wait for the sweeper.", error)
        return False
    if work:
        logger.info("Rang", extra={"work": work, "task": message.id})
    return True


def ring_on_commit(work: str) -> None:
    """Ring for ``work`` once the rows that were just written can be seen by a worker."""
    transaction.on_commit(partial(ring, work))
