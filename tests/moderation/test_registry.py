"""Which host models carry artwork, and how their rows are named."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from marketplace.models import Listing
from moderation import registry, selectors
from moderation.errors import NotRegistered
from moderation.registry import Registration

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_listing_is_registered() -> None:
    entry = registry.registration_of(Listing)
    assert (entry.field, entry.owner) == ("picture", "artist")
    assert entry.storage is Listing._meta.get_field("picture").storage


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (None, ""),
        ("title", "Dawn"),
        ("artist.name", "Mia"),
        ("artist.missing_one.name", ""),
        (lambda instance: instance.title.upper(), "DAWN"),
    ],
)
def test_readers_are_names_paths_or_functions(reader: Any, expected: str) -> None:
    work: Any = SimpleNamespace(title="Dawn", artist=SimpleNamespace(name="Mia", missing_one=None))
    assert Registration(Listing, "picture").text_of(work, reader, limit=20) == expected


def test_a_field_that_holds_no_files_is_refused() -> None:
    with pytest.raises(NotRegistered, match=r"Listing.title is not a file field"):
        _ = Registration(Listing, "title").storage


def test_a_uuid_key_is_stored_without_hyphens() -> None:
    key = uuid.uuid4()
    instance: Any = SimpleNamespace(pk=key)
    assert registry.key_of(instance) == key.hex


@pytest.mark.django_db
def test_pages_of_many_listings_ask_once(make_listing: Callable[..., Listing], django_assert_num_queries: Any) -> None:
    listings = [make_listing() for _n in range(4)]
    selectors.current_artworks(listings[:1])  # warms the content type cache
    with django_assert_num_queries(1):
        found = selectors.current_artworks(listings)
    assert set(found) == {listing.pk for listing in listings}
    assert selectors.shown_artworks(listings) == {}
    assert selectors.current_artworks([]) == {}
