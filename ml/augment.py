"""Training pictures made harder in the ways that uploads differ. Pillow and NumPy only; about 4 ms a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from ml.views import KERNEL

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
_WORST_QUALITY, _BEST_QUALITY = 50, 96


def augmented(pixels: Pixels, size: int, how: Augment, rng: np.random.Generator) -> Pixels:
    """Return one random ``(size, size, 3)`` square of ``pixels``; what happens depends on ``rng`` alone."""
    image = _part(Image.fromarray(pixels), how, rng)
    if rng.random() < how.rescale_chance:
        factor = rng.uniform(0.6, 0.95)
        small = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        image = image.resize(small, _kernel(rng))
    if rng.random() < how.reencode_chance:
        image = _reencoded(image, rng)
    image = image.resize((size, size), _kernel(rng) if rng.random() < how.kernel_chance else KERNEL)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = _filtered(image, how, rng)
    square = np.array(image, np.float64)
    if rng.random() < how.colour_chance:
        square = _coloured(square, rng)
    if rng.random() < how.grey_chance:
        square = np.repeat(square.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < how.noise_chance:
        square = square + rng.normal(0, rng.uniform(1, 6), square.shape)
    return square.clip(0, 255).astype(np.uint8)


def rectangle(size: int, area: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Return ``(top, left, height, width)`` of a random rectangle that covers about ``area`` of a square."""
    ratio = np.exp(rng.uniform(-0.7, 0.7))
    height = int(np.clip(size * np.sqrt(area * ratio), 1, size))
    width = int(np.clip(size * np.sqrt(area / ratio), 1, size))
    return int(rng.integers(0, size - height + 1)), int(rng.integers(0, size - width + 1)), height, width


def _part(image: Image.Image, how: Augment, rng: np.random.Generator) -> Image.Image:
    """Cut nearly the whole picture, or a squarish part of it."""
    if rng.random() < how.whole_chance:
        share = rng.uniform(0.85, 1.0)
        width, height = max(1, int(image.width * share)), max(1, int(image.height * share))
    else:
        height = max(1, int(min(image.size) * rng.uniform(0.5, 0.9)))
        width = max(1, int(min(*image.size, height * rng.uniform(0.8, 1.25))))
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _reencoded(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    quality = int(rng.integers(_WORST_QUALITY, _BEST_QUALITY))
    if rng.random() < 0.5:
        image.save(buffer, "JPEG", quality=quality, subsampling=int(rng.choice([0, 2])))
    else:
        image.save(buffer, "WEBP", quality=quality, method=0)
    return Image.open(buffer).convert("RGB")


def _filtered(image: Image.Image, how: Augment, rng: np.random.Generator) -> Image.Image:
    dice = rng.random()
    if dice < how.blur_chance:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0)))
    if dice < how.blur_chance + how.sharpen_chance:
        return image.filter(ImageFilter.UnsharpMask(rng.uniform(0.5, 2), int(rng.integers(30, 120)), 0))
    return image


def _coloured(square: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Change brightness, contrast, white balance and saturation."""
    square = square * rng.uniform(0.8, 1.2)
    mean = square.mean()
    square = (square - mean) * rng.uniform(0.8, 1.2) + mean
    square = square * rng.uniform(0.92, 1.08, 3)
    grey = square.mean(axis=2, keepdims=True)
    return np.asarray((square - grey) * rng.uniform(0.6, 1.3) + grey, np.float64)


def _kernel(rng: np.random.Generator) -> Image.Resampling:
    return _KERNELS[int(rng.integers(len(_KERNELS)))]
