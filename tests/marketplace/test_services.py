from __future__ import annotations

import io
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection

from marketplace import services
from marketplace.models import Listing
from ml.probe import probe
from moderation import selectors
from moderation.models import Artwork

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

DETAILS: Any = {
    "title": "Low Tide",
    "description": "",
    "category": "painting",
    "price": Decimal(120),
    "currency": "EUR",
    "declared_origin": "handmade",
}


@pytest.fixture
def publish(artist: User, paint: Callable[..., bytes], red_classifier: None) -> Callable[..., Listing]:
    def make(*, data: bytes | None = None, name: str = "a.png", submission: uuid.UUID | None = None) -> Listing:
        picture = SimpleUploadedFile(name, data or paint(0.1))
        return services.publish_listing(
            artist=artist,
            submission=submission or uuid.uuid4(),
            picture=picture,
            header=probe(io.BytesIO(data or paint(0.1))),
            **DETAILS,
        )

    return make


def test_publishing_asks_for_a_screening_in_the_same_breath(publish: Callable[..., Listing]) -> None:
    artwork = selectors.current_artwork(publish())
    assert artwork is not None
    assert artwork.standing == "waiting"
    assert artwork.declared_origin == "handmade"
    assert artwork.screenings.filter(state="pending").count() == 1


def test_publishing_keeps_the_format_found_and_not_the_name_given(
    publish: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    listing = publish(data=paint(0.2, kind="JPEG"), name="../../evil.php")
    assert listing.picture.name.startswith(f"listings/{listing.public_id}/")
    assert listing.picture.name.endswith(".jpg")
    assert (listing.picture_width, listing.picture_height) == (64, 48)


def test_the_same_form_twice_is_one_listing(publish: Callable[..., Listing]) -> None:
    submission = uuid.uuid4()
    assert publish(submission=submission).pk == publish(submission=submission).pk
    assert Listing.objects.count() == Artwork.objects.count() == 1


def test_the_twin_that_comes_second_gets_the_first_ones_listing(
    publish: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both requests looked before either had saved: the database's constraint decides."""
    submission = uuid.uuid4()
    first = publish(submission=submission)
    look = Listing.objects.filter
    looks: list[Any] = []

    def blind_at_first(**by: Any) -> Any:
        looks.append(by)
        return Listing.objects.none() if len(looks) == 1 else look(**by)

    monkeypatch.setattr(Listing.objects, "filter", blind_at_first)
    assert publish(submission=submission).pk == first.pk
    assert Listing.objects.count() == 1
    folders, _ = default_storage.listdir("listings")
    assert folders == [str(first.public_id)]


def test_a_database_that_fails_leaves_no_file_behind(publish: Callable[..., Listing]) -> None:
    stored: list[int] = []

    def full(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "marketplace_listing"'):
            stored.append(len(default_storage.listdir("listings")[0]))
            raise OperationalError("database or disk is full")
        return execute(sql, *rest)

    with pytest.raises(OperationalError), connection.execute_wrapper(full):
        publish()
    assert stored == [1]
    assert default_storage.listdir("listings") == ([], [])


def test_a_new_picture_is_screened_anew_and_the_old_file_stays(
    publish: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    listing = publish()
    old = listing.picture.name
    data = paint(0.4)
    services.revise_listing(
        listing=listing, picture=SimpleUploadedFile("b.png", data), header=probe(io.BytesIO(data)), **DETAILS
    )
    listing.refresh_from_db()
    assert listing.picture.name != old
    assert default_storage.exists(old)
    assert Artwork.objects.filter(object_pk=str(listing.pk)).count() == 2
    current = selectors.current_artwork(listing)
    assert current is not None
    assert current.file_name == listing.picture.name


def test_new_words_leave_the_picture_and_its_screening_alone(publish: Callable[..., Listing]) -> None:
    listing = publish()
    services.revise_listing(listing=listing, picture=None, header=None, **{**DETAILS, "title": "High Tide"})
    artwork = selectors.current_artwork(listing)
    assert artwork is not None
    assert artwork.title == "High Tide"
    assert Artwork.objects.count() == artwork.screenings.count() == 1


def test_withdrawing_twice_keeps_the_first_date_and_putting_back_clears_it(publish: Callable[..., Listing]) -> None:
    listing = publish()
    services.withdraw_listing(listing=listing)
    first = listing.withdrawn_at
    assert first is not None
    services.withdraw_listing(listing=listing)
    assert listing.withdrawn_at == first
    services.relist_listing(listing=listing)
    listing.refresh_from_db()
    assert not listing.is_withdrawn


def test_deleting_removes_the_files_once_it_is_certain(
    publish: Callable[..., Listing], django_capture_on_commit_callbacks: Any
) -> None:
    listing = publish()
    name, folder = listing.picture.name, listing.picture_folder
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_listing(listing=listing)
        assert default_storage.exists(name)
    assert not default_storage.exists(name)
    assert not default_storage.exists(folder)


def test_the_end_of_an_account_removes_its_files_too(
    publish: Callable[..., Listing], artist: User, django_capture_on_commit_callbacks: Any
) -> None:
    name = publish().picture.name
    with django_capture_on_commit_callbacks(execute=True):
        artist.delete()
    assert not default_storage.exists(name)


def test_a_storage_that_fails_does_not_bring_the_listing_back(
    publish: Callable[..., Listing],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    listing = publish()

    def broken(self: object, path: str) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage.listdir", broken)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_listing(listing=listing)
    assert not Listing.objects.exists()
    assert "could not be removed" in caplog.text
