"""What stands in a picture file beside the pixels.

``read_marks`` walks a file's container and collects texts, EXIF strings, XMP packets and the C2PA manifest store.
The bytes are hostile: every walker works within the budget of a `Collector` (blocks, texts, inflated bytes), never
recurses without a limit and never raises for anything that stands in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moderation.evidence.containers import bmff, gif, jpeg, png, webp
from moderation.evidence.containers.marks import Collector, Marks, Text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Marks", "Text", "read_marks"]

_WALKERS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes, Collector], None]], ...] = (
    ("PNG", png.recognises, png.walk),
    ("JPEG", jpeg.recognises, jpeg.walk),
    ("WEBP", webp.recognises, webp.walk),
    ("GIF", gif.recognises, gif.walk),
    ("BMFF", bmff.recognises, bmff.walk),
)


def read_marks(data: bytes) -> Marks:
    """Return the marks in ``data``, a whole file; a file of no known format has none."""
    for name, recognises, walk in _WALKERS:
        if recognises(data):
            collector = Collector(container=name)
            walk(data, collector)
            return collector.marks()
    return Marks(container="")
