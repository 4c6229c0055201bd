"""IPTC-IIM in Photoshop's image resources: the few datasets in which services sign their work."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from moderation.evidence.containers.marks import decode

if TYPE_CHECKING:
    from moderation.evidence.containers.marks import Collector

_IIM_RESOURCE = 0x0404
_DATASETS = {
    5: "Title",
    40: "SpecialInstructions",
    65: "OriginatingProgram",
    80: "Byline",
    110: "Credit",
    115: "Source",
    120: "Caption",
}
MAX_RESOURCES = 200
MAX_DATASETS = 500


def read_resources(block: bytes, collector: Collector) -> None:
    """Read Photoshop image resources (``8BIM``) and the IIM record among them."""
    position = 0
    for _ in range(MAX_RESOURCES):
        if block[position : position + 4] != b"8BIM" or position + 7 > len(block):
            return
        (resource,) = struct.unpack_from(">H", block, position + 4)
        name = 1 + block[position + 6]
        start = position + 6 + name + (name & 1)
        if start + 4 > len(block):
            return
        (size,) = struct.unpack_from(">I", block, start)
        if resource == _IIM_RESOURCE:
            read_datasets(block[start + 4 : start + 4 + size], collector)
        position = start + 4 + size + (size & 1)


def read_datasets(block: bytes, collector: Collector) -> None:
    """Read the application record (2) of an IIM block; texts are kept as ``iptc:Caption`` and so on."""
    position = 0
    for _ in range(MAX_DATASETS):
        if position + 5 > len(block) or block[position] != 0x1C:
            return
        _, record, dataset, size = struct.unpack_from(">BBBH", block, position)
        if size & 0x8000:  # an extended dataset: longer than any text we look for
            return
        if record == 2 and dataset in _DATASETS:
            collector.text("iptc:" + _DATASETS[dataset], decode(block[position + 5 : position + 5 + size]))
        position += 5 + size


def read_iim(block: bytes, collector: Collector) -> None:
    """Read IIM that may or may not be wrapped in image resources."""
    block = block.removeprefix(b"Photoshop 3.0\x00")
    if block.startswith(b"8BIM"):
        read_resources(block, collector)
    else:
        read_datasets(block, collector)
