"""The detector's score as a finding. A score is a hint, whatever its height.

The class named by ``MODERATION["CLASSIFIER"]`` does the work; a host may bring its own.
"""

from __future__ import annotations

import logging
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop as _

from ml.cards import ARTEFACTS, CARD_FILE, DEFAULT_DETECTOR, ArtefactError, read_card, read_members
from moderation.conf import settings
from moderation.evidence.base import Evidence, Strength
from moderation.saying import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml.artwork import Artwork as Pixels
    from ml.cards import Card
    from ml.gate import Finding
    from ml.runtime import Detector

READER = "classifier/1"
logger = logging.getLogger(__name__)
_MOST_LOADED = 4
"""Active, canary, a shadow and one at the gate."""


class DetectorCard(Protocol):
    """What the plugin needs to know about a detector."""

    @property
    def name(self) -> str:
        """The detector's name."""

    @property
    def version(self) -> str:
        """Changes whenever the weights or the preprocessing do."""

    @property
    def review_threshold(self) -> float:
        """The card's own proposal from which score a person looks (0..1)."""

    @property
    def hold_threshold(self) -> float:
        """The card's own proposal from which score the work waits for that person (0..1)."""

    def as_dict(self) -> dict[str, Any]:
        """JSON values to be kept with the detector's row."""


class Classifier(Protocol):
    """Scores pictures. Made once a thread; reading ``card`` must not load weights or any numeric library.

    Called without arguments it is the site's first default. A class that has more than one detector to offer also has
    a class method ``found() -> list[DetectorCard]`` and is then called with one of those cards; the registry chooses.
    """

    card: DetectorCard

    def load(self) -> object:
        """Load the weights now (a worker does when it starts). Raises ``ml.cards.ArtefactError``."""

    def score(self, artworks: Sequence[Pixels]) -> list[float]:
        """Return one calibrated probability (0..1, positive = AI-generated) for each picture."""


class ShippedDetector:
    """A detector of ``ml/artefacts`` or of the folders in ``MODERATION["ARTEFACTS"]``, run by LiteRT."""

    def __init__(self, card: Card | None = None) -> None:
        self._card = card or read_card(ARTEFACTS / (settings.DETECTOR or DEFAULT_DETECTOR))
        self.card: DetectorCard = self._card
        self._detector: Detector | None = None

    @classmethod
    def found(cls) -> list[DetectorCard]:
        """Return the cards of all detectors on disk. One that cannot be read is logged and left out."""
        cards: list[DetectorCard] = []
        for folder in (ARTEFACTS, *map(Path, settings.ARTEFACTS)):
            for path in sorted(folder.glob(f"*/{CARD_FILE}")):
                try:
                    cards.append(_card_at(path, path.stat().st_mtime_ns))
                except (ArtefactError, OSError) as error:
                    logger.warning("A detector's card cannot be read: %s", error)
        return cards

    def load(self) -> Detector:
        """Load the artefact after checking its hash."""
        from ml.runtime import load_detector  # numpy and LiteRT: wanted in a worker, not in a web process

        if self._detector is None:
            directory = self._card.directory
            detector = load_detector(directory.name, directory.parent)
            if detector.card.version != self._card.version:
                raise ArtefactError(f"In {directory.name} there is another version of {self._card.name} by now.")
            self._detector = detector
        return self._detector

    def check_files(self) -> None:
        """Compare every file with its digest; loads no runtime. Raises ``ml.cards.ArtefactError``."""
        read_members(self._card)

    def golden_scores(self) -> Finding:
        """Whether the golden pictures score as they did when it was made. Raises ``ml.cards.ArtefactError``."""
        from ml.gate import golden_scores

        return golden_scores(self.load())

    def score(self, artworks: Sequence[Pixels]) -> list[float]:
        """Return the calibrated probability of each picture."""
        return self.load().score(artworks)

    def overlay(self, artwork: Pixels) -> bytes:
        """Return the picture as PNG with the parts in colour that raised the score.

        A classifier need not have this; one that has it gives moderators "Where it looked". Raises ``ValueError``
        where there is nothing to show.
        """
        from ml.saliency import overlay_png

        return overlay_png(self.load(), artwork)


_local = threading.local()


@lru_cache(maxsize=64)
def _card_at(path: Path, changed: int) -> Card:
    """Read the card that ``path`` held at the time ``changed``: long cards are not read anew for each batch."""
    return read_card(path)


def default_classifier() -> Classifier:
    """Return this thread's classifier of the settings, for where no registry is to be asked."""
    return _made(None)


def available() -> dict[tuple[str, str], DetectorCard]:
    """Return the cards of all detectors that could serve here, by name and version."""
    found = getattr(_classifier_class(), "found", None)
    cards = found() if found is not None else [default_classifier().card]
    return {(card.name, card.version): card for card in cards}


def may_choose() -> bool:
    """Whether the classifier has more than one detector to offer: only then does the registry choose."""
    return hasattr(_classifier_class(), "found")


def classifier_for(name: str, version: str) -> Classifier:
    """Return this thread's classifier for one detector of the registry. Raises ``ml.cards.ArtefactError``."""
    card = available().get((name, version))
    if card is None:
        raise ArtefactError(f"The detector {name} {version} is not on disk.")
    return _made(card if may_choose() else None)


def _classifier_class() -> Any:
    return import_string(settings.CLASSIFIER)


def _made(card: DetectorCard | None) -> Classifier:
    """Return the thread's own instance (interpreters cannot be shared between threads)."""
    made: dict[Any, Classifier] = _local.__dict__.setdefault("made", {})
    key = (settings.CLASSIFIER, card.name, card.version) if card else (settings.CLASSIFIER, settings.DETECTOR)
    classifier = made.pop(key, None) or (_classifier_class()(card) if card else _classifier_class()())
    made[key] = classifier  # the last used is last; the first give their memory back
    while len(made) > _MOST_LOADED:
        del made[next(iter(made))]
    return classifier


def finding(p_ai: float, card: DetectorCard) -> Evidence:
    """Return the score as evidence."""
    return Evidence(
        kind="classifier",
        strength=Strength.HINT,
        message=say(
            _("The detector {name} gives a probability of {score} % that the work is AI-generated."),
            name=card.name,
            score=round(p_ai * 100),
        ),
        artist_message=say(
            _("An automatic comparison found your work similar to AI-generated pictures. It can be wrong.")
            if p_ai >= card.review_threshold
            else _("An automatic comparison found nothing unusual.")
        ),
        reader=READER,
        details={"p_ai": round(p_ai, 4), "detector": card.name, "version": card.version},
    )
