"""Photoshop's and GIMP's files: size, layers and dates, without decoding a pixel."""

from __future__ import annotations

import logging
import re
import struct
from itertools import islice
from typing import IO

from celery.exceptions import SoftTimeLimitExceeded

from moderation.workfiles.summary import Summary, Unreadable, printable

logger = logging.getLogger(__name__)
MAX_LAYERS = 10_000
_LARGEST = 1 << 40
_XMP = 1060
_XMP_BYTES = 2 * 1024 * 1024


def photoshop(file: IO[bytes]) -> Summary:
    """Read a PSD or PSB file. Without psd-tools (extra ``psd``) only its header. Raises ``Unreadable``."""
    head = file.read(26)
    if len(head) < 26 or head[:4] != b"8BPS":
        raise Unreadable("not_what_it_says")
    height, width, depth = struct.unpack_from(">IIH", head, 14)
    summary = Summary(width=width, height=height, depth=depth)
    try:
        from psd_tools import PSDImage
    except ImportError:
        summary.problem = "no_reader"
        return summary
    file.seek(0)
    try:
        document = PSDImage.open(file)
        names: list[str] = []
        groups = 0
        for layer in islice(document.descendants(), MAX_LAYERS):
            groups += layer.is_group()
            names.append(str(layer.name))
        xmp = document.image_resources.get_data(_XMP)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        # A crash barrier: psd-tools raises assertions, struct's and its own errors on broken files, and none of
        # them may lose what the header told.
        logger.info("A Photoshop file could not be read", exc_info=True)
        summary.problem = "damaged"
        return summary
    summary.groups, summary.layers = groups, len(names) - groups
    summary.name_layers(names)
    if isinstance(xmp, bytes):
        _dates(xmp[:_XMP_BYTES], summary)
    return summary


def _dates(xmp: bytes, summary: Summary) -> None:
    """Read who wrote the file and when from its XMP, as attributes or elements."""

    def told(name: bytes) -> str:
        found = re.search(rb"xmp:" + name + rb"(?:\s*=\s*\"|>)([^\"<]{1,100})", xmp)
        return printable(found[1].decode("utf-8", "replace")) if found else ""

    summary.program, summary.created, summary.changed = told(b"CreatorTool"), told(b"CreateDate"), told(b"ModifyDate")
    summary.saved_times = xmp.count(b'stEvt:action="saved"') + xmp.count(b"<stEvt:action>saved<") or None


def gimp(file: IO[bytes]) -> Summary:
    """Read an XCF file's header and layer names. Raises ``Unreadable``."""
    head = file.read(14)
    if not head.startswith(b"gimp xcf ") or len(head) < 14:
        raise Unreadable("not_what_it_says")
    version = int(head[10:13]) if head[10:13].isdigit() else 0
    summary = Summary(program="GIMP")
    summary.width, summary.height, _colours = _unpack(file, ">III")
    if version >= 4:
        _unpack(file, ">I")  # precision
    _skip_properties(file)
    pointer = ">Q" if version >= 11 else ">I"
    places: list[int] = []
    while place := _unpack(file, pointer)[0]:
        places.append(place)
        if len(places) > MAX_LAYERS:
            raise Unreadable("too_much_inside")
    summary.layers = len(places)
    summary.name_layers([_layer_name(file, place) for place in places[:100]])
    return summary


def _layer_name(file: IO[bytes], place: int) -> str:
    if place > _LARGEST:
        raise Unreadable("damaged")
    file.seek(place)
    _width, _height, _kind, length = _unpack(file, ">IIII")
    if length > 10_000:
        raise Unreadable("damaged")
    return file.read(length).rstrip(b"\0").decode("utf-8", "replace")


def _skip_properties(file: IO[bytes]) -> None:
    for _turn in range(1000):
        kind, length = _unpack(file, ">II")
        if kind == 0:
            return
        file.seek(length, 1)
    raise Unreadable("too_much_inside")


def _unpack(file: IO[bytes], layout: str) -> tuple[int, ...]:
    size = struct.calcsize(layout)
    data = file.read(size)
    if len(data) < size:
        raise Unreadable("damaged")
    return struct.unpack(layout, data)
