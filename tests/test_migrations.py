"""Migrations over tables with rows in them, on both databases (``tests.migrations_at_scale`` takes 100,000)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import postgresql

ROOT = Path(__file__).resolve().parents[1]


def migrate(database: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.migrations_at_scale", "600"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_migration_keeps_the_rows_on_sqlite(tmp_path: Path) -> None:
    assert "lost: nothing; 601 sealed; problems of the log: none" in migrate(f"sqlite:///{tmp_path / 'db.sqlite3'}")


@pytest.mark.postgresql_server
def test_every_migration_keeps_the_rows_on_postgresql() -> None:
    with postgresql() as database:
        assert "lost: nothing; 601 sealed; problems of the log: none" in migrate(database)
