from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from marketplace.models import Listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

ROLES = ("nobody", "artist", "other_artist", "moderator", "senior", "admin_user")


@pytest.mark.parametrize("action", ["edit", "withdraw", "delete"])
@pytest.mark.parametrize("role", [role for role in ROLES if role != "artist"])
def test_only_the_artist_changes_a_work(
    action: str,
    role: str,
    client: Client,
    hang: Callable[..., Listing],
    form_data: Callable[..., dict[str, Any]],
    request: pytest.FixtureRequest,
) -> None:
    listing = hang()
    if role != "nobody":
        client.force_login(request.getfixturevalue(role))
    response = client.post(f"/works/{listing.public_id}/{action}", form_data())
    assert response.status_code == (302 if role == "nobody" else 404)
    if role == "nobody":
        assert response["Location"].startswith("/sign-in?next=")
    after = Listing.objects.get(pk=listing.pk)
    assert (after.title, after.picture.name, after.withdrawn_at) == (listing.title, listing.picture.name, None)


def test_home_leads_each_to_their_work(
    client: Client, artist: User, moderator: User, django_user_model: type[User]
) -> None:
    assert client.get("/home")["Location"] == "/"
    client.force_login(artist)
    assert client.get("/home")["Location"] == "/works"
    client.force_login(moderator)
    assert client.get("/home")["Location"] == "/moderation/"


def test_signing_in_leads_back_and_out_again(client: Client, artist: User) -> None:
    assert client.get("/works")["Location"] == "/sign-in?next=/works"
    page = client.post("/sign-in", {"username": "artist", "password": "wrong", "next": "/works"})
    assert page.status_code == 200
    assert "do not belong together" in page.content.decode()
    response = client.post("/sign-in", {"username": "artist", "password": "brush", "next": "/works/new"})
    assert response["Location"] == "/works/new"
    assert client.get("/works").status_code == 200
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out")["Location"] == "/"
    assert client.get("/works").status_code == 302
