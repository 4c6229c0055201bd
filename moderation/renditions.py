"""Small copies keep their provenance: IPTC's digital source type goes into the copy's XMP.

A re-encoded copy cannot carry the original's Content Credentials (their signature binds the original's bytes), but the
statement inside can: "made by generative AI" stays readable to whoever saves the copy (EU AI Act, art. 50).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from moderation.models.artwork import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

TERM_OF_LABEL: dict[str, str] = {
    Label.GENERATED: "trainedAlgorithmicMedia",
    Label.ASSISTED: "compositeWithTrainedAlgorithmicMedia",
}
TERM_OF_KIND = {
    "trained-algorithmic-media": "trainedAlgorithmicMedia",
    "composite-with-trained-algorithmic-media": "compositeWithTrainedAlgorithmicMedia",
    "algorithmic-media": "algorithmicMedia",
}
"""Kinds of evidence that state a source type, and IPTC's term for each."""

_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{term}"/></rdf:RDF></x:xmpmeta>'
)
_XMP_FLAG = 0b100


def stated_source(evidence: Iterable[Mapping[str, Any]]) -> str:
    """Return the IPTC term that the original file states about itself, or an empty string."""
    return next((TERM_OF_KIND[found["kind"]] for found in evidence if found["kind"] in TERM_OF_KIND), "")


def with_source_type(webp: bytes, *, term: str) -> bytes:
    """Return the plain WebP (no extended header, as Pillow writes an opaque picture) with ``term`` in its XMP.

    Without a term, or for any other file, nothing changes.
    """
    if not term or webp[:4] != b"RIFF" or webp[8:16] not in (b"WEBPVP8 ", b"WEBPVP8L") or len(webp) < 30:
        return webp
    width, height = _size(webp)
    extended = _chunk(b"VP8X", struct.pack("<I", _XMP_FLAG) + _uint24(width - 1) + _uint24(height - 1))
    body = b"WEBP" + extended + webp[12:] + _chunk(b"XMP ", _PACKET.format(term=term).encode())
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _size(webp: bytes) -> tuple[int, int]:
    """Read width and height of a plain WebP in pixels: 14 bits each, at their place in either kind of stream."""
    if webp[12:16] == b"VP8 ":
        width, height = struct.unpack_from("<HH", webp, 26)
        return width & 0x3FFF, height & 0x3FFF
    (bits,) = struct.unpack_from("<I", webp, 21)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


def _uint24(value: int) -> bytes:
    return struct.pack("<I", value)[:3]
