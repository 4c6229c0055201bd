"""AVIF and HEIF (ISO/IEC 14496-12, 23008-12): EXIF and XMP items of the ``meta`` box, C2PA in a ``uuid`` box."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moderation.evidence.containers.exif import read_exif
from moderation.evidence.containers.marks import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.evidence.containers.marks import Collector

_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"miaf")
_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_XMP_TYPES = (b"application/rdf+xml", b"application/xmp", b"application/rdf")
MAX_ITEMS = 1_000
MAX_EXTENTS = 64


@dataclass
class _Item:
    kind: bytes = b""
    content_type: bytes = b""
    method: int = 0
    extents: list[tuple[int, int]] = field(default_factory=list)


def recognises(data: bytes) -> bool:
    """Return whether ``data`` begins with the ``ftyp`` box of a still picture."""
    if data[4:8] != b"ftyp":
        return False
    (size,) = struct.unpack_from(">I", data, 0)
    brands = data[8 : min(size, 256)]
    return any(brand in brands for brand in _BRANDS)


def walk(data: bytes, collector: Collector) -> None:
    """Collect the marks of an AVIF or HEIF file."""
    for kind, start, end in _boxes(data, 0, len(data), collector):
        if kind == b"meta":
            _read_meta(data, start + 4, end, collector)
        elif kind == b"uuid":
            name = data[start : start + 16]
            if name == _C2PA_UUID:
                collector.store(data[start + 16 : min(end, start + 16 + MAX_TEXT)])
            elif name == _XMP_UUID:
                collector.xmp(data[start + 16 : end])


def _boxes(data: bytes, start: int, end: int, collector: Collector) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end of each box's content between ``start`` and ``end``."""
    while start + 8 <= end and collector.step():
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            header = 16
        elif size == 0:
            size = end - start
        if size < header:
            collector.problem("a box has an impossible size")
            return
        yield kind, start + header, min(start + size, end)
        start += size


def _read_meta(data: bytes, start: int, end: int, collector: Collector) -> None:
    items: dict[int, _Item] = {}
    inline = (0, 0)
    for kind, begin, stop in _boxes(data, start, end, collector):
        content = data[begin : min(stop, begin + MAX_TEXT)]
        try:
            if kind == b"iinf":
                _read_item_infos(content, items, collector)
            elif kind == b"iloc":
                _read_locations(content, items)
            elif kind == b"idat":
                inline = (begin, stop)
        except (struct.error, IndexError):
            collector.problem("the table of items is cut short")
    for item in list(items.values())[:MAX_ITEMS]:
        if item.kind == b"Exif":
            block = _content(data, item, inline, collector)
            if len(block) >= 4:
                (offset,) = struct.unpack_from(">I", block)
                read_exif(block[4 + offset :] if offset < len(block) else block[4:], collector)
        elif item.kind == b"mime" and item.content_type.lower() in _XMP_TYPES:
            collector.xmp(_content(data, item, inline, collector))


def _read_item_infos(box: bytes, items: dict[int, _Item], collector: Collector) -> None:
    version = box[0]
    for kind, start, end in _boxes(box, 6 if version == 0 else 8, len(box), collector):
        if kind != b"infe" or box[start] < 2:
            continue
        wide = box[start] == 3
        (number,) = struct.unpack_from(">I" if wide else ">H", box, start + 4)
        position = start + (10 if wide else 8)  # version and flags, number, protection index
        if len(items) >= MAX_ITEMS:
            return
        item = items.setdefault(number, _Item())
        item.kind = box[position : position + 4]
        if item.kind == b"mime":
            rest = box[position + 4 : end].split(b"\x00")
            item.content_type = rest[1] if len(rest) > 1 else b""


def _read_locations(box: bytes, items: dict[int, _Item]) -> None:
    version = box[0]
    offset_size, length_size = box[4] >> 4, box[4] & 15
    base_size, index_size = box[5] >> 4, box[5] & 15 if version in {1, 2} else 0
    position = 6
    (count,) = struct.unpack_from(">I" if version == 2 else ">H", box, position)
    position += 4 if version == 2 else 2
    for _ in range(min(count, MAX_ITEMS)):
        (number,) = struct.unpack_from(">I" if version == 2 else ">H", box, position)
        position += 4 if version == 2 else 2
        item = items.setdefault(number, _Item())
        if version in {1, 2}:
            item.method = box[position + 1] & 15
            position += 2
        base = _integer(box, position + 2, base_size)
        position += 2 + base_size
        (extents,) = struct.unpack_from(">H", box, position)
        position += 2
        for _ in range(min(extents, MAX_EXTENTS)):
            position += index_size
            offset = _integer(box, position, offset_size)
            length = _integer(box, position + offset_size, length_size)
            position += offset_size + length_size
            item.extents.append((base + offset, length))


def _integer(box: bytes, position: int, size: int) -> int:
    if position + size > len(box):
        raise IndexError(position)
    return int.from_bytes(box[position : position + size], "big")


def _content(data: bytes, item: _Item, inline: tuple[int, int], collector: Collector) -> bytes:
    """Return an item's bytes from the file (method 0) or from the ``idat`` box (method 1)."""
    low, high = inline if item.method == 1 else (0, len(data))
    value = bytearray()
    for offset, length in item.extents:
        start = low + offset
        stop = high if length == 0 else min(start + length, high)
        if stop - start + len(value) > MAX_TEXT:
            collector.problem("a metadata item is larger than 1 MiB")
            return b""
        value += data[start:stop]
    return bytes(value)
