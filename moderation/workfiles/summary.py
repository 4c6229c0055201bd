"""What a moderator wants to know about a working file, as plain JSON values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MAX_NAMES = 40
"""So many layer names are kept."""
MAX_NAME = 80
"""Characters of a name that are kept."""


class Unreadable(Exception):
    """The file does not tell; ``code`` (one of ``PROBLEMS``) says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


PROBLEMS = ("not_what_it_says", "damaged", "too_much_inside", "no_reader", "gone", "took_too_long")


@dataclass(slots=True)
class Summary:
    """Sizes in pixels, times in seconds, dates as ISO 8601 text; what is not known is left out."""

    width: int | None = None
    height: int | None = None
    depth: int | None = None
    """Bits a channel."""
    layers: int | None = None
    groups: int | None = None
    layer_names: list[str] = field(default_factory=list)
    program: str = ""
    created: str = ""
    changed: str = ""
    saved_times: int | None = None
    """How often the program says the file was saved or edited."""
    worked_seconds: int | None = None
    """How long the program says it was worked on."""
    strokes: int | None = None
    recordings: int | None = None
    """Pieces of a recording of the work inside the file."""
    seconds: float | None = None
    """How long a recording runs."""
    problem: str = ""
    """Why part of it could not be told, one of ``PROBLEMS``."""

    def as_dict(self) -> dict[str, Any]:
        """Return what is known, as JSON values."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "", [])}

    def name_layers(self, names: list[str]) -> None:
        """Keep the first ``MAX_NAMES`` of ``names``, each shortened and printable."""
        self.layer_names = [printable(name) for name in names[:MAX_NAMES]]


def printable(text: str, limit: int = MAX_NAME) -> str:
    """Return ``text`` without control characters, at most ``limit`` characters long."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:limit]
