"""Stored scores judged again: only what stands open changes, and it can stop and go on at any time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from moderation import services
from moderation.errors import NotAllowed, PolicyChanged
from moderation.models import Artwork, Case, CaseState, Event, Rejudging, Screening
from moderation.services import rejudging

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.models import Listing

pytestmark = pytest.mark.django_db


@pytest.fixture
def works(make_listing: Callable[..., Listing]) -> dict[float, Listing]:
    """Works by score, screened under thresholds 0.5 and 0.9."""
    made = {score: make_listing(score=score) for score in (0.1, 0.4, 0.6, 0.7, 0.95)}
    services.screen_pending()
    return made


def publish(admin: Any, **changes: Any) -> Any:
    return services.publish_policy(author=admin, reason="A new line.", **changes)


def standings(works: dict[float, Listing], artwork_of: Any) -> dict[float, str]:
    return {score: artwork_of(listing).standing for score, listing in works.items()}


def run(admin: Any) -> Rejudging:
    started = services.start_rejudging(policy=services.current_policy(), actor=admin)
    services.rejudge()
    started.refresh_from_db()
    return started


def test_higher_thresholds_clear_what_nobody_took_up(
    works: dict[float, Listing], admin_user: Any, artwork_of: Any
) -> None:
    publish(admin_user, review_threshold=0.65, hold_threshold=0.97)
    done = run(admin_user)
    assert standings(works, artwork_of) == {
        0.1: "cleared", 0.4: "cleared", 0.6: "cleared", 0.7: "in_review", 0.95: "in_review"
    }  # fmt: skip
    assert (done.state, done.total, done.judged) == ("done", 5, 5)
    assert (done.cleared, done.asked, done.moved) == (1, 0, 1)
    cleared = artwork_of(works[0.6])
    assert cleared.is_visible
    assert cleared.cases.get().state == CaseState.WITHDRAWN
    assert artwork_of(works[0.95]).is_visible
    assert Case.objects.get(artwork=artwork_of(works[0.95])).severity == 10  # review: no longer hidden
    again = Screening.objects.filter(purpose="rejudge")
    assert {(look.policy.version, look.detector) for look in again} == {(2, Screening.objects.first().detector)}
    assert Event.objects.filter(verb="judged_again").count() == 2


def test_lower_thresholds_ask_a_person_and_restrict_nobody(
    works: dict[float, Listing], admin_user: Any, artwork_of: Any
) -> None:
    publish(admin_user, review_threshold=0.3, hold_threshold=0.65)
    done = run(admin_user)
    assert standings(works, artwork_of) == {
        0.1: "cleared", 0.4: "in_review", 0.6: "in_review", 0.7: "held", 0.95: "held"
    }  # fmt: skip
    assert (done.cleared, done.asked, done.moved) == (0, 1, 1)
    opened = artwork_of(works[0.4]).cases.get()
    assert opened.due_at > timezone.now() + timedelta(hours=71)  # the time to decide begins now
    assert not Artwork.objects.filter(decision__isnull=False).exists()


def test_what_a_person_decided_or_took_up_stays(
    make_case: Callable[..., Case], admin_user: Any, moderator: Any, senior: Any
) -> None:
    decided, held, noted, escalated, asked, free = (make_case(score=0.6) for _one in range(6))
    services.decide(
        case=decided, decider=moderator, action="approve", reason_code="human_made", version=decided.version
    )
    services.claim_case(case=held, moderator=moderator)
    services.add_note(case=noted, author=moderator, text="I know this one.")
    services.escalate_case(case=escalated, moderator=moderator, reason="Hard.", version=escalated.version)
    services.ask_artist(case=asked, moderator=moderator, text="How was it made?", version=asked.version)
    publish(admin_user, review_threshold=0.8)
    assert run(admin_user).cleared == 1
    open_now = set(Case.objects.filter(state=CaseState.OPEN).values_list("pk", flat=True))
    assert open_now == {held.pk, noted.pk, escalated.pk, asked.pk}
    free.artwork.refresh_from_db()
    decided.artwork.refresh_from_db()
    assert (free.artwork.standing, decided.artwork.standing) == ("cleared", "approved")


def test_a_second_run_and_a_doubled_bell_change_nothing(works: dict[float, Listing], admin_user: Any) -> None:
    publish(admin_user, review_threshold=0.65)
    run(admin_user)
    before = (Screening.objects.count(), Event.objects.count())
    assert services.rejudge() is False
    assert (Screening.objects.count(), Event.objects.count()) == before
    again = run(admin_user)
    assert (again.cleared, again.asked, again.moved) == (0, 0, 0)
    assert Screening.objects.count() == before[0]


def test_it_stops_after_a_chunk_and_goes_on_where_it_was(
    works: dict[float, Listing], admin_user: Any, monkeypatch: Any, artwork_of: Any
) -> None:
    monkeypatch.setattr(rejudging, "CHUNK", 2)
    policy = publish(admin_user, review_threshold=0.3, hold_threshold=0.35)
    started = services.start_rejudging(policy=policy, actor=admin_user)
    assert services.rejudge(seconds=0.0) is True  # no time: nothing was done
    assert rejudging._step() is True
    services.stop_rejudging(run=started, actor=admin_user)
    assert services.rejudge() is False
    started.refresh_from_db()
    assert (started.state, started.judged, started.asked) == ("stopped", 2, 1)
    assert artwork_of(works[0.6]).standing == "in_review"  # not yet
    assert services.start_rejudging(policy=policy, actor=admin_user).pk == started.pk
    services.rejudge()
    started.refresh_from_db()
    assert (started.state, started.judged, started.asked, started.moved) == ("done", 5, 1, 2)
    verbs = list(Event.objects.filter(verb__startswith="rejudging_").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["rejudging_started", "rejudging_stopped", "rejudging_started", "rejudging_done"]


def test_a_newer_policy_ends_the_run_of_the_older(works: dict[float, Listing], admin_user: Any) -> None:
    old = publish(admin_user, review_threshold=0.3)
    started = services.start_rejudging(policy=old, actor=admin_user)
    with pytest.raises(PolicyChanged, match="already"):
        services.start_rejudging(policy=old, actor=admin_user)
    publish(admin_user, review_threshold=0.5)
    assert services.rejudge() is False
    started.refresh_from_db()
    assert (started.state, started.judged) == ("stopped", 0)
    assert "Policy 3" in started.remark
    with pytest.raises(PolicyChanged):
        services.start_rejudging(policy=old, actor=admin_user)


def test_only_policy_admins_have_works_judged_again(works: dict[float, Listing], senior: Any) -> None:
    with pytest.raises(NotAllowed):
        services.start_rejudging(policy=services.current_policy(), actor=senior)
