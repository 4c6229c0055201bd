"""The triggers that make the log append-only in the database itself: whether they stand, and how a flush lifts them.

They are made by migration ``0010_seal``, on PostgreSQL and SQLite.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("moderation_event", "moderation_seal")

_STANDING = {
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgenabled <> 'D'",
        {"append_only_rows", "append_only_table"},
    ),
    "sqlite": (
        "SELECT substr(name, length(tbl_name) + 2) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
        {"append_only_insert", "append_only_update", "append_only_delete"},
    ),
}


def is_protected(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Whether all the triggers of ``table`` stand. A database of another kind has none."""
    if connection.vendor not in _STANDING:
        return False
    query, wanted = _STANDING[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        return wanted <= {name for (name,) in cursor.fetchall()}


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Lift the triggers for the block, in one transaction with it: ``manage.py flush`` empties every table."""
    if connection.vendor not in _STANDING:
        yield
        return
    tables = [table for table in TABLES if table in connection.introspection.table_names()]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            undo = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables]
            lift = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
        else:
            marks = ",".join(["%s"] * len(tables)) or "NULL"
            cursor.execute(
                f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({marks})",  # noqa: S608
                tables,
            )
            rows = cursor.fetchall()
            undo = [sql for _name, sql in rows]
            lift = [f'DROP TRIGGER "{name}"' for name, _sql in rows]
        connection.check_constraints()  # PostgreSQL alters no table that still has deferred checks before it
        for statement in lift:
            cursor.execute(statement)
        yield
        connection.check_constraints()
        for statement in undo:
            cursor.execute(statement)
