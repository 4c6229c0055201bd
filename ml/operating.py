"""What a detector's card says of a threshold: human works flagged and AI works caught, each with its interval.

Read by the web process, so plain Python. A card carries a *curve* (counts at each thousandth of the score, from the
pictures that its thresholds were measured on); a card made before curves has only its ladder, and between two rungs
no more is known than that the figures lie between theirs: the interval says so.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

STEPS = 1000
"""Scores are counted, and thresholds chosen, in thousandths: what is counted is then exactly what is chosen."""
Z = 1.959964


def step_of(score: float) -> int:
    """Return the last step at or below ``score`` (0..1): ``score >= k / STEPS`` holds just for ``k <= step_of``."""
    guess = min(max(int(score * STEPS), 0), STEPS)
    if guess < STEPS and (guess + 1) / STEPS <= score:
        return guess + 1
    return guess - 1 if guess / STEPS > score else guess


def on_grid(threshold: float) -> float:
    """Return the least step at or above ``threshold``: no more is flagged there than at the threshold itself."""
    below = step_of(threshold)
    return below / STEPS if below / STEPS >= threshold else min(below + 1, STEPS) / STEPS


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, number: int) -> Share:
        """Return ``hits`` of ``number`` with the Wilson (1927) interval; (0, 0, 1) of nothing."""
        if number == 0:
            return cls(0.0, 0.0, 1.0)
        share, square = hits / number, Z * Z / number
        middle, spread = (
            (share + square / 2) / (1 + square),
            Z * sqrt(share * (1 - share) / number + square / 4 / number),
        )
        half = spread / (1 + square)
        return cls(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold: the share of human works flagged, and of AI works caught. ``measured``: counted just there."""

    threshold: float
    fpr: Share
    recall: Share
    measured: bool = True

    def precision(self, prevalence: float) -> Share:
        """Return the share of flagged works that are AI where ``prevalence`` (0..1) of all works are.

        The bounds take the worse and the better end of both intervals.
        """

        def at(fpr: float, recall: float) -> float:
            caught, wrong = prevalence * recall, (1 - prevalence) * fpr
            return caught / (caught + wrong) if caught + wrong else 0.0

        return Share(
            at(self.fpr.value, self.recall.value),
            at(self.fpr.high, self.recall.low),
            at(self.fpr.low, self.recall.high),
        )

    def flagged(self, prevalence: float) -> Share:
        """Return the share of all works that is flagged where ``prevalence`` (0..1) of them are AI."""

        def at(fpr: float, recall: float) -> float:
            return prevalence * recall + (1 - prevalence) * fpr

        return Share(
            at(self.fpr.value, self.recall.value),
            at(self.fpr.low, self.recall.low),
            at(self.fpr.high, self.recall.high),
        )


@dataclass(frozen=True, slots=True)
class _Anchor:
    threshold: float
    human: int
    n_human: int
    ai: int
    n_ai: int

    def point(self) -> Point:
        return Point(self.threshold, Share.of(self.human, self.n_human), Share.of(self.ai, self.n_ai))


class Operating:
    """The operating points of one detector, read from its card (``card.json`` as a dict)."""

    def __init__(self, anchors: Sequence[_Anchor], *, whole: bool, measured_on: str = "") -> None:
        self._anchors = sorted(anchors, key=lambda anchor: anchor.threshold)
        self._thresholds = [anchor.threshold for anchor in self._anchors]
        self.whole = whole
        self.measured_on = measured_on

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> Operating | None:
        """Return what ``card`` says; ``None`` when it says nothing of thresholds."""
        thresholds = card.get("thresholds") or {}
        source = str(thresholds.get("measured_on", ""))
        if "curve" in thresholds:
            return cls(list(_from_curve(thresholds["curve"])), whole=True, measured_on=source)
        ladder = thresholds.get("ladder")
        if not ladder:
            return None
        unseen = ((card.get("metrics") or {}).get("unseen") or {}).get("at_threshold") or {}
        found = {one["threshold"]: _from_rung(one) for one in (*unseen.values(), *ladder)}
        first = _from_rung(ladder[0])
        found.setdefault(0.0, _Anchor(0.0, first.n_human, first.n_human, first.n_ai, first.n_ai))
        found.setdefault(1.0, _Anchor(1.0, 0, first.n_human, 0, first.n_ai))  # a probability is never quite 1
        return cls(list(found.values()), whole=False, measured_on=source)

    def at(self, threshold: float) -> Point:
        """Return the figures at ``threshold`` (0..1): counted there, or between the two nearest counts."""
        place = bisect_left(self._thresholds, threshold)
        if place < len(self._anchors) and self._thresholds[place] == threshold:
            return self._anchors[place].point()
        below = self._anchors[max(place - 1, 0)].point()
        above = self._anchors[min(place, len(self._anchors) - 1)].point()
        span = above.threshold - below.threshold
        share = (threshold - below.threshold) / span if span else 0.0

        def between(low: Share, high: Share) -> Share:  # shares fall as the threshold rises
            return Share(low.value + (high.value - low.value) * share, high.low, low.high)

        return Point(threshold, between(below.fpr, above.fpr), between(below.recall, above.recall), measured=False)

    def least_threshold(self, max_fpr: float) -> float | None:
        """Return the lowest step at which at most ``max_fpr`` of the human works were flagged; ``None`` if there is
        no such count.
        """
        fitting = [
            on_grid(anchor.threshold)
            for anchor in self._anchors
            if anchor.n_human and anchor.human <= max_fpr * anchor.n_human + 1e-9
        ]
        return min(fitting, default=None)

    def roc(self) -> list[tuple[float, float]]:
        """Return the shares of human works flagged and of AI works caught, each pair once, from the lowest threshold
        to the highest.
        """
        pairs = [(anchor.human / (anchor.n_human or 1), anchor.ai / (anchor.n_ai or 1)) for anchor in self._anchors]
        return list(dict.fromkeys(pairs))


def curve(human: Iterable[float], ai: Iterable[float]) -> dict[str, Any]:
    """Return a card's ``curve``: how many scores of each kind lie at or above ``k / STEPS`` for k = 0..STEPS.

    Each kind's counts are one text of numbers, so that a card stays readable.
    """
    return {"steps": STEPS, "human": _at_or_above(human), "ai": _at_or_above(ai)}


def _at_or_above(scores: Iterable[float]) -> str:
    steps = sorted(step_of(float(score)) for score in scores)
    return " ".join(str(len(steps) - bisect_left(steps, step)) for step in range(STEPS + 1))


def _from_curve(stored: Mapping[str, Any]) -> Iterable[_Anchor]:
    steps = int(stored["steps"])
    human, ai = ([int(number) for number in stored[kind].split()] for kind in ("human", "ai"))
    if not len(human) == len(ai) == steps + 1:
        raise ValueError(f"a curve of {steps} steps has {steps + 1} counts of each kind")
    for step, (wrong, caught) in enumerate(zip(human, ai, strict=True)):
        yield _Anchor(step / steps, wrong, human[0], caught, ai[0])


def _from_rung(rung: Mapping[str, Any]) -> _Anchor:
    return _Anchor(
        min(float(rung["threshold"]), 1.0), rung["fpr_hits"], rung["fpr_n"], rung["recall_hits"], rung["recall_n"]
    )
