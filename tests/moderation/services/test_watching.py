"""Drift, flags, overturns and agreement by week; an alert where a bound is surely crossed, told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from moderation.models import (
    Alert,
    Artwork,
    Case,
    Decision,
    Detector,
    Event,
    ScoreCount,
    Screening,
    SecondLook,
    Watched,
)
from moderation.selectors import watching as selectors
from moderation.selectors.overview import wilson
from moderation.services import watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def works(make_case: Callable[..., Case]) -> Callable[..., list[Screening]]:
    """Return a maker of screenings in bulk: ``works(40, flagged=10, ago=7, category="print")``."""
    made = 0

    def make(number: int, *, flagged: int = 0, ago: int = 0, category: str = "painting") -> list[Screening]:
        nonlocal made
        model = make_case(score=0.7) if not made else Case.objects.order_by("pk")[0]
        shape, screening = model.artwork, model.screening
        assert screening is not None
        if not made:
            Screening.objects.update(finished_at=timezone.now() - timedelta(days=200))
        when = timezone.now() - timedelta(days=ago)
        rows = []
        for place in range(made, made + number):
            artwork = Artwork(
                content_type_id=shape.content_type_id,
                object_pk=f"copy-{place}",
                field=shape.field,
                file_name=shape.file_name,
                digest=f"{place:064x}",
                category=category,
                standing="in_review",
            )
            artwork.save()
            rows.append(
                Screening(
                    artwork=artwork,
                    state="done",
                    requested_at=when,
                    not_before=when,
                    finished_at=when,
                    detector=screening.detector,
                    policy=screening.policy,
                    p_ai=0.7 if place - made < flagged else 0.1,
                    band="review" if place - made < flagged else "clear",
                )
            )
        made += number
        return Screening.objects.bulk_create(rows)

    return make


def of(kind: Watched, *, category: str = "") -> list[selectors.Figure]:
    """Return the figures of one kind, newest first."""
    return [one for one in selectors.figures() if (one.kind, one.category) == (kind, category)]


def count(detector: Detector, ago: int, bins: list[int], category: str = "painting") -> None:
    """Store how many scores lay in each tenth on a day."""
    counts = [0] * 1001
    for place, number in enumerate(bins):
        counts[place * 100 + 50] = number
    now = timezone.now()
    ScoreCount.objects.create(
        day=timezone.localdate() - timedelta(days=ago),
        detector=detector,
        category=category,
        ground="score",
        found="open",
        counts=counts,
        counted_at=now,
    )


def test_psi_of_the_same_shape_is_nothing_and_of_a_shift_is_large() -> None:
    before = [200, 100, 50, 30, 20, 20, 20, 20, 20, 20]
    assert selectors.psi([a * 2 for a in before], before) == pytest.approx(0, abs=0.01)
    assert selectors.psi(before[::-1], before) > 1


def test_drift_is_measured_against_a_detectors_first_weeks(works: Any) -> None:
    works(1)
    detector = Detector.objects.get(status="active")
    calm, shifted = [60, 20, 10, 5, 5, 0, 0, 0, 0, 0], [5, 5, 5, 5, 10, 10, 10, 10, 20, 20]
    count(detector, 60, [10 * number for number in calm])
    count(detector, 21, calm)
    count(detector, 7, shifted)
    drift = {one.week: one for one in of(Watched.DRIFT)}
    quiet, loud = (drift[selectors.monday(timezone.localdate() - timedelta(days=ago))] for ago in (21, 7))
    assert (quiet.crossed, loud.crossed) == (False, True)
    assert quiet.value < 0.1 < 0.25 < loud.value
    assert {one.category for one in selectors.figures() if one.kind == Watched.DRIFT} == {"", "painting"}


def test_a_small_week_does_not_drift_by_chance(works: Any) -> None:
    works(1)
    detector = Detector.objects.get(status="active")
    count(detector, 60, [20, 10, 5, 3, 2, 0, 0, 0, 0, 0])
    count(detector, 7, [12, 8, 5, 1, 2, 1, 1, 0, 0, 0])
    assert [one.crossed for one in of(Watched.DRIFT)] == [False]


def test_flags_are_counted_by_week_detector_and_category(works: Any) -> None:
    works(40, flagged=10, category="print")
    works(60, flagged=30)
    (all_together,) = [one for one in of(Watched.FLAGGED) if one.number >= 100]
    assert (all_together.value, all_together.number) == (0.4, 100)
    assert (all_together.low, all_together.high) == wilson(40, 100)[1:]
    (prints,) = of(Watched.FLAGGED, category="print")
    assert (prints.value, prints.crossed) == (0.25, False)  # its interval reaches below the bound
    assert all_together.crossed


def test_overturned_flags_and_agreement_are_counted(works: Any, moderator: User, senior: User) -> None:
    now = timezone.now()
    for place, screening in enumerate(works(40, flagged=40)):
        case = Case.objects.create(
            artwork=screening.artwork, screening=screening, severity=10, due_at=now, state="decided", closed_at=now
        )
        decision = Decision.objects.create(
            case=case,
            artwork=screening.artwork,
            decider=moderator,
            action="approve" if place < 36 else "label",
            reason_code="human_made" if place < 36 else "undeclared_ai",
            explanation="Because.",
            facts=[{}],
            appeal_until=now,
            notice_due_at=now,
        )
        SecondLook.objects.create(
            decision=decision, looker=senior, looked_at=now, action="approve", agrees=place % 2 == 0
        )
    (overturned,), (agreement,) = of(Watched.OVERTURNED), of(Watched.AGREEMENT)
    assert (overturned.value, overturned.crossed) == (0.9, True)
    assert (agreement.value, agreement.crossed) == (0.5, True)


def test_an_alert_is_raised_once_mailed_once_and_shown(
    works: Any, make_user: Callable[..., User], client: Client, moderator: User
) -> None:
    make_user("ann", "Analysts")
    make_user("gone", "Analysts", is_active=False)
    works(100, flagged=60)
    assert watching.watch() == 2  # painting, and all together
    assert watching.watch() == 0
    assert [message.to for message in mail.outbox] == [["ann@example.org"]]
    assert "Works flagged: 0.60, bound 0.20" in mail.outbox[0].body
    assert Event.objects.filter(verb="alert_raised").count() == 2
    client.force_login(moderator)
    page = client.get(reverse("moderation:overview")).content.decode()
    assert "Figures that crossed their bounds" in page
    assert "Works flagged: 0.60" in page


def test_a_mail_that_cannot_leave_is_tried_again(
    works: Any, make_user: Callable[..., User], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user("ann", "Analysts")
    works(100, flagged=60)

    def fails(*args: Any, **kwargs: Any) -> int:
        raise OSError("no mail server")

    with monkeypatch.context() as patch:
        patch.setattr(watching, "send_mail", fails)
        watching.watch()
    assert Alert.objects.filter(mailed_at=None).count() == 2
    watching.watch()
    assert len(mail.outbox) == 1
    assert not Alert.objects.filter(mailed_at=None).exists()


def test_few_works_raise_no_alert_and_old_weeks_none(works: Any) -> None:
    works(20, flagged=20)
    works(100, flagged=100, ago=30)
    assert watching.watch() == 0


def test_analysts_see_the_figures_and_no_names(
    works: Any, make_user: Callable[..., User], client: Client, settings: Any
) -> None:
    client.force_login(make_user("ann", "Analysts"))
    works(40, flagged=10, category="print")
    page = client.get(reverse("moderation:overview")).content.decode()
    assert "Week by week" in page
    assert "25 % (14–40)" in page
    assert "Decided, by person" not in page
    assert client.get(reverse("moderation:overview_csv", args=["people"])).status_code == 404
    assert client.get(reverse("moderation:overview_csv", args=["watched"])).status_code == 200


def test_weeks_begin_on_monday() -> None:
    sunday = datetime(2026, 11, 22, tzinfo=timezone.get_current_timezone()).date()
    assert selectors.monday(sunday) == sunday - timedelta(days=6)
