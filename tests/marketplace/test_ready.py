"""``/readyz``: what a load balancer and a person at night are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from marketplace import health
from moderation.models import Pulse

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that answers; migrations are asked for anew."""
    monkeypatch.setattr(health, "broker", lambda: health.Part(ok=True, ms=1.0))
    health._migrated.cache_clear()


def test_all_is_well_when_everything_answers(client: Client) -> None:
    Pulse.objects.create(name=Pulse.WORKERS, at=timezone.now())
    answer = client.get("/readyz?all")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["queue"] == {"ok": True, "waiting": 0, "oldest_waiting_seconds": None}


def test_uploads_are_taken_though_nobody_ever_worked(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["worker"] == {"ok": False, "heartbeat_seconds": None}
    assert client.get("/readyz?all").status_code == 503


def test_a_broker_that_is_down_is_told_to_who_asks_for_all(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Pulse.objects.create(name=Pulse.WORKERS, at=timezone.now())
    monkeypatch.setattr(health, "broker", lambda: health.Part(ok=False, ms=1.0))
    assert client.get("/readyz").status_code == 200
    assert client.get("/readyz?all").status_code == 503


def test_a_missing_migration_takes_the_process_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"]["ok"] is False
    monkeypatch.undo()
    monkeypatch.setattr(health, "broker", lambda: health.Part(ok=True, ms=1.0))
    assert client.get("/readyz").status_code == 200  # applied meanwhile: no restart is needed


def test_a_database_that_is_down_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise DatabaseError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(health.connection, "cursor", broken)
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "down"
