"""The log holds: a chain of seals over the events, and a database that refuses to change either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django.db.models.deletion
from django.db import migrations, models

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ("moderation_event", "moderation_seal")

# One function serves both tables. Rows are guarded row by row, so that a statement that touches none (Django's
# loaddata tries an UPDATE before it inserts) is let through.
POSTGRESQL = [
    """
    CREATE FUNCTION moderation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END $$
    """,
    *(
        statement
        for table in TABLES
        for statement in (
            f"""
            CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION moderation_refuse_change()
            """,
            f"""
            CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change()
            """,
        )
    ),
]
POSTGRESQL_BACK = [
    *(f"DROP TRIGGER {name} ON {table}" for table in TABLES for name in ("append_only_rows", "append_only_table")),
    "DROP FUNCTION moderation_refuse_change()",
]

# INSERT OR REPLACE would take a row's place without a DELETE trigger being asked, hence the third.
SQLITE = [
    f"""
    CREATE TRIGGER {table}_append_only_{operation.lower()} BEFORE {operation} ON {table} {when}
    BEGIN SELECT RAISE(ABORT, '{table} is append-only: {operation} refused'); END
    """
    for table, key in zip(TABLES, ("id", "event_id"), strict=True)
    for operation, when in (
        ("UPDATE", ""),
        ("DELETE", ""),
        ("INSERT", f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"),  # noqa: S608 - names from above
    )
]
SQLITE_BACK = [
    f"DROP TRIGGER {table}_append_only_{operation}" for table in TABLES for operation in ("update", "delete", "insert")
]


def protect(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run({"postgresql": POSTGRESQL, "sqlite": SQLITE}, schema_editor)


def unprotect(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run({"postgresql": POSTGRESQL_BACK, "sqlite": SQLITE_BACK}, schema_editor)


def _run(statements: dict[str, list[str]], schema_editor: BaseDatabaseSchemaEditor) -> None:
    # By a cursor: the schema editor keeps its own statements for the end of the migration where it only collects them.
    with schema_editor.connection.cursor() as cursor:
        for statement in statements.get(schema_editor.connection.vendor, []):
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0009_thumbnail_view"),
    ]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="seal",
                        serialize=False,
                        to="moderation.event",
                    ),
                ),
                ("position", models.PositiveBigIntegerField(unique=True, verbose_name="position")),
                ("digest", models.CharField(max_length=64, verbose_name="SHA-256")),
            ],
            options={"verbose_name": "seal", "verbose_name_plural": "seals"},
        ),
        migrations.RunPython(protect, unprotect),
    ]
