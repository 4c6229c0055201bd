"""``manage.py rescreen``: look again at what the active detector and policy have not judged."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation import services


class Command(BaseCommand):
    """Queue a new look at works that no person decided. They wait behind uploads."""

    help = (
        "Queue a new look at every current work that the active detector and policy have not judged. "
        "People's decisions are never touched; uploads overtake."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--limit``."""
        parser.add_argument("--limit", type=int, default=None, help="queue at most so many")

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue and say how many."""
        queued = services.rescreen(limit=options["limit"])
        self.stdout.write(f"{queued} queued." if queued else "Nothing to do: everything is judged or decided.")
