"""What a file is, from its header alone: format, size, frames. The gate before any decoder sees the pixels.

The web process imports this module for every upload, so it stays light: Pillow, no NumPy.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple

from PIL import Image, features

from ml import containers

MIME_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "HEIF": "image/heif",
}
"""The accepted formats and their media types. Anything else is refused unopened."""

DECODER_ERRORS = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow's plugins are known to raise on broken files. ``MemoryError`` is the machine's, not the
file's.
"""


class ArtworkError(Exception):
    """A file cannot be read as an artwork.

    ``code`` is a stable name for programs; ``str(error)`` is one sentence for the person who uploaded the
    file. It is made of ``template`` and ``places``, so that it can be told in other languages as well.
    """

    code: ClassVar[str] = "unreadable"

    def __init__(self, template: str, /, **places: str | int) -> None:
        super().__init__(template.format(**places))
        self.template = template
        self.places = places


class EmptyFile(ArtworkError):
    """The file has no bytes."""

    code = "empty"


class NotAPicture(ArtworkError):
    """The first bytes belong to no picture format at all."""

    code = "not_a_picture"


class UnsupportedFormat(ArtworkError):
    """A picture, but in a format outside the allow-list."""

    code = "unsupported_format"


class DecoderMissing(ArtworkError):
    """An accepted format that this installation lacks the decoder for."""

    code = "decoder_missing"


class Damaged(ArtworkError):
    """The file says it is a picture, but its contents are torn or contradict each other."""

    code = "damaged"


class TooLarge(ArtworkError):
    """Some limit is exceeded; the leaves say which."""

    code = "too_large"


class TooManyBytes(TooLarge):
    """The file is longer than ``Limits.max_bytes``."""

    code = "too_many_bytes"


class TooManyPixels(TooLarge):
    """Width times height exceeds ``Limits.max_pixels``."""

    code = "too_many_pixels"


class TooManyFrames(TooLarge):
    """The animation has more than ``Limits.max_frames`` frames."""

    code = "too_many_frames"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask of us. Each is checked before the work it bounds is done."""

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_frames: int = 100
    max_text_chunk: int = 1024 * 1024
    """Bytes of a PNG's colour profile (inflated) or EXIF; longer ones are ignored, the pixels still count."""


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says about itself. ``width`` and ``height`` are as stored, before EXIF orientation."""

    format: str
    width: int
    height: int
    frames: int
    mime: str


def probe(source: bytes | BinaryIO | Path, limits: Limits = DEFAULT_LIMITS) -> Header:
    """Return the header of ``source`` without decoding a pixel.

    A file object is read from its current position and put back there. Raises a leaf of
    :class:`ArtworkError`.
    """
    opened = open_bounded(read_bounded(source, limits), limits)
    opened.image.close()
    return opened.header


def read_bounded(source: bytes | BinaryIO | Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the whole file, never reading more than one byte beyond the limit."""
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    else:
        start = source.tell() if source.seekable() else None
        data = source.read(limits.max_bytes + 1)
        if start is not None:
            source.seek(start)
    if not data:
        raise EmptyFile("The file is empty.")
    if len(data) > limits.max_bytes:
        raise TooManyBytes("The file is larger than {megabytes} MB.", megabytes=f"{limits.max_bytes / 1024 / 1024:g}")
    return data


class Opened(NamedTuple):
    """An open picture whose pixels are not decoded yet. Whoever gets it closes ``image``."""

    image: Image.Image
    header: Header
    orientation: int
    """The EXIF orientation, 1 to 8."""


def open_bounded(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Opened:
    """Open ``data`` with the one decoder that its first bytes call for. Raises a leaf of
    :class:`ArtworkError`.
    """
    kind = _accepted_format(data)
    prepared = _prepared(data, kind, limits)
    try:
        image = Image.open(io.BytesIO(prepared.data), formats=[kind])
        # Behind their decoders; the other formats' were read on the way here.
        frames = int(getattr(image, "n_frames", 1)) if kind in ("WEBP", "AVIF") else prepared.frames
        exif = image.info.get("exif") if kind in ("WEBP", "AVIF") else None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(limits) from error
    except DECODER_ERRORS as error:
        raise Damaged("The file is damaged: its header cannot be read.") from error
    header = Header(kind, image.width, image.height, frames, MIME_TYPES[kind])
    problem = _limit_problem(header, limits)
    if problem is not None:
        image.close()
        raise problem
    return Opened(image, header, containers.exif_orientation(exif) if exif else prepared.orientation)


def _prepared(data: bytes, kind: str, limits: Limits) -> containers.Prepared:
    if kind == "PNG":
        return containers.prepare_png(data, limits.max_text_chunk)
    if kind == "JPEG":
        return containers.prepare_jpeg(data)
    if kind == "GIF":
        return containers.Prepared(data, containers.gif_frames(data, limits.max_frames))
    return containers.Prepared(data)


def available_formats() -> dict[str, bool]:
    """Tell for each accepted format whether its decoder is installed."""
    return {name: _has_decoder(name) for name in MIME_TYPES}


def _accepted_format(data: bytes) -> str:
    kind = containers.sniff(data)
    if kind is None:
        if data[:4] in (b"II*\0", b"MM\0*") or data[:2] == b"BM" or data[:4] == b"8BPS" or b"<svg" in data[:1024]:
            raise UnsupportedFormat("This format is not accepted. Save the picture as PNG, JPEG or WebP.")
        raise NotAPicture("The file is not a picture in a format we know (PNG, JPEG, WebP, GIF, AVIF, HEIC).")
    if not _has_decoder(kind):
        called = "HEIC" if kind == "HEIF" else kind  # as telephones name the files
        raise DecoderMissing(
            "{format} pictures cannot be read here. Save the picture as PNG, JPEG or WebP.", format=called
        )
    return kind


def _limit_problem(header: Header, limits: Limits) -> ArtworkError | None:
    if header.width < 1 or header.height < 1:
        return Damaged("The file is damaged: it has no pixels.")
    if header.width * header.height > limits.max_pixels:
        return _too_many_pixels(limits)
    if header.frames > limits.max_frames:
        return TooManyFrames("The animation has more than {frames} frames.", frames=limits.max_frames)
    return None


def _too_many_pixels(limits: Limits) -> TooManyPixels:
    return TooManyPixels(
        "The picture has more than {megapixels} megapixels.", megapixels=f"{limits.max_pixels / 1e6:g}"
    )


def _has_decoder(kind: str) -> bool:
    if kind in ("WEBP", "AVIF"):
        return bool(features.check(kind.lower()))
    if kind == "HEIF" and kind not in Image.OPEN:
        try:
            import pi_heif
        except ImportError:
            return False
        pi_heif.register_heif_opener()
    return True
