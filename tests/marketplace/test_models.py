from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction

from marketplace.models import Listing

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_picture_is_named_by_its_own_bytes(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    data = paint(0.3)
    listing = make_listing(data=data)
    assert listing.picture.name == f"listings/{listing.public_id}/{hashlib.sha256(data).hexdigest()}.png"
    with listing.picture.open() as file:
        assert file.read() == data


def test_two_listings_with_the_same_bytes_have_two_files(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    first, second = make_listing(data=paint(0.3)), make_listing(data=paint(0.3))
    assert first.picture.name != second.picture.name


@pytest.mark.parametrize(
    "wrong",
    [{"price": Decimal("-0.01")}, {"category": "sculpture"}, {"currency": "XXX"}, {"declared_origin": ""}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_database_refuses_what_no_form_would_send(
    make_listing: Callable[..., Listing], wrong: dict[str, object]
) -> None:
    listing = make_listing()
    with pytest.raises(IntegrityError), transaction.atomic():
        Listing.objects.filter(pk=listing.pk).update(**wrong)


def test_one_form_makes_one_listing(make_listing: Callable[..., Listing]) -> None:
    listing = make_listing()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_listing(submission=listing.submission)


def test_another_artist_may_use_the_same_submission(
    make_listing: Callable[..., Listing], other_artist: object
) -> None:
    listing = make_listing()
    assert make_listing(submission=listing.submission, artist=other_artist).pk != listing.pk
