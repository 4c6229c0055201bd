"""``manage.py flush``: Django's own, which empties every table, on a database whose log refuses to be emptied.

Django's ``TransactionTestCase`` flushes after each test, so without this no host could use one.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands.flush import Command as Flush
from django.db import connections

from moderation.append_only import lifted


class Command(Flush):
    """Lift the log's triggers while the database is emptied."""

    def handle(self, **options: Any) -> None:
        """Flush, as Django does."""
        with lifted(connections[options["database"]]):
            super().handle(**options)
