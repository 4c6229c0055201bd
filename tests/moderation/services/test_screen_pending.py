"""The worker's side: claims, leases, results, failures that end before a person."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, connections
from django.db.models import F
from django.utils import timezone

from moderation import services, signals
from moderation.models import Artwork, Case, Event, Policy, Screening
from moderation.services.recording import LeaseLost, record_result
from moderation.services.screen_pending import claim_batch, screen_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.models import Listing

pytestmark = pytest.mark.django_db


def expire_leases() -> None:
    Screening.objects.filter(state="running").update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def due_now() -> None:
    Screening.objects.filter(state="pending").update(not_before=timezone.now())


@pytest.mark.parametrize(
    ("score", "standing", "visible", "severity"),
    [(0.1, "cleared", True, None), (0.7, "in_review", True, 10), (0.95, "held", False, 30)],
)
def test_the_band_decides_what_follows(
    make_listing: Callable[..., Listing],
    artwork_of: Callable[..., Artwork],
    score: float,
    standing: str,
    visible: bool,
    severity: int | None,
) -> None:
    listing = make_listing(score=score)
    assert services.screen_pending() == 1
    artwork, screening = artwork_of(listing), Screening.objects.get()
    assert (artwork.standing, artwork.is_visible) == (standing, visible)
    assert screening.state == "done"
    assert screening.p_ai == pytest.approx(score, abs=0.003)
    assert screening.policy == Policy.objects.get()
    assert str(screening.detector) == "stub 1"
    assert screening.evidence[0]["kind"] == "classifier"
    assert [case.severity for case in Case.objects.all()] == ([severity] if severity else [])


def test_each_change_stands_in_the_log(make_listing: Callable[..., Listing]) -> None:
    make_listing(score=0.95)
    services.screen_pending()
    verbs = list(Event.objects.exclude(artwork=None).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["artwork_recorded", "screening_requested", "case_opened", "standing_changed", "screened"]
    change = Event.objects.get(verb="standing_changed")
    assert (change.before["standing"], change.after["standing"]) == ("waiting", "held")
    assert change.actor is None
    assert "95 %" in change.reason


def test_signals_tell_the_host_after_the_commit(
    make_listing: Callable[..., Listing], django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[str] = []

    def on_screened(**kwargs: Any) -> None:
        heard.append(f"screened {kwargs['screening'].band}")

    def on_flagged(**kwargs: Any) -> None:
        heard.append(f"flagged {kwargs['case'].severity}")
        raise ValueError("a host's receiver that fails stops nobody")

    signals.flagged.connect(on_flagged)
    signals.screened.connect(on_screened)
    try:
        make_listing(score=0.95)
        with django_capture_on_commit_callbacks(execute=True):
            services.screen_pending()
            assert heard == []
    finally:
        signals.flagged.disconnect(on_flagged)
        signals.screened.disconnect(on_screened)
    assert sorted(heard) == ["flagged 30", "screened hold"]


def test_a_second_run_finds_nothing(make_listing: Callable[..., Listing]) -> None:
    make_listing()
    assert (services.screen_pending(), services.screen_pending()) == (1, 0)


def test_a_claimed_row_is_nobody_elses(make_listing: Callable[..., Listing]) -> None:
    make_listing()
    assert claim_batch() is not None
    assert claim_batch() is None


def test_a_killed_workers_rows_come_back_and_end_once(
    make_listing: Callable[..., Listing], artwork_of: Callable[..., Artwork]
) -> None:
    listing = make_listing(score=0.1)
    assert claim_batch() is not None  # the worker is killed here
    assert services.sweep().taken_back == 0
    expire_leases()
    assert services.sweep().taken_back == 1
    due_now()
    services.screen_pending()
    assert artwork_of(listing).standing == "cleared"
    assert Screening.objects.get().attempts == 2


def test_a_picture_that_kills_its_worker_ends_before_a_person_alone(make_listing: Callable[..., Listing]) -> None:
    for _n in range(3):
        make_listing(score=0.1)
    sizes = []
    for _attempt in range(3):
        batch = claim_batch()
        assert batch is not None
        sizes.append(len(batch.screenings))
        expire_leases()
        services.sweep()
        due_now()
        # Whoever shared the first batch is looked at alone from now on, so only the killer loses further attempts.
        Screening.objects.exclude(pk=batch.screenings[0].pk).update(requested_at=F("requested_at") + timedelta(1))
    assert sizes == [3, 1, 1]
    assert Case.objects.get().kind == "unscreened"
    assert Screening.objects.filter(state="failed").count() == 1
    services.screen_pending()
    assert Artwork.objects.filter(standing="cleared").count() == 2


def test_a_result_that_comes_after_the_lease_is_dropped(make_listing: Callable[..., Listing]) -> None:
    make_listing(score=0.1)
    slow = claim_batch()
    assert slow is not None
    expire_leases()
    services.sweep()
    due_now()
    services.screen_pending()
    before = Event.objects.count()
    screen_batch(slow)
    assert Event.objects.count() == before
    with pytest.raises(LeaseLost):
        record_result(
            slow.screenings[0], token=slow.token, p_ai=0.9, evidence=[], detector=Screening.objects.get().detector
        )


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"GIF89a nonsense", None), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None), (b"", None)],
)
def test_what_is_no_picture_goes_to_a_person_at_once(
    make_listing: Callable[..., Listing], artwork_of: Callable[..., Artwork], data: bytes, code: str | None
) -> None:
    listing = make_listing(data=data)
    services.screen_pending()
    case = Case.objects.get()
    assert (case.kind, case.severity) == ("unscreened", 25)
    assert case.reason
    assert (artwork_of(listing).standing, artwork_of(listing).is_visible) == ("held", False)
    assert Screening.objects.get().state == "failed"


def test_a_truncated_picture_goes_to_a_person(make_listing: Callable[..., Listing], paint: Any) -> None:
    data = paint(0.1, size=(400, 400), kind="JPEG")
    make_listing(data=data[: len(data) // 2])
    services.screen_pending()
    assert Case.objects.get().kind == "unscreened"


def test_a_broken_file_still_shows_its_makers_marks(make_listing: Callable[..., Listing]) -> None:
    import io

    from PIL import Image, PngImagePlugin

    text, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    text.add_text("parameters", "a lake\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64")
    Image.effect_noise((200, 200), 80).save(buffer, "PNG", pnginfo=text)
    make_listing(data=buffer.getvalue()[:-3000])
    services.screen_pending()
    case = Case.objects.get()
    assert (case.kind, case.severity) == ("unscreened", 40)
    assert "a1111" in [found["kind"] for found in case.screening.evidence]


def test_a_missing_file_is_tried_again_and_then_goes_to_a_person(make_listing: Callable[..., Listing]) -> None:
    listing = make_listing()
    listing.picture.storage.delete(listing.picture.name)
    states = []
    for _attempt in range(3):
        services.screen_pending()
        states.append(Screening.objects.get().state)
        due_now()
    assert states == ["pending", "pending", "failed"]
    case = Case.objects.get()
    assert case.kind == "unscreened"
    assert "FileNotFoundError" in case.reason


def test_a_file_changed_in_place_is_not_screened_under_the_old_name(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    from pathlib import Path

    listing = make_listing(score=0.1)
    Path(listing.picture.path).write_bytes(paint(0.1, seed=77))
    services.screen_pending()
    assert Screening.objects.get().failure_code == "changed"
    assert Case.objects.get().kind == "unscreened"


def test_a_missing_model_is_a_visible_case(
    make_listing: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml.cards import ArtefactError
    from tests.stubs import RedClassifier

    def broken(*args: Any) -> list[float]:
        raise ArtefactError("model.tflite is gone")

    monkeypatch.setattr(RedClassifier, "score", broken)
    make_listing()
    for _attempt in range(3):
        services.screen_pending()
        due_now()
    assert Case.objects.get().kind == "unscreened"
    assert "detector" in Case.objects.get().reason


def test_bytes_that_a_person_approved_are_not_asked_about_again(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes], moderator: Any, artwork_of: Any
) -> None:
    data = paint(0.95)
    make_listing(data=data)
    services.screen_pending()
    case = Case.objects.get()
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    again = make_listing(data=data)
    services.screen_pending()
    assert artwork_of(again).standing == "cleared"
    assert Case.objects.filter(state="open").count() == 0


def test_another_artists_approval_does_not_count(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes], moderator: Any, other_artist: Any
) -> None:
    data = paint(0.95)
    make_listing(data=data)
    services.screen_pending()
    case = Case.objects.get()
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    make_listing(data=data, artist=other_artist)
    services.screen_pending()
    assert Case.objects.filter(state="open").count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_deliveries_side_by_side_make_one_result(
    make_listing: Callable[..., Listing],
) -> None:
    # An in-memory SQLite is one connection, so there is one; PostgreSQL's run has all twenty.
    threads = 1 if connection.vendor == "sqlite" else 20
    for _n in range(5):
        make_listing(score=0.95)
    errors: list[BaseException] = []

    def deliver() -> None:
        try:
            services.screen_pending()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=deliver) for _n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert Screening.objects.filter(state="done").count() == 5
    assert Case.objects.filter(state="open").count() == 5
    assert Event.objects.filter(verb="screened").count() == 5
