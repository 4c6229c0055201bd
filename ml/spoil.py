"""What happens to a picture on its way through the web, and what a person does to hide its origin.

Each spoiler takes the pixels of a picture and a random stream and returns the bytes of a file. They imitate
what a detector meets; none is used in training.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Rng = np.random.Generator
    Spoiler = Callable[[Image.Image, Rng], bytes]

_LANCZOS, _BICUBIC, _BILINEAR = Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR


def spoiled(pixels: npt.NDArray[np.uint8], spoiler: Spoiler, rng: Rng) -> bytes:
    """Return the file that comes out when ``pixels`` ``(h, w, 3)`` go through a spoiler."""
    return spoiler(Image.fromarray(pixels), rng)


def saved(image: Image.Image, kind: str, **options: int) -> bytes:
    """Return an image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _png(image: Image.Image, rng: Rng) -> bytes:
    return saved(image, "PNG", compress_level=1)


def _jpeg_web(image: Image.Image, rng: Rng) -> bytes:
    return saved(image, "JPEG", quality=int(rng.integers(70, 91)))


def _webp_web(image: Image.Image, rng: Rng) -> bytes:
    return saved(image, "WEBP", quality=int(rng.integers(70, 91)))


def _resize_web(image: Image.Image, rng: Rng) -> bytes:
    """A gallery's size: the short side at 720 or 1080, JPEG."""
    short = int(rng.choice([720, 1080]))
    scale = short / min(image.size)
    return _jpeg_web(image.resize((round(image.width * scale), round(image.height * scale)), _BICUBIC), rng)


def _screenshot(image: Image.Image, rng: Rng) -> bytes:
    """A viewer's uneven zoom, without antialiasing to speak of, kept as PNG."""
    scale = float(rng.uniform(0.7, 0.95))
    return _png(image.resize((round(image.width * scale), round(image.height * scale)), _BILINEAR), rng)


def _crop(image: Image.Image, rng: Rng) -> bytes:
    left, top, right, bottom = rng.uniform(0.02, 0.08, 4)
    box = (image.width * left, image.height * top, image.width * (1 - right), image.height * (1 - bottom))
    return _jpeg_web(image.crop(tuple(round(edge) for edge in box)), rng)


def _jpeg_40(image: Image.Image, rng: Rng) -> bytes:
    return saved(image, "JPEG", quality=40)


def _half(image: Image.Image, rng: Rng) -> bytes:
    small = image.resize((max(1, image.width // 2), max(1, image.height // 2)), _LANCZOS)
    return saved(small.resize(image.size, _BICUBIC), "JPEG", quality=85)


def _noise(image: Image.Image, rng: Rng) -> bytes:
    noisy = np.asarray(image) + rng.normal(0, 10, (image.height, image.width, 3))
    return saved(Image.fromarray(noisy.clip(0, 255).astype(np.uint8)), "JPEG", quality=85)


def _blur(image: Image.Image, rng: Rng) -> bytes:
    return saved(image.filter(ImageFilter.GaussianBlur(1.2)), "JPEG", quality=85)


def _tint(image: Image.Image, rng: Rng) -> bytes:
    """A photo app's filter: tinted light, lifted shadows."""
    light = np.array([1.12, 1.0, 0.85])[rng.permutation(3)]
    filtered = np.asarray(image) * light * 0.88 + 18
    return saved(Image.fromarray(filtered.clip(0, 255).astype(np.uint8)), "JPEG", quality=85)


def _watermark(image: Image.Image, rng: Rng) -> bytes:
    marked = image.copy()
    draw = ImageDraw.Draw(marked, "RGBA")
    size = max(12, image.width // 10)
    font = ImageFont.load_default(size)
    for _ in range(3):
        place = (int(rng.integers(0, image.width // 2 + 1)), int(rng.integers(0, image.height)))
        draw.text(place, "@artist_name", font=font, fill=(255, 255, 255, 140))
    return saved(marked, "JPEG", quality=85)


def _border(image: Image.Image, rng: Rng) -> bytes:
    width = max(1, round(min(image.size) * float(rng.uniform(0.04, 0.1))))
    return saved(ImageOps.expand(image, width, fill=str(rng.choice(["white", "black"]))), "JPEG", quality=85)


TIERS: dict[str, dict[str, Spoiler]] = {
    "clean": {"as it is": _png},
    "web": {
        "JPEG 70-90": _jpeg_web,
        "WebP 70-90": _webp_web,
        "720 or 1080": _resize_web,
        "screenshot": _screenshot,
        "light crop": _crop,
    },
    "hard": {
        "JPEG 40": _jpeg_40,
        "half and back": _half,
        "noise": _noise,
        "blur": _blur,
        "colour filter": _tint,
        "watermark": _watermark,
        "border": _border,
    },
}
"""Spoilers by tier. A picture meets one of each tier, chosen by its place in the manifest."""
