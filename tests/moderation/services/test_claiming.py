"""Who looks at what: the next free case, leases, skipping, passing on, opening anew."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections
from django.utils import timezone

from moderation import services
from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed
from moderation.models import Case, CaseNote, Escalation, Event, Severity, Skip

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def test_next_is_the_most_urgent_then_the_first_due(make_case: Callable[..., Case], moderator: Any) -> None:
    mild, held, due_first = make_case(score=0.7), make_case(score=0.95), make_case(score=0.7)
    Case.objects.filter(pk=due_first.pk).update(due_at=mild.due_at - timedelta(hours=5))
    got = []
    for _turn in range(4):
        case = services.claim_next(moderator=moderator, besides=got)
        got.append(case.pk if case else None)
    assert got == [held.pk, due_first.pk, mild.pk, None]


def test_next_gives_two_people_different_cases(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    first, second = make_case(score=0.95), make_case(score=0.7)
    mine = services.claim_next(moderator=moderator)
    theirs = services.claim_next(moderator=other_moderator)
    assert (mine, theirs) == (first, second)
    again = services.claim_next(moderator=moderator)
    assert again == first, "the same person's second tab is given what they have open"


def test_a_lease_that_ran_out_frees_the_case(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    case = make_case()
    services.claim_case(case=case, moderator=moderator)
    assert services.claim_next(moderator=other_moderator) is None
    Case.objects.filter(pk=case.pk).update(held_until=timezone.now() - timedelta(seconds=1))
    assert services.claim_next(moderator=other_moderator) == case


def test_nobody_is_given_their_own_work(make_case: Callable[..., Case], moderator: Any) -> None:
    make_case(artist=moderator)
    assert services.claim_next(moderator=moderator) is None


def test_next_is_for_moderators(make_case: Callable[..., Case], artist: Any) -> None:
    make_case()
    with pytest.raises(NotAllowed):
        services.claim_next(moderator=artist)


def test_a_heartbeat_extends_the_lease_only_when_it_has_worn_off(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    case = services.claim_case(case=make_case(), moderator=moderator)
    until = case.held_until
    assert services.keep_case(case=case, moderator=moderator).held_until == until
    Case.objects.filter(pk=case.pk).update(held_until=timezone.now() + timedelta(seconds=40))
    case.refresh_from_db()
    kept = services.keep_case(case=case, moderator=moderator)
    assert kept.held_until is not None
    assert kept.held_until > timezone.now() + timedelta(seconds=200)
    with pytest.raises(CaseConflict, match="moderator has this case open"):
        services.keep_case(case=case, moderator=other_moderator)


def test_a_skipped_case_comes_back_to_others_and_later_to_the_same(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    case = services.claim_case(case=make_case(), moderator=moderator)
    skip = services.skip_case(case=case, moderator=moderator, reason="upsetting")
    assert skip.until > timezone.now() + timedelta(days=29)
    case.refresh_from_db()
    assert case.held_by is None
    assert services.claim_next(moderator=moderator) is None
    assert services.claim_next(moderator=other_moderator) == case
    Case.objects.update(held_by=None, held_until=None)
    Skip.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert services.claim_next(moderator=moderator) == case
    assert Event.objects.filter(verb="case_skipped", actor=moderator).count() == 1


def test_a_reason_that_does_not_exist_means_later(make_case: Callable[..., Case], moderator: Any) -> None:
    assert services.skip_case(case=make_case(), moderator=moderator, reason="bored").reason == "later"


def test_an_escalated_case_is_for_seniors(make_case: Callable[..., Case], moderator: Any, senior: Any) -> None:
    case = make_case()
    with pytest.raises(IncompleteDecision):
        services.escalate_case(case=case, moderator=moderator, reason=" ", version=case.version)
    services.escalate_case(case=case, moderator=moderator, reason="A known artist protests.", version=case.version)
    case.refresh_from_db()
    assert services.claim_next(moderator=moderator) is None
    with pytest.raises(NotAllowed, match="senior"):
        services.claim_case(case=case, moderator=moderator)
    with pytest.raises(NotAllowed, match="senior"):
        services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    with pytest.raises(CaseConflict, match="already"):
        services.escalate_case(case=case, moderator=senior, reason="Again.", version=case.version)
    assert services.claim_next(moderator=senior) == case
    services.decide(case=case, decider=senior, action="approve", reason_code="human_made", version=case.version)


def test_passing_on_what_changed_is_refused(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case()
    with pytest.raises(CaseConflict, match="changed"):
        services.escalate_case(case=case, moderator=moderator, reason="Hm.", version=case.version + 1)
    assert not Escalation.objects.exists()


def test_a_note_is_kept_and_an_empty_one_refused(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case()
    services.add_note(case=case, author=moderator, text="  Compare with their sketchbook. ")
    with pytest.raises(IncompleteDecision):
        services.add_note(case=case, author=moderator, text="  ")
    assert [note.text for note in CaseNote.objects.all()] == ["Compare with their sketchbook."]


def test_notes_are_not_for_the_artist(make_case: Callable[..., Case], artist: Any) -> None:
    with pytest.raises(NotAllowed):
        services.add_note(case=make_case(), author=artist, text="It is mine!")


def test_a_decided_case_is_opened_anew_and_decided_anew(
    make_case: Callable[..., Case], moderator: Any, other_moderator: Any
) -> None:
    case = make_case()
    first = services.decide(
        case=case,
        decider=moderator,
        action="reject",
        reason_code="undeclared_ai",
        explanation="Six fingers.",
        version=case.version,
    )
    opened = services.reopen_case(case=case, moderator=other_moderator, reason="The artist sent sketches.")
    assert (opened.state, opened.severity) == ("open", Severity.STRONG)
    with pytest.raises(CaseConflict, match="open already"):
        services.reopen_case(case=case, moderator=other_moderator, reason="Twice.")
    artwork = opened.artwork
    artwork.refresh_from_db()
    assert artwork.standing == "rejected", "the first decision holds until the second"
    second = services.decide(
        case=opened, decider=other_moderator, action="approve", reason_code="human_made", version=opened.version
    )
    artwork.refresh_from_db()
    assert (artwork.standing, artwork.is_visible, artwork.decision) == ("approved", True, second)
    services.undo(decision=second, moderator=other_moderator)
    artwork.refresh_from_db()
    assert (artwork.standing, artwork.is_visible, artwork.decision) == ("rejected", False, first)


def test_opening_anew_needs_a_reason(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case()
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    with pytest.raises(IncompleteDecision):
        services.reopen_case(case=case, moderator=moderator, reason="")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_fifty_people_claim_a_hundred_cases_and_none_twice(
    make_listing: Callable[..., Any], paint: Callable[..., bytes]
) -> None:
    for number in range(100):
        make_listing(data=paint(0.95 if number % 3 else 0.7, seed=number, size=(16, 16 + number)))
    services.screen_pending()
    assert Case.objects.filter(state="open").count() == 100
    group = Group.objects.get(name="Moderators")
    people = User.objects.bulk_create([User(username=f"m{number}") for number in range(50)])
    group.user_set.add(*people)
    start, claimed, failures = threading.Barrier(50), [], []

    def work(person: Any) -> None:
        try:
            start.wait(60)
            mine: list[int] = []
            for _turn in range(2):
                case = services.claim_next(moderator=person, besides=mine)
                if case is not None:
                    mine.append(case.pk)
            claimed.extend(mine)
        except Exception as error:  # noqa: BLE001  (whatever ends a thread must fail the test)
            failures.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=work, args=(person,)) for person in User.objects.filter(username__startswith="m")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert Counter(Counter(claimed).values()) == {1: 100}
