"""Works whose truth a person's final word has settled, and which of them may only test, never teach."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from moderation.conf import settings
from moderation.models import Action, Artwork, DeclaredOrigin, ReasonCode
from moderation.models.decision import RESTRICTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

MADE_BY_PEOPLE = Q(decision__action=Action.APPROVE, decision__reason_code=ReasonCode.HUMAN_MADE)
GENERATED = Q(
    decision__action__in=RESTRICTING,
    decision__reason_code__in=(ReasonCode.UNDECLARED_AI, ReasonCode.GENERATOR_MARKS),
) | Q(
    decision__action=Action.APPROVE,
    decision__reason_code=ReasonCode.DECLARED,
    declared_origin=DeclaredOrigin.GENERATED,
)
"""Other grounds (a copy, an unreadable file, an assisted work) do not say how a work was made."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A work and its truth. ``pinned``: somebody put it into the regression set."""

    artwork: Artwork
    is_ai: bool
    pinned: bool


def settled() -> QuerySet[Artwork]:
    """Return the works that people decided on finally: the time to undo is over and no appeal is open.

    An answered appeal counts with its answer, which is then the decision in force.
    """
    return (
        Artwork.objects.filter(MADE_BY_PEOPLE | GENERATED, ~Q(digest=""), decision__undone_at__isnull=True)
        .filter(decision__notice_due_at__lte=timezone.now())
        .exclude(decision__appeal__isnull=False, decision__appeal__outcome="")
        .select_related("decision")
        .order_by("-decision__decided_at", "-pk")
    )


def is_ai(artwork: Artwork) -> bool:
    """Return the truth about a work of :func:`settled`."""
    decision = artwork.decision
    return decision is not None and decision.reason_code != ReasonCode.HUMAN_MADE


def is_gold(digest: str) -> bool:
    """Whether a work with these bytes tests detectors for ever and is never exported for training."""
    mixed = hashlib.sha256(f"gold:{digest}".encode()).digest()
    return bool(int.from_bytes(mixed[:8]) % 100 < settings.GOLD_PERCENT)


def gate_works() -> list[Labelled]:
    """Return the works at which the gate compares detectors: the regression set, then gold, the newest first.

    The same bytes count once; at most ``GATE_MAX_WORKS``.
    """
    works: list[Labelled] = []
    seen: set[str] = set()
    pinned = settled().filter(regression__isnull=False)
    for artwork, is_pinned in _both(pinned, settled().filter(regression__isnull=True)):
        if artwork.digest in seen or not (is_pinned or is_gold(artwork.digest)):
            continue
        seen.add(artwork.digest)
        works.append(Labelled(artwork, is_ai(artwork), is_pinned))
        if len(works) >= settings.GATE_MAX_WORKS:
            break
    return works


def _both(pinned: QuerySet[Artwork], others: QuerySet[Artwork]) -> Iterator[tuple[Artwork, bool]]:
    for artwork in pinned.iterator():
        yield artwork, True
    for artwork in others.iterator():
        yield artwork, False
