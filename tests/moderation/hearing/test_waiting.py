"""No work is worse off for waiting than the policy says: then it is shown, or a person is called."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from marketplace.models import Listing
from moderation import selectors, services
from moderation.models import Appeal, Artwork, Case, Event, Screening
from moderation.selectors.artists import status_of
from moderation.services.waiting import end_waiting
from moderation.signals import overdue

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(admin_user: Any, red_classifier: None) -> Callable[..., Any]:
    """Return what publishes a policy: ``policy(when_waited_out="show")``."""
    return lambda **changes: services.publish_policy(author=admin_user, reason="A test.", **changes)


def long_ago(hours: float) -> None:
    Screening.objects.update(requested_at=timezone.now() - timedelta(hours=hours))
    Case.objects.update(due_at=timezone.now() - timedelta(minutes=1))


def test_nothing_happens_in_time(make_listing: Callable[..., Listing], policy: Callable[..., Any]) -> None:
    policy(wait_hours=2)
    make_listing()
    long_ago(1.9)
    assert end_waiting() == 0
    assert Artwork.objects.get().standing == "waiting"


def test_before_any_policy_nothing_was_promised(make_listing: Callable[..., Listing]) -> None:
    make_listing()
    Screening.objects.update(requested_at=timezone.now() - timedelta(days=400))
    from moderation.models import Policy

    Policy.objects.all()._raw_delete("default")  # published ones cannot be deleted otherwise
    assert end_waiting() == 0


def test_an_unscreened_work_is_shown(make_listing: Callable[..., Listing], policy: Callable[..., Any]) -> None:
    policy(wait_hours=2, when_waited_out="show")
    make_listing(score=0.95)
    long_ago(2.1)
    assert services.sweep().waited_out == 1
    artwork = Artwork.objects.get()
    assert (artwork.standing, artwork.is_visible) == ("waiting", True)
    assert selectors.visible(Listing.objects.all()).exists()
    assert Event.objects.get(verb="waited_out").after["what"] == "show"
    assert end_waiting() == 0
    services.screen_pending()  # the screening goes on and is heard
    artwork.refresh_from_db()
    assert (artwork.standing, artwork.is_visible) == ("held", False)


def test_a_person_is_called_about_an_unscreened_work(
    make_listing: Callable[..., Listing], policy: Callable[..., Any], django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []

    def listen(**told: Any) -> None:
        heard.append(told["case"])

    policy(wait_hours=2)
    make_listing()
    long_ago(2.1)
    overdue.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert end_waiting() == 1
    finally:
        overdue.disconnect(listen)
    case = Case.objects.get()
    assert heard == [case]
    assert (case.kind, case.get_severity_display()) == ("unscreened", "Waits too long")
    assert Artwork.objects.get().standing == "held"
    assert end_waiting() == 0


@pytest.mark.parametrize(("score", "standing"), [(0.95, "held"), (0.7, "in_review")])
def test_an_undecided_work_is_shown_while_it_stays_in_review(
    make_case: Callable[..., Case], policy: Callable[..., Any], score: float, standing: str
) -> None:
    policy(when_waited_out="show", show_in_review=False)
    case = make_case(score=score)
    artwork = Artwork.objects.get()
    assert (artwork.standing, artwork.is_visible) == (standing, False)
    assert "it is shown meanwhile" in status_of(artwork).follows
    long_ago(1)
    assert end_waiting() == 1
    artwork.refresh_from_db()
    assert (artwork.standing, artwork.is_visible) == ("in_review", True)
    case.refresh_from_db()
    assert case.is_open
    assert end_waiting() == 0


@pytest.mark.parametrize("score", [0.95, 0.7])
def test_an_overdue_case_goes_before_all_others(
    make_case: Callable[..., Case], policy: Callable[..., Any], moderator: Any, score: float
) -> None:
    policy()
    case = make_case(score=score)
    long_ago(1)
    make_case(score=0.99)
    assert end_waiting() == 1
    version = case.version
    case.refresh_from_db()
    assert (case.severity, case.version) == (45, version)  # a page that is open on it is not disturbed
    assert services.claim_next(moderator=moderator) == case
    assert end_waiting() == 0
    assert Event.objects.filter(verb="case_overdue").count() == 1


def test_an_appeal_is_left_where_it_is(appealed: Callable[..., Appeal], policy: Callable[..., Any]) -> None:
    policy()
    appeal = appealed()
    long_ago(1)
    assert end_waiting() == 0
    appeal.case.refresh_from_db()
    assert appeal.case.severity == 50
