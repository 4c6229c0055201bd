"""The protocols that need training: ``paper`` (a replication) and ``unseen`` (sources never seen).

``unseen`` is what a marketplace meets: every source is held out once, and each picture is scored by networks
that saw nothing of its source. Its run folder keeps a whole detector for each fold, so that
:mod:`ml.robustness` can ask the same question of altered pictures.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import backbones, calibration, datasets, evaluation, plots, shipping, tables
from ml.artwork import Artwork
from ml.cards import Calibration
from ml.feeding import LabelledPixels
from ml.probe import Header
from ml.runtime import load_detector
from ml.training import HISTORY_FILE, logits, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.datasets import Picture
    from ml.recipes import Plan, Recipe
    from ml.runtime import Detector

    Floats = npt.NDArray[np.float64]

PAPER_ROWS = {
    "mobilenet_v2": {"accuracy": 0.968, "precision": 1.0, "recall": 0.950},
    "mobilenet_v3": {"accuracy": 0.972, "precision": 1.0, "recall": 0.943},
}
"""What Kusuma & Natalia (2024) report, human being their positive class."""
FIELD = "anime"
"""The domain that the detector is for; the rest is measured too, apart."""
_SCORES_FILE = "scores.csv"
METRICS_FILE, TABLE_FILE = "metrics.json", "metrics.md"
_PARITY_SQUARES = 8


def paper_run(
    recipe: Recipe,
    pictures: Sequence[Picture],
    root: Path,
    folder: Path,
    *,
    seed: int,
    weights: Path | str | None = backbones.BACKBONES_DIR,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train and test once by the paper's protocol; fill the run folder and return its metrics."""
    trained_on, tested_on = datasets.paper_split(pictures, seed)
    data = LabelledPixels.load([*trained_on, *tested_on], root)
    test = data.select(tested_on)
    model = train(recipe, data.select(trained_on), folder, seed=seed, validation=test, weights=weights, say=say)
    p = calibration.apply(Calibration(), logits(model, test.pixels, recipe.views))
    metrics: dict[str, Any] = {
        "protocol": "paper",
        "backbone": recipe.backbone,
        "seed": seed,
        "ours": evaluation.our_convention(p, test.is_ai),
        "paper_convention": evaluation.paper_convention(p, test.is_ai),
        "summary": evaluation.summary(p, test.is_ai),
    }
    plots.curves(json.loads((folder / HISTORY_FILE).read_text(encoding="utf-8")), folder / "curves.png")
    _draw(folder, p, test.is_ai)
    write_scores(folder / _SCORES_FILE, tested_on, p)
    rows = [
        (name, *(tables.percent(metrics[name], key) for key in ("accuracy", "precision", "recall")))
        for name in ("ours", "paper_convention")
    ]
    text = tables.table(("convention", "accuracy", "precision", "recall"), rows)
    fpr = tables.percent(metrics["ours"], "fpr")
    write_report(folder, metrics, f"{text}\n\nHuman works flagged: {fpr}. Intervals are 95 % (Wilson).")
    return metrics


def paper_summary(family: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what a card says of several seeds."""
    accuracy = [run["ours"]["accuracy"] for run in runs]
    return {
        "family": family,
        "seeds": [run["seed"] for run in runs],
        "accuracy_mean": float(np.mean(accuracy)),
        "accuracy_sd": float(np.std(accuracy, ddof=1)) if len(runs) > 1 else None,
        "ai_recall_mean": float(np.mean([run["ours"]["recall"] for run in runs])),
        "fpr_mean": float(np.mean([run["ours"]["fpr"] for run in runs])),
        "auroc_mean": float(np.mean([run["summary"]["auroc"] for run in runs])),
        "paper": PAPER_ROWS.get(family),
    }


@dataclass(frozen=True, slots=True)
class UnseenRun:
    """A finished ``unseen`` run: each picture's fold, and its scores by the fold that did not see it.

    ``p`` is calibrated on the other folds, which is what a claim about probabilities (ECE) must rest on.
    """

    folder: Path
    pictures: Sequence[Picture]
    fold: npt.NDArray[np.int64]
    logits: Floats
    p: Floats

    @property
    def calibration(self) -> Calibration:
        """One calibration for all folds, as a shipped detector has: it leaves the order of the logits alone."""
        field = self.field
        return calibration.fit(self.logits[field], self.is_ai[field])

    @property
    def ranked(self) -> Floats:
        """``(n,)`` probabilities by :attr:`calibration`: for thresholds, AUROC and recall."""
        return calibration.apply(self.calibration, self.logits)

    @property
    def field(self) -> npt.NDArray[np.bool_]:
        """``(n,)``: true for pictures of the detector's field, or of no domain."""
        return self.where(FIELD) | self.where("")

    @property
    def is_ai(self) -> npt.NDArray[np.bool_]:
        """``(n,)``: true where a picture is AI-generated."""
        return datasets.labels(self.pictures)

    def where(self, domain: str) -> npt.NDArray[np.bool_]:
        """Return ``(n,)``: true where a picture is of this domain."""
        return np.array([picture.domain == domain for picture in self.pictures], bool)

    def detector(self, fold: int) -> Detector:
        """Load the detector that saw nothing of the fold's sources."""
        return load_detector("detector", fold_folder(self.folder, fold))

    @classmethod
    def load(cls, folder: Path, pictures: Sequence[Picture]) -> UnseenRun:
        """Read a run folder; ``pictures`` is the manifest that it was made of."""
        with (folder / _SCORES_FILE).open(newline="", encoding="utf-8") as file:
            rows = {row["file"]: row for row in csv.DictReader(file)}
        kept = [picture for picture in pictures if picture.file in rows]
        columns = {
            name: np.array([float(rows[picture.file][name]) for picture in kept]) for name in ("fold", "logit", "p_ai")
        }
        return cls(folder, kept, columns["fold"].astype(np.int64), columns["logit"], columns["p_ai"])


def unseen(
    plan: Plan,
    data: LabelledPixels,
    folder: Path,
    *,
    folds: int = 5,
    seed: int = 0,
    weights: Path | str | None = backbones.BACKBONES_DIR,
    say: Callable[[str], None] = print,
) -> UnseenRun:
    """Hold every source out once. Trains ``folds`` x networks; interrupted, it goes on where it stopped."""
    parts = datasets.group_folds(data.pictures, folds, seed)
    fold_of = {picture.file: k for k, part in enumerate(parts) for picture in part}
    fold = np.array([fold_of[picture.file] for picture in data.pictures])
    z = np.zeros(len(data.pictures))
    networks = []
    memory: dict[Any, Any] = {}
    for k, part in enumerate(parts):
        say(f"fold {k + 1} of {folds}: {len(part)} pictures of {len({p.group for p in part})} sources held out")
        networks.append(
            train_plan(plan, data, part, fold_folder(folder, k), seed=seed, weights=weights, memory=memory, say=say)
        )
        detector = _fold_detector(fold_folder(folder, k), networks[k], Calibration(), np.zeros(1), np.zeros(1, bool))
        held_out = fold == k
        z[held_out] = detector.logits([_artwork(data.pixels[i]) for i in np.flatnonzero(held_out).tolist()])
        say(f"fold {k + 1} of {folds}: AUROC {tables.number(evaluation.auroc(z[held_out], data.is_ai[held_out]))}")
    p = np.zeros(len(z))
    in_field = np.array([picture.domain in (FIELD, "") for picture in data.pictures])
    for k in range(folds):  # each fold is calibrated on the others
        others = (fold != k) & in_field
        fitted = calibration.fit(z[others], data.is_ai[others])
        p[fold == k] = calibration.apply(fitted, z[fold == k])
        _fold_detector(
            fold_folder(folder, k), networks[k], fitted, calibration.apply(fitted, z[others]), data.is_ai[others]
        )
    write_scores(folder / _SCORES_FILE, data.pictures, p, fold=fold, logit=z)
    run = UnseenRun(folder, data.pictures, fold, z, p)
    report_unseen(run, plan)
    return run


def train_plan(
    plan: Plan,
    data: LabelledPixels,
    held_out: Sequence[Picture],
    folder: Path,
    *,
    seed: int,
    weights: Path | str | None = backbones.BACKBONES_DIR,
    memory: dict[Any, Any] | None = None,
    say: Callable[[str], None] = print,
) -> list[shipping.Network]:
    """Train a plan's networks on everything but the sources of ``held_out``, and convert them."""
    from ml import export
    from ml.views import cut

    networks = []
    for index, (recipe, weight) in enumerate(zip(plan.recipes, plan.weights, strict=True)):
        known = [picture for picture in data.pictures if not picture.domain or picture.domain in recipe.domains]
        known = datasets.complement(known, held_out)
        run = folder / f"network-{index + 1}"
        model = train(recipe, data.select(known), run, seed=seed, weights=weights, memory=memory, say=say)
        file = run / "model.tflite"
        squares = np.concatenate([cut(pixels, recipe.views[0])[:1] for pixels in data.pixels[:_PARITY_SQUARES]])
        networks.append(shipping.Network(export.write_litert(model, recipe, file, squares), recipe, weight))
    return networks


def report_unseen(run: UnseenRun, plan: Plan) -> dict[str, Any]:
    """Write metrics, tables and plots of an ``unseen`` run and return the metrics."""
    field, is_ai, p = run.field, run.is_ai, run.ranked
    pictures = [picture for picture, inside in zip(run.pictures, field, strict=True) if inside]
    own = {rung["max_fpr"]: rung["threshold"] for rung in evaluation.ladder(p[field], is_ai[field])}
    steps = {"review": own[shipping.REVIEW_FPR], "hold": own[shipping.HOLD_FPR]}
    whole = evaluation.sliced(pictures, p[field], steps)
    whole["overall"]["ece"] = calibration.expected_error(run.p[field], is_ai[field])
    domains = {
        domain: evaluation.summary(p[run.where(domain)], is_ai[run.where(domain)], steps)
        for domain in sorted({picture.domain for picture in run.pictures if picture.domain})
    }
    metrics: dict[str, Any] = {
        "protocol": "unseen",
        "plan": plan.name,
        "folds": int(run.fold.max()) + 1,
        "field": FIELD,
        **whole["overall"],
        "ladder": evaluation.ladder(p[field], is_ai[field]),
        "by_fold": {
            str(k): evaluation.auroc(p[field & (run.fold == k)], is_ai[field & (run.fold == k)])
            for k in np.unique(run.fold)
        },
        "by_domain": domains,
        "by_group": whole["by"]["group"],
        "by_format": whole["by"]["format"],
    }
    plots.confusion(p[field], is_ai[field], run.folder / "confusion.png", steps["review"])
    plots.roc_curve({plan.name: (p[field], is_ai[field])}, run.folder / "roc.png")
    plots.reliability_plot(run.p[field], is_ai[field], run.folder / "reliability.png")
    text = [
        f"# `unseen`: {plan.name}, every source held out once\n",
        tables.summary_table({FIELD: whole["overall"]} | {k: v for k, v in domains.items() if k != FIELD}),
        "\n## Thresholds\n",
        tables.ladder_table(metrics["ladder"]),
        "\n## By source\n",
        tables.thresholds_table(metrics["by_group"]),
    ]
    write_report(run.folder, metrics, "\n".join(text))
    return metrics


def fold_folder(folder: Path, fold: int) -> Path:
    """Return where a fold's runs and detector lie."""
    return folder / f"fold-{fold + 1}"


def write_report(folder: Path, metrics: dict[str, Any], text: str) -> None:
    """Write ``metrics.json`` and ``metrics.md``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    (folder / TABLE_FILE).write_text(text.rstrip() + "\n", encoding="utf-8")


def write_scores(path: Path, pictures: Sequence[Picture], p: Floats, **columns: npt.NDArray[Any]) -> None:
    """Write one row a picture: file, label, group, domain, p_ai and further columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", "group", "domain", "p_ai", *columns))
        for index, picture in enumerate(pictures):
            label = "ai" if picture.is_ai else "human"
            extra = [values[index] for values in columns.values()]
            writer.writerow((picture.file, label, picture.group, picture.domain, p[index], *extra))


def _fold_detector(
    folder: Path, networks: Sequence[shipping.Network], fitted: Calibration, p: Floats, is_ai: npt.NDArray[np.bool_]
) -> Detector:
    steps = shipping.thresholds(p, is_ai, "the other folds")
    statement = shipping.Statement("One fold of an unseen run; not for use.", {}, {}, {})
    return shipping.assemble(folder / "detector", networks, fitted, steps, statement)


def _artwork(pixels: npt.NDArray[np.uint8]) -> Artwork:
    return Artwork(pixels, Header("WEBP", pixels.shape[1], pixels.shape[0], 1, "image/webp"))


def _draw(folder: Path, p: Floats, is_ai: npt.NDArray[np.bool_]) -> None:
    plots.confusion(p, is_ai, folder / "confusion.png")
    plots.roc_curve({folder.name: (p, is_ai)}, folder / "roc.png")
    plots.reliability_plot(p, is_ai, folder / "reliability.png")


def paper_table(summaries: dict[str, dict[str, Any]]) -> str:
    """Return ours beside the paper's rows, human being the positive class only where the head says so."""
    rows: list[tuple[object, ...]] = []
    for family, ours in summaries.items():
        spread = f" (sd {ours['accuracy_sd']:.3f})" if ours["accuracy_sd"] is not None else ""
        rows.append(
            (
                f"{family}, ours, {len(ours['seeds'])} seeds",
                f"{ours['accuracy_mean']:.3f}{spread}",
                f"{ours['ai_recall_mean']:.3f}",
                f"{ours['fpr_mean']:.3f}",
                f"{1 - ours['fpr_mean']:.3f}",
            )
        )
        paper = ours["paper"]
        if paper:
            rows.append(
                (f"{family}, paper", paper["accuracy"], "1.000", f"{1 - paper['recall']:.3f}", paper["recall"])
            )
    head = ("", "accuracy", "AI caught", "human works flagged", "recall as the paper counts (human)")
    return f"# `paper`\n\n{tables.table(head, rows)}"
