"""The protocols that need no training of their own: ``tiers``, ``controls``, ``originals``, ``domain``.

The first two and the last ask a finished ``unseen`` run, so that no picture is judged by a network that knows
it.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ml import evaluation, plots, tables
from ml.artwork import Artwork, read_artwork
from ml.calibration import apply
from ml.probe import ArtworkError
from ml.protocols import FIELD, write_report
from ml.spoil import TIERS, saved, spoiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.datasets import Picture
    from ml.protocols import UnseenRun
    from ml.runtime import Detector

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

FORMATS: dict[str, dict[str, int]] = {"PNG": {}, "JPEG": {"quality": 95}, "WEBP": {"quality": 90}}
"""The formats between which a picture's score must not move, the first being the reference."""
TRAINING_WEBP_QUALITY = 82


def tiers(run: UnseenRun, root: Path, folder: Path, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Measure recall and FPR when pictures arrive clean, from the web, or spoiled on purpose."""
    field = np.flatnonzero(run.field)
    is_ai = run.is_ai[field]
    p: dict[str, Floats] = {tier: np.zeros(len(field)) for tier in TIERS}
    kinds: dict[str, npt.NDArray[np.str_]] = {}
    for tier, spoilers in TIERS.items():
        names = list(spoilers)
        kinds[tier] = np.array([names[index % len(names)] for index in field])
        for fold, detector, places in _by_fold(run, field):
            artworks = (
                _spoiled_artwork(root / run.pictures[int(field[i])].file, spoilers[kinds[tier][i]], int(field[i]))
                for i in places.tolist()
            )
            p[tier][places] = apply(run.calibration, np.array([detector.logits([one])[0] for one in artworks]))
            say(f"{tier}: fold {fold + 1} scored")
    # One pair of thresholds for all tiers: what a site would have set on clean pictures.
    clean = {rung["max_fpr"]: rung["threshold"] for rung in evaluation.ladder(p["clean"], is_ai)}
    steps = {f"{100 * step:g} % on clean": clean[step] for step in evaluation.FPR_STEPS}
    metrics: dict[str, Any] = {"protocol": "tiers", "field": FIELD}
    for tier in TIERS:
        metrics[tier] = evaluation.summary(p[tier], is_ai, steps)
        metrics[tier]["by_kind"] = {
            str(kind): evaluation.summary(p[tier][kinds[tier] == kind], is_ai[kinds[tier] == kind], steps)
            for kind in TIERS[tier]
        }
    text = [
        "# `tiers`: the same pictures, clean and spoiled\n",
        tables.summary_table({tier: metrics[tier] for tier in TIERS}),
        "\n## At the thresholds of clean pictures\n",
        tables.thresholds_table({tier: metrics[tier] for tier in TIERS}),
        "\n## By what was done\n",
        tables.summary_table(
            {f"{tier}: {kind}": one for tier in TIERS for kind, one in metrics[tier]["by_kind"].items()}
        ),
    ]
    write_report(folder, metrics, "\n".join(text))
    plots.roc_curve({tier: (p[tier], is_ai) for tier in TIERS}, folder / "roc.png")
    return metrics


def controls(
    run: UnseenRun, root: Path, folder: Path, *, sample: int = 300, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Measure what gives the class away without a look at the picture, and whether our score moves with
    it.
    """
    field = np.flatnonzero(run.field)
    pictures = [run.pictures[i] for i in field.tolist()]
    is_ai, p = run.is_ai[field], run.ranked[field]
    metrics: dict[str, Any] = {
        "protocol": "controls",
        "blind": _blind(pictures, is_ai),
        "crossed": _crossed(pictures, p, is_ai),
        "format_shift": _format_shift(run, field, root, sample, say),
    }
    blind, crossed, shift = metrics["blind"], metrics["crossed"], metrics["format_shift"]
    text = [
        "# `controls`\n\n## A classifier that sees format, size and aspect ratio, not one pixel\n",
        tables.table(
            ("split", "AUROC", "accuracy"),
            [(name, tables.number(one["auroc"]), tables.percent(one, "accuracy")) for name, one in blind.items()],
        ),
        "\n## Ours, class and format crossed (original formats)\n",
        tables.summary_table(crossed),
        "\n## The same pictures saved as another format\n",
        tables.table(
            ("format", "mean shift", "mean |shift|", "largest |shift|", "pictures"),
            [
                (name, *(f"{one[key]:.4f}" for key in ("mean", "mean_abs", "max_abs")), one["n"])
                for name, one in shift.items()
            ],
        ),
    ]
    write_report(folder, metrics, "\n".join(text))
    return metrics


def domain(run: UnseenRun, folder: Path) -> dict[str, Any]:
    """Measure how often human works outside the field are flagged, by medium."""
    p, is_ai, field = run.ranked, run.is_ai, run.field
    steps = {
        f"{100 * rung['max_fpr']:g} % on {FIELD}": rung["threshold"]
        for rung in evaluation.ladder(p[field], is_ai[field])
    }
    media: dict[str, list[int]] = {}
    for index, picture in enumerate(run.pictures):
        if picture.domain not in (FIELD, "") and not picture.is_ai:
            media.setdefault(f"{picture.domain}: {picture.what or 'unnamed'}", []).append(index)
    metrics: dict[str, Any] = {"protocol": "domain"}
    metrics["by_medium"] = {
        name: evaluation.summary(p[places], is_ai[places], steps) for name, places in sorted(media.items())
    }
    for name in ("other", "edge"):
        inside = run.where(name) & ~is_ai
        metrics[name] = evaluation.summary(p[inside], is_ai[inside], steps)
    text = [
        "# `domain`: human works outside the field\n",
        tables.thresholds_table({name: metrics[name] for name in ("other", "edge")}),
        "\n## By medium\n",
        tables.thresholds_table(metrics["by_medium"]),
    ]
    write_report(folder, metrics, "\n".join(text))
    return metrics


def originals(
    detector: Detector, files: Sequence[Path], folder: Path, copies: Mapping[str, Path] | None = None
) -> dict[str, Any]:
    """Compare the scores of original files with those of their normalised copies.

    ``copies`` maps an original's path to its copy in the training set, where there is one; for the others the
    copy is made here as the training set's were: Lanczos to a short side of 384, WebP quality 82.
    """
    rows: list[dict[str, Any]] = []
    for file in files:
        try:
            original = read_artwork(file)
        except ArtworkError as error:
            rows.append({"file": file.name, "error": str(error)})
            continue
        known = (copies or {}).get(str(file))
        copy = read_artwork(known) if known else _training_copy(file)
        p, p_copy = detector.score([original, copy])
        kind = "in the training set" if known else "made here"
        rows.append({"file": file.name, "copy": kind, "p_ai": p, "p_ai_copy": p_copy, "difference": p - p_copy})
    differences = np.array([row["difference"] for row in rows if "difference" in row])
    metrics = {
        "protocol": "originals",
        "detector": detector.card.name,
        "n": len(differences),
        "mean_abs_difference": float(np.abs(differences).mean()),
        "mean_difference": float(differences.mean()),
        "max_abs_difference": float(np.abs(differences).max()),
        "files": rows,
    }
    shown = [
        (row["file"], row["copy"], *(f"{row[key]:.3f}" for key in ("p_ai", "p_ai_copy", "difference")))
        for row in rows
        if "difference" in row
    ]
    text = tables.table(("original", "copy", "p", "p of the copy", "difference"), shown)
    mean = metrics["mean_abs_difference"]
    write_report(folder, metrics, f"# `originals`: mean |difference| {mean:.4f} over {len(shown)} pictures\n\n{text}")
    return metrics


def matching_copies(files: Sequence[Path], pictures: Sequence[Picture], root: Path) -> dict[str, Path]:
    """Find originals' copies in the training set: by the digest in the name, or by size and length of the
    file.
    """
    by_stem = {picture.file.rsplit("/", 1)[-1][:10]: picture for picture in pictures}
    by_size = {(picture.width, picture.height, picture.bytes): picture for picture in pictures if picture.bytes}
    found = {}
    for file in files:
        with Image.open(file) as image:
            key = (*image.size, file.stat().st_size)
        picture = by_stem.get(file.stem.rsplit("-", 1)[-1]) or by_size.get(key)
        if picture:
            found[str(file)] = root / picture.file
    return found


def read_list(path: Path) -> list[Path]:
    """Return the picture files below a folder of originals, from its ``list.csv`` and its ``clean``
    folder.
    """
    with (path / "list.csv").open(newline="", encoding="utf-8") as file:
        marked = [path / row["file"] for row in csv.DictReader(file)]
    return marked + sorted(file for file in (path / "clean").iterdir() if file.is_file())


def _by_fold(run: UnseenRun, field: npt.NDArray[np.intp]) -> list[tuple[int, Detector, npt.NDArray[np.intp]]]:
    return [
        (int(fold), run.detector(int(fold)), np.flatnonzero(run.fold[field] == fold))
        for fold in np.unique(run.fold[field])
    ]


def _spoiled_artwork(path: Path, spoiler: Any, seed: int) -> Artwork:
    return read_artwork(spoiled(read_artwork(path).pixels, spoiler, np.random.default_rng(seed)))


def _training_copy(path: Path) -> Artwork:
    pixels = read_artwork(path).pixels
    return read_artwork(saved(Image.fromarray(pixels), "WEBP", quality=TRAINING_WEBP_QUALITY))


def _blind(pictures: Sequence[Picture], is_ai: Bools) -> dict[str, Any]:
    """Return AUROC and accuracy of a boosted tree on the manifest's columns, by random split and by
    source.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GroupKFold, KFold, cross_val_predict

    names = sorted({picture.format for picture in pictures})
    features = np.array(
        [
            (names.index(one.format), one.width, one.height, one.width / max(1, one.height), one.bytes)
            for one in pictures
        ],
        float,
    )
    groups = np.array([picture.group or picture.file for picture in pictures])
    found = {}
    for name, split in (("by picture", KFold(5, shuffle=True, random_state=0)), ("by source", GroupKFold(5))):
        model = HistGradientBoostingClassifier(random_state=0)
        parts = list(split.split(features, is_ai, groups if name == "by source" else None))
        p = cross_val_predict(model, features, is_ai, cv=parts, method="predict_proba")[:, 1]
        right = evaluation.Rate(int(((p >= 0.5) == is_ai).sum()), len(p))
        found[name] = {"auroc": evaluation.auroc(p, is_ai), **right.named("accuracy")}
    return found


def _crossed(pictures: Sequence[Picture], p: Floats, is_ai: Bools) -> dict[str, Any]:
    formats = np.array([picture.format for picture in pictures])
    found = {}
    for human, ai in (("PNG", "JPEG"), ("JPEG", "PNG")):
        inside = (~is_ai & (formats == human)) | (is_ai & (formats == ai))
        found[f"human {human}, AI {ai}"] = evaluation.summary(p[inside], is_ai[inside])
    return found


def _format_shift(
    run: UnseenRun, field: npt.NDArray[np.intp], root: Path, sample: int, say: Callable[[str], None]
) -> dict[str, Any]:
    chosen = np.sort(np.random.default_rng(0).permutation(field)[:sample])
    p = {name: np.zeros(len(chosen)) for name in FORMATS}
    for fold, detector, places in _by_fold(run, chosen):
        for place in places.tolist():
            image = Image.fromarray(read_artwork(root / run.pictures[int(chosen[place])].file).pixels)
            for name, options in FORMATS.items():
                artwork = read_artwork(io.BytesIO(saved(image, name, **options)))
                p[name][place] = apply(run.calibration, detector.logits([artwork]))[0]
        say(f"formats: fold {fold + 1} scored")
    reference = p[next(iter(FORMATS))]
    return {
        name: {
            "mean": float((values - reference).mean()),
            "mean_abs": float(np.abs(values - reference).mean()),
            "max_abs": float(np.abs(values - reference).max()),
            "n": len(chosen),
        }
        for name, values in p.items()
    }
