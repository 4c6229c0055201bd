"""Probabilities: monotone, honest on average, refused where there is nothing to learn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.calibration import apply, expected_error, fit, reliability
from ml.cards import Calibration


def sample(seed: int = 0, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits that promise three times too much and are shifted, with their labels."""
    rng = np.random.default_rng(seed)
    true_logit = rng.normal(0, 2, n)
    is_ai = rng.random(n) < 1 / (1 + np.exp(-true_logit))
    return 3 * true_logit + 1, is_ai


def test_fitting_undoes_overconfidence_and_shift() -> None:
    logits, is_ai = sample()
    fitted = fit(logits, is_ai)
    assert fitted.slope == pytest.approx(1 / 3, abs=0.03)
    assert fitted.intercept == pytest.approx(-1 / 3, abs=0.1)


def test_calibrated_probabilities_are_honest_on_other_pictures() -> None:
    fitted = fit(*sample(seed=0))
    logits, is_ai = sample(seed=1)
    before, after = expected_error(apply(Calibration(), logits), is_ai), expected_error(apply(fitted, logits), is_ai)
    assert after < 0.03 < before


def test_classes_count_alike_whatever_their_number() -> None:
    logits, is_ai = sample()
    rare = ~is_ai | (np.arange(len(is_ai)) % 10 == 0)
    one, other = fit(logits, is_ai), fit(logits[rare], is_ai[rare])
    assert one.intercept == pytest.approx(other.intercept, abs=0.15)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=40), st.floats(0.01, 5), st.floats(-5, 5))
def test_order_is_kept(logits: list[float], slope: float, intercept: float) -> None:
    p = apply(Calibration(slope, intercept), np.sort(np.array(logits)))
    assert (np.diff(p) >= 0).all()
    assert ((p > 0) & (p < 1)).all()


def test_nothing_to_learn_from() -> None:
    logits, is_ai = sample(n=100)
    with pytest.raises(ValueError, match="both classes"):
        fit(logits, np.zeros(100, bool))
    with pytest.raises(ValueError, match="nothing to calibrate"):
        fit(-logits, is_ai)


def test_expected_error_by_hand() -> None:
    p = np.array([0.1, 0.1, 0.9, 0.9])
    is_ai = np.array([False, True, True, True])
    # two bins of two: |0.5 - 0.1| and |1 - 0.9|, half the pictures each
    assert expected_error(p, is_ai) == pytest.approx(0.25)
    assert reliability(p, is_ai) == [(2, pytest.approx(0.1), 0.5), (2, pytest.approx(0.9), 1.0)]
    assert expected_error(np.array([1.0]), np.array([True])) == 0
