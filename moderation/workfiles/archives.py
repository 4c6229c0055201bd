"""Krita's and Procreate's files are ZIP archives. Their directory and a few small members are read, within bounds."""

from __future__ import annotations

import plistlib
import re
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from moderation.workfiles.summary import Summary, Unreadable, printable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_MEMBERS = 20_000
MAX_DIRECTORY = 8 * 1024 * 1024
"""Bytes of the archive's directory, which ``zipfile`` reads at once."""
MAX_XML = 4 * 1024 * 1024
MAX_PLIST = 8 * 1024 * 1024
_END = struct.Struct("<4s4H2LH")


def krita(file: IO[bytes]) -> Summary:
    """Read size, layers and the program's own record of the work from a Krita file. Raises ``Unreadable``."""
    with _open(file) as archive:
        image = _xml(archive, "maindoc.xml")
        summary = Summary(program="Krita")
        picture = next((element for element in image.iter() if _tag(element) == "IMAGE"), None)
        if picture is None:
            raise Unreadable("not_what_it_says")
        summary.width, summary.height = _number(picture.get("width")), _number(picture.get("height"))
        layers = [element for element in picture.iter() if _tag(element) == "layer"]
        summary.groups = sum(element.get("nodetype") == "grouplayer" for element in layers)
        summary.layers = len(layers) - summary.groups
        summary.name_layers([element.get("name", "") for element in layers])
        version = image.get("kritaVersion", "")
        summary.program = printable(f"Krita {version}")
        if "documentinfo.xml" in archive.NameToInfo:
            _krita_record(_xml(archive, "documentinfo.xml"), summary)
    return summary


def _krita_record(info: Element, summary: Summary) -> None:
    told = {_tag(element): (element.text or "").strip() for element in info.iter()}
    summary.saved_times = _number(told.get("editing-cycles"))
    summary.worked_seconds = _number(told.get("editing-time"))
    summary.created = printable(told.get("creation-date", ""), 40)
    summary.changed = printable(told.get("date", ""), 40)


def procreate(file: IO[bytes]) -> Summary:
    """Read size, layers and the recording's pieces from a Procreate file. Raises ``Unreadable``."""
    with _open(file) as archive:
        if "Document.archive" not in archive.NameToInfo:
            raise Unreadable("not_what_it_says")
        summary = Summary(program="Procreate")
        summary.recordings = sum(
            name.startswith("video/segments/") and name.endswith(".mp4") for name in archive.NameToInfo
        )
        try:
            objects = plistlib.loads(_member(archive, "Document.archive", MAX_PLIST))["$objects"]
            _silica(objects, summary)
        except (plistlib.InvalidFileException, KeyError, TypeError, ValueError, OverflowError, RecursionError):
            summary.problem = "damaged"
    return summary


def _silica(objects: list[Any], summary: Summary) -> None:
    """Read the archived document: a flat list of objects that name their class by its place in the list."""
    classes = {
        place: item.get("$classname")
        for place, item in enumerate(objects)
        if isinstance(item, dict) and "$classname" in item
    }
    layers = []
    for item in objects:
        if not isinstance(item, dict):
            continue
        name = classes.get(_place(item.get("$class")) or 0)
        if name == "SilicaLayer":
            layers.append(_text(objects, item.get("name")))
        elif name == "SilicaGroup":
            summary.groups = (summary.groups or 0) + 1
        elif name == "SilicaDocument":
            strokes = item.get("strokeCount")
            summary.strokes = strokes if isinstance(strokes, int) else None
            numbers = re.findall(r"\d{1,6}", _text(objects, item.get("size")))
            if len(numbers) == 2:
                summary.width, summary.height = int(numbers[0]), int(numbers[1])
    summary.layers = len(layers)
    summary.name_layers([name for name in layers if name])


def _place(reference: Any) -> int | None:
    return reference.data if isinstance(reference, plistlib.UID) else None


def _text(objects: list[Any], reference: Any) -> str:
    place = _place(reference)
    found = objects[place] if place is not None and place < len(objects) else reference
    return found if isinstance(found, str) and found != "$null" else ""


def _open(file: IO[bytes]) -> zipfile.ZipFile:
    """Open the archive after looking how large its directory is: ``zipfile`` would read it whole."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - 65_557))
    tail = file.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < _END.size:
        raise Unreadable("damaged")
    _sign, _disk, _start, _here, members, directory, _offset, _comment = _END.unpack_from(tail, found)
    if members > MAX_MEMBERS or directory > MAX_DIRECTORY:
        raise Unreadable("too_much_inside")  # so is a ZIP64 archive, whose numbers stand elsewhere
    file.seek(0)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeDecodeError) as error:
        raise Unreadable("damaged") from error


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Return a member's bytes, at most ``limit`` whatever its header says."""
    try:
        with archive.open(name) as member:
            data = member.read(limit + 1)
    except KeyError as error:
        raise Unreadable("not_what_it_says") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        raise Unreadable("damaged") from error
    if len(data) > limit:
        raise Unreadable("too_much_inside")
    return data


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    data = re.sub(rb"<!DOCTYPE[^>\[]*>", b"", _member(archive, name, MAX_XML), count=1)  # Krita writes a plain one
    try:
        return fromstring(data, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise Unreadable("damaged") from error


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
