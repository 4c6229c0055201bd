"""``manage.py export_statements``: statements of reasons in the shape of the EU's public database."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from moderation.models import Decision
from moderation.models.decision import RESTRICTING
from moderation.statement import database_entry

BATCH = 100
"""The database takes so many at once."""


class Command(BaseCommand):
    """Print one JSON object a line, each with at most 100 statements, of decisions that are final."""

    help = "Print statements of reasons as the DSA Transparency Database takes them (100 a line, no personal data)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--since`` and ``--until``."""
        parser.add_argument("--since", help="only decisions of this day (YYYY-MM-DD) or later")
        parser.add_argument("--until", help="only decisions before this day (YYYY-MM-DD)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the statements, oldest first."""
        decisions = Decision.objects.filter(
            action__in=RESTRICTING, undone_at__isnull=True, notice_due_at__lte=timezone.now()
        )
        if options["since"]:
            decisions = decisions.filter(decided_at__gte=_day(options["since"]))
        if options["until"]:
            decisions = decisions.filter(decided_at__lt=_day(options["until"]))
        batch: list[dict[str, Any]] = []
        for decision in decisions.select_related("artwork", "artist").order_by("decided_at", "pk").iterator():
            batch.append(database_entry(decision))
            if len(batch) == BATCH:
                self._print(batch)
                batch = []
        if batch:
            self._print(batch)

    def _print(self, batch: list[dict[str, Any]]) -> None:
        self.stdout.write(json.dumps({"statements": batch}, ensure_ascii=False))


def _day(text: str) -> datetime:
    try:
        day = parse_date(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no day.") from error
    if day is None:
        raise CommandError(f"{text!r} is no day: write it as YYYY-MM-DD.")
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware right here
