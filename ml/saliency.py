"""Where the detector looked, as an overlay for a case. One inference: the networks give the map with the
score.

The head is linear on the averaged feature map, so the map of logits is exact for it (a class activation map).
It tells which regions of the picture raised or lowered the score; it cannot tell why, nor whether the reason
is a good one.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import numpy.typing as npt

    from ml.artwork import Artwork
    from ml.cards import View
    from ml.runtime import Detector

    Floats = npt.NDArray[np.float64]

CAVEAT = (
    "The colours show which parts of the picture raised the score most. They do not show why, and a coloured part "
    "is not a proof that it was generated."
)
"""The sentence that a page shows beside an overlay."""
_OPACITY = 0.55
_HOT = (229, 62, 28)


def heat_map(detector: Detector, artwork: Artwork) -> Floats:
    """Return ``(rows, columns)`` logits over the whole picture, averaged over networks and whole views.

    Only views that show the whole picture can be laid over it; raises :class:`ValueError` if there is none.
    """
    maps = [
        (member.weight, reading.heat)
        for member, readings in detector.readings(artwork)
        for view, reading in zip(_of_each_square(member.views), readings, strict=True)
        if view == "whole"
    ]
    if not maps:
        raise ValueError(f"detector {detector.card.name} has no view of the whole picture")
    rows, columns = (max(heat.shape[axis] for _, heat in maps) for axis in (0, 1))
    total = np.zeros((rows, columns))
    for weight, heat in maps:
        total += weight * np.asarray(_resized(heat, columns, rows), np.float64)
    return total / sum(weight for weight, _ in maps)


def overlay_png(detector: Detector, artwork: Artwork) -> bytes:
    """Return the picture as PNG, washed grey, with the parts in colour that raised the score.

    What lies above the map's median is coloured, the strongest part fully: the overlay compares parts of one
    picture and is as vivid for a low score as for a high one.
    """
    heat = heat_map(detector, artwork)
    above = np.clip(heat - np.median(heat), 0, None)
    strength = Image.fromarray((255 * _OPACITY * above / max(float(above.max()), 1e-9)).astype(np.uint8))
    picture = Image.fromarray(artwork.pixels)
    washed = Image.blend(picture, picture.convert("L").convert("RGB"), 0.5)
    mask = strength.resize(picture.size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    Image.composite(Image.new("RGB", picture.size, _HOT), washed, mask).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _of_each_square(views: tuple[View, ...]) -> list[str]:
    return [view.kind for view in views for _ in range(view.count if view.kind == "grid" else 1)]


def _resized(values: npt.NDArray[np.floating], width: int, height: int) -> Image.Image:
    return Image.fromarray(values.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
