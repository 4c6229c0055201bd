"""What the upload page's script is answered: JSON, one file a request."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import default_storage

from marketplace.models import Listing
from moderation.models import Artwork

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

JSON = {"Accept": "application/json"}


def test_a_work_is_taken_and_what_is_kept_is_told(
    as_artist: Client, form_data: Callable[..., dict[str, Any]], paint: Callable[..., bytes]
) -> None:
    response = as_artist.post("/works/new", form_data(), headers=JSON)
    listing = Listing.objects.get()
    assert response.status_code == 201
    kept = {"title": "Low Tide", "price": "€120.50", "address": f"/art/{listing.public_id}"}
    assert response.json() == {"listing": kept}
    assert Artwork.objects.get().screenings.get().state == "pending"
    assert response["Vary"].count("Accept") >= 1


def test_a_retry_gets_the_listing_that_the_first_try_made(
    as_artist: Client, form_data: Callable[..., dict[str, Any]]
) -> None:
    submission = str(uuid.uuid4())
    first = as_artist.post("/works/new", form_data(submission=submission), headers=JSON)
    again = as_artist.post("/works/new", form_data(submission=submission, title="Changed"), headers=JSON)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert Listing.objects.count() == Artwork.objects.count() == 1


def test_errors_are_told_by_field(as_artist: Client, form_data: Callable[..., dict[str, Any]]) -> None:
    data = form_data(picture=b"not a picture, only words", price="", declared_origin=None)
    response = as_artist.post("/works/new", data, headers=JSON)
    assert response.status_code == 422
    errors = response.json()["errors"]
    assert sorted(errors) == ["declared_origin", "picture", "price"]
    assert errors["price"] == ["Give a price."]
    assert not Listing.objects.exists()
    assert not default_storage.exists("listings")


def test_a_file_past_the_limit_is_told_too(
    as_artist: Client, form_data: Callable[..., dict[str, Any]], paint: Callable[..., bytes], settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 100_000
    response = as_artist.post("/works/new", form_data(picture=paint(0.1) + b"\0" * 150_000), headers=JSON)
    assert response.status_code == 422
    assert "larger than" in response.json()["errors"]["picture"][0]


def test_without_a_sign_in_nothing_is_taken(
    client: Client, form_data: Callable[..., dict[str, Any]], db: None
) -> None:
    response = client.post("/works/new", form_data(), headers=JSON)
    assert response.status_code == 401
    assert "signed out" in response.json()["errors"]["__all__"][0]
    assert not Listing.objects.exists()


@pytest.mark.parametrize("accept", ["application/json", "text/html", "*/*"])
def test_the_page_itself_is_always_a_page(accept: str, as_artist: Client) -> None:
    page = as_artist.get("/works/new", headers={"Accept": accept}).content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert page.count('name="picture"') == 1


def test_a_form_without_scripts_is_answered_with_a_page(
    as_artist: Client, form_data: Callable[..., dict[str, Any]]
) -> None:
    assert as_artist.post("/works/new", form_data(), headers={"Accept": "text/html,*/*;q=0.8"})["Location"] == "/works"
