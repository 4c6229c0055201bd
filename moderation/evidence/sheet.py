"""One file's marks, read once and shared by all readers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from moderation.evidence.containers import Marks, read_marks
from moderation.evidence.text import parse_object
from moderation.evidence.xmp import Property, read_packets

if TYPE_CHECKING:
    from moderation.evidence.base import Subject


_MEMO = "sheet"


@dataclass(frozen=True)
class Entry:
    """One text of the file, wherever it stands: ``place`` is ``text``, ``exif`` or ``xmp``."""

    place: str
    key: str
    value: str

    @cached_property
    def json(self) -> dict[str, Any]:
        """The text as a JSON object; empty when it is none."""
        return parse_object(self.value)

    @property
    def where(self) -> str:
        """The place in words, for a finding's details."""
        return {"exif": "EXIF ", "xmp": "XMP "}.get(self.place, "text ") + self.key


@dataclass(frozen=True)
class Sheet:
    """Everything a reader of metadata looks at."""

    marks: Marks
    properties: tuple[Property, ...]
    problems: tuple[str, ...]

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All texts of the file: text chunks and comments, EXIF strings, XMP properties."""
        return (
            *(Entry("text", text.key, text.value) for text in self.marks.texts),
            *(Entry("exif", name, value) for name, value in self.marks.exif.items()),
            *(Entry("xmp", prop.name, prop.value) for prop in self.properties),
        )

    def named(self, *keys: str) -> list[Entry]:
        """Return the entries under any of ``keys`` (lower case), in the order of the file."""
        return [entry for entry in self.entries if entry.key.lower() in keys]


def read_sheet(data: bytes) -> Sheet:
    """Read a file's marks and parse its XMP."""
    marks = read_marks(data)
    properties, problems = read_packets(marks.xmp)
    return Sheet(marks, tuple(properties), (*marks.problems, *dict.fromkeys(problems)))


def sheet_of(subject: Subject) -> Sheet:
    """Return the sheet of ``subject``'s file, parsed by the first reader that asks and kept in the subject's memo."""
    if _MEMO not in subject.memo:
        subject.memo[_MEMO] = read_sheet(subject.data)
    sheet: Sheet = subject.memo[_MEMO]
    return sheet
