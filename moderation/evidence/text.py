"""User-supplied text made safe to keep and to show: plain, bounded, no control characters."""

from __future__ import annotations

import json
import math
import re
from typing import Any

PROMPT_LIMIT = 4_000
"""Characters of a prompt that are kept in a finding's details."""
RAW_LIMIT = 8_000
"""Characters of a raw settings block that are kept."""
FIELD_LIMIT = 200
"""Characters of a name, a seed, a size."""
SENTENCE_LIMIT = 80
"""Characters of a name quoted inside a sentence."""

# C0 and C1 controls but tab and newline; bidirectional overrides, which could turn a sentence around on the page;
# zero-width characters; lone surrogates, which PostgreSQL refuses.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def plain(value: object, limit: int = FIELD_LIMIT) -> str:
    """Return ``value`` as plain text of at most ``limit`` characters; structures and ``None`` give an empty string."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # Cut before cleaning as well: a megabyte need not be searched for the sake of 200 characters.
    try:
        text = str(value)[: limit * 4]
    except ValueError:  # an integer of more digits than Python cares to print
        return ""
    return clip(_UNWANTED.sub("", text.replace("\r\n", "\n")).strip(), limit)


def clip(text: str, limit: int) -> str:
    """Cut ``text`` to ``limit`` characters, the last of them an ellipsis if something was lost."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted(value: object) -> str:
    """Return ``value`` on one line, short enough to stand inside a sentence."""
    return clip(_SPACES.sub(" ", plain(value)), SENTENCE_LIMIT)


def parse_json(text: str) -> Any:
    """Parse JSON from a file; ``None`` when it is not JSON, however it fails.

    Deep nesting ends in ``RecursionError`` inside the parser and absurd integers in ``ValueError``: both are
    only text that is not the JSON it pretends to be. Python's ``NaN`` is accepted, since ComfyUI writes it.
    """
    start = text[:64].lstrip("\x00\ufeff \t\r\n")[:1]
    if start not in {"{", "["}:
        return None
    try:
        return json.loads(text.strip("\x00\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None


def parse_object(text: str) -> dict[str, Any]:
    """Parse a JSON object; anything else gives an empty one."""
    value = parse_json(text)
    return value if isinstance(value, dict) else {}


def number(value: object) -> str:
    """Return a seed or a count as text: JSON numbers may be larger than any column, or not finite."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        if value.is_integer():
            value = int(value)
    return plain(value, 64)
