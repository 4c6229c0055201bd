"""Figures of merit against cases worked out by hand and against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from ml import evaluation
from ml.datasets import Picture

P = np.array([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9])
IS_AI = np.array([False, False, False, False, True, True, True, True])


def noisy(n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    is_ai = rng.random(n) < 0.4
    return (rng.normal(0, 1, n) + is_ai).round(1), is_ai  # rounded: ties


def test_auroc_and_roc_agree_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    scores, is_ai = noisy()
    assert evaluation.auroc(scores, is_ai) == pytest.approx(roc_auc_score(is_ai, scores), abs=1e-12)
    fpr, recall = evaluation.roc(scores, is_ai)
    assert (fpr[0], recall[0], fpr[-1], recall[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(recall, fpr) == pytest.approx(evaluation.auroc(scores, is_ai), abs=1e-12)


def test_auroc_by_hand() -> None:
    assert evaluation.auroc(P, IS_AI) == 15 / 16
    assert evaluation.auroc(P[:4], IS_AI[:4]) is None
    low, high = evaluation.auroc_interval(P, IS_AI) or (0, 0)
    assert low < 15 / 16 < high


def test_wilson_known_values() -> None:
    assert evaluation.wilson(0, 299) == (0, pytest.approx(0.0127, abs=1e-4))
    assert evaluation.wilson(7, 140) == (pytest.approx(0.0244, abs=1e-4), pytest.approx(0.0997, abs=1e-4))
    assert evaluation.wilson(0, 0) == (0, 1)
    low, high = evaluation.wilson(5, 5)
    assert low < 1 == pytest.approx(high)


@pytest.mark.parametrize("max_fpr", [0, 0.005, 0.01, 0.02, 0.05, 0.25, 1])
def test_a_threshold_keeps_its_promise_and_wastes_nothing(max_fpr: float) -> None:
    scores, is_ai = noisy()
    threshold = evaluation.threshold_at(scores, is_ai, max_fpr)
    fpr, _ = evaluation.flagged(scores, is_ai, threshold)
    assert fpr.value is not None
    assert fpr.value <= max_fpr
    lower = scores[scores < threshold]
    if lower.size:
        fpr_below, _ = evaluation.flagged(scores, is_ai, lower.max())
        assert (fpr_below.value or 0) > max_fpr or not (scores[~is_ai] == lower.max()).any()


def test_thresholds_fall_along_the_ladder_and_recall_rises() -> None:
    rungs = evaluation.ladder(*noisy())
    thresholds = [rung["threshold"] for rung in rungs]
    recalls = [rung["recall"] for rung in rungs]
    assert thresholds == sorted(thresholds, reverse=True)
    assert recalls == sorted(recalls)


def test_summary_by_hand() -> None:
    one = evaluation.summary(P, IS_AI, {"review": 0.65})
    assert one["accuracy_hits"] == 6
    assert one["at_threshold"]["review"]["recall"] == 0.75
    assert one["at_threshold"]["review"]["fpr_hits"] == 0
    assert one["at_threshold"]["0.5"]["fpr"] == 0.25
    assert one["recall_at_fpr"]["0.01"] == 0.75
    assert (one["n_ai"], one["n_human"]) == (4, 4)


def test_the_paper_counts_the_other_way_round() -> None:
    ours, paper = evaluation.our_convention(P, IS_AI), evaluation.paper_convention(P, IS_AI)
    assert ours["accuracy"] == paper["accuracy"]
    assert ours["recall_hits"] == 3
    assert ours["precision"] == 0.75
    assert paper["precision"] == 0.75  # of four called human, three are
    assert paper["recall"] == 1 - ours["fpr"]


def test_slices_of_one_class_have_no_auroc() -> None:
    pictures = [
        Picture(f"{index}.png", bool(ai), group="ai-x" if ai else "artist", format="PNG")
        for index, ai in enumerate(IS_AI)
    ]
    result = evaluation.sliced(pictures, P, {"review": 0.65, "hold": 0.85})
    assert result["overall"]["auroc"] == 15 / 16
    assert set(result["by"]["group"]) == {"ai-x", "artist"}
    assert result["by"]["group"]["artist"]["auroc"] is None
    assert result["by"]["group"]["artist"]["at_threshold"]["review"]["fpr_n"] == 4
    assert result["by"]["format"]["PNG"]["n_ai"] == 4
    assert result["by"]["domain"] == {}
