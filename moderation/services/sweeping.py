"""The sweeper: takes back what killed workers held, and rings for rows whose bell was lost."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from moderation import registry, selectors
from moderation.models import Artwork, Screening, ScreeningState
from moderation.saying import say
from moderation.services import bell, queueing, recording, requests, waiting
from moderation.services.recording import LeaseLost


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    taken_back: int
    given_up: int
    rang: bool
    waited_out: int = 0


def sweep() -> Swept:
    """Take back leases that ran out; rows out of attempts go to a person; ring if anything is due; let no work wait
    longer than the policy allows. Idempotent.
    """
    taken_back = given_up = 0
    expired = {"state": ScreeningState.RUNNING, "lease_expires_at__lte": timezone.now()}
    for row in list(Screening.objects.filter(**expired)):
        with transaction.atomic():
            try:
                artwork, screening = recording.lock(row, **expired)
            except LeaseLost:
                continue  # its worker, or another sweeper, was quicker
            recording.give_up_or_retry(
                screening,
                artwork=artwork,
                code="worker_lost",
                message=say(
                    _("The worker ended while it looked at this picture. Tries so far: {tries}."),
                    tries=screening.attempts,
                ),
                final=False,
            )
            taken_back += 1
            given_up += screening.state == ScreeningState.FAILED
    rang = queueing.has_due() and bell.ring()
    return Swept(taken_back, given_up, rang, waiting.end_waiting())


def sweep_missed(*, limit: int = 1000) -> int:
    """Queue the host's objects that nobody told us of (``bulk_create``, imports, fixtures); return how many."""
    found = 0
    for registration in registry.registrations():
        recorded = Artwork.objects.filter(
            content_type=ContentType.objects.get_for_model(registration.model),
            object_pk=selectors.key_expression(registration.model),
            field=registration.field,
        )
        missed = registration.model._default_manager.filter(~Exists(recorded)).exclude(
            Q(**{registration.field: ""}) | Q(**{f"{registration.field}__isnull": True})
        )
        for instance in missed.order_by("pk")[:limit]:
            requests.request_screening(instance, field=registration.field)
            found += 1
    return found
