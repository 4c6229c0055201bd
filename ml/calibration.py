"""From logits to probabilities, and how far the probabilities can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ml.cards import Calibration

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def apply(calibration: Calibration, logits: Floats) -> Floats:
    """Return probabilities for logits of any shape. Strictly increasing, never quite 0 or 1."""
    scaled = np.clip(calibration.slope * logits + calibration.intercept, -30, 30)
    return np.asarray(1 / (1 + np.exp(-scaled)), np.float64)


def fit(logits: Floats, labels: npt.NDArray[np.bool_], *, iterations: int = 50) -> Calibration:
    """Fit slope and intercept by maximum likelihood (Platt 1999, with his smoothed targets).

    ``logits`` and ``labels`` are ``(n,)``, from pictures that the network was not trained on. Both classes
    count the same whatever their number, so ``p_ai = 0.5`` means "as likely under either". Raises
    :class:`ValueError` if a class is missing or higher logits do not mean AI.
    """
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        raise ValueError("calibration needs pictures of both classes")
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    weight = np.where(labels, 0.5 / positives, 0.5 / negatives)
    scale = float(logits.std()) or 1.0
    design = np.stack([logits / scale, np.ones_like(logits)], axis=1)
    beta = np.zeros(2)  # from here Newton's steps do not overshoot
    for _ in range(iterations):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (weight * (p - target))
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    if beta[0] <= 0:
        raise ValueError("higher logits do not mean AI on these pictures: there is nothing to calibrate")
    return Calibration(float(beta[0]) / scale, float(beta[1]))


def expected_error(p: Floats, labels: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """Return the expected calibration error: mean |share of AI - mean p|, over bins of equal width."""
    return float(sum(n * abs(share - mean) for n, mean, share in reliability(p, labels, bins)) / max(1, len(p)))


def reliability(p: Floats, labels: npt.NDArray[np.bool_], bins: int = 15) -> list[tuple[int, float, float]]:
    """Return ``(count, mean p, share of AI)`` of each bin that is not empty, in order."""
    index = np.minimum((p * bins).astype(int), bins - 1)
    return [
        (int(inside.sum()), float(p[inside].mean()), float(labels[inside].mean()))
        for inside in (index == k for k in range(bins))
        if inside.any()
    ]
