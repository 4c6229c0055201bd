"""``manage.py troubles``: what ails the machinery, for a terminal, cron or a monitor."""

from __future__ import annotations

from typing import Any

from django.core.mail import mail_admins
from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation.selectors.troubles import troubles


class Command(BaseCommand):
    """Say what is wrong, and end with an error if anything is. It asks the database alone, so it works without a
    broker and without a worker.
    """

    help = "Say what an admin should see to: works that wait, a detector that fails, mails that do not leave."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--mail``."""
        parser.add_argument("--mail", action="store_true", help="also write to ADMINS, if anything is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, and say."""
        found = troubles()
        if not found:
            self.stdout.write("Nothing is wrong.")
            return
        text = "\n".join(trouble.text for trouble in found)
        if options["mail"]:
            mail_admins(", ".join(trouble.code for trouble in found), text)
        raise CommandError(text)
