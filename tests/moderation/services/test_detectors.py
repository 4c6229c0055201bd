"""Who looks at a work: the first default, shadows that never act, canaries by digest, promotion, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from moderation import services
from moderation.errors import DetectorRefused, NotAllowed
from moderation.models import (
    Artwork,
    Case,
    Decision,
    Detector,
    DetectorStatus,
    Event,
    GateCheck,
    GateState,
    RegressionWork,
    Screening,
    ShadowScore,
)
from moderation.services import bell, detectors, gate
from tests import stubs

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def colours(settings: Any, red_classifier: None) -> None:
    """Two detectors on disk (red serves, green could), and a broken one."""
    settings.MODERATION = {**settings.MODERATION, "CLASSIFIER": "tests.stubs.ColourClassifiers", "GATE_MIN_WORKS": 2}


@pytest.fixture
def green(colours: None) -> Detector:
    """The detector that could serve."""
    detectors.find()
    detectors.line_up()
    return Detector.objects.get(name="green")


@pytest.fixture
def decided(make_case: Callable[..., Case], moderator: User, paint: Any) -> Callable[..., Artwork]:
    """Return a maker of works with a person's final word: ``decided(ai=True, green=0.9)`` in the regression set."""
    import io

    from PIL import Image

    count = 0

    def make(*, ai: bool, green: float, red: float = 0.7) -> Artwork:
        nonlocal count
        count += 1
        buffer = io.BytesIO()
        Image.new("RGB", (64, 48), (round(red * 255), round(green * 255), count)).save(buffer, "PNG")
        case = make_case(data=buffer.getvalue())
        services.decide(
            case=case,
            decider=moderator,
            action="label" if ai else "approve",
            reason_code="undeclared_ai" if ai else "human_made",
            explanation="It shows." if ai else "",
            version=case.version,
        )
        Decision.objects.filter(case=case).update(notice_due_at=timezone.now() - timedelta(minutes=1))
        RegressionWork.objects.create(artwork=case.artwork, added_by=moderator)
        return case.artwork

    return make


def test_the_settings_detector_becomes_active_and_the_log_says_so(colours: None, make_listing: Any) -> None:
    make_listing(score=0.7)
    services.screen_pending()
    active = Detector.objects.get(status=DetectorStatus.ACTIVE)
    assert active.name == "stub"
    assert Screening.objects.get().detector == active
    event = Event.objects.get(verb="detector_promoted")
    assert (event.actor, event.after["active"]) == (None, "stub 1")


def test_the_registry_outweighs_the_settings(settings: Any, green: Detector, make_listing: Any) -> None:
    Detector.objects.filter(status="active").update(status="retired")
    Detector.objects.filter(pk=green.pk).update(status="active")
    settings.MODERATION = {**settings.MODERATION, "DETECTOR": "stub"}
    make_listing(score=0.9)
    services.screen_pending()
    assert Screening.objects.get().detector == green


def test_there_is_one_active_and_one_canary_at_most(green: Detector) -> None:
    with pytest.raises(IntegrityError):
        Detector.objects.filter(pk=green.pk).update(status="active")


def test_a_shadow_is_stored_and_never_acts(green: Detector, policy_admin: User, make_listing: Any, paint: Any) -> None:
    """Green would hold the work; red, which serves, clears it. Nothing but one row is left of green's opinion."""
    import io

    from PIL import Image

    detectors.shadow(detector=green, by=policy_admin, reason="To see it on our works.")
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (10, 250, 0)).save(buffer, "PNG")
    listing = make_listing(data=buffer.getvalue())
    services.screen_pending()

    score = ShadowScore.objects.get()
    assert (score.detector, round(score.p_ai, 2)) == (green, 0.98)
    artwork = Artwork.objects.get(object_pk=str(listing.pk))
    assert (artwork.standing, artwork.is_visible, artwork.ai_label) == ("cleared", True, "")
    assert not Case.objects.exists()
    screening = Screening.objects.get()
    assert (screening.detector and screening.detector.name, screening.band) == ("stub", "clear")
    assert "green" not in str(screening.evidence)
    assert not Event.objects.filter(artwork=artwork, reason__contains="green").exists()


def test_a_broken_shadow_stops_nobody(colours: None, make_listing: Any) -> None:
    detectors.line_up()
    Detector.objects.create(name="broken", version="1", status="shadow")
    make_listing(score=0.1)
    services.screen_pending()
    assert Screening.objects.get().state == "done"
    assert not ShadowScore.objects.exists()


def test_the_canary_takes_its_share_of_digests_and_always_the_same_ones() -> None:
    canary = Detector(name="green", version="7", canary_percent=20)
    digests = [f"{number:064x}" for number in range(5000)]
    taken = {digest for digest in digests if detectors.in_canary(canary, digest)}
    assert 0.18 < len(taken) / len(digests) < 0.22
    assert taken == {digest for digest in digests if detectors.in_canary(canary, digest)}
    more = Detector(name="green", version="7", canary_percent=40)
    assert all(detectors.in_canary(more, digest) for digest in taken)  # a larger share keeps the smaller one's works
    other = Detector(name="green", version="8", canary_percent=20)
    assert {digest for digest in digests if detectors.in_canary(other, digest)} != taken


def test_a_canary_acts_on_its_works_alone_and_is_compared_there(
    green: Detector, make_listing: Any, settings: Any
) -> None:
    Detector.objects.filter(pk=green.pk).update(status="canary", canary_percent=50)
    for _number in range(12):
        make_listing(score=0.2)
    services.screen_pending()
    while Screening.objects.filter(state="pending").exists():
        services.screen_pending()
    canary = Detector.objects.get(pk=green.pk)
    looked = list(Screening.objects.select_related("artwork", "detector"))
    assert {one.detector.name for one in looked if one.detector} == {"stub", "green"}
    for one in looked:
        assert (one.detector == canary) == detectors.in_canary(canary, one.artwork.digest)
    silent = ShadowScore.objects.values_list("artwork", "detector__name")
    assert set(silent) == {(one.artwork_id, "stub") for one in looked if one.detector == canary}
    assert services.rescreen() == 0  # judged, whoever of the two did


def test_a_detector_that_is_gone_leaves_works_to_people(settings: Any, green: Detector, make_listing: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "MAX_ATTEMPTS": 1}
    Detector.objects.filter(status="active").update(name="sold", status="active")
    make_listing(score=0.1)
    services.screen_pending()
    assert Screening.objects.get().state == "failed"
    assert Case.objects.get().state == "open"


def test_a_release_with_a_new_version_of_the_active_detector_is_followed(green: Detector) -> None:
    Detector.objects.filter(status="active").update(version="0")
    line = detectors.line_up()
    assert (line.active.name, line.active.version) == ("stub", "1")
    assert line.active.replaced == Detector.objects.get(name="stub", version="0")
    assert Event.objects.filter(verb="detector_promoted", actor=None).count() == 2


def test_finding_detectors_checks_their_files(green: Detector) -> None:
    states = dict(Detector.objects.values_list("name", "files"))
    assert states == {"stub": "intact", "green": "intact", "broken": "altered"}
    Detector.objects.create(name="old", version="9")
    detectors.find()
    assert Detector.objects.get(name="old").files == "missing"


def test_only_policy_admins_change_detectors(green: Detector, moderator: User, senior: User) -> None:
    for person in (moderator, senior):
        for change in (
            lambda by: detectors.shadow(detector=green, by=by),
            lambda by: detectors.canary(detector=green, by=by, percent=5),
            lambda by: detectors.promote(detector=green, by=by, reason="Mine."),
            lambda by: detectors.ask_gate(detector=green, by=by),
            lambda by: detectors.retire(detector=green, by=by),
            lambda by: detectors.stop(detector=green, by=by),
            lambda by: detectors.roll_back(by=by),
        ):
            with pytest.raises(NotAllowed):
                change(person)
    assert Detector.objects.get(pk=green.pk).status == "candidate"


def test_no_gate_no_promotion_and_no_canary(green: Detector, policy_admin: User) -> None:
    for change in (
        lambda: detectors.promote(detector=green, by=policy_admin, reason="It is new."),
        lambda: detectors.canary(detector=green, by=policy_admin, percent=5),
    ):
        with pytest.raises(DetectorRefused, match="not been checked"):
            change()


def test_a_candidate_that_is_too_sure_of_itself_is_refused_with_the_reason(
    green: Detector, policy_admin: User, decided: Any
) -> None:
    for _number in range(3):
        decided(ai=True, green=0.9)
        decided(ai=False, green=0.8, red=0.55)
    detectors.ask_gate(detector=green, by=policy_admin)
    assert gate.run_next(seconds=30)
    check = GateCheck.objects.get()
    assert check.state == GateState.REFUSED
    assert [(finding["check"], finding["passed"]) for finding in check.findings][:2] == [
        ("files", True),
        ("set", True),
    ]
    with pytest.raises(DetectorRefused, match="cannot be taken at their word"):
        detectors.promote(detector=green, by=policy_admin, reason="All the same.")
    assert Detector.objects.get(status="active").name == "stub"


def test_the_gate_says_what_fell(green: Detector, policy_admin: User, decided: Any) -> None:
    for _number in range(3):
        decided(ai=True, green=0.3)  # green misses what red catches
        decided(ai=False, green=0.2, red=0.55)
    detectors.ask_gate(detector=green, by=policy_admin)
    gate.run_next(seconds=30)
    with pytest.raises(DetectorRefused, match=r"catches fewer generated works \(100\.0 % → 0\.0 %\)"):
        detectors.promote(detector=green, by=policy_admin, reason="All the same.")


def test_too_few_labelled_works_are_no_proof(green: Detector, policy_admin: User, decided: Any) -> None:
    decided(ai=True, green=0.9)
    detectors.ask_gate(detector=green, by=policy_admin)
    gate.run_next(seconds=30)
    with pytest.raises(DetectorRefused, match="needs at least 2 of each"):
        detectors.promote(detector=green, by=policy_admin, reason="All the same.")


@pytest.fixture
def passed(green: Detector, policy_admin: User, decided: Any) -> Detector:
    """The detector that could serve, after a passed gate."""
    for _number in range(3):
        decided(ai=True, green=0.95)
        decided(ai=False, green=0.05, red=0.6)
    detectors.ask_gate(detector=green, by=policy_admin)
    gate.run_next(seconds=30)
    assert GateCheck.objects.get().state == GateState.PASSED
    return green


def test_promotion_and_one_click_back(passed: Detector, policy_admin: User, make_listing: Any) -> None:
    before = Detector.objects.get(status="active")
    detectors.promote(detector=passed, by=policy_admin, reason="It flags fewer people.")
    assert detectors.line_up().active == passed
    assert Detector.objects.get(pk=before.pk).status == "retired"
    event = Event.objects.filter(verb="detector_promoted").latest("pk")
    assert (event.actor, event.before["active"], event.after["active"], event.reason) == (
        policy_admin,
        "stub 1",
        "green 1",
        "It flags fewer people.",
    )
    make_listing(score=0.1)
    services.screen_pending()
    assert Screening.objects.latest("pk").detector == passed

    detectors.roll_back(by=policy_admin)
    assert detectors.line_up().active == before
    assert Event.objects.latest("pk").verb == "detector_rolled_back"
    with pytest.raises(DetectorRefused, match="No detector served"):
        detectors.roll_back(by=policy_admin)  # further back there is nothing; it does not go forward again


def test_a_canary_needs_the_gate_and_gives_way_to_the_next(passed: Detector, policy_admin: User) -> None:
    with pytest.raises(DetectorRefused, match="between 1 and 99"):
        detectors.canary(detector=passed, by=policy_admin, percent=100)
    canary = detectors.canary(detector=passed, by=policy_admin, percent=5, reason="Five in a hundred.")
    assert (canary.status, canary.canary_percent) == ("canary", 5)
    assert detectors.line_up().canary == passed
    detectors.shadow(detector=passed, by=policy_admin)
    assert detectors.line_up().canary is None


def test_a_gate_against_another_detector_or_too_old_does_not_count(passed: Detector, policy_admin: User) -> None:
    GateCheck.objects.update(finished_at=timezone.now() - timedelta(days=8))
    with pytest.raises(DetectorRefused, match="too long ago"):
        detectors.promote(detector=passed, by=policy_admin, reason="Now.")
    GateCheck.objects.update(finished_at=timezone.now(), against=Detector.objects.get(name="broken"))
    with pytest.raises(DetectorRefused, match="Another detector serves now"):
        detectors.promote(detector=passed, by=policy_admin, reason="Now.")


def test_altered_files_close_the_way(passed: Detector, policy_admin: User) -> None:
    Detector.objects.filter(pk=passed.pk).update(files="altered", files_problem="model.tflite does not match")
    with pytest.raises(DetectorRefused, match="does not match"):
        detectors.promote(detector=passed, by=policy_admin, reason="Now.")


def test_a_killed_workers_gate_goes_on_where_it_stopped(
    green: Detector, policy_admin: User, decided: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(2):
        decided(ai=True, green=0.95)
        decided(ai=False, green=0.05, red=0.6)
    detectors.ask_gate(detector=green, by=policy_admin)
    monkeypatch.setattr(gate, "_SAVE_EVERY", 1)
    assert gate.run_next(seconds=-1)  # no time: the row goes back
    assert gate.has_waiting()
    assert GateCheck.objects.get().total == 4

    scored: list[int] = []
    real = stubs.ColourClassifiers.score

    def dies(self: Any, artworks: Any) -> list[float]:
        scored.append(1)
        if len(scored) == 5:  # two works have both scores by then
            raise KeyboardInterrupt
        return real(self, artworks)

    monkeypatch.setattr(stubs.ColourClassifiers, "score", dies)
    with pytest.raises(KeyboardInterrupt):
        gate.run_next(seconds=30)
    assert not gate.run_next(seconds=30)  # the lease is the dead worker's
    GateCheck.objects.update(lease_expires_at=timezone.now())
    assert gate.run_next(seconds=30)
    assert GateCheck.objects.get().state == GateState.PASSED
    assert len(scored) == 5 + 4  # the first two works were not scored again


def test_a_detector_that_cannot_load_is_refused_at_once(colours: None, policy_admin: User) -> None:
    detectors.line_up()
    broken = detectors.row_of(replace(stubs.StubCard(), name="broken"))
    detectors.ask_gate(detector=broken, by=policy_admin)
    gate.run_next(seconds=30)
    with pytest.raises(DetectorRefused, match="The files cannot be used"):
        gate.check_passed(broken, against=Detector.objects.get(status="active"))


def test_asking_twice_is_asking_once(
    green: Detector, policy_admin: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(bell, "ring_for_gate", lambda: rung.append(True))
    with django_capture_on_commit_callbacks(execute=True):
        first = detectors.ask_gate(detector=green, by=policy_admin)
        assert detectors.ask_gate(detector=green, by=policy_admin) == first
    assert rung == [True]
