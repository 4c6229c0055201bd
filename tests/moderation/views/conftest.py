"""What the tests of the moderators' pages share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

    from moderation.models import Case, Screening


@pytest.fixture
def desk(client: Client, moderator: User) -> Client:
    """A browser at which the moderator is signed in."""
    client.force_login(moderator)
    client.get("/favicon.ico")  # a session's first request remembers how they read: no page's cost
    return client


@pytest.fixture
def colleague(other_moderator: User) -> Client:
    """Another browser, at which their colleague is signed in."""
    from django.test import Client

    browser = Client()
    browser.force_login(other_moderator)
    return browser


@pytest.fixture
def many_cases(artist: User, make_case: Callable[..., Case]) -> Callable[[int], list[Case]]:
    """Return a maker of open cases in bulk: rows as the worker would have written them, without the pictures."""
    from moderation.models import Artwork, Case, Screening

    made = 0

    def make(number: int) -> list[Case]:
        nonlocal made
        first, made = made, made + number - 1
        model = make_case()  # one through the whole corridor; the others are copies
        artwork, screening = model.artwork, model.screening
        assert screening is not None
        now = timezone.now()
        artworks = Artwork.objects.bulk_create(
            Artwork(
                content_type_id=artwork.content_type_id,
                object_pk=f"copy-{place}",
                field=artwork.field,
                file_name=artwork.file_name,
                digest=f"{place:064x}",
                owner=artist,
                title=f"Copy {place}",
                category="painting",
                declared_origin="handmade",
                standing="in_review",
            )
            for place in range(first, made)
        )
        shared: dict[str, Any] = {
            "state": "done",
            "requested_at": now,
            "not_before": now,
            "finished_at": now,
            "detector": screening.detector,
            "policy": screening.policy,
            "evidence": screening.evidence,
        }
        looks = Screening.objects.bulk_create(
            Screening(artwork=one, p_ai=0.5 + place % 50 / 100, band="review", **shared)
            for place, one in enumerate(artworks)
        )
        Case.objects.bulk_create(
            Case(
                artwork=look.artwork,
                screening=look,
                severity=(40, 30, 20, 10)[place % 4],
                reason="A score.",
                opened_at=now - timedelta(minutes=place),
                due_at=now + timedelta(hours=place % 7 - 1),
            )
            for place, look in enumerate(looks)
        )
        return list(Case.objects.order_by("-severity", "due_at", "pk"))

    return make


@pytest.fixture
def stored(red_classifier: None, artist: User, make_case: Callable[..., Case]) -> list[Screening]:
    """Four hundred stored looks of the last hundred days, counted."""
    from tests.moderation.views.replaying import store_looks

    return store_looks(make_case(score=0.7).artwork, artist)
