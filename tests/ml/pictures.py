"""Pictures painted in code, and files made of them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def painting(width: int = 500, height: int = 640, seed: int = 7) -> Image.Image:
    """Paint something with edges, gradients and texture, so that a wrong turn or resize would show."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x / width
    green = 128 + 100 * np.sin(y / 17 + x / 41)
    blue = np.where((x // 40 + y // 25) % 2, 40, 210)
    pixels = np.stack([red, green, blue], -1) + rng.normal(0, 6, (height, width, 1))
    pixels[: height // 6, : width // 4] = (250, 20, 60)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def grey_painting(width: int = 500, height: int = 640) -> Image.Image:
    return painting(width, height).convert("L")


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """Insert a chunk behind the header chunk."""
    behind_header = 8 + 12 + 13
    return png[:behind_header] + png_chunk(kind, body) + png[behind_header:]


def png_announcing(width: int, height: int) -> bytes:
    """A PNG whose header promises a size that its few bytes do not hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"\0" * 4096)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
