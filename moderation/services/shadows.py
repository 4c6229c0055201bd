"""Scores that are stored and never act: what shadows, and a canary's counterpart, say of new works."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction

from moderation.evidence.looking import FileProblem, classifier_of, score_all
from moderation.models import ShadowScore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moderation.evidence.looking import Look
    from moderation.models import Screening
    from moderation.services.detectors import LineUp

logger = logging.getLogger(__name__)


def keep(looks: Sequence[tuple[Screening, Look]], line: LineUp) -> None:
    """Score ``looks`` with every detector that is silent about them and store that. After the results are recorded.

    A detector that cannot run is logged and stops nothing.
    """
    for detector in [*line.acting, *line.shadows]:
        mine = [pair for pair in looks if detector in line.silent_for(pair[0].artwork.digest)]
        if not mine:
            continue
        try:
            scores = score_all(classifier_of(detector), [look for _screening, look in mine])
        except FileProblem:
            logger.warning("The shadow %s could not run; nothing hangs on it.", detector)
            continue
        with transaction.atomic():
            for (screening, _look), p_ai in zip(mine, scores, strict=True):
                ShadowScore.objects.update_or_create(
                    artwork_id=screening.artwork_id, detector=detector, defaults={"p_ai": p_ai}
                )
