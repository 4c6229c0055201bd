"""JPEG segments (ITU T.81): APP1 EXIF and XMP with its extension, APP11 JUMBF, APP13 IPTC, COM."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from moderation.evidence.containers.exif import read_exif
from moderation.evidence.containers.iptc import read_iim
from moderation.evidence.containers.marks import MAX_TEXT, decode

if TYPE_CHECKING:
    from moderation.evidence.containers.marks import Collector

_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_COM, _SOS, _EOI = 0xFE, 0xDA, 0xD9
_APP1, _APP11, _APP13 = 0xE1, 0xEB, 0xED


def recognises(data: bytes) -> bool:
    """Return whether ``data`` begins like a JPEG."""
    return data.startswith(b"\xff\xd8\xff")


def walk(data: bytes, collector: Collector) -> None:
    """Collect the marks of a JPEG, up to the first scan: no writer puts metadata behind it."""
    extension = _Extension(collector)
    store = _Store(collector)
    position, end = 2, len(data)
    while position + 4 <= end and collector.step():
        if data[position] != 0xFF:
            collector.problem("the JPEG's segments are out of step")
            break
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        if marker in {_SOS, _EOI}:
            break
        (length,) = struct.unpack_from(">H", data, position + 2)
        if length < 2:
            collector.problem("a JPEG segment has no length")
            break
        payload = data[position + 4 : position + 2 + length]
        if marker == _APP1:
            _read_app1(payload, collector, extension)
        elif marker == _APP11:
            store.add(payload)
        elif marker == _APP13 and payload.startswith(_PHOTOSHOP):
            read_iim(payload, collector)
        elif marker == _COM:
            collector.text("comment", decode(payload).rstrip("\x00"))
        position += 2 + length
    extension.finish()


def _read_app1(payload: bytes, collector: Collector, extension: _Extension) -> None:
    if payload.startswith((b"Exif\x00\x00", b"Exif\x00\xff")):
        read_exif(payload, collector)
    elif payload.startswith(_XMP):
        collector.xmp(payload[len(_XMP) :])
    elif payload.startswith(_XMP_EXTENSION):
        extension.add(payload[len(_XMP_EXTENSION) :])


class _Extension:
    """Extended XMP (XMP specification, part 3, 1.1.3.1): pieces with a GUID, the full length and an offset."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.pieces: dict[bytes, dict[int, bytes]] = {}
        self.length = 0

    def add(self, payload: bytes) -> None:
        if len(payload) < 40:
            self.collector.problem("an XMP extension is cut short")
            return
        guid, (_, offset) = payload[:32], struct.unpack_from(">II", payload, 32)
        self.length += len(payload)
        if self.length > MAX_TEXT:
            self.collector.problem("an XMP extension is larger than 1 MiB")
            return
        self.pieces.setdefault(guid, {})[offset] = payload[40:]

    def finish(self) -> None:
        """Join each extension's pieces in the order of their offsets; a gap makes it unreadable."""
        for pieces in self.pieces.values():
            joined = bytearray()
            for offset in sorted(pieces):
                if offset != len(joined):
                    self.collector.problem("an XMP extension lacks a piece")
                    break
                joined += pieces[offset]
            else:
                self.collector.xmp(bytes(joined))


class _Store:
    """A C2PA store in APP11 (ISO/IEC 19566-5): ``JP``, box instance, sequence number, then a piece of the superbox."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.instances: set[bytes] = set()

    def add(self, payload: bytes) -> None:
        if not payload.startswith(b"JP") or len(payload) < 16 or payload[12:16] != b"jumb":
            return
        instance, (sequence,) = payload[2:4], struct.unpack_from(">I", payload, 4)
        # Only the first piece repeats the description box that names the store; others belong to a known instance.
        if sequence <= 1 and b"c2pa" in payload[16:64]:
            self.instances.add(instance)
        if instance in self.instances:
            # Length and type stand in every piece; they are kept from the first only.
            self.collector.store(payload[8:] if sequence <= 1 else payload[16:])
