"""Log lines that tell which work they are about, from the upload through the worker to the decision.

Every change that the event log keeps is also one log line, written once the change is safe; every line that a worker
writes while it looks at a picture carries the picture's reference; every bell says for which work it was rung and
under which task id, and the worker's lines carry that id. So one ``grep REFERENCE`` tells a work's whole way::

    LOGGING = {
        "version": 1,
        "formatters": {"json": {"()": "moderation.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from celery import current_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.models import Artwork

_work: ContextVar[str] = ContextVar("moderation_work", default="")

# What every record carries by itself (and "message", "asctime" when formatted) is no news of the line.
_USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "request", "server_time", "status_code"}


@contextmanager
def about(artwork: Artwork) -> Iterator[None]:
    """Let the lines that are written inside the block say which work they are about."""
    token = _work.set(str(artwork.reference))
    try:
        yield
    finally:
        _work.reset(token)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and where known work, task, and what ``extra`` gave."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. A value that JSON has no word for is told as text: a log line never fails."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if _work.get():
            line["work"] = _work.get()
        if current_task and current_task.request.id:
            line["task"] = current_task.request.id
        line.update({key: value for key, value in vars(record).items() if key not in _USUAL})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)
