"""What an artist sees of a work, and who gets the picture itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from moderation import services
from moderation.models import Thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.models import Case

pytestmark = pytest.mark.django_db


def browser_of(user: Any) -> Client:
    browser = Client()
    if user is not None:
        browser.force_login(user)
    return browser


@pytest.fixture
def hidden(make_case: Callable[..., Case]) -> Case:
    """A case about a work that the public may not see."""
    case = make_case(score=0.95)
    assert not case.artwork.is_visible
    return case


@pytest.mark.parametrize("name", ["artwork_file", "artwork_thumbnail"])
def test_a_picture_that_is_not_public_is_for_its_artist_and_moderators(
    name: str, hidden: Case, artist: Any, other_artist: Any, moderator: Any
) -> None:
    address = reverse(f"moderation:{name}", args=[hidden.artwork.reference])
    answers = [browser_of(user).get(address) for user in (None, other_artist, artist, moderator)]
    assert [answer.status_code for answer in answers] == [404, 404, 200, 200]
    for answer in answers:
        answer.close()


def test_a_public_picture_is_for_everyone_and_leaves_locked_down(make_case: Callable[..., Case]) -> None:
    case = make_case(score=0.7)
    answer = browser_of(None).get(reverse("moderation:artwork_file", args=[case.artwork.reference]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content).startswith(b"\x89PNG")
    answer.close()


def test_a_known_picture_is_not_sent_twice(make_case: Callable[..., Case]) -> None:
    case = make_case(score=0.7)
    address = reverse("moderation:artwork_file", args=[case.artwork.reference])
    known = browser_of(None).get(address, headers={"If-None-Match": f'"{case.artwork.digest}"'})
    assert (known.status_code, known.content) == (304, b"")
    other = browser_of(None).get(address, headers={"If-None-Match": '"something else"'})
    assert other.status_code == 200
    other.close()


def test_the_worker_keeps_a_small_copy(make_case: Callable[..., Case]) -> None:
    case = make_case(score=0.7)
    small = Thumbnail.objects.get(artwork=case.artwork)
    assert (small.width, small.height) == (64, 48)
    answer = browser_of(None).get(reverse("moderation:artwork_thumbnail", args=[case.artwork.reference]))
    assert answer["Content-Type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"


def test_without_a_small_copy_the_file_itself_is_shown(make_case: Callable[..., Case]) -> None:
    case = make_case(score=0.7)
    Thumbnail.objects.all().delete()
    answer = browser_of(None).get(reverse("moderation:artwork_thumbnail", args=[case.artwork.reference]))
    assert answer["Location"] == reverse("moderation:artwork_file", args=[case.artwork.reference])


def test_the_artist_is_told_what_was_decided_and_why_but_not_by_whom(
    make_case: Callable[..., Case], artist: Any, moderator: Any, other_artist: Any
) -> None:
    case = make_case()
    services.decide(
        case=case,
        decider=moderator,
        action="reject",
        reason_code="undeclared_ai",
        explanation="Six fingers.",
        version=case.version,
    )
    page = browser_of(artist).get(case.artwork.get_absolute_url()).content.decode()
    assert "Rejected" in page
    assert "Six fingers." in page
    assert "A person decided that it cannot be shown here." in page
    assert "moderator" not in page.replace("moderation", "")
    assert browser_of(other_artist).get(case.artwork.get_absolute_url()).status_code == 404
    assert browser_of(None).get(case.artwork.get_absolute_url()).status_code == 302


def test_the_status_follows_while_something_is_open(
    make_case: Callable[..., Case], artist: Any, moderator: Any
) -> None:
    case = make_case()
    address = reverse("moderation:artwork_status", args=[case.artwork.reference])
    browser = browser_of(artist)
    open_case = browser.get(address).content.decode()
    assert 'hx-trigger="every 5s"' in open_case
    assert "<html" not in open_case
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    assert "hx-trigger" not in browser.get(address).content.decode()
