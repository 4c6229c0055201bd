"""``manage.py export_decisions FOLDER``: people's final decisions as a set that a detector may learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation.services import training_set


class Command(BaseCommand):
    """Write a training manifest and its pictures; say what stayed out and why."""

    help = (
        "Write manifest.csv and pictures from people's final decisions into FOLDER, for "
        "`python -m ml train --init NAME --manifest FOLDER/manifest.csv`. Artists' consent is held; the gold set and "
        "the regression set are never exported."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the folder."""
        parser.add_argument("folder", type=Path, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export and print the counts."""
        try:
            result = training_set.export(options["folder"])
        except FileExistsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['folder'] / training_set.MANIFEST}: {_counts(result.labels) or 'no work'}.")
        if result.appeals:
            self.stdout.write(f"Of them after an appeal: {_counts(result.appeals)}.")
        self.stdout.write(f"Left out: {_counts(result.left_out) or 'none'}.")


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counted.items()) if number)
