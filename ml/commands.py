"""What the commands of ``python -m ml`` do, apart from how their options are spelled (:mod:`ml.cli`)."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import datasets, evaluation, protocols, recipes, robustness, shipping
from ml.artwork import read_artwork
from ml.cards import read_card, shipped_cards
from ml.modelcard import render
from ml.pipeline import find_pictures, score_file
from ml.runtime import load_detector

if TYPE_CHECKING:
    import argparse

    from ml.pipeline import Score
    from ml.recipes import Plan

OK, BAD_USE, FLAGGED = 0, 2, 3
FAMILIES = {"mobilenet_v2": "mobilenet_v2", "mobilenet_v3_large_minimalistic": "mobilenet_v3"}


class UsageError(Exception):
    """The command cannot do what was asked. The sentence says why."""


def say(line: str) -> None:
    """Print a line of progress at once, also into a log file."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def score(options: argparse.Namespace) -> int:
    """Score files and folders; one line each, JSON with ``--json``."""
    files = list(find_pictures(options.paths))
    detector = load_detector(options.detector, options.artefacts)
    flagged = unread = 0
    for file in files:
        result = score_file(file, detector)
        flagged += result.verdict in ("review", "hold")
        unread += result.error is not None
        say(json.dumps(result.as_dict()) if options.json else _line(result))
    sys.stderr.write(f"{len(files)} files: {flagged} flagged, {unread} could not be read.\n")
    return FLAGGED if flagged else OK


def evaluate(options: argparse.Namespace) -> int:
    """Score a manifest and write every figure as JSON."""
    pictures = datasets.read_manifest(options.manifest)
    detector = load_detector(options.detector, options.artefacts)
    result = evaluation.evaluate(detector, pictures, _root(options))
    text = json.dumps(result, indent=1) + "\n"
    if options.json:
        options.json.write_text(text, encoding="utf-8")
        overall = result["overall"]
        say(f"{options.json}: {result['n']} pictures, AUROC {overall['auroc']}")
    else:
        sys.stdout.write(text)
    return OK


def train(options: argparse.Namespace) -> int:
    """Train one network: by the paper's protocol, or on every picture of the recipe's domains. Or go on from a shipped
    detector: a candidate is written to ``--out``.
    """
    if options.init:
        return _go_on(options)
    known = recipes.PAPER if options.protocol == "paper" else recipes.RECIPES
    recipe = known.get(FAMILIES.get(options.backbone, ""), recipes.Recipe(options.backbone))
    recipe = replace(
        recipe, backbone=options.backbone, passes=recipe.passes if options.passes is None else options.passes
    )
    pictures, root = datasets.read_manifest(options.manifest), _root(options)
    if options.protocol == "paper":
        protocols.paper_run(recipe, pictures, root, options.out, seed=options.seed, weights=_weights(options), say=say)
        say((options.out / protocols.TABLE_FILE).read_text(encoding="utf-8"))
        return OK
    from ml.feeding import LabelledPixels

    pictures = [picture for picture in pictures if not picture.domain or picture.domain in recipe.domains]
    plan = recipes.Plan(recipe.backbone, (recipe,), (1.0,))
    data = LabelledPixels.load(pictures, root)
    protocols.train_plan(plan, data, (), options.out, seed=options.seed, weights=_weights(options), say=say)
    return OK


def _go_on(options: argparse.Namespace) -> int:
    from ml.continuing import go_on
    from ml.feeding import LabelledPixels

    data = LabelledPixels.load(datasets.read_manifest(options.manifest), _root(options))
    candidate = go_on(options.init, options.artefacts, data, options.out, manifest=options.manifest.name, say=say)
    say(f"{candidate.card.path}: version {candidate.card.version}, a candidate")
    return OK


def protocol(options: argparse.Namespace) -> int:
    """Run one protocol and print its table."""
    from ml.feeding import LabelledPixels

    pictures, root, out = datasets.read_manifest(options.manifest), _root(options), options.out
    out = out or Path("runs") / (options.name if options.name == "paper" else f"{options.name}-{options.plan}")
    unseen = options.unseen or Path("runs") / f"unseen-{options.plan}"
    match options.name:
        case "paper":
            _paper(options, pictures, root, out)
        case "unseen":
            data = LabelledPixels.load(pictures, root)
            protocols.unseen(
                _plan(options), data, out, folds=options.folds, seed=options.seed, weights=_weights(options), say=say
            )
        case "tiers":
            robustness.tiers(_unseen(unseen, pictures), root, out, say)
        case "controls":
            robustness.controls(_unseen(unseen, pictures), root, out, say=say)
        case "domain":
            robustness.domain(_unseen(unseen, pictures), out)
        case "originals":
            files = robustness.read_list(options.originals)
            copies = robustness.matching_copies(files, pictures, root)
            robustness.originals(load_detector(options.detector, options.artefacts), files, out, copies)
    say((out / protocols.TABLE_FILE).read_text(encoding="utf-8"))
    return OK


def export(options: argparse.Namespace) -> int:
    """Train a plan on every picture of its domains and write the artefact, calibrated on an ``unseen``
    run.
    """
    from ml.feeding import LabelledPixels

    plan, root = _plan(options), _root(options)
    pictures = datasets.read_manifest(options.manifest)
    runs = Path("runs")
    run = _unseen(options.unseen or runs / f"unseen-{plan.name}", pictures)
    known = [one for one in pictures if any(not one.domain or one.domain in r.domains for r in plan.recipes)]
    data = LabelledPixels.load(known, root)
    out = options.out or runs / f"all-{plan.name}"
    networks = protocols.train_plan(plan, data, (), out, seed=options.seed, weights=_weights(options), say=say)
    source = f"{protocols.FIELD} pictures, each scored by networks that saw nothing of its source"
    steps = shipping.thresholds(run.ranked[run.field], run.is_ai[run.field], source)
    metrics = {
        name: _metrics(runs, name, plan.name) for name in ("unseen", "tiers", "controls", "domain", "originals")
    }
    metrics["paper"] = _paper_metrics(runs, plan)
    statement = shipping.Statement(
        summary=options.summary or f"{plan.name}: {', '.join(recipe.backbone for recipe in plan.recipes)}.",
        metrics={name: value for name, value in metrics.items() if value},
        data=shipping.describe(known, options.manifest.name),
        training={
            "recipes": [recipe.as_dict() for recipe in plan.recipes],
            "seed": options.seed,
            **({"note": options.note} if options.note else {}),
            "command": f"python -m ml export --plan {plan.name} --seed {options.seed}",
        },
    )
    target = options.artefacts / (options.name or plan.name)
    detector = shipping.assemble(target, networks, run.calibration, steps, statement)
    whole = evaluation.evaluate(detector, pictures, root)
    shipping.add_metrics(detector, "manifest", {"overall": whole["overall"], "by_domain": whole["by"]["domain"]})
    say(f"{detector.card.path}: version {detector.card.version}")
    return OK


def promote(options: argparse.Namespace) -> int:
    """Copy a candidate over the shipped detector of its name, unless it is worse on a regression set."""
    pictures, root = datasets.read_manifest(options.manifest), _root(options)
    candidate = load_detector(options.candidate.name, options.candidate.parent)
    current = load_detector(options.over or candidate.card.name, options.artefacts)
    artworks = [read_artwork(root / picture.file) for picture in pictures]
    sides = [(np.array(detector.score(artworks)), detector.card) for detector in (candidate, current)]
    shipping.check_promotion(sides[0], sides[1], datasets.labels(pictures))
    target = current.card.directory
    for file in target.iterdir():
        file.unlink()
    for file in options.candidate.iterdir():
        shutil.copy2(file, target / file.name)
    read_card(target)
    say(f"{candidate.card.version} replaces {current.card.version} in {target}")
    return OK


def card(options: argparse.Namespace) -> int:
    """Write the model card from the shipped cards."""
    text = render(shipped_cards(options.artefacts))
    options.out.write_text(text, encoding="utf-8")
    say(str(options.out))
    return OK


def explain(options: argparse.Namespace) -> int:
    """Write an overlay that shows where the detector looked."""
    from ml.saliency import overlay_png

    detector = load_detector(options.detector, options.artefacts)
    options.out.write_bytes(overlay_png(detector, read_artwork(options.path)))
    say(str(options.out))
    return OK


def _line(result: Score) -> str:
    if result.p_ai is None:
        return f"     ?  {'-':6}  {result.path}  ({result.error})"
    return f"{result.p_ai:6.3f}  {result.verdict:6}  {result.path}"


def _root(options: argparse.Namespace) -> Path:
    return Path(options.root or options.manifest.parent)


def _weights(options: argparse.Namespace) -> Path | str:
    return "imagenet" if options.backbones == "imagenet" else Path(options.backbones)


def _plan(options: argparse.Namespace) -> Plan:
    try:
        return recipes.PLANS[options.plan]
    except KeyError as error:
        raise UsageError(f"There is no plan {options.plan}; there are {', '.join(recipes.PLANS)}.") from error


def _unseen(folder: Path, pictures: list[datasets.Picture]) -> protocols.UnseenRun:
    if not (folder / protocols.METRICS_FILE).exists():
        raise UsageError(f"There is no finished unseen run in {folder}: run `python -m ml protocol unseen` first.")
    return protocols.UnseenRun.load(folder, pictures)


def _paper(options: argparse.Namespace, pictures: list[datasets.Picture], root: Path, out: Path) -> None:
    summaries = {}
    for family, recipe in recipes.PAPER.items():
        runs = [
            protocols.paper_run(
                recipe, pictures, root, out / f"{family}-{seed}", seed=seed, weights=_weights(options), say=say
            )
            for seed in range(options.seed, options.seed + options.seeds)
        ]
        summaries[family] = protocols.paper_summary(family, runs)
    protocols.write_report(out, {"protocol": "paper", **summaries}, protocols.paper_table(summaries))


def _metrics(runs: Path, name: str, plan: str) -> Any:
    path = runs / f"{name}-{plan}" / protocols.METRICS_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _paper_metrics(runs: Path, plan: Plan) -> Any:
    """Return the paper protocol's figures of the plan's own family, or of both for an ensemble."""
    path = runs / "paper" / protocols.METRICS_FILE
    if not path.exists():
        return None
    measured = json.loads(path.read_text(encoding="utf-8"))
    families = list(dict.fromkeys(FAMILIES[one.backbone] for one in plan.recipes if one.backbone in FAMILIES))
    found = [measured[family] for family in families if family in measured]
    return {**found[0], "by_family": {one["family"]: one for one in found}} if found else None
