"""The small copy of an artwork that lists show, made from pixels that the worker has anyway."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from ml.probe import ArtworkError
from moderation.models import Thumbnail
from moderation.renditions import stated_source

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from moderation.evidence.looking import Look
    from moderation.models import Artwork

logger = logging.getLogger(__name__)

LONG_SIDE, QUALITY = 640, 74
VIEW_LONG_SIDE, VIEW_QUALITY = 2048, 84
UNSHOWN = ("HEIF",)
"""Formats that browsers do not show: of these a copy to look at is kept too."""


def keep(artwork: Artwork, look: Look, data: bytes) -> None:
    """Keep a small WebP of what was looked at, once. A failure is logged: it stops no screening.

    ``data`` is the whole file: of a format that browsers do not show, a larger copy is made from it.
    """
    from PIL import Image

    from ml.artwork import read_view

    if Thumbnail.objects.filter(artwork=artwork).exists():
        return
    try:
        picture = Image.fromarray(look.pixels.pixels)
        picture.thumbnail((LONG_SIDE, LONG_SIDE))
        is_shown = look.pixels.header.format not in UNSHOWN
        view = None if is_shown else _webp(read_view(data, VIEW_LONG_SIDE), VIEW_QUALITY)
        with transaction.atomic():
            Thumbnail.objects.get_or_create(
                artwork=artwork,
                defaults={
                    "data": _webp(picture, QUALITY),
                    "view": view,
                    "width": picture.width,
                    "height": picture.height,
                    "source_type": stated_source([finding.as_dict() for finding in look.evidence]),
                },
            )
    except (ArtworkError, OSError, ValueError, DatabaseError):
        logger.warning("No thumbnail of artwork %s could be kept", artwork.pk, exc_info=True)


def _webp(picture: Picture, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()
