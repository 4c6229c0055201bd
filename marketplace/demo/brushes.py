"""What the painter works with: noise, gradients, glows, grain. Colours are RGB in 0..1, planes are (H, W) floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Canvas = NDArray[np.float32]

Colour = tuple[float, float, float]


def colour(code: str) -> Colour:
    """Read ``"#1b3a5c"``."""
    value = int(code.lstrip("#"), 16)
    return ((value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255)


def grid(width: int, height: int) -> tuple[Plane, Plane]:
    """Return x and y of each pixel, both in 0..1 (y downwards)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x / max(1, width - 1), y / max(1, height - 1)


def fill(width: int, height: int, stops: Sequence[tuple[float, str]], along: Plane | None = None) -> Canvas:
    """Return a canvas with a gradient through ``stops`` (position, colour) along ``along`` (downwards by default)."""
    t = grid(width, height)[1] if along is None else along
    places = [place for place, _ in stops]
    colours = np.array([colour(code) for _, code in stops], dtype=np.float32)
    channels = [np.interp(t, places, colours[:, channel]) for channel in range(3)]
    canvas: Canvas = np.stack(channels, axis=-1).astype(np.float32)
    return canvas


def noise(rng: Generator, width: int, height: int, *, cells: float, octaves: int = 5, gain: float = 0.5) -> Plane:
    """Return smooth noise in 0..1: ``cells`` hills across at first, then finer and fainter ones on top."""
    total = np.zeros((height, width), dtype=np.float32)
    weight, reach = 1.0, 0.0
    for octave in range(octaves):
        columns = max(2, round(cells * 2**octave))
        rows = max(2, round(columns * height / width))
        small = Image.fromarray(rng.random((rows + 3, columns + 3), dtype=np.float32))
        total += weight * np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
        reach += weight
        weight *= gain
    total /= reach
    low, high = np.percentile(total, [1, 99])
    plane: Plane = np.clip((total - low) / max(1e-6, high - low), 0, 1).astype(np.float32)
    return plane


def ridge(rng: Generator, width: int, *, cells: float, octaves: int = 6) -> Plane:
    """Return one line of noise in 0..1, the outline of a hill or a wave."""
    xs = np.linspace(0, 1, width)
    line = np.zeros(width)
    weight, reach = 1.0, 0.0
    for octave in range(octaves):
        knots = max(3, round(cells * 2**octave) + 1)
        values = rng.random(knots)
        place = xs * (knots - 1)
        index = np.minimum(place.astype(int), knots - 2)
        t = place - index
        t = t * t * (3 - 2 * t)
        line += weight * (values[index] * (1 - t) + values[index + 1] * t)
        reach += weight
        weight *= 0.48
    return (line / reach).astype(np.float32)


def lay(canvas: Canvas, tint: Colour | Canvas, cover: Plane | float) -> None:
    """Lay ``tint`` over the canvas where ``cover`` (0..1) says so, in place."""
    alpha = np.asarray(cover, dtype=np.float32)
    if alpha.ndim == 2:
        alpha = alpha[..., None]
    canvas += (np.asarray(tint, dtype=np.float32) - canvas) * alpha


def glow(width: int, height: int, x: float, y: float, radius: float, *, power: float = 2.0) -> Plane:
    """Return a light at (x, y), in fractions of the canvas; ``radius`` in fractions of its width."""
    xs, ys = grid(width, height)
    distance = np.hypot(xs - x, (ys - y) * height / width) / radius
    light: Plane = np.clip(1 / (1 + distance**power), 0, 1).astype(np.float32)
    return light


def disc(width: int, height: int, x: float, y: float, radius: float) -> Plane:
    """Return a disc with a soft edge of about a pixel; measures as for ``glow``."""
    xs, ys = grid(width, height)
    distance = np.hypot(xs - x, (ys - y) * height / width)
    cover: Plane = np.clip((radius - distance) * width + 0.5, 0, 1).astype(np.float32)
    return cover


def grain(rng: Generator, canvas: Canvas, amount: float = 0.02) -> None:
    """Give the paint a tooth, in place."""
    height, width = canvas.shape[:2]
    canvas += rng.normal(0, amount, (height, width, 1)).astype(np.float32)


def paper(rng: Generator, width: int, height: int, tint: str = "#f3ecdd") -> Canvas:
    """Return a sheet of paper: fibres, and a little darker towards the edge."""
    sheet = np.empty((height, width, 3), dtype=np.float32)
    sheet[:] = colour(tint)
    sheet -= 0.05 * noise(rng, width, height, cells=3, octaves=3)[..., None]
    sheet -= 0.03 * noise(rng, width, height, cells=90, octaves=2)[..., None]
    xs, ys = grid(width, height)
    sheet -= (0.10 * (np.hypot(xs - 0.5, ys - 0.5) ** 3))[..., None]
    return sheet


def to_image(canvas: Canvas) -> Image.Image:
    """Return the canvas as an 8-bit RGB picture."""
    return Image.fromarray((np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8), "RGB")


def to_canvas(image: Image.Image) -> Canvas:
    """Return a picture as a canvas."""
    canvas: Canvas = np.asarray(image.convert("RGB"), dtype=np.float32) / np.float32(255)
    return canvas
