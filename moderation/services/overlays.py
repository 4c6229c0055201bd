"""Where the detector looked, kept for the works that a person is asked about."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from moderation.models import Case, CaseState, Saliency

if TYPE_CHECKING:
    from ml.artwork import Artwork as Pixels
    from moderation.evidence.classifier import Classifier
    from moderation.models import Screening

logger = logging.getLogger(__name__)

QUALITY = 70


def keep(screening: Screening, pixels: Pixels, model: Classifier) -> None:
    """Keep an overlay of ``pixels`` if the screening led to an open case and the classifier can draw one.

    It is a help to the eye and no evidence: a failure is logged and stops nothing.
    """
    draw = getattr(model, "overlay", None)
    if draw is None or not Case.objects.filter(screening=screening, state=CaseState.OPEN).exists():
        return
    from PIL import Image

    try:
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(draw(pixels))) as picture:
            picture.convert("RGB").save(buffer, "WEBP", quality=QUALITY)
        with transaction.atomic():
            Saliency.objects.update_or_create(screening=screening, defaults={"data": buffer.getvalue()})
    except (OSError, ValueError, DatabaseError):
        logger.warning("No overlay for screening %s could be kept", screening.pk, exc_info=True)
