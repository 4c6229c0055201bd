"""Sentences that are made in one place and read in another, maybe in another language.

A worker finds something and writes it down; a moderator, the artist and an auditor read it later, each in their own
language. So what is kept is the sentence's template, which the catalogue can translate, and what stands in its
places. What only ever was text (a host's own reader, a row from before) is told as it stands.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    TextField = models.TextField[str, str]
else:
    TextField = models.TextField  # generic for the type checker only

Place = str | int | float
"""What may stand in a place: a word that is the same in every language, a number, or a ``Saying`` of its own."""

_APART = "\x1f"
"""Stands in a column between the sentence as it was written and what it is made of: ASCII's own unit separator."""


class Saying(str):
    """A sentence that knows its template.

    It is the text in the language of the moment in which it was made, so whoever expects a string has one;
    ``str(saying)``, and with it every template that shows it, tells it in the language that is active then.
    """

    template: str
    places: Mapping[str, Place]
    written: str
    """The text of a column that keeps it. It is written once: who reads it in another language changes nothing."""

    def __new__(cls, template: str, places: Mapping[str, Place], written: str = "") -> Saying:
        """Make the sentence; ``template`` is a msgid with places in braces."""
        made = super().__new__(cls, _told(template, places))
        made.template, made.places = template, places
        made.written = written or f"{made}{_APART}{json.dumps(made.parts(), ensure_ascii=False)}"
        return made

    def __str__(self) -> str:
        return _told(self.template, self.places)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.template, self.places, self.written

    def parts(self) -> dict[str, Any]:
        """Return template and places as JSON values; ``from_parts`` makes the sentence of them again."""
        places = {name: value.parts() if isinstance(value, Saying) else value for name, value in self.places.items()}
        return {"say": self.template, "with": places}


def say(template: str, /, **places: Place) -> Saying:
    """Return the sentence of ``template`` (marked with ``gettext_noop``), its ``{places}`` filled."""
    return Saying(template, places)


def from_parts(parts: Mapping[str, Any], written: str = "") -> Saying:
    """Return the sentence whose ``parts`` were kept, in a column as ``written``."""
    places = {name: from_parts(value) if isinstance(value, dict) else value for name, value in parts["with"].items()}
    return Saying(parts["say"], places, written)


def as_written(text: str) -> str:
    """Return what a column holds of ``text``: the same in every language, for whoever hashes or compares it."""
    return text.written if isinstance(text, Saying) else text


def fill(text: str, places: Mapping[str, object]) -> str:
    """Put ``places`` into ``text``. What is put in is never read as a template: a title may hold braces."""
    parts = text.split("{")
    filled = parts[0]
    for part in parts[1:]:
        name, _brace, rest = part.partition("}")
        filled += str(places.get(name, "")) + rest
    return filled


def _told(template: str, places: Mapping[str, Place]) -> str:
    return fill(gettext(template), places)


class SayingField(TextField):
    """A text column that keeps a ``Saying`` with its parts, and any other text as it is.

    In the database the sentence stands first, readable, its parts behind a separator.
    """

    def get_prep_value(self, value: Any) -> Any:
        """Return the column's text."""
        if isinstance(value, Saying):
            return value.written
        # Nobody's own text may pose as a sentence of the site's.
        return value.replace(_APART, " ") if isinstance(value, str) else super().get_prep_value(value)

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        """Return the sentence, or the text."""
        if value is None or _APART not in value:
            return value
        return from_parts(json.loads(value.partition(_APART)[2]), value)

    def deconstruct(self) -> Any:
        """Be a plain text column to migrations: the database cannot tell the two apart."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
