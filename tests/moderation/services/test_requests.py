"""A saved file becomes a record and one pending row, in the host's own transaction."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from marketplace.models import Listing
from moderation import selectors, services
from moderation.errors import NothingToScreen, NotRegistered
from moderation.models import Artwork, Case, Event, Screening

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def replace_picture(listing: Listing, data: bytes) -> None:
    listing.picture = SimpleUploadedFile("new.png", data)
    listing.save()


def test_saving_records_the_bytes_and_queues_one_look(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes], artwork_of: Callable[..., Artwork]
) -> None:
    data = paint(0.2, seed=5)
    listing = make_listing(data=data, title="Dawn", declared_origin="assisted")
    artwork = artwork_of(listing)
    assert artwork.digest == hashlib.sha256(data).hexdigest()
    assert artwork.size == len(data)
    assert (artwork.title, artwork.declared_origin, artwork.owner) == ("Dawn", "assisted", listing.artist)
    assert (artwork.standing, artwork.is_visible) == ("waiting", False)
    assert list(artwork.screenings.values_list("state", flat=True)) == ["pending"]


def test_saving_again_changes_nothing(make_listing: Callable[..., Listing]) -> None:
    listing = make_listing()
    for _again in range(3):
        listing.save()
        services.request_screening(listing)
    assert (Artwork.objects.count(), Screening.objects.count()) == (1, 1)


def test_a_host_that_rolls_back_leaves_no_row(make_listing: Callable[..., Listing]) -> None:
    with transaction.atomic():
        make_listing()
        transaction.set_rollback(True)
    assert not Artwork.objects.exists()
    assert not Screening.objects.exists()


def test_a_title_change_is_recorded_without_reading_the_file(
    make_listing: Callable[..., Listing], artwork_of: Callable[..., Artwork]
) -> None:
    listing = make_listing()
    listing.picture.storage.delete(listing.picture.name)
    listing = Listing.objects.get(pk=listing.pk)
    listing.title = "Dusk"
    listing.save()
    assert artwork_of(listing).title == "Dusk"
    told = Event.objects.get(verb="artwork_described")
    assert (told.before, told.after) == (
        {"title": True},
        {"title": True},
    )  # that it changed; the words are the artist's


def test_the_same_bytes_of_two_listings_are_two_records(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    data = paint()
    make_listing(data=data)
    make_listing(data=data)
    assert Artwork.objects.filter(digest=hashlib.sha256(data).hexdigest()).count() == 2


def test_new_bytes_are_screened_anew_while_the_cleared_ones_stay_public(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    listing = make_listing(score=0.1)
    services.screen_pending()
    first = selectors.shown_artwork(listing)
    assert first is not None

    replace_picture(listing, paint(0.2, seed=99))
    assert selectors.shown_artwork(listing) == first
    assert list(selectors.visible(Listing.objects.all())) == [listing]
    second = selectors.current_artwork(listing)
    assert second is not None
    assert second != first

    services.screen_pending()
    assert selectors.shown_artwork(listing) == second
    first.refresh_from_db()
    assert not first.is_visible


def test_a_suspect_new_picture_does_not_take_the_approved_ones_place(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    listing = make_listing(score=0.1)
    services.screen_pending()
    first = selectors.shown_artwork(listing)
    replace_picture(listing, paint(0.95, seed=99))
    services.screen_pending()
    assert selectors.shown_artwork(listing) == first
    assert Case.objects.get().artwork == selectors.current_artwork(listing)


def test_replacing_a_picture_in_review_withdraws_its_case(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    listing = make_listing(score=0.7)
    services.screen_pending()
    replace_picture(listing, paint(0.1, seed=99))
    assert Case.objects.get().state == "withdrawn"
    assert not Artwork.objects.get(digest=Case.objects.get().artwork.digest).is_visible


def test_going_back_to_earlier_bytes_brings_their_result_back(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    suspect = paint(0.7, seed=1)
    listing = make_listing(data=suspect)
    services.screen_pending()
    replace_picture(listing, paint(0.1, seed=99))
    services.screen_pending()
    replace_picture(listing, suspect)
    artwork = selectors.current_artwork(listing)
    assert artwork is not None
    assert artwork.standing == "in_review"
    assert Artwork.objects.count() == 2
    assert Case.objects.filter(state="open", artwork=artwork).count() == 1


def test_a_changed_declaration_is_looked_at_anew(
    make_listing: Callable[..., Listing], artwork_of: Callable[..., Artwork]
) -> None:
    listing = make_listing(score=0.95, declared_origin="generated")
    services.screen_pending()
    assert (artwork_of(listing).standing, artwork_of(listing).ai_label) == ("cleared", "ai_generated")
    listing.declared_origin = "handmade"
    listing.save()
    services.screen_pending()
    assert (artwork_of(listing).standing, artwork_of(listing).ai_label) == ("held", "")


def test_declaring_ai_on_an_approved_work_labels_it_and_taking_that_back_asks_a_person(
    make_case: Callable[..., Case], moderator: Any, artwork_of: Callable[..., Artwork]
) -> None:
    case = make_case(score=0.95)
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    listing = Listing.objects.get()
    listing.declared_origin = "generated"
    listing.save()
    assert (artwork_of(listing).standing, artwork_of(listing).ai_label) == ("approved", "ai_generated")
    assert artwork_of(listing).decision is not None
    assert not Case.objects.filter(state="open").exists()

    listing.declared_origin = "handmade"
    listing.save()
    assert (artwork_of(listing).standing, artwork_of(listing).ai_label) == ("approved", "ai_generated")
    again = Case.objects.get(state="open")
    assert (again.artwork, again.severity) == (artwork_of(listing), 20)
    services.decide(
        case=again,
        decider=moderator,
        action="label",
        reason_code="undeclared_ai",
        explanation="You said so yourself.",
        version=again.version,
    )
    assert (artwork_of(listing).standing, artwork_of(listing).ai_label) == ("labelled", "ai_generated")


def test_fixtures_are_left_to_the_sweeper(make_listing: Callable[..., Listing]) -> None:
    from django.core import serializers

    listing = make_listing()
    dump = serializers.serialize("json", [listing])
    Screening.objects.all().delete()
    Artwork.objects.all().delete() if not Event.objects.exists() else None
    before = Artwork.objects.count()
    for loaded in serializers.deserialize("json", dump):
        loaded.save()
    assert Artwork.objects.count() == before
    assert not Screening.objects.exists()


def test_bulk_create_is_found_by_the_sweeper(make_listing: Callable[..., Listing], artist: Any) -> None:
    kept = make_listing()
    Listing.objects.bulk_create(
        [
            Listing(
                artist=artist,
                title=f"Import {n}",
                category="print",
                price=1,
                declared_origin="handmade",
                picture=kept.picture.name,
                picture_width=64,
                picture_height=48,
            )
            for n in range(3)
        ]
    )
    assert Artwork.objects.count() == 1
    assert services.sweep_missed() == 3
    assert services.sweep_missed() == 0
    assert Artwork.objects.filter(standing="waiting").count() == 4


def test_deleting_a_listing_closes_what_is_open_and_keeps_the_log(make_listing: Callable[..., Listing]) -> None:
    listing = make_listing(score=0.7)
    services.screen_pending()
    listing.delete()
    artwork = Artwork.objects.get()
    assert (artwork.standing, artwork.is_visible, artwork.is_current) == ("withdrawn", False, False)
    assert Case.objects.get().state == "withdrawn"
    assert Event.objects.filter(artwork=artwork, verb="artwork_withdrawn").exists()


def test_deleting_before_the_look_cancels_it(make_listing: Callable[..., Listing]) -> None:
    make_listing().delete()
    assert services.screen_pending() == 0
    assert Screening.objects.get().state == "cancelled"


def test_nothing_to_screen_and_not_registered(artist: Any) -> None:
    with pytest.raises(NothingToScreen):
        services.request_screening(Listing(artist=artist))
    with pytest.raises(NotRegistered):
        services.request_screening(artist)
    with pytest.raises(NotRegistered, match="wrong"):
        services.request_screening(Listing(artist=artist), field="wrong")


def test_a_file_that_cannot_be_read_yet_never_fails_the_save(
    make_listing: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch, artwork_of: Callable[..., Artwork]
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError("the storage sleeps")

    with monkeypatch.context() as patched:
        patched.setattr("moderation.services.requests._digest", refuse)
        listing = make_listing(score=0.1)
    assert artwork_of(listing).digest == ""
    services.screen_pending()
    assert artwork_of(listing).standing == "cleared"
    assert len(artwork_of(listing).digest) == 64


def test_rescreen_queues_the_undecided_behind_uploads(
    make_listing: Callable[..., Listing], admin_user: Any, artwork_of: Callable[..., Artwork]
) -> None:
    listings = [make_listing(score=0.6), make_listing(score=0.1)]
    services.screen_pending()
    assert services.rescreen() == 0
    services.publish_policy(author=admin_user, reason="Milder", review_threshold=0.8)
    assert services.rescreen() == 2
    assert services.rescreen() == 0
    late = make_listing(score=0.1)
    from moderation.services.screen_pending import claim_batch, screen_batch

    batch = claim_batch()
    assert batch is not None
    assert [row.artwork.object_pk for row in batch.screenings] == [str(late.pk), *(str(x.pk) for x in listings)]
    screen_batch(batch)
    # A person was asked about the first one; a milder policy does not answer for them.
    assert artwork_of(listings[0]).standing == "in_review"
    assert artwork_of(listings[1]).standing == "cleared"


def test_the_database_refuses_two_open_looks_and_two_results(
    make_listing: Callable[..., Listing], artwork_of: Callable[..., Artwork]
) -> None:
    artwork = artwork_of(make_listing())
    pending = artwork.screenings.get()
    pending.pk = None
    with pytest.raises(IntegrityError, match=r"unique|UNIQUE"), transaction.atomic():
        pending.save(force_insert=True)
    services.screen_pending()
    done = artwork.screenings.get()
    done.pk = None
    with pytest.raises(IntegrityError, match=r"unique|UNIQUE"), transaction.atomic():
        done.save(force_insert=True)
