"""A whole series is marked at once; what a person restricted stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from marketplace.models import Listing
from moderation import services

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

    from moderation.models import Artwork


def mark(client: Client, *listings: Listing, origin: str = "generated", **fields: str) -> str:
    works = [str(listing.public_id) for listing in listings]
    data = {"works": works, "declared_origin": origin, **fields}
    return client.post("/works/declare", data, follow=True).content.decode()


def test_chosen_works_are_marked_looked_at_again_and_labelled(
    as_artist: Client,
    client: Client,
    hang: Callable[..., Listing],
    artwork_of: Callable[[Listing], Artwork],
) -> None:
    chosen, other = [hang(), hang()], hang()
    page = mark(as_artist, *chosen)
    assert "2 works are now marked “AI-generated”" in page
    for listing in chosen:
        artwork = artwork_of(listing)
        assert artwork.declared_origin == "generated"
        assert artwork.screenings.filter(state="pending", declared_origin="generated").count() == 1
    assert artwork_of(other).declared_origin == "handmade"
    services.screen_pending()
    assert [artwork_of(listing).ai_label for listing in (*chosen, other)] == ["ai_generated", "ai_generated", ""]


def test_marking_twice_looks_once(
    as_artist: Client, hang: Callable[..., Listing], artwork_of: Callable[[Listing], Artwork]
) -> None:
    listing = hang()
    mark(as_artist, listing)
    assert "1 work was marked “AI-generated” before" in mark(as_artist, listing)
    assert artwork_of(listing).screenings.count() == 2


@pytest.mark.parametrize(("action", "standing"), [("label", "Labelled as AI-generated"), ("reject", "Rejected")])
def test_restricted_works_are_left_alone_with_a_word_why(
    action: str,
    standing: str,
    as_artist: Client,
    make_case: Callable[..., Any],
    hang: Callable[..., Listing],
    moderator: User,
) -> None:
    case = make_case(title="Judged", declared_origin="handmade")
    services.decide(
        case=case,
        decider=moderator,
        action=action,
        reason_code="undeclared_ai",
        explanation="Both hands have six fingers.",
        version=case.version,
    )
    judged, free = Listing.objects.get(title="Judged"), hang(title="Free")
    page = mark(as_artist, judged, free)
    assert f"“Judged” was left as it is: a decision stands ({standing})" in page
    assert "1 work is now marked" in page
    judged.refresh_from_db()
    free.refresh_from_db()
    assert (judged.declared_origin, free.declared_origin) == ("handmade", "generated")


def test_other_peoples_works_cannot_be_marked(
    as_artist: Client, hang: Callable[..., Listing], other_artist: User
) -> None:
    theirs = hang(artist=other_artist)
    page = mark(as_artist, theirs)
    theirs.refresh_from_db()
    assert theirs.declared_origin == "handmade"
    assert "now marked" not in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"works": []}, "Choose the works that belong to the series first."),
        ({"works": ["no-such-thing"]}, "Select a valid choice"),
        ({"declared_origin": ""}, "Say how the works were made."),
        ({"declared_origin": "aliens"}, "Select a valid choice"),
    ],
)
def test_what_is_missing_is_said_and_nothing_changes(
    changes: dict[str, Any], sentence: str, as_artist: Client, hang: Callable[..., Listing]
) -> None:
    listing = hang()
    data = {"works": [str(listing.public_id)], "declared_origin": "generated", **changes}
    assert sentence in as_artist.post("/works/declare", data, follow=True).content.decode()
    listing.refresh_from_db()
    assert listing.declared_origin == "handmade"


def test_one_comes_back_to_the_page_one_was_on(as_artist: Client, hang: Callable[..., Listing]) -> None:
    data = {"works": [str(hang().public_id)], "declared_origin": "generated", "after": "a&b=//evil.example"}
    assert as_artist.post("/works/declare", data)["Location"] == "/works?after=a%26b%3D%2F%2Fevil.example"


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.post("/works/declare")["Location"].startswith("/sign-in")
