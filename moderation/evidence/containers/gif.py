"""GIF89a: comment extensions, and the application extensions of XMP and C2PA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moderation.evidence.containers.marks import MAX_TEXT, decode

if TYPE_CHECKING:
    from moderation.evidence.containers.marks import Collector

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_COMMENT, _APPLICATION = 0xFE, 0xFF
_XMP_TAIL = bytes(range(0xFF, -1, -1))
"""XMP stands in a GIF unblocked; this falling run leads a reader that thinks in sub-blocks to the end of it."""


def recognises(data: bytes) -> bool:
    """Return whether ``data`` begins like a GIF."""
    return data[:6] in {b"GIF87a", b"GIF89a"}


def walk(data: bytes, collector: Collector) -> None:
    """Collect the marks of a GIF."""
    if len(data) < 13:
        return
    position = 13 + _table(data[10])
    end = len(data)
    while position < end and collector.step():
        block = data[position]
        if block == _EXTENSION and position + 2 < end:
            position = _read_extension(data, position + 1, collector)
        elif block == _IMAGE and position + 10 < end:
            # Descriptor, local colour table, LZW code size, then sub-blocks of pixels.
            position = _skip(data, position + 10 + _table(data[position + 9]) + 1, collector)
        elif block == _TRAILER:
            return
        else:
            collector.problem("the GIF's blocks are out of step")
            return


def _table(flags: int) -> int:
    """Return the size in bytes of the colour table that ``flags`` announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _read_extension(data: bytes, position: int, collector: Collector) -> int:
    label = data[position]
    if label == _COMMENT:
        value, position = _gather(data, position + 1, collector)
        collector.text("comment", decode(value).rstrip("\x00"))
        return position
    if label != _APPLICATION:
        return _skip(data, position + 1, collector)
    size = data[position + 1]
    name = data[position + 2 : position + 2 + size]
    position += 2 + size
    if name.startswith(b"XMP Data"):
        return _read_xmp(data, position, collector)
    if name.startswith(b"C2PA_GIF"):
        value, position = _gather(data, position, collector)
        collector.store(value)
        return position
    return _skip(data, position, collector)


def _read_xmp(data: bytes, position: int, collector: Collector) -> int:
    tail = data.find(_XMP_TAIL, position, position + MAX_TEXT + 2 * len(_XMP_TAIL))
    if tail < 0:
        # Written as ordinary sub-blocks by some, or broken.
        value, position = _gather(data, position, collector)
        if b"<" in value[:256]:
            collector.xmp(value)
        else:
            collector.problem("the XMP packet has no end")
        return position
    # The packet ends with a byte 01 before the run; the run is followed by the block terminator.
    collector.xmp(data[position:tail].removesuffix(b"\x01"))
    return tail + len(_XMP_TAIL) + (1 if data[tail + len(_XMP_TAIL) : tail + len(_XMP_TAIL) + 1] == b"\x00" else 0)


def _gather(data: bytes, position: int, collector: Collector) -> tuple[bytes, int]:
    """Join sub-blocks from ``position`` on; return them and the position behind their terminator."""
    value = bytearray()
    end = len(data)
    while position < end and collector.step():
        size = data[position]
        if size == 0:
            return bytes(value), position + 1
        if len(value) <= MAX_TEXT:
            value += data[position + 1 : position + 1 + size]
        position += 1 + size
    collector.problem("a GIF extension is cut short")
    return bytes(value), end


def _skip(data: bytes, position: int, collector: Collector) -> int:
    end = len(data)
    while position < end and collector.step():
        size = data[position]
        position += 1 + size
        if size == 0:
            return position
    return end
