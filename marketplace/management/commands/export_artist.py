"""``manage.py export_artist``: everything that the site stores about an artist, for them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from marketplace.services import export_artist


class Command(BaseCommand):
    """Print the account, the listings, and all that moderation keeps, as JSON."""

    help = "Print what is stored about an artist, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the name."""
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        artist = User.objects.filter(username=options["username"]).first()
        if artist is None:
            raise CommandError(f"Nobody here is called {options['username']!r}.")
        self.stdout.write(
            json.dumps(export_artist(artist=artist), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        )
