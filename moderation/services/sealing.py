"""The chain over the log: each event, once committed, gets a seal that rests on the seal before it.

    events.log -> a row, in the caller's transaction: nobody waits for a chain
    seal_log   -> (beat, every 30 s) the committed events without a seal, each hashed together with the seal before
    verify_log -> walks the chain and hashes every event anew

A transaction that commits late is sealed late, at a later position than its key suggests: the chain's order is that
of ``position``. Whoever changes, removes or inserts a sealed event breaks the chain from there on; whoever can rewrite
the whole chain is caught by a head that was noted elsewhere (the worker's log names it; ``verify_log --head``).
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef

from moderation.append_only import is_protected
from moderation.models import Event, Seal
from moderation.saying import as_written

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

FIRST = "0" * 64
"""What the first seal rests on."""

BATCH = 500
"""Events that are sealed in one transaction; on SQLite others wait for it (some 20 ms)."""

LATE = 10_000
"""How far behind the newest sealed event, in keys, a late commit is still looked for; ``verify_log`` looks at all."""


def seal_log(*, everything: bool = False) -> int:
    """Seal what is committed and not sealed yet; return how many. Safe to run side by side: one of two gives way.

    ``everything`` looks for late commits through the whole log, not only near its end.
    """
    sealed = 0
    try:
        while count := _seal_batch(everything=everything):
            sealed += count
    except IntegrityError:
        # Another sealer took the same position. What it sealed is sealed; the rest is for its next batch, or ours.
        logger.info("Another process seals the log at this moment.")
    if sealed:
        logger.info("The log is sealed to %s.", head())
    return sealed


def head() -> Seal | None:
    """Return the newest seal."""
    return Seal.objects.order_by("-position").first()


def unsealed() -> QuerySet[Event]:
    """Return the committed events that have no seal yet, oldest first."""
    return Event.objects.filter(~Exists(Seal.objects.filter(event=OuterRef("pk")))).order_by("pk")


def digest_of(event: Event, previous: str) -> str:
    """Return the seal's digest of ``event`` after the seal with the digest ``previous``: 64 hexadecimal digits."""
    told = {
        "previous": previous,
        "id": event.pk,
        "verb": event.verb,
        "actor": event.actor_id,
        "artwork": event.artwork_id,
        "case": event.case_id,
        "before": event.before,
        "after": event.after,
        "reason": as_written(event.reason),
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


@dataclass(slots=True)
class Verdict:
    """What a walk along the chain found. ``problems`` are sentences; none means that the log holds."""

    sealed: int = 0
    unsealed: int = 0
    head: Seal | None = None
    problems: list[str] = field(default_factory=list)


def verify_log(*, heads: dict[int, str] | None = None) -> Verdict:
    """Hash every sealed event anew and compare; also look whether the database still protects the log.

    ``heads`` are digests noted earlier, by position: each must still stand in the chain.
    """
    verdict, previous, expected = Verdict(), FIRST, 1
    seals = Seal.objects.select_related("event").order_by("position")
    open_heads = dict(heads or {})
    for seal in seals.iterator(chunk_size=2000):
        if seal.position != expected:
            verdict.problems.append(f"Seals {expected} to {seal.position - 1} or their events are missing.")
            previous = ""  # what stood here is lost: this link cannot be checked against it
        if previous and seal.digest != digest_of(seal.event, previous):
            verdict.problems.append(
                f"Event {seal.event_id} (seal {seal.position}, {seal.event.verb}) is not what was sealed."
            )
        noted = open_heads.pop(seal.position, seal.digest)
        if noted != seal.digest:
            verdict.problems.append(f"Seal {seal.position} is not the one that was noted: the chain was rewritten.")
        previous, expected = seal.digest, seal.position + 1
        verdict.sealed += 1
        verdict.head = seal
    verdict.problems += [f"Seal {position} was noted, but is missing." for position in sorted(open_heads)]
    verdict.problems += [
        f"The table {table} is not protected: it has lost its triggers, or this database has none."
        for table in (Event._meta.db_table, Seal._meta.db_table)
        if not is_protected(connection, table)
    ]
    verdict.unsealed = unsealed().count()
    return verdict


def _seal_batch(*, everything: bool) -> int:
    with transaction.atomic():
        last = head()
        previous, position = (last.digest, last.position) if last else (FIRST, 0)
        waiting = unsealed()
        if last is not None and not everything:
            waiting = waiting.filter(pk__gt=last.event_id - LATE)
        seals = []
        for event in waiting[:BATCH]:
            position += 1
            previous = digest_of(event, previous)
            seals.append(Seal(event=event, position=position, digest=previous))
        Seal.objects.bulk_create(seals)
    return len(seals)
