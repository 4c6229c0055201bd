"""The story in one screen: a file goes in, a calibrated probability and the card's verdict come out.

    bytes -> probe        header only: is it a picture, is it small enough         (ml.probe)
          -> artwork      one bounded decode into the form of the training set     (ml.artwork)
          -> views        the squares that the networks look at                    (ml.views)
          -> detector     LiteRT, one logit a square, pooled                       (ml.runtime)
          -> calibration  the pooled logit as a probability                        (ml.calibration)
          -> verdict      clear, review or hold by the card's thresholds           (ml.cards)

How a detector comes to be is told by :mod:`ml.training` and :mod:`ml.protocols`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ml.artwork import read_artwork
from ml.cards import verdict
from ml.probe import ArtworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ml.cards import Verdict
    from ml.runtime import Detector

SUFFIXES = frozenset({".png", ".apng", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".avif", ".heic", ".heif"})
"""Which files of a folder are looked at. A file that is named itself is looked at whatever its name."""


@dataclass(frozen=True, slots=True)
class Score:
    """One file's result. Either ``p_ai`` and ``verdict`` are given, or ``error`` says why not."""

    path: str
    p_ai: float | None
    verdict: Verdict | None
    detector: str
    error: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the score as JSON values."""
        return asdict(self)


def score_file(path: Path, detector: Detector) -> Score:
    """Score one file. A file that cannot be read is a result too: its ``error`` is filled."""
    try:
        p_ai = detector.score([read_artwork(path)])[0]
    except (ArtworkError, OSError) as error:
        return Score(str(path), None, None, detector.card.name, str(error))
    return Score(str(path), p_ai, verdict(p_ai, detector.card), detector.card.name, None)


def find_pictures(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files as they are and folders' pictures, sorted, hidden ones left out.

    Raises :class:`FileNotFoundError` for a path that is not there.
    """
    for path in paths:
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
            yield from sorted(file for file in inside if not _hidden(file.relative_to(path)))
        elif path.exists():
            yield path
        else:
            raise FileNotFoundError(f"There is no file or folder {path}.")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
