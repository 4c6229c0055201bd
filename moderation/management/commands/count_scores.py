"""Count stored scores for the policy page: what the worker does every few minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from moderation import services

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """``manage.py count_scores [--all]``: safe to run at any time; a second run comes to the same counts."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the one option."""
        parser.add_argument("--all", action="store_true", help="count every day of the last 90, not only changed ones")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, and say how many days were counted."""
        days = services.count_scores(everything=options["all"])
        self.stdout.write(f"Counted {days} days.")
