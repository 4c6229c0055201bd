"""Drafts, versions, categories' own rules, and the second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError

from moderation import services
from moderation.errors import NotAllowed, PolicyChanged
from moderation.models import Event, Policy, PolicyDraft, Screening, Standing
from moderation.services import policies

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.models import Listing

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(red_classifier: None) -> Policy:
    return services.current_policy()


@pytest.fixture
def ada(make_user: Callable[..., Any]) -> Any:
    return make_user("ada", "Policy admins")


@pytest.fixture
def ben(make_user: Callable[..., Any]) -> Any:
    return make_user("ben", "Policy admins")


def draft_of(author: Any, **changes: Any) -> PolicyDraft:
    current = services.current_policy()
    rules = Policy(version=0, **{**current.values(), "overrides": current.overrides, **changes})
    return services.save_draft(author=author, rules=rules, reason="Fewer humans flagged.")


def seen(draft: PolicyDraft) -> str:
    return policies.stamp(draft, services.current_policy())


def test_a_draft_judges_nothing_until_it_is_published(
    first: Policy, ada: Any, make_listing: Callable[..., Listing]
) -> None:
    draft = draft_of(ada, review_threshold=0.8)
    make_listing(score=0.7)
    services.screen_pending()
    assert Screening.objects.get().band == "review"
    policy = services.publish_draft(draft=draft, publisher=ada, seen=seen(draft))
    assert (policy.version, policy.review_threshold, policy.reason) == (2, 0.8, "Fewer humans flagged.")
    assert (policy.author, policy.approver) == (ada, None)
    assert not PolicyDraft.objects.exists()
    make_listing(score=0.7)
    services.screen_pending()
    assert list(Screening.objects.order_by("pk").values_list("band", "policy__version")) == [
        ("review", 1),
        ("clear", 2),
    ]


def test_every_step_is_in_the_log(first: Policy, ada: Any) -> None:
    draft = draft_of(ada, review_threshold=0.8, overrides={"print": {"show_in_review": False}})
    services.drop_draft(draft=draft, actor=ada)
    draft = draft_of(ada, hold_threshold=0.95)
    services.publish_draft(draft=draft, publisher=ada, seen=seen(draft), reason="Tried it for a week.")
    drafted, dropped, _again, published = Event.objects.filter(verb__startswith="policy_", actor=ada).order_by("pk")
    assert drafted.before["rules"] == [
        {"category": "", "rule": "review_threshold", "value": 0.5},
        {"category": "print", "rule": "show_in_review", "value": None},
    ]
    assert drafted.after["rules"][1] == {"category": "print", "rule": "show_in_review", "value": False}
    assert dropped.verb == "policy_draft_dropped"
    assert (published.before["hold_threshold"], published.after["hold_threshold"]) == (0.9, 0.95)
    assert published.reason == "Tried it for a week."


def test_an_overtaken_draft_is_looked_at_again_before_it_counts(first: Policy, ada: Any, ben: Any) -> None:
    draft = draft_of(ada, review_threshold=0.8)
    before = seen(draft)
    services.publish_policy(author=ben, reason="Quicker.", review_hours=10)
    with pytest.raises(PolicyChanged):
        services.publish_draft(draft=draft, publisher=ada, seen=before)
    draft_of(ada, review_threshold=0.7)
    with pytest.raises(PolicyChanged):
        services.publish_draft(draft=draft, publisher=ada, seen=before)
    with pytest.raises(PolicyChanged, match="Policy 2"):
        services.publish_policy(author=ada, reason="Late.", seen_version=1, review_hours=5)
    assert services.current_policy().version == 2


def test_a_second_person_publishes_where_the_policy_asks_for_one(first: Policy, ada: Any, ben: Any) -> None:
    services.publish_policy(author=ada, reason="Four eyes.", needs_second_person=True)
    with pytest.raises(NotAllowed):
        services.publish_policy(author=ada, reason="Alone.", review_hours=1)
    draft = draft_of(ada, review_threshold=0.8)
    with pytest.raises(NotAllowed):
        services.publish_draft(draft=draft, publisher=ada, seen=seen(draft))
    policy = services.publish_draft(draft=draft, publisher=ben, seen=seen(draft))
    assert (policy.author, policy.approver) == (ada, ben)
    back = services.return_to(earlier=first, author=ada, reason="Back.", seen_version=policy.version)
    assert isinstance(back, PolicyDraft)
    assert back.as_policy().review_threshold == first.review_threshold


def test_returning_publishes_a_new_version_equal_to_the_old(first: Policy, ada: Any) -> None:
    changed = services.publish_policy(
        author=ada, reason="Try.", review_threshold=0.8, overrides={"print": {"allow_declared_ai": False}}
    )
    back = services.return_to(earlier=first, author=ada, reason="Too many missed.", seen_version=changed.version)
    assert isinstance(back, Policy)
    assert back.version == 3
    assert (back.values(), back.overrides) == (first.values(), {})
    assert policies.differences(first, back) == []
    assert [(one.category, one.rule) for one in policies.differences(changed, back)] == [
        ("", "review_threshold"),
        ("print", "allow_declared_ai"),
    ]


def test_only_policy_admins(first: Policy, moderator: Any, senior: Any) -> None:
    for person in (moderator, senior):
        with pytest.raises(NotAllowed):
            draft_of(person, review_threshold=0.8)
        with pytest.raises(NotAllowed):
            services.publish_policy(author=person, reason="Mine.", review_threshold=0.8)


def test_thresholds_are_taken_up_to_the_grid_never_down(first: Policy, ada: Any) -> None:
    policy = services.publish_policy(
        author=ada, reason="By the card.", review_threshold=0.88367, overrides={"print": {"hold_threshold": 0.95001}}
    )
    assert (policy.review_threshold, policy.within("print").hold_threshold) == (0.884, 0.951)


@pytest.mark.parametrize(
    "overrides",
    [
        {"print": {"review_threshold": 0.95}},
        {"print": {"bulk_cap": 3}},
        {"print": {"colour": "red"}},
        {"print": {"review_hours": -1}},
        {"print": {"when_waited_out": "reject"}},
        {"print": {"second_look_percent": 101}},
    ],
)
def test_a_category_must_hold_to_what_the_site_must(first: Policy, ada: Any, overrides: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        services.publish_policy(author=ada, reason="No.", overrides=overrides)


def test_a_category_has_its_own_and_inherits_the_rest(
    first: Policy, ada: Any, make_listing: Callable[..., Listing], artwork_of: Any
) -> None:
    policy = services.publish_policy(
        author=ada,
        reason="Prints are scans.",
        review_hours=10,
        overrides={"print": {"review_threshold": 0.8, "show_in_review": False, "allow_declared_ai": False}},
    )
    there = policy.within("print")
    assert (there.review_threshold, there.hold_threshold, there.review_hours) == (0.8, 0.9, 10)
    assert policy.within("painting") is policy
    works = {
        "painting": make_listing(score=0.7, category="painting"),
        "print": make_listing(score=0.7, category="print"),
        "stricter": make_listing(score=0.85, category="print"),
        "declared": make_listing(score=0.1, category="print", declared_origin="generated"),
        "welcome": make_listing(score=0.1, category="painting", declared_origin="generated"),
    }
    services.screen_pending()
    standings = {name: (artwork_of(work).standing, artwork_of(work).is_visible) for name, work in works.items()}
    assert standings == {
        "painting": (Standing.IN_REVIEW, True),
        "print": (Standing.CLEARED, True),
        "stricter": (Standing.IN_REVIEW, False),
        "declared": (Standing.IN_REVIEW, False),
        "welcome": (Standing.CLEARED, True),
    }
