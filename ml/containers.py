"""Picture files as bytes: which format it is, how many frames, and what may be handed to a decoder.

Only what a decoder would do too late, or at a cost that the file's author chooses: text and colour profiles
are inflated by Pillow while it opens a PNG (Pillow #8363), and frames are counted by walking through all of
them.
"""

from __future__ import annotations

import zlib
from typing import Literal, NamedTuple

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})

_JPEG_START_OF_SCAN, _JPEG_APP1, _JPEG_APP2 = 0xDA, 0xE1, 0xE2
_EXIF_PREFIX = b"Exif\0\0"
_ORIENTATION_TAG = 0x0112
_TIFF_LONG = 4

# The chunks that make the pixels. Text, times, physical sizes and the frames of an animation are left out:
# the default image is what a viewer without animation shows, and generator marks are read by somebody else.
_PNG_PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def sniff(data: bytes) -> str | None:
    """Return the format that the first bytes claim (``PNG``, ``JPEG``, ...), or ``None`` if no accepted
    one.
    """
    if data.startswith(PNG_SIGNATURE):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[8:12], *(data[i : i + 4] for i in range(16, length - 3, 4))}
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            return "HEIF"
    return None


class Prepared(NamedTuple):
    """A file as the decoder shall get it, and what was read from the parts that were left out."""

    data: bytes
    frames: int = 1
    orientation: int = 1
    """The EXIF orientation, 1 to 8."""


def prepare_png(data: bytes, max_chunk: int) -> Prepared:
    """Leave out a PNG's text, EXIF and oversized colour profile, reading frames and orientation on the way.

    A profile stays if it is at most ``max_chunk`` bytes long, before and after inflating. A file that ends in
    the middle of a chunk keeps its torn end, so that the decoder reports it.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = [PNG_SIGNATURE]
    frames, orientation, at = 1, 1, len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        body, end = view[at + 8 : at + 8 + length], at + 12 + length
        if kind == b"acTL" and length >= 4:
            frames = max(1, int.from_bytes(body[:4], "big"))
        elif kind == b"eXIf" and length <= max_chunk:
            orientation = exif_orientation(bytes(body))
        elif kind in _PNG_PIXEL_CHUNKS or (kind == b"iCCP" and _profile_fits(body, max_chunk)):
            kept.append(view[at:end])
        at = end
        if kind == b"IEND":
            break
    else:
        kept.append(view[at:])
    return Prepared(b"".join(kept), frames, orientation)


def prepare_jpeg(data: bytes) -> Prepared:
    """Leave out a JPEG's EXIF, XMP and index of further pictures (MPF), reading the orientation on the way.

    Pillow parses EXIF while it opens a file, warning about whatever is wrong there; here only the orientation
    counts.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = [view[:2]]
    orientation, at = 1, 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _JPEG_START_OF_SCAN:
        if data[at + 1] == 0xFF or 0xD0 <= data[at + 1] <= 0xD9:  # a fill byte, or a marker without a body
            kept.append(view[at : at + (1 if data[at + 1] == 0xFF else 2)])
            at += 1 if data[at + 1] == 0xFF else 2
            continue
        end = at + 2 + int.from_bytes(view[at + 2 : at + 4], "big")
        body = bytes(view[at + 4 : end])
        if data[at + 1] == _JPEG_APP1:
            if body.startswith(_EXIF_PREFIX) and orientation == 1:
                orientation = exif_orientation(body)
        elif not (data[at + 1] == _JPEG_APP2 and body.startswith(b"MPF\0")):
            kept.append(view[at:end])
        at = end
    kept.append(view[at:])
    return Prepared(b"".join(kept), 1, orientation)


def exif_orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) of an EXIF block, 1 where it has none or makes no sense."""
    tiff = exif.removeprefix(_EXIF_PREFIX)
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    if tiff[:2] not in (b"II", b"MM") or len(tiff) < 10:
        return 1
    start = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[start : start + 2], order)
    for at in range(start + 2, min(start + 2 + 12 * count, len(tiff) - 11), 12):
        if int.from_bytes(tiff[at : at + 2], order) == _ORIENTATION_TAG:
            width = 4 if int.from_bytes(tiff[at + 2 : at + 4], order) == _TIFF_LONG else 2
            value = int.from_bytes(tiff[at + 8 : at + 8 + width], order)
            return value if 1 <= value <= 8 else 1
    return 1


def _profile_fits(chunk: memoryview, limit: int) -> bool:
    """Tell whether an iCCP chunk (name, NUL, method, zlib stream) inflates to at most ``limit`` bytes."""
    if len(chunk) > limit:
        return False
    body = bytes(chunk)
    name_end = body.find(b"\0")
    if name_end < 0:
        return False
    inflater = zlib.decompressobj()
    try:
        return len(inflater.decompress(body[name_end + 2 :], limit + 1)) <= limit
    except zlib.error:
        return False


def gif_frames(data: bytes, stop_after: int) -> int:
    """Count a GIF's frames without decoding one, giving up beyond ``stop_after`` (returns ``stop_after +
    1``).
    """
    if len(data) < 13:
        return 1
    at = 13 + _colour_table_length(data[10])
    frames = 0
    while at < len(data) and frames <= stop_after:
        block = data[at]
        if block == 0x2C and at + 10 <= len(data):  # image descriptor, local palette, code size, data
            frames += 1
            at = _skip_sub_blocks(data, at + 11 + _colour_table_length(data[at + 9]))
        elif block == 0x21:  # extension
            at = _skip_sub_blocks(data, at + 2)
        else:  # the trailer, or something that no GIF has
            break
    return max(1, frames)


def _colour_table_length(flags: int) -> int:
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _skip_sub_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1
