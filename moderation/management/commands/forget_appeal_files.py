"""``manage.py forget_appeal_files``: what the daily beat entry does, by hand, by cron, or for a look beforehand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation.services import appeal_files


class Command(BaseCommand):
    """Delete appeals' files that are past their time (``MODERATION["APPEAL_FILE_DAYS"]`` after the answer)."""

    help = "Delete the private files of appeals whose time is over, and files that no appeal knows."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--dry-run``."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, or list, and say how many."""
        dry_run: bool = options["dry_run"]
        forgotten = appeal_files.forget(dry_run=dry_run)
        verb = "would be deleted" if dry_run else "deleted"
        for file in forgotten.files:
            self.stdout.write(f"appeal {file.appeal.reference}: {file.name} ({file.size} bytes) {verb}")
        for name in forgotten.orphans:
            self.stdout.write(f"without an appeal: {name} {verb}")
        self.stdout.write(f"{len(forgotten.files)} files and {len(forgotten.orphans)} orphans {verb}.")
