"""``manage.py sweep``: what the beat entries do, by hand or by cron."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation import services


class Command(BaseCommand):
    """Take back lost leases, ring for forgotten rows, queue objects that were written without signals."""

    help = "Take back what killed workers held, queue what was forgotten, and ring the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--work``."""
        parser.add_argument(
            "--work", action="store_true", help="also screen what is due, here and now, without a broker or a worker"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once and say what was done."""
        missed = services.sweep_missed()
        swept = services.sweep()
        self.stdout.write(
            f"{swept.taken_back} taken back ({swept.given_up} of them to a person), {missed} forgotten ones queued, "
            + ("workers rung." if swept.rang else "nothing to ring for, or no broker.")
        )
        if options["work"]:
            worked = 0
            while batch := services.screen_pending():
                worked += batch
            self.stdout.write(f"{worked} screened here.")
