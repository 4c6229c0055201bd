"""How long a recording runs and when it was made: the movie header of MP4 and QuickTime files."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import IO

from moderation.workfiles.summary import Summary, Unreadable

MAX_BOXES = 10_000
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


def video(file: IO[bytes]) -> Summary:
    """Read the length of an MP4 or QuickTime file. WebM is only recognised. Raises ``Unreadable``."""
    if file.read(4) == b"\x1a\x45\xdf\xa3":
        return Summary(problem="no_reader")
    file.seek(0, 2)
    end = file.tell()
    found = _find(file, b"moov", 0, end)
    header = _find(file, b"mvhd", *found) if found else None
    if header is None:
        raise Unreadable("damaged")
    file.seek(header[0])
    data = file.read(32)
    if len(data) < 32:
        raise Unreadable("damaged")
    layout = ">QQIQ" if data[0] == 1 else ">IIII"
    made, _changed, scale, length = struct.unpack_from(layout, data, 4)
    summary = Summary(seconds=round(length / scale, 1) if scale else None)
    if made:
        try:
            summary.created = (_EPOCH + timedelta(seconds=made)).isoformat()
        except OverflowError:
            summary.problem = "damaged"
    return summary


def _find(file: IO[bytes], wanted: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Return where the content of the first box ``wanted`` between ``start`` and ``end`` begins and ends."""
    for _turn in range(MAX_BOXES):
        if start + 8 > end:
            return None
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return None
        size, kind = struct.unpack_from(">I4s", head)
        length = 8
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack_from(">Q", head, 8)
            length = 16
        elif size == 0:
            size = end - start
        if size < length:
            raise Unreadable("damaged")
        if kind == wanted:
            return start + length, min(start + size, end)
        start += size
    raise Unreadable("too_much_inside")
