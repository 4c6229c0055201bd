"""Golden scores: pictures painted in code, and what a detector said of them when it was shipped.

They catch what a digest cannot: another Pillow, NumPy or LiteRT that makes other numbers of the same files.
The pictures are larger than the training form, so the resize is covered too.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ml.artwork import Artwork, read_artwork
from ml.cards import GOLDEN_FILE, ArtefactError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from ml.runtime import Detector

    Ints = npt.NDArray[np.int64]

TOLERANCE = 2e-3
"""How far a logit may move. Another decoder or CPU moves the fourth digit; another resize moves the
second.
"""
_HEIGHT, _WIDTH = 800, 600


def artworks() -> dict[str, Artwork]:
    """Paint the golden pictures and read them back from PNG bytes, as an upload would be."""
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.int64)
    return {name: _through_png(paint(y, x)) for name, paint in _PAINTERS.items()}


def scores(detector: Detector) -> dict[str, float]:
    """Return the pooled logit of every golden picture."""
    painted = artworks()
    return dict(zip(painted, map(float, detector.logits(list(painted.values()))), strict=True))


def write(detector: Detector) -> None:
    """Write ``golden.json`` beside the detector's card."""
    text = json.dumps({name: round(value, 6) for name, value in scores(detector).items()}, indent=1)
    (detector.card.directory / GOLDEN_FILE).write_text(text + "\n", encoding="utf-8")


def largest_difference(detector: Detector) -> float:
    """Return the largest |difference| of logits from the golden ones. Raises
    :class:`ml.cards.ArtefactError`.
    """
    path = detector.card.directory / GOLDEN_FILE
    try:
        expected = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactError(f"The golden scores {path} cannot be read: {error}") from error
    now = scores(detector)
    if expected.keys() != now.keys():
        raise ArtefactError(f"The golden scores {path} are of other pictures.")
    return max(abs(value - float(expected[name])) for name, value in now.items())


def _through_png(pixels: Ints) -> Artwork:
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG", compress_level=1)
    return read_artwork(buffer.getvalue())


# Integer arithmetic only: the same pixels on every machine.
def _sky(y: Ints, x: Ints) -> Ints:
    return np.stack([y * 200 // _HEIGHT, 80 + x * 120 // _WIDTH, 255 - y * 100 // _HEIGHT], -1)


def _tiles(y: Ints, x: Ints) -> Ints:
    even = (y // 37 + x // 53) % 2
    return np.stack([40 + 180 * even, 220 - 150 * even, (x * 7 + y * 3) % 256], -1)


def _rings(y: Ints, x: Ints) -> Ints:
    distance = (y - _HEIGHT // 2) ** 2 + (x - _WIDTH // 2) ** 2
    band = (distance // 2500) % 5
    return np.stack([50 * band, 255 - 40 * band, 90 + 30 * band], -1)


def _grain(y: Ints, x: Ints) -> Ints:
    mixed = (y * 73856093) ^ (x * 19349663)
    return np.stack([(mixed >> shift) % 256 for shift in (3, 7, 11)], -1)


_PAINTERS: dict[str, Callable[[Ints, Ints], Ints]] = {
    "sky": _sky,
    "tiles": _tiles,
    "rings": _rings,
    "grain": _grain,
}
