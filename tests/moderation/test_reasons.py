"""The texts that go to artists: every place filled or marked, the likeliest ground first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from moderation import reasons
from moderation.errors import IncompleteDecision
from moderation.models import Action
from moderation.models.decision import APPROVING_REASONS, RESTRICTING, RESTRICTING_REASONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.models import Case

pytestmark = pytest.mark.django_db
PLACES = {"title", "declared", "seen", "marks", "own", "undeclared", "generator"}


def with_finding(case: Case, **finding: Any) -> Case:
    assert case.screening is not None
    case.screening.evidence = [{"kind": "a1111", "strength": "proof", "artist_message": "It says so.", **finding}]
    return case


@pytest.mark.parametrize("reason", reasons.REASONS, ids=lambda reason: reason.choice)
def test_each_ground_fits_its_action_and_its_text_names_known_places(reason: reasons.Reason) -> None:
    fitting = RESTRICTING_REASONS if reason.action in RESTRICTING else APPROVING_REASONS
    assert reason.code in fitting
    assert set(re.findall(r"\{(\w+)\}", str(reason.text))) <= PLACES
    assert reason.template == f"{reason.action.value}:{reason.code.value}/1"


@pytest.mark.parametrize("reason", reasons.REASONS, ids=lambda reason: reason.choice)
def test_a_text_is_finished_only_when_what_it_needs_is_known(
    reason: reasons.Reason, make_case: Callable[..., Case]
) -> None:
    case = make_case(title="A {seen} Title ⟧")
    bare = reasons.compose(case, reason)
    assert reasons.unfilled(bare.replace("Title ⟧", "")) is bool(reason.needs)
    assert "A {seen} Title" in bare or reason.needs == ("own",)
    known = reasons.compose(with_finding(case), reason, seen=["light", "nonsense"])
    assert reasons.unfilled(known.replace("Title ⟧", "")) is (reason.needs == ("own",))


def test_a_text_that_stays_unfinished_is_not_sent(make_case: Callable[..., Case]) -> None:
    marks = reasons.BY_CHOICE["reject:generator_marks"]
    with pytest.raises(IncompleteDecision):
        reasons.explain(make_case(), marks)
    assert "It says so." in reasons.explain(with_finding(make_case()), marks)


@pytest.mark.parametrize(
    ("finding", "action", "choice"),
    [
        ({}, Action.REJECT, "reject:generator_marks"),
        ({}, Action.LABEL, "label:generator_marks"),
        ({"strength": "hint"}, Action.REJECT, "reject:undeclared_ai"),
        ({"kind": "possible_theft", "strength": "strong"}, Action.LABEL, "label:undeclared_ai"),
        ({}, Action.APPROVE, "approve:human_made"),
    ],
)
def test_the_likeliest_ground_follows_the_evidence(
    finding: dict[str, Any], action: Action, choice: str, make_case: Callable[..., Case]
) -> None:
    assert reasons.default_choice(with_finding(make_case(), **finding), action) == choice


def test_theft_silence_and_honesty_have_grounds_of_their_own(make_case: Callable[..., Case]) -> None:
    stolen, unread, declared = make_case(), make_case(), make_case()
    stolen.severity = 35
    unread.kind = "unscreened"
    declared.artwork.declared_origin = "assisted"
    assert reasons.default_choice(stolen, Action.REJECT) == "reject:copied"
    assert reasons.default_choice(unread, Action.REJECT) == "reject:unreadable"
    assert reasons.default_choice(declared, Action.APPROVE) == "approve:declared"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (["texture"], "detail that repeats without meaning."),
        (["melting", "texture"], "lines and objects that melt into each other and detail that repeats"),
        (["light", "melting", "style"], "each other, lines and objects that melt into each other and a hand"),
    ],
)
def test_what_was_seen_is_listed_in_a_sentence(seen: list[str], words: str, make_case: Callable[..., Case]) -> None:
    assert words in reasons.compose(make_case(), reasons.BY_CHOICE["label:undeclared_ai"], seen=seen)
