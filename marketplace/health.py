"""Whether the site can do its work now, asked of the parts themselves: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import hmac
import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from marketplace.celery import app
from moderation.selectors.condition import condition

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One part's answer: ``ok`` and how long it took, in milliseconds."""

    ok: bool
    ms: float

    def as_dict(self) -> dict[str, Any]:
        """Return the part as it stands in the JSON answer."""
        return {"ok": self.ok, "ms": round(self.ms, 1)}


def database() -> Part:
    """Ask the database for one row."""
    started = time.perf_counter()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            ok = cursor.fetchone() == (1,)
    except DatabaseError:
        logger.exception("The database does not answer")
        ok = False
    return Part(ok, (time.perf_counter() - started) * 1000)


def broker() -> Part:
    """Ping the broker over a connection of its own; the timeouts in the settings bound the wait."""
    started = time.perf_counter()
    try:
        with app.connection_for_write() as link:
            channel: Any = link.default_channel
            channel.client.ping()
        ok = True
    except (OperationalError, OSError) as error:
        logger.error("The broker does not answer: %s", error)  # noqa: TRY400 - a traceback a second says no more
        ok = False
    return Part(ok, (time.perf_counter() - started) * 1000)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when pages can be served, 503 when not.

    The database decides. A broker that is down makes the answer ``degraded``: uploads are still taken (their rows
    wait in the database), only the screening of them is late, and taking the site out of service would not help.
    """
    parts = {"database": database(), "broker": broker()}
    status = "ok" if all(part.ok for part in parts.values()) else "degraded"
    if not parts["database"].ok:
        status = "down"
    return JsonResponse(_answer(status, parts), status=503 if status == "down" else 200)


@cache
def _migrated() -> None:
    """Raise ``RuntimeError`` while a migration has not been applied; once all have been, that stays so."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("A migration has not been applied.")


def migrations() -> Part:
    """Whether the tables are those that this code expects."""
    started = time.perf_counter()
    try:
        _migrated()
        ok = True
    except (DatabaseError, RuntimeError) as error:
        logger.error("Not ready: %s", error)  # noqa: TRY400 - a traceback a second says no more
        ok = False
    return Part(ok, (time.perf_counter() - started) * 1000)


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when uploads can be taken, 503 when not; and say what else is wrong.

    A load balancer asks this: database and migrations decide, because a web process can take an upload without the
    broker or a worker. ``/readyz?all`` is for a person who is called at night: it answers 503 as soon as anything is
    wrong, the broker, the workers' heartbeat, an upload that waits too long.
    """
    parts = {"database": database(), "migrations": Part(ok=False, ms=0.0), "broker": broker()}
    if not parts["database"].ok:
        return JsonResponse(_answer("down", parts), status=503)
    parts["migrations"] = migrations()
    if not parts["migrations"].ok:
        return JsonResponse(_answer("down", parts), status=503)
    now = condition()
    well = parts["broker"].ok and now.is_worked_on and now.is_prompt
    answer = _answer("ready" if well else "degraded", parts)
    answer["worker"] = {"ok": now.is_worked_on, "heartbeat_seconds": now.heartbeat}
    answer["queue"] = {"ok": now.is_prompt, "waiting": now.waiting, "oldest_waiting_seconds": now.oldest_waiting}
    return JsonResponse(answer, status=503 if "all" in request.GET and not well else 200)


def _answer(status: str, parts: dict[str, Part]) -> dict[str, Any]:
    return {"status": status, **{name: part.as_dict() for name, part in parts.items()}}


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Serve the plugin's metrics to who sends ``METRICS_TOKEN``; for everyone else there is nothing here."""
    sent = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not hmac.compare_digest(sent.encode(), wanted.encode()):
        raise Http404
    from moderation.metrics import CONTENT_TYPE, exposition  # needs the extra ``metrics``

    return HttpResponse(exposition(), content_type=CONTENT_TYPE)
