"""``manage.py retention``: what the daily beat entry does, by hand, by cron, or for a look beforehand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation.services import retention


class Command(BaseCommand):
    """Delete what is past its time; ``docs/privacy.md`` says what that is."""

    help = "Delete appeals' files, mail addresses and what is left of withdrawn works, once their time is over."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--dry-run``."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, or count."""
        counts = asdict(retention.retain(dry_run=options["dry_run"]))
        said = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number)
        self.stdout.write(f"{'Would go' if options['dry_run'] else 'Gone'}: {said or 'nothing'}.")
