"""A small, bounded reader of EXIF: TIFF directories in either byte order, only the strings that makers write.

Follows Exif 2.32 (CIPA DC-008), sections 4.5 and 4.6. Directories may point anywhere, also at themselves: each is read
once, four at most, with at most `MAX_ENTRIES` entries.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from moderation.evidence.containers.marks import MAX_TEXT, decode

if TYPE_CHECKING:
    from moderation.evidence.containers.marks import Collector

NAMES = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x013C: "HostComputer",
    0x8298: "Copyright",
    0x9286: "UserComment",
    0x927C: "MakerNote",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
}
"""The tags that are kept. ComfyUI's writers use any of the IFD0 strings and label what is in them."""

_EXIF_IFD = 0x8769
_XMP = 0x02BC
_POINTERS = {_EXIF_IFD}
_SIZES = {1: 1, 2: 1, 6: 1, 7: 1, 129: 1}  # BYTE, ASCII, SBYTE, UNDEFINED, UTF-8
MAX_ENTRIES = 512
MAX_DIRECTORIES = 4


def read_exif(block: bytes, collector: Collector) -> None:
    """Add the strings of an EXIF block (with or without its ``Exif\\0\\0`` prefix) to ``collector``."""
    block = block.removeprefix(b"Exif\x00\x00").removeprefix(b"Exif\x00\xff")
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        if block.strip(b"\x00"):
            collector.problem("the EXIF block has no TIFF header")
        return
    waiting = [int(struct.unpack_from(order + "I", block, 4)[0])]
    seen: set[int] = set()
    while waiting and len(seen) < MAX_DIRECTORIES:
        offset = waiting.pop(0)
        if offset in seen:
            collector.problem("an EXIF directory points at itself")
            continue
        seen.add(offset)
        waiting.extend(_read_directory(block, order, offset, collector))


def _read_directory(block: bytes, order: str, offset: int, collector: Collector) -> list[int]:
    """Read one directory; return the offsets of the directories it points to (not IFD1, the thumbnail's)."""
    if offset + 2 > len(block):
        collector.problem("an EXIF directory lies outside its block")
        return []
    (count,) = struct.unpack_from(order + "H", block, offset)
    if count > MAX_ENTRIES:
        collector.problem("an EXIF directory has too many entries")
        count = MAX_ENTRIES
    found = []
    for index in range(count):
        start = offset + 2 + 12 * index
        if start + 12 > len(block):
            collector.problem("an EXIF directory is cut short")
            break
        tag, kind, length = struct.unpack_from(order + "HHI", block, start)
        if tag in _POINTERS:
            found.append(int(struct.unpack_from(order + "I", block, start + 8)[0]))
        elif tag in NAMES or tag == _XMP:
            value = _value(block, order, start + 8, length * _SIZES.get(kind, 0), collector)
            if tag == _XMP:
                collector.xmp(value)
            elif value:
                collector.exif.setdefault(NAMES[tag], _text(tag, value, order))
    return found


def _value(block: bytes, order: str, field: int, length: int, collector: Collector) -> bytes:
    """Return a tag's bytes: inside its entry when they fit in four, else where the entry points."""
    if length <= 4:
        return block[field : field + length]
    (start,) = struct.unpack_from(order + "I", block, field)
    if length > MAX_TEXT:
        collector.problem("an EXIF text is larger than 1 MiB")
        return b""
    if start + length > len(block):
        collector.problem("an EXIF text lies outside its block")
        # What is left of it may still name the generator.
        return block[start : start + length]
    return block[start : start + length]


def _text(tag: int, value: bytes, order: str) -> str:
    name = NAMES[tag]
    if name.startswith("XP"):
        return value.decode("utf-16-le", "replace").rstrip("\x00")
    if name == "UserComment":
        return user_comment(value, order)
    return decode(value).rstrip("\x00")


def user_comment(value: bytes, order: str = ">") -> str:
    """Decode a UserComment by the eight bytes that name its character set.

    ``UNICODE`` is UTF-16 in the byte order of the block by the standard; the web UI writes it big-endian (piexif),
    other writers little-endian whatever the block says, so the zero bytes of the first characters decide.
    Some write UTF-8 behind ``UNICODE``; some write no prefix at all.
    """
    prefix, body = value[:8], value[8:]
    if prefix.rstrip(b"\x00 ").upper() == b"UNICODE":
        return _utf16(body, order)
    if prefix.rstrip(b"\x00 ").upper() == b"ASCII":
        return decode(body).rstrip("\x00")
    if prefix.rstrip(b"\x00 ").upper() == b"JIS":
        # JIS X 0208 in ISO-2022 escapes by the standard; Shift JIS is met as well.
        codec = "iso2022_jp" if b"\x1b" in body else "shift_jis"
        return body.decode(codec, "replace").rstrip("\x00")
    if not prefix.strip(b"\x00"):
        return decode(body).rstrip("\x00")
    return decode(value).rstrip("\x00")


def _utf16(body: bytes, order: str) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace").rstrip("\x00")
    head = body[:512]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if not even and not odd and len(head) > 8:
        # No zero byte at all: either every character lies beyond U+00FF, or it is UTF-8 under a wrong label.
        try:
            text = body.rstrip(b"\x00").decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return text
    if even != odd:
        order = ">" if even > odd else "<"
    return body.decode("utf-16-be" if order == ">" else "utf-16-le", "replace").rstrip("\x00")
