"""Every migration of the plugin, one by one, over full tables: how long each takes, and that no row is lost.

``python -m tests.migrations_at_scale 100000`` prints the table for the database in ``DATABASE_URL`` (empty before; a
SQLite file of its own without one). A migration's time bounds how long it holds any lock.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main(count: int) -> int:
    """Fill the tables of the first migration with ``count`` works, migrate to the last, print; return 1 on a loss."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from moderation.services import sealing

    call_command("migrate", "auth", verbosity=0)
    call_command("migrate", "moderation", "0001", verbosity=0)
    fill(MigrationExecutor(connection).loader.project_state([("moderation", "0001_initial")]).apps, count)
    before = rows(connection)
    print(f"{connection.vendor}, {count} works: {sum(before.values())} rows", flush=True)
    names = sorted(name for app, name in MigrationExecutor(connection).loader.graph.nodes if app == "moderation")
    for name in names[1:]:
        started = time.monotonic()
        call_command("migrate", "moderation", name, verbosity=0)
        print(f"{name:40} {time.monotonic() - started:7.2f} s", flush=True)
    call_command("migrate", verbosity=0)
    started = time.monotonic()
    sealed = sealing.seal_log()
    print(f"{'sealing the events that were there':40} {time.monotonic() - started:7.2f} s")
    after = rows(connection)
    lost = {table: number for table, number in before.items() if after[table] < number}
    verdict = sealing.verify_log()
    print(f"lost: {lost or 'nothing'}; {sealed} sealed; problems of the log: {verdict.problems or 'none'}")
    return int(bool(lost or verdict.problems or verdict.unsealed))


def fill(apps: Any, count: int) -> None:
    """Write ``count`` works, each with a look and an event, every tenth with a case: one by hand, then copied."""
    user = apps.get_model("auth", "User").objects.create(username="artist")
    kind, _made = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="marketplace", model="listing"
    )
    names = ("Artwork", "Screening", "Case", "Event", "Policy", "Detector")
    artwork, screening, case, event, policy, detector = (apps.get_model("moderation", name) for name in names)
    rule = policy.objects.create(version=1, review_threshold=0.5, hold_threshold=0.9, reason="The first.")
    model = detector.objects.create(name="stub", version="1")
    work = artwork.objects.create(
        content_type_id=kind.pk,
        object_pk="1",
        field="picture",
        file_name="1.png",
        digest="1",
        owner_id=user.pk,
        title="Work",
        standing="cleared",
    )
    look = screening.objects.create(
        artwork_id=work.pk,
        state="done",
        attempts=1,
        requested_at=NOW,
        not_before=NOW,
        finished_at=NOW,
        policy_id=rule.pk,
        detector_id=model.pk,
        p_ai=0.1,
        band="clear",
    )
    case.objects.create(artwork_id=work.pk, screening_id=look.pk, severity=30, reason="High score.", due_at=NOW)
    event.objects.create(verb="screened", artwork_id=work.pk, after={"n": 1})
    for one, every in ((artwork, 1), (screening, 1), (case, 10), (event, 1)):
        copy(one, count, every)
    event.objects.create(verb="artwork_recorded", artwork_id=work.pk, after={"n": 1})


def copy(model: Any, count: int, every: int) -> None:
    """Copy the row 1 of ``model`` to the keys 2 to ``count``, or to ``every`` so manyeth of them."""
    from django.db import connection

    is_postgresql = connection.vendor == "postgresql"
    of_its_own = {
        "id": "i",
        "artwork_id": "i",
        "screening_id": "i",
        "object_pk": "CAST(i AS varchar(64))",
        "digest": "lpad(to_hex(i), 64, '0')" if is_postgresql else "printf('%064x', i)",
        "reference": "gen_random_uuid()" if is_postgresql else "lower(hex(randomblob(16)))",
    }
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(of_its_own.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names})"
            f" WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
            f" SELECT {values} FROM {table}, n WHERE id = 1 AND i % {every} = 0"
        )
        if is_postgresql:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {count})")


def rows(connection: Any) -> dict[str, int]:
    """Count the rows of the tables that were filled."""
    counts = {}
    with connection.cursor() as cursor:
        for table in ("artwork", "screening", "case", "event"):
            cursor.execute(f"SELECT count(*) FROM moderation_{table}")
            counts[table] = cursor.fetchone()[0]
    return counts


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with tempfile.TemporaryDirectory(prefix="bm-scale-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/db.sqlite3")
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
