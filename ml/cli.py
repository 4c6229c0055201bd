"""``python -m ml``: score files, train, measure and ship detectors.

Exit codes: 0 done and nothing flagged, 1 refused (a promotion), 2 bad use, 3 something flagged (``score``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ml import backbones, commands
from ml.cards import ARTEFACTS, DEFAULT_DETECTOR, ArtefactError
from ml.datasets import ManifestError
from ml.probe import ArtworkError
from ml.recipes import PLANS, Backbone
from ml.shipping import PromotionRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

REFUSED = 1
_SHARED = Path(__file__).parents[2] / "shared"
_BAD_USE = (ArtefactError, ArtworkError, FileNotFoundError, ManifestError, commands.UsageError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the process's exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(options))
    except PromotionRefusedError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except _BAD_USE as error:
        sys.stderr.write(f"{error}\n")
        return commands.BAD_USE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_subparsers(required=True, metavar="COMMAND").add_parser

    command = add("score", help="score files and folders")
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    _detector(command)
    command.set_defaults(run=commands.score)

    command = add("explain", help="write an overlay of where the detector looked")
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--out", type=Path, required=True, metavar="PNG")
    _detector(command)
    command.set_defaults(run=commands.explain)

    command = add("evaluate", help="score a manifest and write every figure")
    _manifest(command)
    _detector(command)
    command.add_argument("--json", type=Path, metavar="FILE", help="where to write (else printed)")
    command.set_defaults(run=commands.evaluate)

    command = add("train", help="train one network, or go on from a shipped detector")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--backbone", choices=get_args(Backbone))
    which.add_argument(
        "--init", metavar="NAME", help="the detector to go on from: its heads learn, its networks stay; no TensorFlow"
    )
    command.add_argument("--protocol", choices=("paper", "all"), default="paper")
    command.add_argument("--passes", type=int, help="pictures to look at while fine-tuning, instead of the recipe's")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    _manifest(command)
    _training(command)
    _artefacts(command)
    command.set_defaults(run=commands.train)

    command = add("protocol", help="run one protocol: tables, plots, metrics.json")
    command.add_argument("name", choices=("paper", "unseen", "tiers", "controls", "originals", "domain"))
    command.add_argument("--seeds", type=int, default=5, help="of the paper's protocol")
    command.add_argument("--folds", type=int, default=5, help="of the unseen protocol")
    command.add_argument("--originals", type=Path, default=_SHARED / "provenance", metavar="FOLDER")
    command.add_argument("--out", type=Path, metavar="FOLDER")
    _plan(command)
    _manifest(command)
    _training(command)
    _detector(command)
    command.set_defaults(run=commands.protocol)

    command = add("export", help="train a plan on everything and write its artefact")
    command.add_argument("--name", help="of the artefact, if not the plan's")
    command.add_argument("--summary", help="one or two sentences for the card")
    command.add_argument("--note", help="what the card is to say of the training beside the recipes")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="of the training runs")
    _plan(command)
    _manifest(command)
    _training(command)
    _artefacts(command)
    command.set_defaults(run=commands.export)

    command = add("promote", help="replace a shipped detector, unless the candidate is worse")
    command.add_argument("candidate", type=Path, metavar="FOLDER")
    command.add_argument("--over", metavar="NAME", help="the detector to replace, if not of the same name")
    _manifest(command)
    _artefacts(command)
    command.set_defaults(run=commands.promote)

    command = add("card", help="write the model card from the shipped cards")
    command.add_argument("--out", type=Path, default=Path("docs/model-card.md"), metavar="FILE")
    _artefacts(command)
    command.set_defaults(run=commands.card)
    return parser


def _manifest(command: argparse.ArgumentParser) -> None:
    default = _SHARED / "art" / "manifest.csv"
    command.add_argument("--manifest", type=Path, default=default, metavar="CSV", help="columns file and label")
    command.add_argument("--root", type=Path, metavar="DIR", help="where its files lie (default: beside it)")


def _training(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--backbones",
        default=backbones.BACKBONES_DIR,
        metavar="DIR",
        help="pretrained weights, or `imagenet` to let Keras fetch them",
    )


def _plan(command: argparse.ArgumentParser) -> None:
    command.add_argument("--plan", default=DEFAULT_DETECTOR, choices=tuple(PLANS))
    command.add_argument("--unseen", type=Path, metavar="FOLDER", help="a finished unseen run (default: runs/)")


def _artefacts(command: argparse.ArgumentParser) -> None:
    command.add_argument("--artefacts", type=Path, default=ARTEFACTS, metavar="DIR")


def _detector(command: argparse.ArgumentParser) -> None:
    command.add_argument("--detector", default=DEFAULT_DETECTOR, metavar="NAME")
    _artefacts(command)
