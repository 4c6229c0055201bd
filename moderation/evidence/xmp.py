"""XMP packets flattened into properties. Parsed by defusedxml: no entities, no DTD, nothing fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_WRAPPERS = {_RDF, "adobe:ns:meta/"}
MAX_PROPERTIES = 2_000
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a packet: namespace address, local name, text. Each entry of a list is a property of its own."""

    namespace: str
    name: str
    value: str


def read_packets(packets: Iterable[bytes]) -> tuple[list[Property], list[str]]:
    """Return the properties of all ``packets``, in order, and what could not be read."""
    properties: list[Property] = []
    problems: list[str] = []
    for packet in packets:
        try:
            # Padding is part of the format; some writers add zero bytes to it.
            root = fromstring(packet.strip(b"\x00 \t\r\n"), forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            # LookupError: an encoding that Python does not know.
            problems.append("an XMP packet is not well-formed XML")
            continue
        _flatten(root, properties)
    return properties, problems


def _flatten(root: Element, properties: list[Property]) -> None:
    # A stack of our own: a packet may be nested deeper than Python recurses.
    stack: list[tuple[Element, tuple[str, str], int]] = [(root, ("", ""), 0)]
    while stack and len(properties) < MAX_PROPERTIES:
        element, owner, depth = stack.pop()
        namespace, name = _split(element.tag)
        if namespace not in _WRAPPERS:
            owner = (namespace, name)
        for attribute, value in element.attrib.items():
            space, local = _split(attribute)
            if space == _RDF and local == "resource":
                properties.append(Property(*owner, value))
            elif space and space not in {_RDF, _XML}:
                properties.append(Property(space, local, value))
        text = (element.text or "").strip()
        if text and owner[1]:
            properties.append(Property(*owner, text))
        if depth < MAX_DEPTH:
            stack.extend((child, owner, depth + 1) for child in reversed(element) if isinstance(child.tag, str))


def _split(tag: str) -> tuple[str, str]:
    """Split ``{namespace}name``."""
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:], name) if brace else ("", tag)
