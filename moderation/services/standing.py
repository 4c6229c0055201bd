"""What people decided about an artist's works so far, and what the policy makes of a clean record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils import timezone

from moderation.models import Action, Appeal, Artwork, Outcome
from moderation.models.decision import RESTRICTING

if TYPE_CHECKING:
    from moderation.models import Policy


@dataclass(frozen=True, slots=True)
class Record:
    """The decisions in force about an artist's works. Machines' results count for nothing here."""

    approved: int
    """Pictures that a person approved, each set of bytes once; decisions that can still be undone do not count yet."""
    restricted: int
    """Works that carry a label or are not shown because of a decision."""
    appeals_won: int

    @property
    def is_clean(self) -> bool:
        """Whether no decision in force restricts anything."""
        return self.restricted == 0


def record_of(artist_pk: int | None) -> Record:
    """Return the record of the artist with this primary key, in two queries."""
    if artist_pk is None:
        return Record(0, 0, 0)
    final = Q(decision__action=Action.APPROVE, decision__notice_due_at__lte=timezone.now()) & ~Q(digest="")
    counts = Artwork.objects.filter(owner=artist_pk).aggregate(
        approved=Count("digest", filter=final, distinct=True),
        restricted=Count("pk", filter=Q(decision__action__in=RESTRICTING)),
    )
    won = Appeal.objects.filter(artist=artist_pk, outcome__in=(Outcome.OVERTURNED, Outcome.PARTLY)).count()
    return Record(counts["approved"], counts["restricted"], won)


def is_trusted(record: Record, policy: Policy) -> bool:
    """Whether ``policy`` gives an artist with ``record`` the higher review threshold."""
    return policy.trusted_artist_bonus > 0 and record.is_clean and record.approved >= policy.trusted_artist_decisions


def review_bonus(artist_pk: int | None, policy: Policy) -> float:
    """Return what ``policy`` adds to the review threshold of this artist; nothing is read while that is off."""
    if policy.trusted_artist_bonus <= 0:
        return 0.0
    return policy.trusted_artist_bonus if is_trusted(record_of(artist_pk), policy) else 0.0
