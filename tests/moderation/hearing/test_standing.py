"""A clean record of people's decisions counts where the policy says so; machines' results never do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from moderation import services
from moderation.models import Appeal, Artwork, Band, Decision, Event, Policy, Screening
from moderation.services.judging import judge, replay, review_from
from moderation.services.standing import record_of, review_bonus

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.models import Listing

pytestmark = pytest.mark.django_db
APPROVE = {"action": "approve", "reason_code": "human_made", "explanation": ""}


@pytest.fixture
def trusting(admin_user: Any, red_classifier: None) -> Callable[..., Policy]:
    """Return what publishes a policy that trusts artists after two approvals, by 0.2."""

    def publish(**changes: Any) -> Policy:
        values = {"trusted_artist_bonus": 0.2, "trusted_artist_decisions": 2, **changes}
        return services.publish_policy(author=admin_user, reason="Trust.", **values)

    return publish


def test_off_by_default(decided: Callable[..., Decision], artist: Any, django_assert_num_queries: Any) -> None:
    for _turn in range(6):
        decided(**APPROVE)
    policy = Policy.objects.get()
    with django_assert_num_queries(0):
        assert review_bonus(artist.pk, policy) == 0


def test_what_a_record_counts(
    decided: Callable[..., Decision],
    appealed: Callable[..., Appeal],
    answer: Callable[..., Decision],
    make_listing: Callable[..., Listing],
    paint: Callable[..., bytes],
    artist: Any,
) -> None:
    make_listing(score=0.1)
    services.screen_pending()
    assert record_of(artist.pk).approved == 0  # cleared by a machine: nobody's word
    same = {"data": paint(0.95, seed=50)}
    decided(**APPROVE, work=same)
    copy = make_listing(**same)
    services.screen_pending()
    first = Artwork.objects.get(object_pk=str(copy.pk))
    Artwork.objects.filter(pk=first.pk).update(
        standing="approved", decision=Decision.objects.get()
    )  # the same picture offered twice
    assert record_of(artist.pk).approved == 1
    decided(**APPROVE, final=False)
    assert record_of(artist.pk).approved == 1  # it can still be undone
    appeal = appealed(action="label")
    assert (record_of(artist.pk).restricted, record_of(artist.pk).is_clean) == (1, False)
    final = answer(appeal, "overturned")
    Decision.objects.filter(pk=final.pk).update(notice_due_at=timezone.now() - timedelta(seconds=1))
    record = record_of(artist.pk)
    assert (record.approved, record.restricted, record.appeals_won, record.is_clean) == (2, 0, 1, True)


def test_a_withdrawn_work_does_not_wipe_the_record(decided: Callable[..., Decision], artist: Any) -> None:
    from marketplace.models import Listing
    from marketplace.services import delete_listing

    decided()
    delete_listing(listing=Listing.objects.get())
    assert Artwork.objects.get().standing == "withdrawn"
    assert not record_of(artist.pk).is_clean


def test_nobody_has_no_record() -> None:
    assert (record_of(None).approved, record_of(None).is_clean) == (0, True)


def test_a_trusted_artist_is_asked_later_and_the_log_says_so(
    decided: Callable[..., Decision],
    make_listing: Callable[..., Listing],
    artwork_of: Callable[..., Artwork],
    trusting: Callable[..., Policy],
    other_artist: Any,
) -> None:
    decided(**APPROVE)
    decided(**APPROVE)
    trusting()
    mine, other = make_listing(score=0.6), make_listing(score=0.6, artist=other_artist)
    high = make_listing(score=0.75)
    services.screen_pending()
    assert artwork_of(mine).standing == "cleared"
    assert artwork_of(other).standing == "in_review"
    assert artwork_of(high).standing == "in_review"
    event = Event.objects.get(verb="screened", artwork=artwork_of(mine))
    assert event.after["review_bonus"] == 0.2
    assert "clean record" in event.reason
    assert "review_bonus" not in Event.objects.get(verb="screened", artwork=artwork_of(other)).after
    screening = Screening.objects.get(artwork=artwork_of(mine))
    assert screening.review_bonus == 0.2
    assert replay(screening).band == Band.CLEAR  # what is stored says by itself how it was judged


def test_a_restriction_ends_the_trust(
    decided: Callable[..., Decision],
    make_listing: Callable[..., Listing],
    artwork_of: Callable[..., Artwork],
    trusting: Callable[..., Policy],
) -> None:
    decided(**APPROVE)
    decided(**APPROVE)
    decided(action="label")
    trusting()
    listing = make_listing(score=0.6)
    services.screen_pending()
    assert artwork_of(listing).standing == "in_review"


def test_the_bonus_moves_the_review_threshold_alone(trusting: Callable[..., Policy]) -> None:
    policy = trusting(trusted_artist_bonus=0.9)
    assert review_from(policy, 0.9) == policy.hold_threshold
    held = judge(p_ai=0.95, evidence=[], declared_origin="", policy=policy, review_bonus=0.9)
    assert held.band == Band.HOLD
    just_below = judge(p_ai=0.89, evidence=[], declared_origin="", policy=policy, review_bonus=0.9)
    assert just_below.band == Band.CLEAR


@pytest.mark.parametrize(
    "gap", [{"trusted_artist_bonus": -0.1}, {"trusted_artist_bonus": 1.1}, {"trusted_artist_decisions": 0}]
)
def test_impossible_trust_is_refused(trusting: Callable[..., Policy], gap: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        trusting(**gap)
