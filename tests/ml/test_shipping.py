"""The gate before one detector replaces another, and the thresholds that a card gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.cards import DEFAULT_DETECTOR, Card, shipped_cards
from ml.shipping import PromotionRefusedError, check_promotion, thresholds


@pytest.fixture
def card() -> Card:
    shipped = {card.name: card for card in shipped_cards()}
    return replace(shipped[DEFAULT_DETECTOR], review_threshold=0.5, hold_threshold=0.9)


IS_AI = np.arange(200) % 2 == 0
GOOD = np.where(IS_AI, 0.8, 0.2) + np.linspace(-0.1, 0.1, 200)


def test_an_equal_or_better_detector_passes(card: Card) -> None:
    check_promotion((GOOD, card), (GOOD, card), IS_AI)
    worse = GOOD.copy()
    worse[:20] = 1 - worse[:20]
    check_promotion((GOOD, card), (worse, card), IS_AI)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda p: np.where(IS_AI & (np.arange(200) < 20), 0.45, p), "recall"),
        (lambda p: np.where(~IS_AI & (np.arange(200) < 20), 0.6, p), "FPR"),
        (lambda p: np.where(np.arange(200) < 60, 1 - p, p), "AUROC"),
    ],
)
def test_a_worse_detector_is_refused_and_told_why(card: Card, change: object, named: str) -> None:
    candidate = change(GOOD)  # type: ignore[operator]
    with pytest.raises(PromotionRefusedError, match=named):
        check_promotion((candidate, card), (GOOD, card), IS_AI)


def test_each_side_is_judged_by_its_own_threshold(card: Card) -> None:
    shifted = GOOD / 2
    check_promotion((shifted, replace(card, review_threshold=0.25)), (GOOD, card), IS_AI)
    with pytest.raises(PromotionRefusedError, match="recall"):
        check_promotion((shifted, card), (GOOD, card), IS_AI)


def test_a_regression_set_needs_both_classes(card: Card) -> None:
    with pytest.raises(ValueError, match="both classes"):
        check_promotion((GOOD[IS_AI], card), (GOOD[IS_AI], card), IS_AI[IS_AI])


def test_thresholds_are_ordered_and_within_reach() -> None:
    steps = thresholds(GOOD, IS_AI, "a test")
    assert 0 <= steps["review"] <= steps["hold"] <= 1
    assert (steps["n_ai"], steps["n_human"], steps["measured_on"]) == (100, 100, "a test")
    perfect = thresholds(np.where(IS_AI, 0.5, 1.0), IS_AI, "all wrong")
    assert perfect["hold"] <= 1
