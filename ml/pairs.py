"""Two judgements of the same pictures, compared by where they differ. Needs no NumPy: the web process shows it too."""

from __future__ import annotations

import math
from typing import Any

_Z = 1.959964


def differing(only_new: int, only_old: int, n: int) -> dict[str, Any]:
    """Return how two yes/no judgements of the same ``n`` pictures differ.

    ``only_new`` and ``only_old`` count the pictures that one alone flags; ``p`` is McNemar's exact two-sided test of
    whether that is chance; ``difference`` of the flagged shares (new - old) with its 95 % ``interval`` (Agresti & Min
    2005, who add one to both counts).
    """
    apart = only_new + only_old
    tail = sum(math.comb(apart, k) for k in range(min(only_new, only_old) + 1))
    middle = (only_new - only_old) / (n + 2)
    spread = _Z * math.sqrt(apart + 1 - (only_new - only_old) ** 2 / (n + 2)) / (n + 2)
    return {
        "n": n,
        "only_new": only_new,
        "only_old": only_old,
        "p": min(1.0, 2 * tail / 2**apart),  # whole numbers: exact, however many
        "difference": (only_new - only_old) / n if n else 0.0,
        "interval": [max(-1.0, middle - spread), min(1.0, middle + spread)],
    }
