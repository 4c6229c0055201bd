"""How long the steps of a screening take, counted in this process until ``services.pulse`` writes it down."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = {
    "read": "fetching the file from its storage",
    "look": "decoding one picture and reading its marks",
    "score": "the detector's pass over the pictures of one claim",
    "record": "writing one result",
    "whole": "from the request to the result, waiting included",
}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Upper bounds in seconds; what took longer stands in one more bucket behind them."""


@dataclass(slots=True)
class Times:
    """A histogram: how often a step took how long. ``counts`` has one place a bucket and one for what is above."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, other: Times) -> None:
        """Add what ``other`` counted."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


_lock = threading.Lock()
_times: dict[str, Times] = {}


def note(step: str, seconds: float) -> None:
    """Count that ``step`` (one of ``STEPS``) took so many seconds."""
    with _lock:
        times = _times.setdefault(step, Times())
        times.counts[bisect_left(BUCKETS, seconds)] += 1
        times.total += seconds


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Count how long the block, or the function that this decorates, takes; also when it fails."""
    started = time.perf_counter()
    try:
        yield
    finally:
        note(step, time.perf_counter() - started)


def take() -> dict[str, Times]:
    """Return what was counted since the last ``take``, and start anew."""
    global _times
    with _lock:
        taken, _times = _times, {}
    return taken
