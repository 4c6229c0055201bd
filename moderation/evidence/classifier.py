"""The detector's score as a finding. A score is a hint, whatever its height.

The class named by ``MODERATION["CLASSIFIER"]`` does the work; a host may bring its own.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop as _

from ml.cards import ARTEFACTS, DEFAULT_DETECTOR, read_card
from moderation.conf import settings
from moderation.evidence.base import Evidence, Strength
from moderation.saying import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml.artwork import Artwork as Pixels
    from ml.runtime import Detector

READER = "classifier/1"


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
    """Scores pictures. Made once a thread; reading ``card`` must not load weights or any numeric library."""

    card: DetectorCard

    def load(self) -> object:
        """Load the weights now (a worker does when it starts). Raises ``ml.cards.ArtefactError``."""

    def score(self, artworks: Sequence[Pixels]) -> list[float]:
        """Return one calibrated probability (0..1, positive = AI-generated) for each picture."""


class ShippedDetector:
    """One of the detectors in ``ml/artefacts``, chosen by ``MODERATION["DETECTOR"]``, run by LiteRT."""

    def __init__(self) -> None:
        self.card: DetectorCard = read_card(ARTEFACTS / (settings.DETECTOR or DEFAULT_DETECTOR))
        self._detector: Detector | None = None

    def load(self) -> Detector:
        """Load the artefact after checking its hash."""
        from ml.runtime import load_detector  # numpy and LiteRT: wanted in a worker, not in a web process

        if self._detector is None:
            self._detector = load_detector(self.card.name)
        return self._detector

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


def active_classifier() -> Classifier:
    """Return this thread's classifier (interpreters cannot be shared between threads)."""
    if getattr(_local, "path", None) != (settings.CLASSIFIER, settings.DETECTOR):
        _local.classifier = import_string(settings.CLASSIFIER)()
        _local.path = (settings.CLASSIFIER, settings.DETECTOR)
    return cast("Classifier", _local.classifier)


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
