"""The gate's questions, and two detectors side by side on the same pictures."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binomtest

from ml import gate
from ml.cards import ArtefactError, read_card, read_members, shipped_cards
from ml.runtime import load_detector

if TYPE_CHECKING:
    from pathlib import Path

IS_AI = np.arange(200) % 2 == 0
GOOD = np.where(IS_AI, 0.9, 0.1)


def test_mcnemar_is_the_exact_binomial_test_of_the_pictures_that_differ() -> None:
    new, old = np.zeros(50, bool), np.zeros(50, bool)
    new[:9], old[6:8], old[20:22] = True, True, True
    found = gate.paired(new, old)
    assert (found["only_new"], found["only_old"], found["n"]) == (7, 2, 50)
    assert found["p"] == pytest.approx(binomtest(2, 9).pvalue)
    low, high = found["interval"]
    assert found["difference"] == pytest.approx(0.1)
    assert low < found["difference"] < high


def test_two_detectors_that_agree_do_not_differ_beyond_chance() -> None:
    found = gate.paired(GOOD > 0.5, GOOD > 0.5)
    assert (found["p"], found["difference"]) == (1.0, 0.0)
    assert found["interval"][0] < 0 < found["interval"][1]


def test_the_regression_finding_names_what_fell() -> None:
    worse = GOOD.copy()
    worse[1:40:2] = 0.8  # twenty of a hundred human works
    found = gate.regression(worse, GOOD, IS_AI, (0.5, 0.5))
    assert not found.passed
    assert found.figures["worse"] == ["fpr"]  # the order is still right
    assert found.figures["fpr"]["new"]["fpr"] == pytest.approx(0.2)
    assert found.figures["human"]["only_new"] == 20
    assert found.figures["human"]["p"] < 0.001
    assert gate.regression(GOOD, worse, IS_AI, (0.5, 0.5)).passed


def test_overconfidence_is_refused_even_where_the_order_is_right() -> None:
    honest = np.where(IS_AI, 0.7, 0.3)
    is_ai = IS_AI ^ (np.arange(200) % 10 < 3)  # about three in ten are not what they seem
    boastful = np.where(IS_AI, 0.999, 0.001)
    assert gate.calibration(honest, honest, is_ai).passed
    found = gate.calibration(boastful, honest, is_ai)
    assert not found.passed
    assert found.figures["new"] > found.figures["limit"]


def test_the_shipped_detector_scores_its_golden_pictures_as_it_did() -> None:
    assert gate.golden_scores(load_detector()).passed


def test_altered_files_are_found_without_a_runtime(tmp_path: Path) -> None:
    card = shipped_cards()[0]
    folder = tmp_path / card.name
    shutil.copytree(card.directory, folder)
    assert len(read_members(read_card(folder))) == len(card.members)
    file = folder / card.members[0].file
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ArtefactError, match="does not match"):
        read_members(read_card(folder))
    file.unlink()
    with pytest.raises(ArtefactError, match="lacks its file"):
        read_members(read_card(folder))
