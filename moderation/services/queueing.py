"""The queue is the pending rows: putting one in, and asking whether any is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation.models import Screening, ScreeningState
from moderation.models.screening import Priority, Purpose
from moderation.services import bell, events

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from moderation.models import Artwork


def enqueue(artwork: Artwork, *, purpose: Purpose = Purpose.UPLOAD) -> None:
    """Put one pending row into the caller's transaction and ring once it commits. One open row an artwork."""
    now = timezone.now()
    try:
        with transaction.atomic():
            Screening.objects.create(
                artwork=artwork,
                purpose=purpose,
                priority=Priority.UPLOAD if purpose == Purpose.UPLOAD else Priority.BULK,
                declared_origin=artwork.declared_origin,
                requested_at=now,
                not_before=now,
            )
    except IntegrityError:
        return  # somebody else queued it this very moment, which is all we wanted
    events.log("screening_requested", artwork=artwork, after={"purpose": purpose.value})
    bell.ring_on_commit(str(artwork.reference))


def due() -> QuerySet[Screening]:
    """Return the rows that may be claimed now."""
    return Screening.objects.filter(state=ScreeningState.PENDING, not_before__lte=timezone.now())


def has_due() -> bool:
    """Whether any row may be claimed now."""
    return due().exists()
