"""Figures of merit with their uncertainty. Positive means AI-generated throughout.

recall = AI works caught, FPR = human works wrongly flagged; the paper counts the other way round (human is
its positive class), and :func:`paper_convention` translates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.artwork import read_artwork
from ml.calibration import apply, expected_error
from ml.probe import ArtworkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.datasets import Picture
    from ml.runtime import Detector

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

FPR_STEPS = (0.005, 0.01, 0.02, 0.05)
"""The shares of human works flagged at which recall is reported, and the ladder's steps."""
SLICES = ("group", "format", "domain")


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``n``, with its Wilson 95 % interval."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """The share, or ``None`` when there was nothing to count."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval at 95 %; (0, 1) when there was nothing to count."""
        return wilson(self.hits, self.n)

    def named(self, name: str) -> dict[str, Any]:
        """Return ``name``, ``name_interval``, ``name_hits`` and ``name_n`` as JSON values."""
        interval = list(self.interval)
        return {name: self.value, f"{name}_interval": interval, f"{name}_hits": self.hits, f"{name}_n": self.n}


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the Wilson (1927) score interval of a share, 95 % by default."""
    if n == 0:
        return 0.0, 1.0
    share, square = hits / n, z * z / n
    centre = (share + square / 2) / (1 + square)
    spread = z * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return max(0.0, centre - spread), min(1.0, centre + spread)


def auroc(scores: Floats, is_ai: Bools) -> float | None:
    """Return the chance that an AI work scores above a human one (ties count half); ``None`` with one
    class.
    """
    positives, negatives = int(is_ai.sum()), int((~is_ai).sum())
    if not positives or not negatives:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[inverse][is_ai].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def auroc_interval(scores: Floats, is_ai: Bools) -> tuple[float, float] | None:
    """Return the 95 % interval of :func:`auroc` (Hanley & McNeil 1982)."""
    area = auroc(scores, is_ai)
    if area is None:
        return None
    positives, negatives = int(is_ai.sum()), int((~is_ai).sum())
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    variance = (area * (1 - area) + (positives - 1) * (q1 - area * area) + (negatives - 1) * (q2 - area * area)) / (
        positives * negatives
    )
    spread = 1.959964 * math.sqrt(max(0.0, variance))
    return max(0.0, area - spread), min(1.0, area + spread)


def threshold_at(scores: Floats, is_ai: Bools, max_fpr: float) -> float:
    """Return the lowest threshold that flags at most ``max_fpr`` of the human works (flagged: score >=
    it).
    """
    human = np.sort(scores[~is_ai])[::-1]
    allowed = math.floor(max_fpr * len(human) + 1e-9)
    if allowed >= len(human):
        return float(scores.min()) if len(scores) else 0.0
    return float(np.nextafter(human[allowed], np.inf))


def flagged(scores: Floats, is_ai: Bools, threshold: float) -> tuple[Rate, Rate]:
    """Return (FPR, recall) at a threshold."""
    over = scores >= threshold
    return (
        Rate(int(over[~is_ai].sum()), int((~is_ai).sum())),
        Rate(int(over[is_ai].sum()), int(is_ai.sum())),
    )


def roc(scores: Floats, is_ai: Bools) -> tuple[Floats, Floats]:
    """Return FPR and recall along all thresholds, from (0, 0) to (1, 1)."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    fpr = np.cumsum(~is_ai[order])[last] / max(1, (~is_ai).sum())
    recall = np.cumsum(is_ai[order])[last] / max(1, is_ai.sum())
    return np.concatenate([[0.0], fpr]), np.concatenate([[0.0], recall])


def ladder(scores: Floats, is_ai: Bools, steps: Sequence[float] = FPR_STEPS) -> list[dict[str, Any]]:
    """Return for each step the threshold, and FPR and recall there with intervals; thresholds fall along
    it.
    """
    rungs = []
    for step in steps:
        threshold = threshold_at(scores, is_ai, step)
        fpr, recall = flagged(scores, is_ai, threshold)
        rungs.append({"max_fpr": step, "threshold": threshold, **fpr.named("fpr"), **recall.named("recall")})
    return rungs


def summary(p: Floats, is_ai: Bools, thresholds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return everything that is reported of one set of pictures.

    ``p`` are probabilities ``(n,)``; ``thresholds`` maps names (``review``, ``hold``) to thresholds. Accuracy
    is at p = 0.5. What needs both classes is ``None`` where one is missing.
    """
    right = Rate(int(((p >= 0.5) == is_ai).sum()), len(p))
    both = bool(is_ai.any() and not is_ai.all())
    rungs = {str(rung["max_fpr"]): rung for rung in (ladder(p, is_ai) if both else [])}
    return {
        "n_ai": int(is_ai.sum()),
        "n_human": int((~is_ai).sum()),
        **right.named("accuracy"),
        "auroc": auroc(p, is_ai),
        "auroc_interval": auroc_interval(p, is_ai),
        "ece": expected_error(p, is_ai) if both else None,
        "recall_at_fpr": {step: rung["recall"] for step, rung in rungs.items()},
        "recall_at_fpr_interval": {step: rung["recall_interval"] for step, rung in rungs.items()},
        "threshold_at_fpr": {step: rung["threshold"] for step, rung in rungs.items()},
        "at_threshold": {
            name: {"threshold": value, **rates[0].named("fpr"), **rates[1].named("recall")}
            for name, value in {"0.5": 0.5, **(thresholds or {})}.items()
            for rates in [flagged(p, is_ai, value)]
        },
    }


def sliced(pictures: Sequence[Picture], p: Floats, thresholds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return :func:`summary` overall and, under ``by``, for each group, format and domain that the
    pictures name.
    """
    is_ai = np.array([picture.is_ai for picture in pictures], bool)
    by: dict[str, dict[str, Any]] = {}
    for name in SLICES:
        values = np.array([getattr(picture, name) for picture in pictures])
        by[name] = {
            str(value): summary(p[values == value], is_ai[values == value], thresholds)
            for value in np.unique(values)
            if value
        }
    return {"overall": summary(p, is_ai, thresholds), "by": by}


def paper_convention(p: Floats, is_ai: Bools, threshold: float = 0.5) -> dict[str, Any]:
    """Return accuracy, precision and recall as the paper counts them: human is the positive class.

    Its "precision 100 %" says that no AI picture passed as human, its "recall 95.0 %" that 5.0 % of human
    works were flagged.
    """
    fpr, recall = flagged(p, is_ai, threshold)
    human_kept, ai_passed = fpr.n - fpr.hits, recall.n - recall.hits
    return {
        **Rate(human_kept + recall.hits, len(p)).named("accuracy"),
        **Rate(human_kept, human_kept + ai_passed).named("precision"),
        **Rate(human_kept, fpr.n).named("recall"),
    }


def our_convention(p: Floats, is_ai: Bools, threshold: float = 0.5) -> dict[str, Any]:
    """Return accuracy, precision, recall and FPR with AI as the positive class."""
    fpr, recall = flagged(p, is_ai, threshold)
    return {
        **Rate(fpr.n - fpr.hits + recall.hits, len(p)).named("accuracy"),
        **Rate(recall.hits, recall.hits + fpr.hits).named("precision"),
        **recall.named("recall"),
        **fpr.named("fpr"),
    }


def evaluate(detector: Detector, pictures: Sequence[Picture], root: Path) -> dict[str, Any]:
    """Score a manifest's pictures with a detector and return :func:`sliced` of them, with what could not be
    read.

    ``unreadable`` lists files with the reason; they count in no figure.
    """
    read, logits, unreadable = [], [], []
    for picture in pictures:
        try:
            logits.append(detector.logits([read_artwork(root / picture.file)])[0])
        except (ArtworkError, OSError) as error:
            unreadable.append({"file": picture.file, "error": str(error)})
        else:
            read.append(picture)
    card = detector.card
    p = apply(card.calibration, np.array(logits, np.float64))
    limits = {"review": card.review_threshold, "hold": card.hold_threshold}
    return {
        "detector": card.name,
        "version": card.version,
        "sha256": card.sha256,
        "n": len(read),
        "unreadable": unreadable,
        **sliced(read, p, limits),
    }
