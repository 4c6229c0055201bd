"""``/healthz``: whether the site can do its work now, asked of the parts themselves."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from marketplace.celery import app

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
    return JsonResponse(
        {"status": status, **{name: part.as_dict() for name, part in parts.items()}},
        status=503 if status == "down" else 200,
    )
