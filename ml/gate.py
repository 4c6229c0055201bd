"""The gate before one detector replaces another: what is asked, what was found, and two detectors side by side.

A finding is figures and a verdict, without words: pages and commands say it in their reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ml import golden
from ml.calibration import expected_error
from ml.evaluation import auroc, auroc_interval, flagged
from ml.pairs import differing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ml.runtime import Detector

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

SLACK = 0.005
"""How far AUROC and recall may fall and FPR may rise."""
ECE_SLACK, ECE_FLOOR = 0.02, 0.1
"""How much worse than the present detector's the calibration error may be; below the floor it never counts, since a
few hundred pictures measure it no finer.
"""

Check = Literal["files", "golden", "set", "regression", "calibration"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question: ``figures`` are JSON values, described where they are made."""

    check: Check
    passed: bool
    figures: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {"check": self.check, "passed": self.passed, "figures": self.figures}


def golden_scores(detector: Detector) -> Finding:
    """Whether the golden pictures score here as they did when it was made. Raises :class:`ml.cards.ArtefactError`.

    Figures: ``difference``, the largest of logits, and the ``limit``.
    """
    difference = golden.largest_difference(detector)
    return Finding("golden", difference <= golden.TOLERANCE, {"difference": difference, "limit": golden.TOLERANCE})


def regression(
    new: Floats, old: Floats, is_ai: Bools, thresholds: tuple[float, float], *, slack: float = SLACK
) -> Finding:
    """Whether probabilities ``new`` do as well as ``old``, both ``(n,)``, on the same pictures of both classes.

    ``thresholds`` are those from which each side flags. Figures: ``auroc``, ``recall`` and ``fpr``, each with
    ``old`` and ``new`` (as :meth:`ml.evaluation.Rate.named` writes rates), ``worse`` names those that fell by more
    than ``slack``, ``human`` and ``ai`` compare the verdicts (:func:`paired`). Raises :class:`ValueError` if a class
    is missing.
    """
    if not is_ai.any() or is_ai.all():
        raise ValueError("the regression set needs pictures of both classes")
    figures: dict[str, Any] = {"auroc": {}, "recall": {}, "fpr": {}}
    for name, p, threshold in (("new", new, thresholds[0]), ("old", old, thresholds[1])):
        fpr, recall = flagged(p, is_ai, threshold)
        figures["auroc"][name] = {"auroc": auroc(p, is_ai), "auroc_interval": auroc_interval(p, is_ai)}
        figures["fpr"][name], figures["recall"][name] = fpr.named("fpr"), recall.named("recall")
    worse = [
        name
        for name, sign in (("auroc", 1), ("recall", 1), ("fpr", -1))
        if sign * (figures[name]["old"][name] - figures[name]["new"][name]) > slack
    ]
    over_new, over_old = new >= thresholds[0], old >= thresholds[1]
    compared = {
        kind: paired(over_new[inside], over_old[inside]) for kind, inside in (("human", ~is_ai), ("ai", is_ai))
    }
    return Finding("regression", not worse, {**figures, **compared, "worse": worse, "slack": slack})


def calibration(new: Floats, old: Floats, is_ai: Bools) -> Finding:
    """Whether ``new``'s probabilities can be taken at their word about as well as ``old``'s, both ``(n,)``.

    Figures: the expected calibration error of both, and the ``limit`` for the new one.
    """
    errors = {"new": expected_error(new, is_ai), "old": expected_error(old, is_ai)}
    limit = max(ECE_FLOOR, errors["old"] + ECE_SLACK)
    return Finding("calibration", errors["new"] <= limit, {**errors, "limit": limit})


def paired(new: Bools, old: Bools) -> dict[str, Any]:
    """Return how two yes/no judgements ``(n,)`` of the same pictures differ: see :func:`ml.pairs.differing`."""
    return differing(int((new & ~old).sum()), int((old & ~new).sum()), len(new))
