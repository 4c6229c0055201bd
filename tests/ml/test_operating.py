"""What a card says of a threshold, with a curve and without."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ml.cards import shipped_cards
from ml.evaluation import wilson
from ml.operating import STEPS, Operating, Point, Share, curve, on_grid, step_of
from ml.shipping import thresholds

RNG = np.random.default_rng(7)
IS_AI = np.arange(600) % 3 == 0
SCORES = np.clip(np.where(IS_AI, RNG.normal(0.8, 0.15, 600), RNG.normal(0.3, 0.2, 600)), 0.0001, 0.9999)


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(json.dumps({"thresholds": thresholds(SCORES, IS_AI, "a test")}))
    return stored


def old(card: dict[str, Any]) -> dict[str, Any]:
    return {"thresholds": {key: value for key, value in card["thresholds"].items() if key != "curve"}}


def test_a_score_reaches_exactly_the_steps_at_or_below_it() -> None:
    grid = [step / STEPS for step in range(STEPS + 1)]
    for score in [*grid, *RNG.random(2000), 0.0, 1.0, np.nextafter(0.29, 0), np.nextafter(0.29, 1)]:
        assert sum(edge <= score for edge in grid) - 1 == step_of(float(score)), score


def test_a_threshold_is_taken_up_to_the_next_step_and_one_on_the_grid_stays() -> None:
    assert [on_grid(step / STEPS) for step in range(STEPS + 1)] == [step / STEPS for step in range(STEPS + 1)]
    assert (on_grid(0.88367), on_grid(0.8830000001), on_grid(0.99999)) == (0.884, 0.884, 1.0)


def test_the_curve_counts_what_the_scores_say(card: dict[str, Any]) -> None:
    operating = Operating.of_card(card)
    assert operating is not None
    assert operating.whole
    for threshold in (0.0, 0.29, 0.5, 0.777, 0.95, 1.0):
        point = operating.at(threshold)
        assert point.fpr.value == np.mean(SCORES[~IS_AI] >= threshold)
        assert point.recall.value == np.mean(SCORES[IS_AI] >= threshold)
        assert (point.fpr.low, point.fpr.high) == pytest.approx(
            wilson(int((SCORES[~IS_AI] >= threshold).sum()), int((~IS_AI).sum())), abs=1e-9
        )
        assert point.measured
    pairs = operating.roc()
    assert (pairs[0], pairs[-1]) == ((1.0, 1.0), (0.0, 0.0))
    assert pairs == sorted(set(pairs), reverse=True)


@pytest.mark.parametrize("max_fpr", [0.005, 0.01, 0.02, 0.05, 0.1])
def test_a_promise_about_human_works_is_kept_by_the_next_step_down_no_more(
    card: dict[str, Any], max_fpr: float
) -> None:
    operating = Operating.of_card(card)
    assert operating is not None
    threshold = operating.least_threshold(max_fpr)
    assert threshold is not None
    assert np.mean(SCORES[~IS_AI] >= threshold) <= max_fpr
    assert np.mean(SCORES[~IS_AI] >= threshold - 1 / STEPS) > max_fpr


def test_an_old_card_says_no_more_than_its_ladder_knows(card: dict[str, Any]) -> None:
    exact, rough = Operating.of_card(card), Operating.of_card(old(card))
    assert exact is not None
    assert rough is not None
    assert not rough.whole
    for threshold in np.arange(0, 1.001, 0.01).tolist():
        truth, guess = exact.at(on_grid(threshold)), rough.at(threshold)
        assert guess.fpr.low <= truth.fpr.value <= guess.fpr.high
        assert guess.recall.low <= truth.recall.value <= guess.recall.high
    rung = card["thresholds"]["ladder"][0]
    assert rough.at(rung["threshold"]).fpr.value == rung["fpr"]
    assert not rough.at(rung["threshold"] - 0.001).measured


def test_a_card_without_thresholds_says_nothing_and_a_broken_curve_is_refused(card: dict[str, Any]) -> None:
    assert Operating.of_card({"name": "host's own"}) is None
    broken = {"thresholds": {"curve": {**curve([0.1], [0.9]), "ai": "1 1 0"}}}
    with pytest.raises(ValueError, match="1001 counts"):
        Operating.of_card(broken)


def test_every_shipped_card_can_be_asked() -> None:
    for shipped in shipped_cards():
        operating = Operating.of_card(shipped.as_dict())
        assert operating is not None
        point = operating.at(on_grid(shipped.review_threshold))
        assert 0.005 < point.fpr.value <= 0.0201
        assert 0.3 < point.recall.value < 1


def test_at_the_papers_error_rate_half_of_the_flags_are_human_works() -> None:
    point = Point(0.5, Share(0.057, 0.05, 0.065), Share(1.0, 0.99, 1.0))
    assert 1 - point.precision(0.05).value == pytest.approx(0.52, abs=0.005)
    assert 1 - point.precision(0.01).value == pytest.approx(0.85, abs=0.005)
    low, high = point.precision(0.05).low, point.precision(0.05).high
    assert low < point.precision(0.05).value < high
    assert point.flagged(0.05).value == pytest.approx(0.05 + 0.95 * 0.057)
