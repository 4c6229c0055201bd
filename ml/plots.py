"""The pictures of a run folder. Matplotlib is loaded when the first one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ml.calibration import expected_error, reliability
from ml.evaluation import auroc, flagged, roc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

_BLUE, _ORANGE, _GREY = "#2b6cb0", "#c05621", "#a0aec0"


def curves(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw loss and accuracy over the pictures seen."""
    seen = [row["seen"] for row in history]
    figure, (left, right) = _figure(2)
    for axes, names in ((left, ("loss", "val_loss")), (right, ("accuracy", "val_accuracy"))):
        for name, colour in zip(names, (_BLUE, _ORANGE), strict=True):
            if history and name in history[0]:
                axes.plot(seen, [row[name] for row in history], color=colour, marker=".", label=name)
        axes.set_xlabel("pictures seen")
        if axes.lines:
            axes.legend()
    left.set_title("loss")
    right.set_title("accuracy on pictures not trained on")
    _save(figure, path)


def confusion(p: Floats, is_ai: Bools, path: Path, threshold: float = 0.5) -> None:
    """Draw the four counts at a threshold."""
    fpr, recall = flagged(p, is_ai, threshold)
    counts = np.array([[fpr.n - fpr.hits, fpr.hits], [recall.n - recall.hits, recall.hits]])
    figure, (axes,) = _figure(1)
    axes.imshow(counts / np.maximum(1, counts.sum(axis=1, keepdims=True)), cmap="Blues", vmin=0, vmax=1)
    for row in range(2):
        for column in range(2):
            dark = counts[row, column] > counts[row].sum() / 2
            axes.text(
                column, row, str(counts[row, column]), ha="center", va="center", color="white" if dark else "black"
            )
    axes.set_xticks([0, 1], ["called human", "called AI"])
    axes.set_yticks([0, 1], ["human", "AI"])
    axes.set_title(f"at p = {threshold:.3g}")
    _save(figure, path)


def roc_curve(named: Mapping[str, tuple[Floats, Bools]], path: Path) -> None:
    """Draw ROC curves, whole and where a marketplace works: FPR up to 10 %."""
    figure, (left, right) = _figure(2)
    for name, (p, is_ai) in named.items():
        fpr, recall = roc(p, is_ai)
        for axes in (left, right):
            axes.step(fpr, recall, where="post", label=f"{name}: AUROC {auroc(p, is_ai) or 0:.3f}")
    right.set_xlim(0, 0.1)
    for axes in (left, right):
        axes.set_xlabel("human works flagged")
        axes.set_ylabel("AI works caught")
        axes.grid(color=_GREY, alpha=0.3)
    left.legend(loc="lower right", fontsize=8)
    _save(figure, path)


def reliability_plot(p: Floats, is_ai: Bools, path: Path) -> None:
    """Draw what the probabilities promise against what happened, with the number of pictures in each bin."""
    figure, (left, right) = _figure(2)
    bins = reliability(p, is_ai)
    left.plot([0, 1], [0, 1], color=_GREY, linestyle="--")
    left.plot([mean for _, mean, _ in bins], [share for _, _, share in bins], color=_BLUE, marker="o")
    left.set_xlabel("p(AI) on average")
    left.set_ylabel("share of AI")
    left.set_title(f"expected calibration error {expected_error(p, is_ai):.3f}")
    edges = np.linspace(0, 1, 31)
    right.hist([p[~is_ai], p[is_ai]], edges.tolist(), label=["human", "AI"], color=[_BLUE, _ORANGE], stacked=True)
    right.set_yscale("log")
    right.set_xlabel("p(AI)")
    right.legend()
    _save(figure, path)


def bars(values: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Draw a group of bars for each name, one bar for each key, values from 0 to 1."""
    figure, (axes,) = _figure(1)
    keys = list(next(iter(values.values())))
    for index, key in enumerate(keys):
        places = np.arange(len(values)) + (index - (len(keys) - 1) / 2) * 0.8 / len(keys)
        axes.bar(places, [row[key] for row in values.values()], 0.8 / len(keys), label=key)
    axes.set_xticks(range(len(values)), list(values))
    axes.set_ylim(0, 1)
    axes.legend(fontsize=8)
    _save(figure, path)


def _figure(columns: int) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # without pyplot: no window system, no global state

    figure = Figure(figsize=(5 * columns, 4), layout="constrained")
    return figure, np.atleast_1d(figure.subplots(1, columns))


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=110)
