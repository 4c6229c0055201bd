"""Pictures in a bucket are as shut as those in a folder: no link to the storage leaves the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from moderation import services
from tests.servers import s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.contrib.auth.models import User

    from marketplace.models import Listing
    from moderation.models import Artwork


@pytest.fixture
def bucket(settings: Any) -> Iterator[str]:
    """Keep the pictures of this test in a bucket, as ``S3_BUCKET`` does."""
    with s3("art") as endpoint:
        options = {
            "bucket_name": "art",
            "endpoint_url": endpoint,
            "region_name": "us-east-1",
            "access_key": "test",
            "secret_key": "test",
            "file_overwrite": False,
            "default_acl": None,
            "querystring_auth": True,
        }
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
        }
        yield endpoint


def test_a_held_picture_in_a_bucket_is_for_its_artist_and_the_moderators(
    bucket: str,
    make_listing: Callable[..., Listing],
    artwork_of: Callable[[Listing], Artwork],
    artist: User,
    other_artist: User,
    moderator: User,
) -> None:
    public, held = make_listing(score=0.1), make_listing(score=0.95)
    assert services.screen_pending() == 2
    address = f"/moderation/artworks/{artwork_of(held).reference}"

    def visitor(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    for user, status in ((None, 404), (other_artist, 404), (artist, 200), (moderator, 200)):
        response = visitor(user).get(f"{address}/file")
        assert response.status_code == status
        assert ("Location" in response) is False  # the bytes themselves, not a link that would outlive a rejection
        if response.streaming:
            assert response.getvalue().startswith(b"\x89PNG")
        assert visitor(user).get(f"{address}/thumbnail").status_code == status
    for path in ("/", public.get_absolute_url(), "/works", f"{address}/", "/works/new"):
        page = visitor(artist).get(path)
        assert page.status_code == 200
        assert bucket not in page.content.decode()
        assert "X-Amz" not in page.content.decode()

    # What was public a moment ago is not any more, at once: there is no link that still works.
    address = f"/moderation/artworks/{artwork_of(public).reference}/file"
    seen = visitor(None).get(address)
    assert seen.status_code == 200
    seen.getvalue()
    services.withdraw(public)
    assert visitor(None).get(address).status_code == 404
