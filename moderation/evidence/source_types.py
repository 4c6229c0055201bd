"""IPTC's vocabulary of digital source types (cv.iptc.org/newscodes/digitalsourcetype): who or what made a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceType:
    """One term: its name in the vocabulary, what it says of a picture, and whether it tells of generative AI."""

    term: str
    says: str
    made_by_machine: bool = False

    @property
    def kind(self) -> str:
        """The finding's kind: ``trainedAlgorithmicMedia`` becomes ``trained-algorithmic-media``."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", self.term).lower()


_TERMS = (
    SourceType("trainedAlgorithmicMedia", "was made by generative AI", made_by_machine=True),
    SourceType("compositeWithTrainedAlgorithmicMedia", "holds parts made by generative AI", made_by_machine=True),
    SourceType("algorithmicMedia", "was made by a program that was not trained on pictures"),
    SourceType("compositeSynthetic", "is a composite with synthetic parts"),
    SourceType("algorithmicallyEnhanced", "was enhanced by a program"),
    SourceType("dataDrivenMedia", "was drawn from data"),
    SourceType("digitalCreation", "was drawn by a person with digital tools"),
    SourceType("digitalArt", "was drawn by a person with digital tools"),
    SourceType("humanEdits", "was edited by a person"),
    SourceType("minorHumanEdits", "was lightly edited by a person"),
    SourceType("digitalCapture", "was taken with a camera"),
    SourceType("computationalCapture", "was taken with a camera that computes its pictures"),
    SourceType("compositeCapture", "is a composite of photographs"),
    SourceType("negativeFilm", "was scanned from film"),
    SourceType("positiveFilm", "was scanned from film"),
    SourceType("print", "was scanned from paper"),
    SourceType("composite", "is a composite"),
    SourceType("screenCapture", "is a screenshot"),
    SourceType("virtualRecording", "is a recording of a virtual event"),
)
SOURCE_TYPES = {term.term.lower(): term for term in _TERMS}
# C2PA's own address for what its first versions called data.
SOURCE_TYPES["trainedalgorithmicdata"] = SOURCE_TYPES["trainedalgorithmicmedia"]


def source_type(value: object) -> SourceType | None:
    """Return the term that ``value`` names: an http or https address, a ``digsrctype:`` code, or the bare term."""
    if not isinstance(value, str):
        return None
    return SOURCE_TYPES.get(re.split(r"[/:#]", value.strip()[:200].rstrip("/"))[-1].lower())
