"""``python -m ml``: score files, train, measure and ship detectors.

Exit codes: 0 done and nothing flagged, 2 bad use, 3 something flagged (``score`` only), 1 anything else.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ml.cards import DEFAULT_DETECTOR, ArtefactError
from ml.pipeline import find_pictures, score_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml.pipeline import Score

OK, BAD_USE, FLAGGED = 0, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the process's exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(options))
    except (ArtefactError, FileNotFoundError) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_USE


def score(options: argparse.Namespace) -> int:
    """Score files and folders; one line each, JSON with ``--json``."""
    from ml.runtime import load_detector

    files = list(find_pictures(options.paths))
    detector = load_detector(options.detector)
    flagged = unread = 0
    for file in files:
        result = score_file(file, detector)
        flagged += result.verdict in ("review", "hold")
        unread += result.error is not None
        sys.stdout.write((json.dumps(result.as_dict()) if options.json else _line(result)) + "\n")
        sys.stdout.flush()
    sys.stderr.write(f"{len(files)} files: {flagged} flagged, {unread} could not be read.\n")
    return FLAGGED if flagged else OK


def _line(result: Score) -> str:
    if result.p_ai is None:
        return f"     ?  {'-':6}  {result.path}  ({result.error})"
    return f"{result.p_ai:6.3f}  {result.verdict:6}  {result.path}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("score", help="score files and folders")
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--detector", default=DEFAULT_DETECTOR, metavar="NAME")
    command.set_defaults(run=score)
    return parser
