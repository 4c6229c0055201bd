"""The detector as it serves: LiteRT on one CPU thread, never TensorFlow.

LiteRT survives Celery's fork, starts in a second and takes a quarter of TensorFlow's memory;
``keras.predict`` in a forked worker hangs (field notes, trap 12).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ml.artwork import PREPROCESS_VERSION
from ml.calibration import apply
from ml.cards import ARTEFACTS, DEFAULT_DETECTOR, ArtefactError, Card, Member, read_card, read_members
from ml.views import cut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.artwork import Artwork

    Floats = npt.NDArray[np.float32]

__all__ = ["ArtefactError", "Detector", "Reading", "load_detector"]


class Reading(NamedTuple):
    """One pass of one network over one square: its logit, and how each part of the square adds to it."""

    logit: float
    heat: Floats
    """``(rows, columns)`` logits; for a network with a linear head their mean is ``logit``."""


@dataclass(frozen=True, slots=True)
class _Network:
    """A member's bytes, and one interpreter a thread: LiteRT interpreters cannot be shared."""

    member: Member
    content: bytes
    local: threading.local

    def read(self, square: npt.NDArray[np.uint8]) -> Reading:
        run = getattr(self.local, "runner", None)
        if run is None:
            run = self.local.runner = runner(self.content)
        outputs = run(pixels=square[None].astype(np.float32))
        return Reading(float(outputs["logit"].reshape(-1)[0]), np.array(outputs["heat"][0], np.float32))


class Detector:
    """A loaded detector. Safe to use from several threads; scores do not depend on the batch they came in."""

    def __init__(self, card: Card, networks: Sequence[_Network]) -> None:
        self.card = card
        self._networks = networks

    def score(self, artworks: Sequence[Artwork]) -> list[float]:
        """Return the calibrated probability that each artwork is AI-generated."""
        return [float(p) for p in apply(self.card.calibration, self.logits(artworks))]

    def logits(self, artworks: Sequence[Artwork]) -> npt.NDArray[np.float64]:
        """Return each artwork's pooled logit before calibration, ``(n,)``."""
        return np.array([self._pooled(artwork) for artwork in artworks], np.float64)

    def readings(self, artwork: Artwork) -> list[tuple[Member, list[Reading]]]:
        """Return every network's readings, one for each square of its views in order (for
        :mod:`ml.saliency`).
        """
        return [
            (
                network.member,
                [network.read(square) for view in network.member.views for square in cut(artwork.pixels, view)],
            )
            for network in self._networks
        ]

    def _pooled(self, artwork: Artwork) -> float:
        """Average the logits of a network's squares, then the networks by their weights."""
        readings = self.readings(artwork)
        means = [sum(reading.logit for reading in squares) / len(squares) for _, squares in readings]
        weights = [member.weight for member, _ in readings]
        return sum(weight * mean for weight, mean in zip(weights, means, strict=True)) / sum(weights)


def load_detector(name: str = DEFAULT_DETECTOR, directory: Path = ARTEFACTS) -> Detector:
    """Load a shipped detector after checking its digest.

    Raises :class:`ArtefactError` if there is none of this name, a file was altered, or it was trained with
    another version of the preprocessing.
    """
    card = read_card(directory / name)
    if card.preprocess_version != PREPROCESS_VERSION:
        raise ArtefactError(
            f"Detector {name} was trained with preprocessing {card.preprocess_version}, "
            f"but this code is version {PREPROCESS_VERSION}: train it anew or use the matching release."
        )
    contents = read_members(card)
    networks = [_Network(*pair, threading.local()) for pair in zip(card.members, contents, strict=True)]
    detector = Detector(card, networks)
    for network in networks:  # a file that LiteRT refuses is found now, not at the first upload
        network.local.runner = runner(network.content)
    return detector


def runner(content: bytes) -> Any:
    """Return a callable ``pixels=(1, size, size, 3) float -> {"logit", "heat"}``, for one thread."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_content=content, num_threads=1)
        return interpreter.get_signature_runner()
    except (RuntimeError, ValueError) as error:
        raise ArtefactError(f"LiteRT cannot load the model: {error}") from error
