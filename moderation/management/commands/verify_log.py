"""``manage.py verify_log``: whether the log is what was once written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation.services import sealing

SHOWN = 20


class Command(BaseCommand):
    """Hash every sealed event anew and compare with the chain. Ends with an error when anything does not fit."""

    help = "Check the event log against its chain of seals."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--head``."""
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="POSITION:DIGEST",
            help="a head that this command, or the worker's log, named earlier: it must still be in the chain",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk the chain, and say what was found."""
        verdict = sealing.verify_log(heads=dict(map(_head, options["head"])))
        for problem in verdict.problems[:SHOWN]:
            self.stderr.write(problem)
        if verdict.problems:
            raise CommandError(f"The log does not hold: {len(verdict.problems)} problems.")
        self.stdout.write(f"The log holds: {verdict.sealed} events sealed, {verdict.unsealed} wait for their seal.")
        if verdict.head is not None:
            self.stdout.write(f"Head: {verdict.head}")


def _head(text: str) -> tuple[int, str]:
    position, colon, digest = text.partition(":")
    if not (colon and position.isdecimal() and len(digest) == 64):
        raise CommandError(f"{text!r} is no head: write it as POSITION:DIGEST, as this command prints it.")
    return int(position), digest.lower()
