"""The small copy of an artwork that lists show, made from pixels that the worker has anyway."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from moderation.models import Thumbnail
from moderation.renditions import stated_source

if TYPE_CHECKING:
    from moderation.evidence.looking import Look
    from moderation.models import Artwork

logger = logging.getLogger(__name__)

LONG_SIDE = 640
QUALITY = 74


def keep(artwork: Artwork, look: Look) -> None:
    """Keep a small WebP of what was looked at, once. A failure is logged: it stops no screening."""
    from PIL import Image

    if Thumbnail.objects.filter(artwork=artwork).exists():
        return
    try:
        picture = Image.fromarray(look.pixels.pixels)
        picture.thumbnail((LONG_SIDE, LONG_SIDE))
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=QUALITY)
        with transaction.atomic():
            Thumbnail.objects.get_or_create(
                artwork=artwork,
                defaults={
                    "data": buffer.getvalue(),
                    "width": picture.width,
                    "height": picture.height,
                    "source_type": stated_source([finding.as_dict() for finding in look.evidence]),
                },
            )
    except (OSError, ValueError, DatabaseError):
        logger.warning("No thumbnail of artwork %s could be kept", artwork.pk, exc_info=True)
