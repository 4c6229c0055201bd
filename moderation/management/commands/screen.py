"""``manage.py screen PATH...``: what the site would say about files, without site, broker or database rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ml.cards import ArtefactError
from ml.pipeline import find_pictures
from moderation.conf import settings
from moderation.evidence import classifier
from moderation.evidence.looking import FileProblem, look_at, score_all
from moderation.models import Policy
from moderation.services.judging import judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moderation.evidence.base import Evidence

FLAGGED = 3
BAD_USE = 2


class Command(BaseCommand):
    """Screen files and folders. Exit 0: nothing flagged; 3: something flagged; 2: bad use."""

    help = (
        "Screen files or folders without the site. A table, or one JSON object a line with --json. "
        "Exit code 0: nothing flagged, 3: something flagged, 2: bad use."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the paths and ``--json``."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
        parser.add_argument(
            "--declared",
            choices=["handmade", "assisted", "generated"],
            default="",
            help="judge against this declaration of the artist",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Screen and print; the exit code says whether anything was flagged."""
        paths: list[Path] = options["paths"]
        try:
            model = classifier.default_classifier()
            model.load()
        except (ArtefactError, ImportError) as error:
            raise CommandError(f"The detector cannot be used: {error}", returncode=BAD_USE) from error
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {', '.join(missing)}.", returncode=BAD_USE)
        results = (screen_file(path, model, declared=options["declared"]) for path in find_pictures(paths))
        flagged = self._print_json(results) if options["json"] else self._print_table(results)
        if flagged:
            sys.exit(FLAGGED)

    def _print_json(self, results: Iterable[dict[str, Any]]) -> int:
        flagged = 0
        for result in results:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            flagged += is_flagged(result)
        return flagged

    def _print_table(self, results: Iterable[dict[str, Any]]) -> int:
        flagged = seen = 0
        for result in results:
            seen += 1
            flagged += is_flagged(result)
            score = "  -  " if result["p_ai"] is None else f"{result['p_ai']:.3f}"
            self.stdout.write(f"{result['verdict'] or 'error':7} {score}  {result['path']}")
            if result["error"]:
                self.stdout.write(f"               {result['error']}")
            for finding in result["evidence"]:
                if finding["kind"] != "classifier":
                    self.stdout.write(f"               {finding['strength']}: {finding['message']}")
        self.stdout.write(f"{seen} looked at, {flagged} flagged." if seen else "No pictures found.")
        return flagged


def screen_file(path: Path, model: classifier.Classifier, *, declared: str = "") -> dict[str, Any]:
    """Return one file's result as JSON values: ``path, p_ai, verdict, detector, error, evidence``.

    The verdict (clear, review, hold) is the site's own rule under the thresholds of the detector's card.
    """
    result: dict[str, Any] = {
        "path": str(path),
        "p_ai": None,
        "verdict": None,
        "detector": model.card.name,
        "error": None,
        "evidence": [],
    }
    try:
        with path.open("rb") as file:
            look = look_at(file.read(settings.MAX_BYTES + 1), declared_origin=declared)
        p_ai = score_all(model, [look])[0]
    except FileProblem as problem:
        return {**result, "error": str(problem), "evidence": _printed(problem.evidence)}
    except OSError as error:
        return {**result, "error": str(error)}
    evidence = [classifier.finding(p_ai, model.card), *look.evidence]
    policy = Policy(review_threshold=model.card.review_threshold, hold_threshold=model.card.hold_threshold)
    judged = judge(p_ai=p_ai, evidence=evidence, declared_origin=declared, policy=policy)
    return {**result, "p_ai": round(p_ai, 6), "verdict": judged.band.value, "evidence": _printed(evidence)}


def is_flagged(result: dict[str, Any]) -> bool:
    """Whether a person would be asked about this file for what it is (not for being unreadable alone)."""
    unscored_proof = result["error"] and any(finding["strength"] == "proof" for finding in result["evidence"])
    return result["verdict"] in ("review", "hold") or bool(unscored_proof)


def _printed(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    keys = ("kind", "strength", "message", "details")
    return [{key: finding.as_dict()[key] for key in keys} for finding in evidence]
