"""Each work says where it stands, how long that usually takes, what follows, and what its artist may do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from moderation import services
from moderation.models import Artwork, Case, Decision
from moderation.selectors import artists

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from marketplace.models import Listing

pytestmark = pytest.mark.django_db


def take(cases: list[Case], *hours: float) -> None:
    """Let decided cases have taken so many hours."""
    for case, span in zip(cases, hours, strict=True):
        Case.objects.filter(pk=case.pk).update(
            opened_at=timezone.now() - timedelta(hours=span), closed_at=timezone.now()
        )


@pytest.fixture
def settled(decided: Callable[..., Decision]) -> Callable[..., None]:
    """Return what makes decided cases that took so many hours each."""

    def make(*hours: float) -> None:
        take([decided(action="approve", reason_code="human_made").case for _turn in hours], *hours)

    return make


def test_the_usual_time_is_the_median_of_real_cases(settled: Callable[..., None]) -> None:
    settled(1, 2, 3, 50)
    assert artists.usual_review_time() is None  # four cases tell nothing
    settled(4)
    usual = artists.usual_review_time()
    assert usual is not None
    assert abs(usual - timedelta(hours=3)) < timedelta(seconds=5)


def test_a_work_in_review_says_the_usual_time(settled: Callable[..., None], make_case: Callable[..., Case]) -> None:
    settled(*[2.9] * 5)
    case = make_case(score=0.7)
    status = artists.status_of(case.artwork)
    assert "usually takes about 3 hours" in status.usual
    assert "put before all others" in status.follows
    assert "declared works are welcome" in status.may


@pytest.mark.parametrize(("score", "words"), [(0.7, "within 3 days"), (0.95, "within 24 hours")])
def test_without_experience_the_policy_speaks(make_case: Callable[..., Case], score: float, words: str) -> None:
    assert words in artists.status_of(make_case(score=score).artwork).usual


def test_what_follows_under_a_policy_that_shows(make_case: Callable[..., Case], admin_user: Any) -> None:
    services.publish_policy(author=admin_user, reason="A test.", when_waited_out="show")
    held = make_case(score=0.95)
    assert "it is shown meanwhile" in artists.status_of(held.artwork).follows
    Case.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert "any moment now" in artists.status_of(held.artwork).follows
    shown = make_case(score=0.7)
    assert artists.status_of(shown.artwork).follows == ""


def test_a_waiting_work_says_until_when(
    make_listing: Callable[..., Listing], artwork_of: Callable[..., Artwork]
) -> None:
    status = artists.status_of(artwork_of(make_listing()))
    assert "If it is not decided by" in status.follows
    assert "replace the picture" in status.may


def test_it_says_who_sees_the_work_meanwhile(
    make_listing: Callable[..., Listing], artwork_of: Callable[..., Artwork], paint: Callable[..., bytes]
) -> None:
    listing = make_listing()
    assert artists.status_of(artwork_of(listing)).seen == "Until then only you and the moderators see it."
    services.screen_pending()
    listing.picture = ContentFile(paint(0.95), "new.png")  # a new picture of a work that was let through
    listing.save()
    assert artists.status_of(artwork_of(listing)).seen == "Until then the public sees the version before."
    services.screen_pending()
    assert artwork_of(listing).standing == "held"
    assert artists.status_of(artwork_of(listing)).seen == "Until then the public sees the version before."
    make_listing(score=0.7)
    services.screen_pending()
    in_review = Artwork.objects.get(standing="in_review")
    assert artists.status_of(in_review).seen == "The public sees it meanwhile."


def test_settled_works_cost_no_query(decided: Callable[..., Decision], django_assert_num_queries: Any) -> None:
    artwork = decided().artwork
    with django_assert_num_queries(0):
        assert artists.status_of(artwork).follows == ""
        assert artists.status_of(None).artwork is None


def test_a_page_of_statuses_reads_its_facts_once(
    make_case: Callable[..., Case], client: Client, artist: Any, django_assert_max_num_queries: Any
) -> None:
    for score in (0.7, 0.95, 0.7, 0.95, 0.7, 0.95):
        make_case(score=score)
    client.force_login(artist)
    client.get("/favicon.ico")  # a session's first request remembers how they read: no page's cost
    with django_assert_max_num_queries(12):
        page = client.get("/works").content.decode()
    assert page.count("A person decides within") == 6


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "1 minute"),
        (timedelta(minutes=59, seconds=1), "60 minutes"),
        (timedelta(minutes=91), "2 hours"),
        (timedelta(hours=48), "48 hours"),
        (timedelta(hours=49), "3 days"),
    ],
)
def test_spans_in_words(span: timedelta, words: str) -> None:
    assert artists.in_words(span) == words
