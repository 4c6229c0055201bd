"""``manage.py seal_log``: what the beat entry does, by hand or by cron."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from moderation.services import sealing


class Command(BaseCommand):
    """Seal every event that has no seal yet, however old."""

    help = "Extend the chain of seals over the event log."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, and say how many."""
        self.stdout.write(f"{sealing.seal_log(everything=True)} sealed, head {sealing.head() or 'none'}.")
