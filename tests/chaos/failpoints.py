"""Where a worker of the chaos suite can be told to fail. Wrapped round the services here, in tests, and nowhere else.

The order is a file: ``fault`` in the site's folder. ``kill POINT`` is obeyed once, by whoever takes the file away
first; the other orders hold while the file is there.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import signal
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.evidence.base import Evidence, Subject

FOLDER = Path()

BEFORE, AFTER = "before", "after"
POINTS = {
    "claimed": ("moderation.services.screen_pending", "claim_batch", AFTER),
    "file read": ("moderation.services.screen_pending", "read_artwork_file", AFTER),
    "scored": ("moderation.services.screen_pending", "score_all", AFTER),
    "case opened": ("moderation.services.cases", "open_case", AFTER),
    "recorded": ("moderation.services.recording", "record_result", AFTER),
    "notice made": ("moderation.services.notices", "make_due", AFTER),
    "notice claimed": ("moderation.services.notices", "_claim", AFTER),
    "notice sent": ("moderation.services.notices", "_end", BEFORE),
}
"""By name: the function that is wrapped, and on which side of it the worker is killed."""


def install(**kwargs: Any) -> None:
    """Wrap the services of this worker process."""
    for point, (module, name, side) in POINTS.items():
        _wrap(import_module(module), name, lambda point=point: _kill_at(point), side)
    _wrap(import_module("storages.backends.s3").S3Storage, "_open", _no_space, BEFORE)
    _wrap(import_module("moderation.services.recording"), "record_result", _database_full, BEFORE)
    clock = import_module("django.utils.timezone")
    real_now = clock.now
    clock.now = lambda: real_now() + timedelta(seconds=float(_order().removeprefix("clock") or 0))


class Trap:
    """An evidence reader for pictures that say what they do: ``SPIN`` for ever, or ``DIE`` with the process."""

    name, version = "trap", "1"

    def read(self, subject: Subject) -> list[Evidence]:
        """Spin, die, or find nothing."""
        while b"SPIN" in subject.data:
            pass
        if b"DIE" in subject.data:
            os.kill(os.getpid(), signal.SIGKILL)
        return []


def _wrap(owner: Any, name: str, fault: Callable[[], None], side: str) -> None:
    real = getattr(owner, name)

    @functools.wraps(real)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if side == BEFORE:
            fault()
        result = real(*args, **kwargs)
        if (side == AFTER and result is not None) or (name == "record_result" and side == AFTER):
            fault()
        return result

    setattr(owner, name, wrapped)


def _order() -> str:
    try:
        order = (FOLDER / "fault").read_text()
    except FileNotFoundError:
        return ""
    if not order.startswith("clock"):
        return ""
    (FOLDER / "felt").touch()
    return order


def _is_ordered(order: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return (FOLDER / "fault").read_text() == order
    return False


def _kill_at(point: str) -> None:
    if _is_ordered(f"kill {point}"):
        try:
            (FOLDER / "fault").unlink()
        except FileNotFoundError:
            return  # another process obeyed
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _no_space() -> None:
    if _is_ordered("no space"):
        (FOLDER / "felt").touch()
        raise OSError(errno.ENOSPC, "No space left on device")


def _database_full() -> None:
    if _is_ordered("database full"):
        from django.db import OperationalError

        (FOLDER / "felt").touch()
        raise OperationalError("could not extend file: No space left on device")
