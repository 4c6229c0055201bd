"""What the site's tests share."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from moderation import services

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

    from marketplace.models import Listing


@pytest.fixture
def form_data(paint: Callable[..., bytes]) -> Callable[..., dict[str, Any]]:
    """Return what the upload form sends: ``form_data(title="", picture=b"...")``; ``None`` leaves a field out."""

    def make(**changes: Any) -> dict[str, Any]:
        data: dict[str, Any] = {
            "title": "Low Tide",
            "category": "painting",
            "price": "120.50",
            "currency": "EUR",
            "description": "",
            "declared_origin": "handmade",
            "submission": str(uuid.uuid4()),
            "picture": paint(0.1),
            **changes,
        }
        if isinstance(data["picture"], bytes):
            data["picture"] = SimpleUploadedFile("low tide.png", data["picture"])
        return {name: value for name, value in data.items() if value is not None}

    return make


@pytest.fixture
def as_artist(client: Client, artist: User, red_classifier: None) -> Client:
    """A browser in which the artist has signed in."""
    client.force_login(artist)
    return client


@pytest.fixture
def hang(make_listing: Callable[..., Listing]) -> Callable[..., Listing]:
    """Return a maker of listings that were screened and cleared."""

    def make(**fields: Any) -> Listing:
        listing = make_listing(**fields)
        services.screen_pending()
        return listing

    return make
