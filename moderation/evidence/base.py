"""What every kind of evidence has in common.

An evidence reader looks at one artwork's file and says what it found there. It never judges: the policy does.
A host adds a reader of its own by naming its dotted path in ``MODERATION["EVIDENCE"]``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from moderation.saying import Saying, from_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ml.artwork import Artwork


class Strength(StrEnum):
    """How much a finding weighs, strongest first."""

    PROOF = "proof"
    """A fact that can be shown to the artist: the file itself says it was generated."""
    STRONG = "strong"
    """Hard to explain otherwise, yet not a proof."""
    HINT = "hint"
    """Worth a look beside other evidence, never enough alone."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding about one artwork.

    ``kind`` is a stable slug (``a1111``, ``c2pa``, ``classifier``); ``message`` is one plain sentence for the
    moderator, ``artist_message`` one for the artist; ``details`` holds JSON values only; ``reader`` names the
    reader and its version (``generator_metadata/1``), so that an old finding can be told from a new one.

    A sentence made with ``moderation.saying.say`` is told in each reader's language; plain text is told as it is.
    """

    kind: str
    strength: Strength
    message: str
    artist_message: str
    reader: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values, the form in which it is stored and printed.

        ``said`` holds the parts of the sentences that can be told in other languages, by the field's name.
        """
        sentences = {"message": self.message, "artist_message": self.artist_message}
        return {
            "kind": self.kind,
            "strength": self.strength.value,
            **{name: str(sentence) for name, sentence in sentences.items()},
            "reader": self.reader,
            "details": dict(self.details),
            "said": {name: one.parts() for name, one in sentences.items() if isinstance(one, Saying)},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Evidence:
        """Return the finding that ``as_dict`` stored, by whatever version of this plugin."""
        said = {name: from_parts(parts) for name, parts in stored.get("said", {}).items()}
        return cls(
            kind=stored["kind"],
            strength=Strength(stored["strength"]),
            message=said.get("message", stored.get("message", "")),
            artist_message=said.get("artist_message", stored.get("artist_message", "")),
            reader=stored.get("reader", ""),
            details=stored.get("details", {}),
        )


def by_strength(stored: Iterable[Mapping[str, Any]]) -> list[Evidence]:
    """Return stored findings strongest first, the classifier's own left out: the score has its own place."""
    order = list(Strength)
    told = [Evidence.from_dict(finding) for finding in stored if finding.get("kind") != "classifier"]
    return sorted(told, key=lambda finding: order.index(finding.strength))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a reader gets to look at: the whole file, its pixels if they could be decoded, and its circumstances.

    ``data`` is already bounded by the upload limit. ``artwork`` is ``None`` when the pixels could not be decoded;
    marks in the file may still be read. ``declared_origin`` is the artist's own word (``handmade``, ``assisted``,
    ``generated`` or ``""``). ``artwork_id`` and ``owner_id`` are ``None`` outside the site (``manage.py screen``).
    """

    data: bytes
    sha256: str
    artwork: Artwork | None = None
    declared_origin: str = ""
    artwork_id: int | None = None
    owner_id: int | None = None
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What readers of the same file share (the parsed container); lives as long as the subject."""


@runtime_checkable
class EvidenceReader(Protocol):
    """One kind of evidence. Readers are made once a process and must be safe to call many times.

    ``read`` must not raise for anything that stands in the file: what cannot be read becomes a finding of its
    own (``kind="unreadable_metadata"``), because a broken mark never stops a screening.
    """

    name: str
    version: int

    def read(self, subject: Subject) -> Iterable[Evidence]:
        """Return what was found in ``subject``; nothing found is an empty iterable."""
