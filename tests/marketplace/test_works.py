from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from marketplace.models import Listing
from moderation import services
from moderation.models import Artwork

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from django.contrib.auth.models import User
    from django.test import Client


def test_a_work_is_offered_and_followed(as_artist: Client, form_data: Callable[..., dict[str, Any]]) -> None:
    response = as_artist.post("/works/new", form_data(), follow=True)
    assert response.redirect_chain == [("/works", 302)]
    page = response.content.decode()
    assert "“Low Tide” has arrived" in page
    assert "Waiting for screening" in page
    assert "hx-trigger" in page  # it follows by itself while it waits
    services.screen_pending()
    page = as_artist.get("/works").content.decode()
    assert "Cleared" in page
    assert "hx-trigger" not in page


def test_a_double_click_makes_one_listing(as_artist: Client, form_data: Callable[..., dict[str, Any]]) -> None:
    page = as_artist.get("/works/new").content.decode()
    found = re.search(r'name="submission" value="([^"]+)"', page)
    assert found
    for _ in range(2):
        assert as_artist.post("/works/new", form_data(submission=found[1]))["Location"] == "/works"
    assert Listing.objects.count() == Artwork.objects.count() == 1


def test_each_empty_form_is_a_new_one(as_artist: Client) -> None:
    forms = {
        re.findall(r'name="submission" value="([^"]+)"', as_artist.get("/works/new").content.decode())[0]
        for _ in range(2)
    }
    assert len(forms) == 2
    assert all(uuid.UUID(form) for form in forms)


def test_an_upload_succeeds_while_the_broker_is_down(
    as_artist: Client,
    form_data: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    from kombu.exceptions import OperationalError

    from moderation.tasks import screen_pending

    rung: list[bool] = []

    def dead(*args: Any, **kwargs: Any) -> None:
        rung.append(True)
        raise OperationalError("connection refused")

    monkeypatch.setattr(screen_pending, "apply_async", dead)
    with django_capture_on_commit_callbacks(execute=True):
        response = as_artist.post("/works/new", form_data())
    assert rung
    assert response["Location"] == "/works"
    assert Artwork.objects.get().screenings.get().state == "pending"


def seen(client: Client, artwork: Artwork) -> list[int]:
    """Return how the picture's addresses answer."""
    answers = [client.get(f"/moderation/artworks/{artwork.reference}/{part}") for part in ("file", "thumbnail")]
    for answer in answers:
        b"".join(answer)  # read to its end; closed by hand, it would take the test's own connection along
    return [answer.status_code for answer in answers]


def test_a_new_picture_leaves_the_approved_one_on_the_wall(
    as_artist: Client,
    client: Client,
    hang: Callable[..., Listing],
    form_data: Callable[..., dict[str, Any]],
    paint: Callable[..., bytes],
    moderator: User,
) -> None:
    listing = hang()
    approved = Artwork.objects.get()
    data = form_data(picture=paint(0.95), title="Repainted")
    response = as_artist.post(f"/works/{listing.public_id}/edit", data, follow=True)
    assert "The new picture has arrived" in response.content.decode()
    as_artist.logout()
    page = client.get(listing.get_absolute_url()).content.decode()
    assert str(approved.reference) in page
    services.screen_pending()
    newer = Artwork.objects.get(is_current=True)
    assert (newer.standing, newer.screenings.count()) == ("held", 1)
    for address in (listing.get_absolute_url(), "/"):
        page = client.get(address).content.decode()
        assert str(approved.reference) in page
        assert str(newer.reference) not in page
    assert seen(client, approved) == [200, 200]  # what buyers' browsers fetch
    assert seen(client, newer) == [404, 404]

    # A person approves the new one: it takes the place, and the old one goes.
    case = newer.cases.get()
    services.decide(
        case=case, decider=moderator, action="approve", reason_code="human_made", explanation="", version=case.version
    )
    page = client.get(listing.get_absolute_url()).content.decode()
    assert str(newer.reference) in page
    assert seen(client, approved) == [404, 404]
    assert seen(client, newer) == [200, 200]


def test_a_bad_new_picture_changes_nothing(
    as_artist: Client, hang: Callable[..., Listing], form_data: Callable[..., dict[str, Any]]
) -> None:
    listing = hang()
    response = as_artist.post(
        f"/works/{listing.public_id}/edit", form_data(picture=b"not a picture, only words", title="New Name")
    )
    assert response.status_code == 422
    assert f"Edit “{listing.title}”" in response.content.decode()
    after = Listing.objects.get()
    assert (after.title, after.picture.name) == (listing.title, listing.picture.name)


def test_words_alone_can_be_changed(
    as_artist: Client, hang: Callable[..., Listing], form_data: Callable[..., dict[str, Any]]
) -> None:
    listing = hang()
    response = as_artist.post(
        f"/works/{listing.public_id}/edit", form_data(picture=None, title="High Tide"), follow=True
    )
    assert "Your changes are saved." in response.content.decode()
    after = Listing.objects.get()
    assert (after.title, after.picture.name) == ("High Tide", listing.picture.name)


def test_a_withdrawn_work_leaves_the_gallery_and_comes_back(as_artist: Client, hang: Callable[..., Listing]) -> None:
    listing = hang()
    as_artist.post(f"/works/{listing.public_id}/withdraw")
    assert "Withdrawn by you" in as_artist.get("/works").content.decode()  # and the message that names the work
    assert listing.title not in as_artist.get("/").content.decode()
    as_artist.post(f"/works/{listing.public_id}/withdraw", {"put_back": "1"})
    as_artist.get("/works")  # shows the message that names the work
    assert listing.title in as_artist.get("/").content.decode()


def test_deleting_asks_first(as_artist: Client, hang: Callable[..., Listing]) -> None:
    listing = hang()
    page = as_artist.get(f"/works/{listing.public_id}/delete").content.decode()
    assert "Delete for good" in page
    assert Listing.objects.exists()
    as_artist.post(f"/works/{listing.public_id}/delete")
    assert not Listing.objects.exists()
    assert as_artist.get(listing.get_absolute_url()).status_code == 404
