"""WebP: RIFF chunks ``EXIF``, ``XMP `` and ``C2PA``."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from moderation.evidence.containers.exif import read_exif
from moderation.evidence.containers.marks import MAX_TEXT

if TYPE_CHECKING:
    from moderation.evidence.containers.marks import Collector


def recognises(data: bytes) -> bool:
    """Return whether ``data`` begins like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def walk(data: bytes, collector: Collector) -> None:
    """Collect the marks of a WebP, also from chunks behind the length that the file declares."""
    position, end = 12, len(data)
    while position + 8 <= end and collector.step():
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind in {b"EXIF", b"XMP ", b"C2PA"}:
            if length > MAX_TEXT and kind != b"C2PA":
                collector.problem(f"the {kind.decode('ascii').strip()} chunk is larger than 1 MiB")
            else:
                if position + 8 + length > end:
                    collector.problem(f"the {kind.decode('ascii').strip()} chunk is cut short")
                payload = data[position + 8 : position + 8 + min(length, MAX_TEXT)]
                if kind == b"EXIF":
                    read_exif(payload, collector)
                elif kind == b"XMP ":
                    collector.xmp(payload)
                else:
                    collector.store(payload)
        position += 8 + length + (length & 1)
