"""A classifier whose score the test paints: the mean red of the picture, so the whole corridor runs for real."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ml.cards import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml.artwork import Artwork


@dataclass(frozen=True)
class StubCard:
    """A card with round thresholds."""

    name: str = "stub"
    version: str = "1"
    review_threshold: float = 0.5
    hold_threshold: float = 0.9

    def as_dict(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        return {"name": self.name}


@dataclass
class RedClassifier:
    """``p_ai`` is the mean of the red channel, 0..1: paint the verdict you need."""

    card: StubCard = field(default_factory=StubCard)

    def load(self) -> None:
        """Nothing to load."""

    def score(self, artworks: Sequence[Artwork]) -> list[float]:
        """Return the mean red of each picture."""
        return [float(artwork.pixels[..., 0].mean()) / 255 for artwork in artworks]


@dataclass
class SlowRedClassifier(RedClassifier):
    """Takes its time, so that a worker can be killed in the middle of a batch."""

    def score(self, artworks: Sequence[Artwork]) -> list[float]:
        """Return the mean red of each picture, half a second a picture later."""
        time.sleep(0.5 * len(artworks))
        return super().score(artworks)


@dataclass
class ColourClassifiers:
    """Two detectors to choose from: ``stub`` reads red, ``green`` reads green."""

    card: StubCard = field(default_factory=StubCard)

    @classmethod
    def found(cls) -> list[StubCard]:
        """Return what is "on disk"."""
        return [StubCard(), StubCard(name="green"), StubCard(name="broken")]

    def load(self) -> None:
        """Nothing to load, unless it is the broken one."""
        if self.card.name == "broken":
            raise ArtefactError("The files are broken.")

    def check_files(self) -> None:
        """The broken one's files do not match its card."""
        self.load()

    def score(self, artworks: Sequence[Artwork]) -> list[float]:
        """Return the mean of the detector's own colour."""
        self.load()
        channel = 1 if self.card.name == "green" else 0
        return [float(artwork.pixels[..., channel].mean()) / 255 for artwork in artworks]
