"""IPTC's vocabulary of digital source types (cv.iptc.org/newscodes/digitalsourcetype): who or what made a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext_noop


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
    SourceType("trainedAlgorithmicMedia", gettext_noop("was made by generative AI"), made_by_machine=True),
    SourceType(
        "compositeWithTrainedAlgorithmicMedia", gettext_noop("holds parts made by generative AI"), made_by_machine=True
    ),
    SourceType("algorithmicMedia", gettext_noop("was made by a program that was not trained on pictures")),
    SourceType("compositeSynthetic", gettext_noop("is a composite with synthetic parts")),
    SourceType("algorithmicallyEnhanced", gettext_noop("was enhanced by a program")),
    SourceType("dataDrivenMedia", gettext_noop("was drawn from data")),
    SourceType("digitalCreation", gettext_noop("was drawn by a person with digital tools")),
    SourceType("digitalArt", gettext_noop("was drawn by a person with digital tools")),
    SourceType("humanEdits", gettext_noop("was edited by a person")),
    SourceType("minorHumanEdits", gettext_noop("was lightly edited by a person")),
    SourceType("digitalCapture", gettext_noop("was taken with a camera")),
    SourceType("computationalCapture", gettext_noop("was taken with a camera that computes its pictures")),
    SourceType("compositeCapture", gettext_noop("is a composite of photographs")),
    SourceType("negativeFilm", gettext_noop("was scanned from film")),
    SourceType("positiveFilm", gettext_noop("was scanned from film")),
    SourceType("print", gettext_noop("was scanned from paper")),
    SourceType("composite", gettext_noop("is a composite")),
    SourceType("screenCapture", gettext_noop("is a screenshot")),
    SourceType("virtualRecording", gettext_noop("is a recording of a virtual event")),
)
SOURCE_TYPES = {term.term.lower(): term for term in _TERMS}
# C2PA's own address for what its first versions called data.
SOURCE_TYPES["trainedalgorithmicdata"] = SOURCE_TYPES["trainedalgorithmicmedia"]


def source_type(value: object) -> SourceType | None:
    """Return the term that ``value`` names: an http or https address, a ``digsrctype:`` code, or the bare term."""
    if not isinstance(value, str):
        return None
    return SOURCE_TYPES.get(re.split(r"[/:#]", value.strip()[:200].rstrip("/"))[-1].lower())
