"""Several cases with one reason, each its own decision; and the blind second look at a sample."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from moderation import services
from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed
from moderation.models import Decision, DecisionBatch, SecondLook
from moderation.services.second_looks import waiting_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.models import Case

pytestmark = pytest.mark.django_db

REJECT = {"action": "reject", "reason_code": "undeclared_ai"}


def bulk(cases: list[Case], decider: Any, **how: Any) -> Any:
    how = {**REJECT, "explain": lambda case: f"Melting lines in {case.artwork}.", **how}
    return services.decide_many(versions={case.pk: case.version for case in cases}, decider=decider, **how)


def test_each_item_is_its_own_decision_with_its_own_text(make_case: Callable[..., Case], moderator: Any) -> None:
    cases = [make_case(), make_case(), make_case()]
    outcome = bulk(cases, moderator)
    assert len(outcome.done) == 3
    assert {decision.explanation for decision in outcome.done} == {
        f"Melting lines in {case.artwork}." for case in cases
    }
    assert DecisionBatch.objects.get().decisions.count() == 3


def test_what_changed_or_may_not_be_decided_is_left_and_reported(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    fine, changed, own, taken = make_case(), make_case(), make_case(artist=moderator), make_case()
    versions = {case.pk: case.version for case in (fine, own, taken)} | {changed.pk: changed.version + 1}
    services.decide(
        case=taken, decider=other_moderator, action="approve", reason_code="human_made", version=taken.version
    )
    outcome = services.decide_many(versions=versions, decider=moderator, explain=lambda case: "Why.", **REJECT)
    assert [decision.case_id for decision in outcome.done] == [fine.pk]
    why = {left.case.pk: left.why for left in outcome.left}
    assert set(why) == {changed.pk, own.pk, taken.pk}
    assert "changed" in why[changed.pk]
    assert "your own" in why[own.pk]
    assert "colleague already decided" in why[taken.pk]


def test_one_undo_takes_the_whole_batch_back(make_case: Callable[..., Case], moderator: Any) -> None:
    cases = [make_case(), make_case()]
    outcome = bulk(cases, moderator)
    undone = services.undo_batch(batch=outcome.batch, moderator=moderator)
    assert len(undone.done) == 2
    for case in cases:
        case.refresh_from_db()
        assert case.is_open
    assert not Decision.objects.filter(undone_at__isnull=True).exists()


def test_undoing_a_batch_leaves_what_is_too_late(make_case: Callable[..., Case], moderator: Any) -> None:
    outcome = bulk([make_case(), make_case()], moderator)
    late = outcome.done[0]
    Decision.objects.filter(pk=late.pk).update(notice_due_at=timezone.now() - timedelta(seconds=1))
    undone = services.undo_batch(batch=outcome.batch, moderator=moderator)
    assert len(undone.done) == 1
    assert [left.case.pk for left in undone.left] == [late.case_id]


def test_the_policy_caps_a_batch(make_case: Callable[..., Case], moderator: Any, admin_user: Any) -> None:
    cases = [make_case(), make_case()]
    services.publish_policy(author=admin_user, reason="Slowly.", bulk_cap=1)
    with pytest.raises(IncompleteDecision, match="At most 1"):
        bulk(cases, moderator)
    with pytest.raises(IncompleteDecision, match="at least one"):
        bulk([], moderator)
    assert not Decision.objects.exists()


def test_bulk_is_for_moderators(make_case: Callable[..., Case], artist: Any) -> None:
    with pytest.raises(NotAllowed):
        bulk([make_case()], artist)


@pytest.fixture
def drawn(make_case: Callable[..., Case], moderator: Any, admin_user: Any) -> SecondLook:
    """A second look at a rejection whose grace window is over."""
    case = make_case()
    services.publish_policy(author=admin_user, reason="Look at all.", second_look_percent=100)
    decision = services.decide(
        case=case, decider=moderator, version=case.version, explanation="Melting lines.", **REJECT
    )
    Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now())
    return SecondLook.objects.get(decision=decision)


def test_the_policy_sets_the_share(make_case: Callable[..., Case], moderator: Any, admin_user: Any) -> None:
    services.publish_policy(author=admin_user, reason="None.", second_look_percent=0)
    bulk([make_case() for _turn in range(4)], moderator)
    assert not SecondLook.objects.exists()


def test_the_draw_follows_the_decisions_random_reference(
    make_case: Callable[..., Case], moderator: Any, admin_user: Any
) -> None:
    services.publish_policy(author=admin_user, reason="Half.", second_look_percent=50)
    outcome = bulk([make_case() for _turn in range(6)], moderator)
    due = {decision.pk for decision in outcome.done if decision.reference.int % 100 < 50}
    assert set(SecondLook.objects.values_list("decision", flat=True)) == due


def test_agreement_is_counted_and_nothing_else_changes(drawn: SecondLook, senior: Any) -> None:
    artwork = drawn.decision.artwork
    assert list(waiting_for(senior)) == [drawn]
    look = services.take_second_look(second_look=drawn, looker=senior, action="approve", remark="Honest brushwork.")
    assert (look.agrees, look.action, look.remark) == (False, "approve", "Honest brushwork.")
    artwork.refresh_from_db()
    assert artwork.standing == "rejected"
    assert not waiting_for(senior).exists()
    with pytest.raises(CaseConflict, match="already"):
        services.take_second_look(second_look=drawn, looker=senior, action="reject")


def test_the_first_decider_takes_no_second_look(drawn: SecondLook, moderator: Any, make_user: Any) -> None:
    from django.contrib.auth.models import Group

    moderator.groups.add(Group.objects.get(name="Senior moderators"))
    promoted = type(moderator).objects.get(pk=moderator.pk)
    assert not waiting_for(promoted).exists()
    with pytest.raises(NotAllowed, match="somebody else"):
        services.take_second_look(second_look=drawn, looker=promoted, action="reject")


def test_second_looks_are_for_seniors(drawn: SecondLook, other_moderator: Any) -> None:
    with pytest.raises(NotAllowed):
        services.take_second_look(second_look=drawn, looker=other_moderator, action="reject")
    with pytest.raises(IncompleteDecision):
        services.take_second_look(second_look=drawn, looker=other_moderator, action="dance")


def test_a_decision_that_was_undone_leaves_the_sample(
    make_case: Callable[..., Case], moderator: Any, admin_user: Any, senior: Any
) -> None:
    services.publish_policy(author=admin_user, reason="All.", second_look_percent=100)
    outcome = bulk([make_case()], moderator)
    assert not waiting_for(senior).exists(), "not before the grace window is over"
    services.undo(decision=outcome.done[0], moderator=moderator)
    assert not SecondLook.objects.exists()
