"""Training pictures made harder in the ways that uploads differ. Pillow and NumPy only; about 4 ms a
picture.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

if TYPE_CHECKING:
    import numpy.typing as npt

    from ml.recipes import Augment

    Pixels = npt.NDArray[np.uint8]

_KERNELS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.HAMMING,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
_WORST_QUALITY, _BEST_QUALITY = 40, 96
_COLOUR_SPREAD = 0.25


def augmented(pixels: Pixels, size: int, how: Augment, rng: np.random.Generator) -> Pixels:
    """Return one random ``(size, size, 3)`` square of ``pixels``; what happens depends on ``rng`` alone."""
    image = _part(Image.fromarray(pixels), size, how, rng)
    late = rng.random() < 0.5
    if not late:
        image = _reencoded(image, how, rng)
    if rng.random() < how.rescale_chance:
        image = _rescaled(image, rng)
    if image.size != (size, size):
        image = image.resize((size, size), _kernel(rng))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = _coloured(image, how, rng)
    if rng.random() < how.blur_chance:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
    if late:
        image = _reencoded(image, how, rng)
    square = np.array(image)
    if rng.random() < how.noise_chance:
        noise = rng.normal(0, rng.uniform(2, 10), square.shape)
        square = (square + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < how.erase_chance:
        top, left, height, width = rectangle(size, rng.uniform(0.05, 0.25), rng)
        square[top : top + height, left : left + width] = rng.integers(0, 256, 3, dtype=np.uint8)
    return square


def rectangle(size: int, area: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Return ``(top, left, height, width)`` of a random rectangle that covers about ``area`` of a square."""
    ratio = np.exp(rng.uniform(-0.7, 0.7))
    height = int(np.clip(size * np.sqrt(area * ratio), 1, size))
    width = int(np.clip(size * np.sqrt(area / ratio), 1, size))
    return int(rng.integers(0, size - height + 1)), int(rng.integers(0, size - width + 1)), height, width


def _part(image: Image.Image, size: int, how: Augment, rng: np.random.Generator) -> Image.Image:
    """Cut a square at native scale, or a part of the picture of random area and nearly its own shape."""
    if rng.random() < how.native_chance and min(image.size) >= size:
        width = height = size
    else:
        side = np.sqrt(rng.uniform(how.smallest_area, 1.0))
        stretch = np.exp(rng.uniform(-0.15, 0.15))
        width = round(min(image.width, max(1.0, image.width * side * stretch)))
        height = round(min(image.height, max(1.0, image.height * side / stretch)))
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _reencoded(image: Image.Image, how: Augment, rng: np.random.Generator) -> Image.Image:
    if rng.random() >= how.reencode_chance:
        return image
    buffer = io.BytesIO()
    quality = int(rng.integers(_WORST_QUALITY, _BEST_QUALITY))
    if rng.random() < 0.7:
        image.save(buffer, "JPEG", quality=quality, subsampling=int(rng.choice([0, 2])))
    else:
        image.save(buffer, "WEBP", quality=quality, method=0)
    return Image.open(buffer).convert("RGB")


def _rescaled(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    factor = rng.uniform(0.5, 1.0)
    small = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(small, _kernel(rng)).resize(image.size, _kernel(rng))


def _coloured(image: Image.Image, how: Augment, rng: np.random.Generator) -> Image.Image:
    if rng.random() < how.grey_chance:
        return image.convert("L").convert("RGB")
    if rng.random() >= how.colour_chance:
        return image
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(float(rng.uniform(1 - _COLOUR_SPREAD, 1 + _COLOUR_SPREAD)))
    return image


def _kernel(rng: np.random.Generator) -> Image.Resampling:
    return _KERNELS[int(rng.integers(len(_KERNELS)))]
