"""The gate before one detector replaces another, and the thresholds that a card gets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ml import golden
from ml.artwork import read_artwork
from ml.cards import DEFAULT_DETECTOR, Calibration, Card, View, shipped_cards
from ml.datasets import Picture
from ml.recipes import Recipe
from ml.runtime import load_detector
from ml.saliency import heat_map
from ml.shipping import (
    Network,
    PromotionRefusedError,
    Statement,
    add_metrics,
    assemble,
    check_promotion,
    describe,
    thresholds,
)
from tests.ml.pictures import encoded, painting

if TYPE_CHECKING:
    from pathlib import Path


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


def test_networks_are_pooled_by_their_weights(tmp_path: Path) -> None:
    single = load_detector(DEFAULT_DETECTOR)
    networks = []
    for card in shipped_cards()[:2]:
        member = card.members[0]
        recipe = Recipe("mobilenet_v2", views=member.views)
        networks.append(Network((card.directory / member.file).read_bytes(), recipe, 1.0 + 2.0 * len(networks)))
    networks.append(
        replace(networks[0], recipe=Recipe("mobilenet_v2", views=(View("whole"), View("centre", 224, 256))))
    )
    steps = {"review": 0.5, "hold": 0.9, "ladder": [], "measured_on": "nothing"}
    statement = Statement("A test.", {"a": 1}, {}, {})
    pooled = assemble(tmp_path / "pooled", networks, Calibration(2.0, -0.5), steps, statement)
    artworks = [read_artwork(encoded(painting(400, 500)))]
    per_network = [np.mean([reading.logit for reading in readings]) for _, readings in pooled.readings(artworks[0])]
    expected = np.average(per_network, weights=[1.0, 3.0, 1.0])
    assert pooled.logits(artworks)[0] == pytest.approx(expected)
    assert pooled.score(artworks)[0] == pytest.approx(1 / (1 + np.exp(0.5 - 2 * expected)))
    assert per_network[0] == pytest.approx(single.readings(artworks[0])[0][1][0].logit)
    assert [len(readings) for _, readings in pooled.readings(artworks[0])] == [1, 1, 2]
    assert golden.largest_difference(pooled) < 1e-5  # they are written with six digits
    assert heat_map(pooled, artworks[0]).ndim == 2

    version = pooled.card.version
    add_metrics(pooled, "b", {"c": 2})
    again = load_detector("pooled", tmp_path)
    assert again.card.metrics == {"a": 1, "b": {"c": 2}}
    assert again.card.version == version


def test_assembling_again_leaves_no_stale_file(tmp_path: Path) -> None:
    card = shipped_cards()[0]
    network = Network((card.directory / card.members[0].file).read_bytes(), Recipe("mobilenet_v2"))
    steps = {"review": 0.5, "hold": 0.9, "ladder": [], "measured_on": "nothing"}
    for count in (2, 1):
        assemble(tmp_path / "some", [network] * count, Calibration(), steps, Statement("A test.", {}, {}, {}))
    assert sorted(file.name for file in (tmp_path / "some").iterdir()) == ["card.json", "golden.json", "model.tflite"]


def test_what_a_card_says_of_its_data() -> None:
    pictures = [Picture("a", True, "anime", "x"), Picture("b", False, "other", "y"), Picture("c", False, "anime", "y")]
    told = describe(pictures, "some.csv")
    assert (told["n_ai"], told["n_human"], told["manifest"]) == (1, 2, "some.csv")
    assert told["sources"] == {"ai": {"x": 1}, "human": {"y": 2}}
