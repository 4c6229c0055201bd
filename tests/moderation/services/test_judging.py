"""From findings to a band."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.evidence.base import Evidence, Strength
from moderation.models import Policy
from moderation.services.judging import BANDS, judge


def policy(**changes: object) -> Policy:
    return Policy(**{"review_threshold": 0.5, "hold_threshold": 0.9, **changes})


def finding(strength: Strength, kind: str = "a1111") -> Evidence:
    return Evidence(kind, strength, f"{kind} says so.", "For the artist.", "test/1")


PROOF, STRONG, HINT = (finding(strength) for strength in Strength)
SCORE = finding(Strength.HINT, "classifier")


@pytest.mark.parametrize(
    ("p_ai", "evidence", "declared", "band", "severity"),
    [
        (0.49, [SCORE], "handmade", "clear", None),
        (0.5, [SCORE], "handmade", "review", 10),
        (0.9, [SCORE], "handmade", "hold", 30),
        (0.0, [SCORE, PROOF], "handmade", "review", 40),
        (0.0, [SCORE, PROOF], "", "review", 40),
        (0.95, [SCORE, PROOF], "handmade", "hold", 40),
        (0.0, [SCORE, STRONG], "handmade", "review", 20),
        (0.0, [SCORE, HINT], "handmade", "clear", None),
        (0.99, [SCORE, PROOF], "generated", "clear", None),
        (0.99, [SCORE, PROOF], "assisted", "clear", None),
    ],
)
def test_bands(p_ai: float, evidence: list[Evidence], declared: str, band: str, severity: int | None) -> None:
    verdict = judge(p_ai=p_ai, evidence=evidence, declared_origin=declared, policy=policy())
    assert (verdict.band, verdict.severity) == (band, severity)
    assert verdict.asks_a_person is (band != "clear")
    assert not verdict.asks_a_person or verdict.reason


def test_a_site_that_takes_no_ai_works_asks_about_declared_ones() -> None:
    verdict = judge(p_ai=0.0, evidence=[], declared_origin="generated", policy=policy(allow_declared_ai=False))
    assert (verdict.band, verdict.severity) == ("review", 20)


def test_the_reason_names_what_weighs_most() -> None:
    other = finding(Strength.PROOF, "c2pa")
    verdict = judge(p_ai=0.6, evidence=[SCORE, HINT, STRONG, PROOF, other], declared_origin="", policy=policy())
    assert verdict.reason == "a1111 says so."


@given(
    scores=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    strengths=st.lists(st.sampled_from(Strength)),
    declared=st.sampled_from(["", "handmade", "assisted", "generated"]),
)
def test_a_higher_score_is_never_judged_more_mildly(
    scores: tuple[float, float], strengths: list[Strength], declared: str
) -> None:
    evidence = [SCORE, *map(finding, strengths)]
    low, high = (
        judge(p_ai=score, evidence=evidence, declared_origin=declared, policy=policy()) for score in sorted(scores)
    )
    assert BANDS.index(low.band) <= BANDS.index(high.band)
