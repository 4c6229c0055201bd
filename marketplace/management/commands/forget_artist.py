"""``manage.py forget_artist``: an artist leaves, and what they sent and said leaves with them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.services import forget_artist
from moderation.errors import NotAllowed


class Command(BaseCommand):
    """Delete an artist's listings and files, empty their words, and make the account nameless.

    Decisions, scores and the log stay, without anything that names the artist; the log's chain still holds.
    """

    help = "Delete an artist's data. The log and its chain stay."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the name and ``--dry-run``."""
        parser.add_argument("username")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget, or count."""
        dry_run: bool = options["dry_run"]
        artist = User.objects.filter(username=options["username"]).first()
        if artist is None:
            raise CommandError(f"Nobody here is called {options['username']!r}.")
        try:
            listings, counts = forget_artist(artist=artist, dry_run=dry_run)
        except NotAllowed as error:
            raise CommandError(str(error)) from error
        said = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in asdict(counts).items() if number)
        self.stdout.write(f"{'Would go' if dry_run else 'Gone'}: {listings} listings; {said or 'nothing else'}.")
