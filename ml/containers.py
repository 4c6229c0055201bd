"""Picture files as bytes: which format it is, how many frames, and what may be handed to a decoder.

Only what a decoder would do too late, or at a cost that the file's author chooses: text and colour profiles
are inflated by Pillow while it opens a PNG (Pillow #8363), and frames are counted by walking through all of
them.
"""

from __future__ import annotations

import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})

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


def png_for_decoding(data: bytes, max_chunk: int) -> tuple[bytes, int]:
    """Return a PNG without its text and oversized chunks, and the number of frames its header announces.

    The colour profile and EXIF (for the orientation) stay if they are at most ``max_chunk`` bytes long, the
    profile after inflating too. A file that ends in the middle of a chunk keeps its torn end, so that the
    decoder reports it.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = [PNG_SIGNATURE]
    frames, at = 1, len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        end = at + 12 + length
        body = view[at + 8 : at + 8 + length]
        if kind == b"acTL" and length >= 4:
            frames = max(1, int.from_bytes(body[:4], "big"))
        if (
            kind in _PNG_PIXEL_CHUNKS
            or (kind == b"eXIf" and length <= max_chunk)
            or (kind == b"iCCP" and _profile_fits(bytes(body[: max_chunk + 1]), max_chunk))
        ):
            kept.append(view[at:end])
        if kind == b"IEND":
            return b"".join(kept), frames
        at = end
    if at < len(data):
        kept.append(view[at:])
    return b"".join(kept), frames


def _profile_fits(body: bytes, limit: int) -> bool:
    """Tell whether an iCCP chunk (name, NUL, method, zlib stream) inflates to at most ``limit`` bytes."""
    name_end = body.find(b"\0")
    if len(body) > limit or name_end < 0:
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
