"""``manage.py send_notices``: what the beat entry does, by hand or by cron."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation.models import Notice, NoticeState
from moderation.services import notices


class Command(BaseCommand):
    """Tell artists of decisions that can no longer be undone."""

    help = "Send the mails to artists that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--retry-failed``."""
        parser.add_argument("--retry-failed", action="store_true", help="try those again that were given up")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many left and how many are given up."""
        if options["retry_failed"]:
            for notice in Notice.objects.filter(state=NoticeState.FAILED).select_related(
                "decision__case__artwork", "question__case__artwork"
            ):
                notices.retry(notice)
        sent = notices.send_notices()
        failed = Notice.objects.filter(state=NoticeState.FAILED).count()
        self.stdout.write(f"{sent} sent, {failed} given up.")
