"""Only a person restricts, with a complete statement of reasons, and may take it back while the notice waits."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction
from django.db.models import F
from django.utils import timezone

from marketplace.models import Listing
from moderation import selectors, services
from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed, TooLateToUndo
from moderation.models import Artwork, Case, Decision, Event
from moderation.services.cases import claim_case, lock

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

REJECT = {"action": "reject", "reason_code": "undeclared_ai", "explanation": "Three hands on one arm."}
LABEL = {**REJECT, "action": "label"}
APPROVE = {"action": "approve", "reason_code": "human_made"}


def decide(case: Case, decider: Any, **how: Any) -> Decision:
    return services.decide(case=case, decider=decider, version=case.version, **how)


@pytest.mark.parametrize(
    ("how", "standing", "visible", "label"),
    [
        (APPROVE, "approved", True, ""),
        (LABEL, "labelled", True, "ai_generated"),
        (REJECT, "rejected", False, ""),
    ],
)
def test_what_a_decision_changes(
    make_case: Callable[..., Case], moderator: Any, how: dict[str, str], standing: str, visible: bool, label: str
) -> None:
    case = make_case(score=0.95)
    decision = decide(case, moderator, **how)
    artwork = Artwork.objects.get()
    assert (artwork.standing, artwork.is_visible, artwork.ai_label) == (standing, visible, label)
    assert artwork.decision == decision
    case.refresh_from_db()
    assert case.state == "decided"
    assert decision.digest == artwork.digest
    assert (decision.artist, decision.decider) == (artwork.owner, moderator)
    assert selectors.visible(Listing.objects.all()).exists() is visible


def test_a_restriction_carries_its_statement_of_reasons(make_case: Callable[..., Case], moderator: Any) -> None:
    decision = decide(make_case(), moderator, **REJECT)
    assert decision.facts[0]["kind"] == "classifier"
    assert decision.automation == "detection"
    assert decision.appeal_until is not None
    assert decision.appeal_until - decision.decided_at == timedelta(days=184)
    event = Event.objects.get(verb="case_decided")
    assert (event.actor, event.after["action"]) == (moderator, "reject")


@pytest.mark.parametrize(
    "how",
    [
        {**REJECT, "explanation": "  "},
        {**REJECT, "reason_code": "human_made"},
        {**APPROVE, "reason_code": "undeclared_ai"},
        {**APPROVE, "reason_code": "other", "explanation": ""},
        {**APPROVE, "action": "delete"},
    ],
)
def test_an_incomplete_decision_is_refused(
    make_case: Callable[..., Case], moderator: Any, how: dict[str, str]
) -> None:
    case = make_case()
    with pytest.raises(IncompleteDecision):
        decide(case, moderator, **how)
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "gap", [{"explanation": ""}, {"facts": []}, {"appeal_until": None}, {"reason_code": "human_made"}]
)
def test_the_database_refuses_a_restriction_without_reasons(
    make_case: Callable[..., Case], moderator: Any, gap: dict[str, Any]
) -> None:
    case = make_case()
    whole = {
        "case": case,
        "artwork": case.artwork,
        "decider": moderator,
        "action": "reject",
        "reason_code": "other",
        "explanation": "Because.",
        "facts": [{"kind": "classifier"}],
        "notice_due_at": timezone.now(),
        "appeal_until": timezone.now(),
    }
    with pytest.raises(IntegrityError, match="statement_of_reasons"), transaction.atomic():
        Decision.objects.create(**{**whole, **gap})
    Decision.objects.create(**whole)


def test_the_database_refuses_a_restriction_without_a_decision(make_listing: Callable[..., Listing]) -> None:
    make_listing()
    for standing in ("rejected", "labelled"):
        with pytest.raises(IntegrityError, match="only_people_restrict"), transaction.atomic():
            Artwork.objects.update(standing=standing)


def test_nobody_decides_on_their_own_work(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    case = make_case(artist=moderator)
    with pytest.raises(NotAllowed, match="your own"):
        decide(case, moderator, **APPROVE)
    with pytest.raises(NotAllowed):
        claim_case(case=case, moderator=moderator)
    with pytest.raises(IntegrityError, match="not_own_work"), transaction.atomic():
        Decision.objects.create(
            case=case,
            artwork=case.artwork,
            decider=moderator,
            artist=moderator,
            action="approve",
            reason_code="human_made",
            notice_due_at=timezone.now(),
        )
    decide(case, other_moderator, **APPROVE)


def test_an_artist_decides_nothing(make_case: Callable[..., Case], other_artist: Any) -> None:
    with pytest.raises(NotAllowed):
        decide(make_case(), other_artist, **APPROVE)


def test_the_second_decider_is_told_who_and_what(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    case = make_case()
    decision = decide(case, moderator, **REJECT)
    with pytest.raises(CaseConflict, match="moderator already decided: Reject") as caught:
        decide(case, other_moderator, **APPROVE)
    assert (caught.value.by, caught.value.action, caught.value.at) == (moderator, "reject", decision.decided_at)
    assert Decision.objects.get() == decision


def test_a_case_that_changed_since_it_was_seen_is_looked_at_again(
    make_case: Callable[..., Case], moderator: Any
) -> None:
    case = make_case()
    with pytest.raises(CaseConflict, match="changed"):
        services.decide(case=case, decider=moderator, version=case.version - 1, **APPROVE)


def test_a_case_open_at_somebody_else(make_case: Callable[..., Case], moderator: Any, other_moderator: Any) -> None:
    case = make_case()
    claim_case(case=case, moderator=other_moderator)
    with pytest.raises(CaseConflict, match="colleague"):
        decide(case, moderator, **APPROVE)
    with pytest.raises(CaseConflict, match="colleague"):
        claim_case(case=case, moderator=moderator)
    claim_case(case=case, moderator=moderator, steal=True)
    with pytest.raises(CaseConflict, match="moderator"):
        decide(case, other_moderator, **APPROVE)
    assert Event.objects.filter(verb="case_taken_over", actor=moderator).exists()


def test_a_lease_ends_by_itself(make_case: Callable[..., Case], moderator: Any, other_moderator: Any) -> None:
    case = make_case()
    claim_case(case=case, moderator=other_moderator)
    Case.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    claim_case(case=case, moderator=moderator)
    decide(case, moderator, **APPROVE)


@pytest.mark.parametrize("how", [APPROVE, LABEL, REJECT])
def test_undo_puts_everything_back(make_case: Callable[..., Case], moderator: Any, how: dict[str, str]) -> None:
    case = make_case(score=0.7)
    before = (case.artwork.standing, case.artwork.is_visible, case.artwork.ai_label)
    decision = decide(case, moderator, **how)
    services.undo(decision=decision, moderator=moderator)
    artwork = Artwork.objects.get()
    assert (artwork.standing, artwork.is_visible, artwork.ai_label) == before
    assert artwork.decision is None
    case.refresh_from_db()
    assert case.state == "open"
    assert Event.objects.filter(verb="decision_undone", actor=moderator).count() == 1
    decide(case, moderator, **REJECT)
    assert Decision.objects.count() == 2


def test_undo_after_the_grace_window_is_refused(make_case: Callable[..., Case], moderator: Any) -> None:
    decision = decide(make_case(), moderator, **REJECT)
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(TooLateToUndo):
        services.undo(decision=decision, moderator=moderator)


def test_who_may_undo(make_case: Callable[..., Case], moderator: Any, other_moderator: Any, senior: Any) -> None:
    decision = decide(make_case(), moderator, **REJECT)
    with pytest.raises(NotAllowed):
        services.undo(decision=decision, moderator=other_moderator)
    services.undo(decision=decision, moderator=senior)
    with pytest.raises(CaseConflict, match="already undone"):
        services.undo(decision=decision, moderator=moderator)


def test_undo_of_a_work_that_was_withdrawn_meanwhile(make_case: Callable[..., Case], moderator: Any) -> None:
    decision = decide(make_case(), moderator, **APPROVE)
    Listing.objects.get().delete()
    with pytest.raises(CaseConflict, match="replaced or withdrawn"):
        services.undo(decision=decision, moderator=moderator)


def test_a_later_look_never_touches_a_persons_decision(
    make_case: Callable[..., Case], moderator: Any, admin_user: Any
) -> None:
    decide(make_case(score=0.95), moderator, **APPROVE)
    services.publish_policy(author=admin_user, reason="Stricter", review_threshold=0.1)
    services.rescreen()
    services.screen_pending()
    Listing.objects.get().save()
    services.screen_pending()
    assert Artwork.objects.get().standing == "approved"
    assert Case.objects.filter(state="open").count() == 0


def test_history_cannot_be_changed(make_case: Callable[..., Case]) -> None:
    make_case()
    event = Event.objects.first()
    assert event is not None
    for attempt in (event.save, event.delete, Event.objects.all().delete, lambda: Event.objects.update(verb="x")):
        with pytest.raises(TypeError, match="append-only"):
            attempt()


def test_policies_are_immutable_and_ordered(admin_user: Any, moderator: Any, red_classifier: None) -> None:
    from django.core.exceptions import ValidationError

    first = services.current_policy()
    assert (first.review_threshold, first.hold_threshold, first.author) == (0.5, 0.9, None)
    with pytest.raises(NotAllowed):
        services.publish_policy(author=moderator, reason="Mine", review_threshold=0.1)
    with pytest.raises(ValidationError):
        services.publish_policy(author=admin_user, reason="Upside down", review_threshold=0.95)
    second = services.publish_policy(author=admin_user, reason="Kinder", hold_threshold=0.99)
    assert services.current_policy() == second
    assert (second.version, second.review_threshold, second.author) == (2, 0.5, admin_user)
    with pytest.raises(TypeError, match="never changes"):
        second.save()
    with pytest.raises(TypeError, match="never deleted"):
        second.delete()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_deciders_at_once_one_wins(make_case: Callable[..., Case], moderator: Any, other_moderator: Any) -> None:
    case = make_case()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def run(decider: Any, how: dict[str, str]) -> None:
        start.wait()
        try:
            decide(case, decider, **how)
            outcomes.append("decided")
        except CaseConflict:
            outcomes.append("conflict")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in ((moderator, REJECT), (other_moderator, APPROVE))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "decided"]
    assert Decision.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_artwork_is_locked_before_its_case_and_what_changed_meanwhile_is_seen(
    make_case: Callable[..., Case],
) -> None:
    case = make_case()
    seen: list[Case] = []

    def artwork_is_locked() -> bool:
        try:
            with transaction.atomic():
                Artwork.objects.select_for_update(nowait=True).get()
                transaction.set_rollback(True)  # gives the lock back
        except OperationalError:
            return True
        return False

    def lock_both() -> None:
        try:
            with transaction.atomic():
                seen.append(lock(case))
        finally:
            connections.close_all()

    waiter = threading.Thread(target=lock_both)
    with transaction.atomic():
        Case.objects.filter(pk=case.pk).update(version=F("version") + 1)  # the waiter cannot have the case yet
        waiter.start()
        deadline = time.monotonic() + 60
        while not artwork_is_locked():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    waiter.join()
    assert seen[0].version == case.version + 1
