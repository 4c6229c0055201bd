"""Writing the log, and telling the host once the change is safe."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.db import transaction

from moderation.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import AbstractBaseUser
    from django.dispatch import Signal

    from moderation.models import Artwork, Case

logger = logging.getLogger(__name__)

_kept: ContextVar[list[Event] | None] = ContextVar("events kept for one statement", default=None)


def log(
    verb: str,
    *,
    artwork: Artwork | None = None,
    case: Case | None = None,
    actor: AbstractBaseUser | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Append one event in the caller's transaction, and a log line once it is safe. ``actor=None`` is the machine."""
    about = {
        "work": str(artwork.reference) if artwork else None,
        "case": case.pk if case else None,
        "actor": str(actor.pk) if actor else None,
    }
    extra = {name: value for name, value in about.items() if value is not None}
    transaction.on_commit(lambda: logger.info("%s", verb, extra=extra))
    event = Event(
        verb=verb,
        artwork=artwork,
        case=case,
        actor=actor,  # type: ignore[misc]  # the host's user model is known only at run time
        before=before or {},
        after=after or {},
        reason=reason,
    )
    kept = _kept.get()
    if kept is None:
        event.save()
    else:
        kept.append(event)


@contextmanager
def together() -> Iterator[None]:
    """Append the events that are logged inside by one statement at the end. Use it within the transaction."""
    kept: list[Event] = []
    token = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(token)
    Event.objects.bulk_create(kept)


def tell(signal: Signal, **arguments: Any) -> None:
    """Send ``signal`` after the commit; a receiver of the host that fails is logged and stops nobody."""

    def send() -> None:
        for receiver, answer in signal.send_robust(sender=None, **arguments):
            if isinstance(answer, Exception):
                logger.error("A receiver failed: %r", receiver, exc_info=answer)

    transaction.on_commit(send)
