"""What is counted is what is stored, however often and in whatever order it is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from ml.operating import step_of
from moderation import services
from moderation.models import Artwork, Case, ScoreCount, Screening

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.models import Listing

pytestmark = pytest.mark.django_db


def counted(**conditions: Any) -> dict[tuple[str, str, str, int], int]:
    """Return the numbers by category, ground, found and step."""
    return {
        (row.category, row.ground, row.found, step): number
        for row in ScoreCount.objects.filter(**conditions)
        for step, number in enumerate(row.counts)
        if number
    }


@pytest.fixture
def works(make_listing: Callable[..., Listing]) -> list[Listing]:
    made = [
        make_listing(score=0.2),
        make_listing(score=0.7, category="print"),
        make_listing(score=0.95),
        make_listing(score=0.95, declared_origin="generated"),
    ]
    services.screen_pending()
    return made


def test_counts_say_category_ground_and_outcome(works: list[Listing], moderator: Any) -> None:
    case = Case.objects.get(artwork__category="print")
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    assert services.count_scores() == 1
    at = {look.artwork.object_pk: step_of(look.p_ai or 0) for look in Screening.objects.select_related("artwork")}
    low, sure, held, declared = (at[str(work.pk)] for work in works)
    expected = {
        ("painting", "score", "open", low): 1,
        ("print", "score", "human", sure): 1,
        ("painting", "score", "open", held): 1,
        ("painting", "declared", "open", declared): 1,
    }
    for days in (1, 7, 30, 90):
        assert counted(days=days) == expected


def test_counting_again_changes_nothing_and_a_later_decision_moves_its_day(
    works: list[Listing], moderator: Any
) -> None:
    Screening.objects.update(finished_at=timezone.now() - timedelta(days=20))
    services.count_scores()
    first = counted(days=1)
    Artwork.objects.update(updated_at=timezone.now() - timedelta(days=1))
    assert services.count_scores() == 0  # nothing changed
    assert services.count_scores(everything=True) == 1
    assert counted(days=1) == first
    assert counted(days=7) == {}
    case = Case.objects.get(artwork__category="print")
    services.decide(
        case=case,
        decider=moderator,
        action="label",
        reason_code="undeclared_ai",
        explanation="The light comes from two suns.",
        version=case.version,
    )
    assert services.count_scores() == 1
    assert {found for _category, _ground, found, _step in counted(days=30, category="print")} == {"ai"}


def test_sums_end_with_today(works: list[Listing]) -> None:
    now = timezone.now()
    for days, look in zip((0, 8, 31, 91), Screening.objects.order_by("pk"), strict=True):
        Screening.objects.filter(pk=look.pk).update(finished_at=now - timedelta(days=days))
    services.count_scores()
    assert [sum(counted(days=days).values()) for days in (7, 30, 90)] == [1, 2, 3]


def test_a_later_judgement_of_the_same_look_is_not_counted_twice(works: list[Listing], admin_user: Any) -> None:
    policy = services.publish_policy(author=admin_user, reason="Try.", review_threshold=0.1)
    services.start_rejudging(policy=policy, actor=admin_user)
    services.rejudge()
    assert Screening.objects.filter(purpose="rejudge").exists()
    services.count_scores()
    assert sum(counted(days=7).values()) == len(works)
