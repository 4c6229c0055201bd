"""Cutting a picture into what the network sees: the same for training, evaluation and serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import numpy.typing as npt

    from ml.cards import View

    Pixels = npt.NDArray[np.uint8]

# Antialiased: a resize without it is off by 9/255 on average, which is what some detectors mistake for a
# finding.
KERNEL = Image.Resampling.BICUBIC


def cut(pixels: Pixels, view: View) -> Pixels:
    """Return ``(n, size, size, 3)`` uint8, the squares that ``view`` takes of ``pixels`` ``(h, w, 3)``."""
    image = Image.fromarray(pixels)
    if view.kind == "whole":
        return np.asarray(_resized(image, (view.size, view.size)))[None]
    scale = max(view.short, view.size) / min(image.size)
    image = _resized(image, (max(view.size, round(image.width * scale)), max(view.size, round(image.height * scale))))
    frame = np.asarray(image)
    corners = [_middle(frame, view.size)] if view.kind == "centre" else spread(frame.shape, view.size, view.count)
    return np.stack([frame[top : top + view.size, left : left + view.size] for top, left in corners])


def spread(shape: tuple[int, ...], size: int, count: int) -> list[tuple[int, int]]:
    """Return ``count`` corners ``(top, left)`` of squares spread evenly over a frame, along its longer side
    first.

    Up to three lie in one row along the longer side, centred across the other; from four on there are two
    rows.
    """
    height, width = shape[:2]
    rows = 1 if count <= 3 else 2
    along = -(-count // rows)
    long_free, short_free = max(height, width) - size, min(height, width) - size
    corners = []
    for index in range(count):
        row, column = divmod(index, along)
        in_row = min(along, count - row * along)
        far = round(long_free * (column + 0.5) / in_row) if in_row == 1 else round(long_free * column / (in_row - 1))
        near = short_free // 2 if rows == 1 else row * short_free
        corners.append((far, near) if height >= width else (near, far))
    return corners


def _middle(frame: Pixels, size: int) -> tuple[int, int]:
    return (frame.shape[0] - size) // 2, (frame.shape[1] - size) // 2


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, KERNEL)
