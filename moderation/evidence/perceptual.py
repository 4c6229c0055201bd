"""What a picture looks like, in 128 bits: two hashes that survive re-encoding, resizing and a light crop.

``phash`` (a DCT hash) finds; ``dhash`` (a gradient hash) confirms. Two hashes of different making hardly ever agree by
chance: over the pairs of our labelled pictures of different sources, none was this close in both
(``python -m benchmarks.seen_before`` prints the counts and the share of light edits that are still found).
Hashes by the library *ImageHash*, of the picture in the detector's form: format and size play no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PHASH_DISTANCE = 8
"""Largest number of differing bits at which two pictures count as candidates."""
DHASH_DISTANCE = 12
"""Largest number of differing gradient bits at which a candidate counts as the same picture."""
BITS = 64
MASK = (1 << BITS) - 1


@dataclass(frozen=True, slots=True)
class Hashes:
    """One picture's hashes, each a signed 64-bit integer (as databases store them)."""

    phash: int
    dhash: int

    def distance_to(self, other: Hashes) -> int:
        """Return how many of the 128 bits differ."""
        return distance(self.phash, other.phash) + distance(self.dhash, other.dhash)

    def resembles(self, other: Hashes) -> bool:
        """Whether both hashes are close enough to call the pictures the same."""
        return (
            distance(self.phash, other.phash) <= PHASH_DISTANCE and distance(self.dhash, other.dhash) <= DHASH_DISTANCE
        )


def hashes_of(pixels: npt.NDArray[np.uint8]) -> Hashes:
    """Return the hashes of an upright sRGB picture, ``(height, width, 3)``."""
    import imagehash  # numpy and scipy: wanted in a worker, not in a web process
    from PIL import Image

    picture = Image.fromarray(pixels).convert("L")
    return Hashes(_packed(imagehash.phash(picture).hash), _packed(imagehash.dhash(picture).hash))


def mirrored(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the picture as in a mirror: the cheapest disguise of a copy."""
    return pixels[:, ::-1]


def distance(one: int, other: int) -> int:
    """Return the number of differing bits of two signed 64-bit integers."""
    return ((one ^ other) & MASK).bit_count()


def _packed(bits: npt.NDArray[np.bool_]) -> int:
    value = 0
    for bit in bits.ravel():
        value = value << 1 | int(bit)
    return value - (1 << BITS) if value >> (BITS - 1) else value
