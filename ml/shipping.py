"""From trained networks to an artefact: files, card, golden scores, and the gate before one replaces
another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ml import datasets, golden
from ml.artwork import PREPROCESS_VERSION
from ml.cards import Calibration, Card, Member, digest, write_card
from ml.evaluation import ladder
from ml.gate import SLACK, regression
from ml.operating import curve
from ml.runtime import load_detector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from ml.datasets import Picture
    from ml.recipes import Recipe
    from ml.runtime import Detector

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

REVIEW_FPR, HOLD_FPR = 0.02, 0.005
"""The default policy: a person looks from the 2 % FPR threshold on, the listing waits from the 0.5 % one
on.
"""

_NAMES = {"auroc": "AUROC", "recall": "recall", "fpr": "FPR"}


@dataclass(frozen=True, slots=True)
class Network:
    """One converted network on its way into an artefact."""

    content: bytes
    recipe: Recipe
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Statement:
    """What a card says besides its files: see :class:`ml.cards.Card`."""

    summary: str
    metrics: Mapping[str, Any]
    data: Mapping[str, Any]
    training: Mapping[str, Any]


class PromotionRefusedError(Exception):
    """A candidate is worse than the detector it would replace. The sentence says in what."""


def thresholds(p: Floats, is_ai: Bools, source: str) -> dict[str, Any]:
    """Return a card's ``thresholds``: the ladder, review and hold taken from it, and the curve in thousandths.

    ``p`` are calibrated probabilities ``(n,)`` of pictures whose sources the networks never saw; ``source``
    says in words where they come from.
    """
    rungs = ladder(p, is_ai)
    at = {rung["max_fpr"]: min(1.0, rung["threshold"]) for rung in rungs}
    return {
        "review": at[REVIEW_FPR],
        "hold": at[HOLD_FPR],
        "ladder": rungs,
        "curve": curve(p[~is_ai].tolist(), p[is_ai].tolist()),
        "n_ai": int(is_ai.sum()),
        "n_human": int((~is_ai).sum()),
        "measured_on": source,
    }


def assemble(
    directory: Path,
    networks: Sequence[Network],
    calibration: Calibration,
    steps: Mapping[str, Any],
    statement: Statement,
) -> Detector:
    """Write an artefact into ``directory`` (its name is the detector's) and load it back.

    ``steps`` is what :func:`thresholds` returned.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.tflite"):
        stale.unlink()
    members = []
    for index, network in enumerate(networks):
        file = "model.tflite" if len(networks) == 1 else f"model-{index + 1}.tflite"
        (directory / file).write_bytes(network.content)
        members.append(
            Member(
                file=file,
                backbone=network.recipe.backbone,
                sha256=hashlib.sha256(network.content).hexdigest(),
                views=network.recipe.views,
                weight=network.weight,
            )
        )
    card = Card(
        name=directory.name,
        sha256=digest([network.content for network in networks]),
        preprocess_version=PREPROCESS_VERSION,
        members=tuple(members),
        calibration=calibration,
        review_threshold=steps["review"],
        hold_threshold=steps["hold"],
        thresholds=steps,
        metrics=statement.metrics,
        data=statement.data,
        training=statement.training,
        created=dt.datetime.now(dt.UTC).date().isoformat(),
        summary=statement.summary,
        directory=directory,
    )
    write_card(card)
    detector = load_detector(directory.name, directory.parent)
    golden.write(detector)
    return detector


def describe(pictures: Sequence[Picture], manifest: str) -> dict[str, Any]:
    """Return what a card says of the pictures that a detector was trained on."""
    kinds = {"ai": [one for one in pictures if one.is_ai], "human": [one for one in pictures if not one.is_ai]}
    return {
        "manifest": manifest,
        "digest": datasets.digest(pictures),
        "n_ai": len(kinds["ai"]),
        "n_human": len(kinds["human"]),
        "sources": {name: dict(Counter(one.group for one in some).most_common()) for name, some in kinds.items()},
        "domains": dict(Counter(one.domain for one in pictures)),
    }


def add_metrics(detector: Detector, name: str, figures: Mapping[str, Any]) -> None:
    """Add figures to a written card; its version stays, since no score depends on them."""
    card = detector.card
    write_card(replace(card, metrics={**card.metrics, name: figures}))


def check_promotion(
    candidate: tuple[Floats, Card], current: tuple[Floats, Card], is_ai: Bools, *, slack: float = SLACK
) -> None:
    """Refuse a candidate that is worse on a regression set of both classes.

    Each side gives its probabilities ``(n,)`` for the same pictures and its card. Raises
    :class:`PromotionRefusedError` if AUROC or recall at the review threshold falls, or FPR there rises, by
    more than ``slack``.
    """
    thresholds = (candidate[1].review_threshold, current[1].review_threshold)
    found = regression(candidate[0], current[0], is_ai, thresholds, slack=slack)
    worse = [
        f"{_NAMES[name]} {found.figures[name]['old'][name]:.3f} -> {found.figures[name]['new'][name]:.3f}"
        for name in found.figures["worse"]
    ]
    if worse:
        raise PromotionRefusedError(
            f"{candidate[1].name} is worse than {current[1].name} on the regression set: {', '.join(worse)}."
        )
