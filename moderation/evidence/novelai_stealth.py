"""Evidence: settings hidden in the lowest bits of the pixels, as NovelAI and web UI extensions write them.

The bits run down the columns, left to right: of the alpha channel behind the word ``stealth_pnginfo`` (or
``stealth_pngcomp``, gzip), or of red, green and blue in turn behind ``stealth_rgbinfo`` / ``stealth_rgbcomp``. After
the word come 32 bits, the number of bits that follow, and the text. Text chunks need not be there; that is the point.

The word stands in the leftmost pixels of the first rows. A PNG's first column can be had without undoing its filters
for whole rows, so nearly every picture is let go after 8 rows (alpha) or 3 (colours) have been inflated.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop
from PIL import Image

from moderation.evidence.base import Evidence, Strength
from moderation.evidence.containers.png import SIGNATURE
from moderation.evidence.generators import a1111, comfyui, novelai
from moderation.evidence.generators.found import AN_IMAGE_GENERATOR, Found
from moderation.evidence.text import RAW_LIMIT, parse_object
from moderation.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.evidence.base import Subject

_WORDS = {
    "alpha": (b"stealth_pnginfo", b"stealth_pngcomp"),
    "rgb": (b"stealth_rgbinfo", b"stealth_rgbcomp"),
}
_WORD_BITS = 8 * 15
MAX_PIXELS = 50_000_000
MAX_TEXT = 1 << 20
_LOWEST_BIT = bytes(ord("0") + (value & 1) for value in range(256))

# Every sentence of this kind of evidence stands here.
HIDDEN = gettext_noop("Hidden in the lowest bits of the pixels are the settings of {generator}{facts}.")
UNREADABLE = gettext_noop(
    "The lowest bits of the pixels begin with the mark of hidden generator settings, but the rest cannot be read."
)
UNREADABLE_ARTIST = gettext_noop(
    "Your picture carries a hidden mark that image generators write; please tell us how it was made."
)


class NovelAIStealth:
    """Looks for hidden settings in PNG, and in WebP with an alpha channel (decoded: it has no rows to take apart)."""

    name = "novelai_stealth"
    version = 1

    def read(self, subject: Subject) -> list[Evidence]:
        """Return the settings hidden in ``subject``'s pixels."""
        data = subject.data
        reader = f"{self.name}/{self.version}"
        for mode in _suspects(data):
            text = _hidden_text(data, mode)
            if text is None:
                continue
            if text == "":
                details = {"where": f"pixels, {mode}"}
                return [
                    Evidence(
                        "novelai-stealth",
                        Strength.STRONG,
                        say(UNREADABLE),
                        say(UNREADABLE_ARTIST),
                        reader,
                        details,
                    )
                ]
            return [_found(text, f"lowest bits of {mode}").evidence(reader)]
        return []


def _suspects(data: bytes) -> Iterator[str]:
    """Yield the channels of a picture that may hold the word, after the cheapest look at it."""
    if data.startswith(SIGNATURE):
        yield from _suspects_of_png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP" and _webp_has_alpha(data):
        # Colours of a lossy picture hold no bits; in a lossless one the word has only been seen in alpha.
        yield "alpha"


def _suspects_of_png(data: bytes) -> Iterator[str]:
    try:
        length, kind, width, height, depth, colour, _, _, interlaced = struct.unpack_from(">I4sIIBBBBB", data, 8)
    except struct.error:
        return
    channels = {2: 3, 6: 4}.get(colour)
    if kind != b"IHDR" or length != 13 or depth != 8 or channels is None or not 0 < width * height <= MAX_PIXELS:
        return
    modes = ("alpha", "rgb") if channels == 4 else ("rgb",)
    if interlaced or height < _WORD_BITS:
        # The word does not stand in the first column alone: decode, if there is room for it.
        yield from (mode for mode in modes if width * height * (1 if mode == "alpha" else 3) > _WORD_BITS)
        return
    stride = 1 + width * channels
    for mode in modes:
        if _first_column(data, stride, channels, mode):
            yield mode


def _first_column(data: bytes, stride: int, channels: int, mode: str) -> bool:
    """Return whether the first column of a PNG begins with a word, inflating no more rows than it takes to say no."""
    words = _WORDS[mode]
    per_row = 1 if mode == "alpha" else 3
    start = 3 if mode == "alpha" else 0
    bits, previous = "", bytes(channels)
    for row in _rows(data, stride, -(-_WORD_BITS // per_row)):
        pixel = _first_pixel(row, previous, channels)
        if pixel is None:
            return False
        bits += "".join("01"[value & 1] for value in pixel[start : start + per_row])
        previous = pixel
        whole = len(bits) // 8
        if whole:
            so_far = int(bits[: 8 * whole], 2).to_bytes(whole, "big")[:15]
            if not any(word.startswith(so_far) for word in words):
                return False
    return len(bits) >= _WORD_BITS


def _first_pixel(row: bytes, above: bytes, channels: int) -> bytes | None:
    """Undo a row's filter (W3C PNG, 9.2) for its first pixel, whose left neighbours count as zero."""
    kind, raw = row[0], row[1 : 1 + channels]
    if kind in {0, 1}:
        return raw
    if kind in {2, 4}:  # Up; Paeth of (0, b, 0) is b
        return bytes((value + up) & 255 for value, up in zip(raw, above, strict=True))
    if kind == 3:
        return bytes((value + up // 2) & 255 for value, up in zip(raw, above, strict=True))
    return None


def _rows(data: bytes, stride: int, count: int) -> Iterator[bytes]:
    """Yield the first ``count`` filtered rows of a PNG, inflating little more than is asked for."""
    inflater = zlib.decompressobj()
    waiting = b""
    for chunk in _image_data(data):
        while chunk:
            try:
                waiting += inflater.decompress(chunk, max(4 * stride - len(waiting), 1))
            except zlib.error:
                return
            chunk = inflater.unconsumed_tail
            while len(waiting) >= stride:
                yield waiting[:stride]
                count -= 1
                if count == 0:
                    return
                waiting = waiting[stride:]


def _image_data(data: bytes) -> Iterator[bytes]:
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            # In pieces: one chunk may hold the whole picture.
            for start in range(position + 8, min(position + 8 + length, len(data)), 1 << 16):
                yield data[start : min(start + (1 << 16), position + 8 + length)]
        elif kind == b"IEND":
            return
        position += 12 + length


def _webp_has_alpha(data: bytes) -> bool:
    kind = data[12:16]
    if kind == b"VP8X":
        return len(data) > 20 and bool(data[20] & 0x10)
    # A lossless picture alone: bit 28 of the header behind the signature byte.
    return kind == b"VP8L" and len(data) > 24 and bool(data[24] & 0x10)


def _hidden_text(data: bytes, mode: str) -> str | None:
    """Decode the picture and return the hidden text; ``""`` when it is broken, ``None`` when there is none."""
    try:
        with warnings.catch_warnings():
            # The size is bounded here, by MAX_PIXELS; Pillow would warn at its own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "WEBP")) as image:
                if image.width * image.height > MAX_PIXELS or (mode == "alpha" and "A" not in image.getbands()):
                    return None
                return _text_in(image, mode)
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError):
        # A picture that cannot be decoded is reported by the screening itself.
        return None


def _text_in(image: Image.Image, mode: str) -> str | None:
    pixels = image.getchannel("A") if mode == "alpha" else image.convert("RGB")
    per_column = image.height * len(pixels.getbands())
    head = _bytes(pixels, per_column, 0, _WORD_BITS + 32)
    word, length = head[:15], int.from_bytes(head[15:19], "big")
    if len(head) < 19 or word not in _WORDS[mode]:
        return None
    if not 0 < length <= min(8 * MAX_TEXT, image.width * per_column - _WORD_BITS - 32):
        return ""
    payload = _bytes(pixels, per_column, _WORD_BITS + 32, length)
    if word.endswith(b"comp"):
        payload = _gunzip(payload)
    return payload.decode("utf-8", "replace")


def _bytes(pixels: Image.Image, per_column: int, start: int, length: int) -> bytes:
    """Return ``length`` bits from bit ``start`` on as bytes; only the columns that hold them are touched."""
    left, right = start // per_column, min(-(-(start + length) // per_column), pixels.width)
    columns = pixels.crop((left, 0, right, pixels.height)).transpose(Image.Transpose.TRANSPOSE).tobytes()
    bits = columns[start - left * per_column :][: length - length % 8].translate(_LOWEST_BIT)
    whole = len(bits) // 8
    return int(bits[: 8 * whole] or b"0", 2).to_bytes(whole, "big")


def _gunzip(payload: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        text = inflater.decompress(payload, MAX_TEXT)
    except zlib.error:
        return b""
    return text if inflater.eof else b""


def _found(text: str, where: str) -> Found:
    """Return whose settings ``text`` are: NovelAI's object, ComfyUI's, or the web UI's block."""
    value = parse_object(text)
    found = novelai.from_object(value, where, kind="novelai-stealth") if value else None
    if found is not None:
        return _hidden(found)
    parameters = value.get("parameters")
    block = a1111.parse_infotext(parameters if isinstance(parameters, str) else text)
    if block is not None:
        return _hidden(a1111.found_in(block, text, where, kind="a1111-stealth"))
    graph = value.get("prompt")
    graph = parse_object(graph) if isinstance(graph, str) else graph
    if isinstance(graph, dict) and comfyui.as_graph(graph):
        return _hidden(comfyui.from_graph(comfyui.as_graph(graph), where, text, kind="comfyui-stealth"))
    return Found(
        "novelai-stealth",
        AN_IMAGE_GENERATOR,
        Strength.PROOF,
        where,
        raw=text[:RAW_LIMIT],
        message=HIDDEN,
    )


def _hidden(found: Found) -> Found:
    return Found(**{**vars(found), "message": HIDDEN})
