"""The second look's page and the overview: what they show and what they keep to themselves."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from moderation import services
from moderation.models import Case, Decision, SecondLook
from moderation.selectors import overview

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(make_case: Callable[..., Case], moderator: Any, admin_user: Any) -> SecondLook:
    """A rejection that waits for its second look."""
    services.publish_policy(author=admin_user, reason="All.", second_look_percent=100)
    case = make_case(score=0.7)
    services.add_note(case=case, author=moderator, text="Surely a machine.")
    decision = services.decide(
        case=case,
        decider=moderator,
        action="reject",
        reason_code="undeclared_ai",
        explanation="Six fingers on the left hand.",
        version=case.version,
    )
    Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now())
    return SecondLook.objects.get()


@pytest.fixture
def seniors_desk(senior: Any) -> Client:
    browser = Client()
    browser.force_login(senior)
    return browser


def test_a_second_look_is_blind(look: SecondLook, seniors_desk: Client) -> None:
    page = seniors_desk.get(reverse("moderation:second_looks"), follow=True).content.decode()
    assert "What would you have decided?" in page
    for secret in ("Six fingers", "Surely a machine", "moderator", "Rejected", "Undo"):
        assert secret not in page, secret


def test_the_answer_is_compared_and_told(look: SecondLook, seniors_desk: Client) -> None:
    address = reverse("moderation:second_look", args=[look.pk])
    answer = seniors_desk.post(address, {"action": "approve", "remark": "A fine drawing."}, follow=True)
    assert "You differ" in answer.getvalue().decode()
    look.refresh_from_db()
    assert (look.action, look.agrees, look.remark) == ("approve", False, "A fine drawing.")
    assert "No second look waits" in seniors_desk.get(reverse("moderation:second_looks")).content.decode()


def test_agreement_is_told_too_and_nothing_is_no_answer(look: SecondLook, seniors_desk: Client) -> None:
    address = reverse("moderation:second_look", args=[look.pk])
    assert seniors_desk.post(address, {"action": ""}).status_code == 422
    assert "You agree" in seniors_desk.post(address, {"action": "reject"}, follow=True).content.decode()


def test_an_own_decision_is_not_looked_at_again(look: SecondLook, senior: Any, seniors_desk: Client) -> None:
    Decision.objects.update(decider=senior)
    assert seniors_desk.get(reverse("moderation:second_look", args=[look.pk])).status_code == 404


def test_the_overview_counts(look: SecondLook, make_case: Callable[..., Case], seniors_desk: Client) -> None:
    waiting = make_case(score=0.7)
    Case.objects.filter(pk=waiting.pk).update(
        opened_at=timezone.now() - timedelta(days=2), due_at=timezone.now() - timedelta(hours=1), severity=10
    )
    page = seniors_desk.get(reverse("moderation:overview")).content.decode()
    assert page.count("<table") >= 5
    assert overview.open_by_age().rows == [["Review", 0, 1, 0, 1]]
    assert overview.per_day().rows[-1][1:] == [0, 0, 1, 1]
    assert overview.per_person().rows == [["moderator", 1, 0]]
    assert overview.overturned().rows == [["stub 1", 1, 0, "0 %", "0–79 %"]]
    assert overview.agreement().rows[2] == ["Reject", 0, 0, "–", "–"]
    (line,) = overview.time_to_decision().rows
    assert line[1:] == [1, 0.0, 0]


def test_appeals_are_counted_by_how_they_ended(look: SecondLook, artist: Any, senior: Any) -> None:
    assert [row[1] for row in overview.appeals().rows] == [0, 0, 0, 0]
    appeal = services.file_appeal(decision=look.decision, artist=artist, text="I drew it by hand.")
    assert [row[1] for row in overview.appeals().rows] == [0, 0, 0, 1]
    case = Case.objects.get(kind="appeal")
    services.decide_appeal(
        appeal=appeal, decider=senior, outcome="overturned", reply="You are right.", version=case.version
    )
    appeal.refresh_from_db()
    assert appeal.was_won
    assert overview.appeals().rows[0] == ["The decision is taken back", 1, "100 %", "21–100 %"]


def test_undone_decisions_do_not_count(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case()
    decision = services.decide(
        case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version
    )
    services.undo(decision=decision, moderator=moderator)
    assert overview.per_day().rows[-1][1:] == [0, 0, 0, 0]
    assert overview.per_person().rows == [["moderator", 1, 1]]
    assert overview.overturned().rows == []


@pytest.mark.parametrize("table", list(overview.TABLES))
def test_each_table_leaves_as_csv(table: str, look: SecondLook, seniors_desk: Client) -> None:
    answer = seniors_desk.get(reverse("moderation:overview_csv", args=[table]))
    assert answer["Content-Type"].startswith("text/csv")
    lines = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    made = overview.TABLES[table]()
    assert lines[0] == [str(column) for column in made.columns]
    assert len(lines) == len(made.rows) + 1


def test_a_name_is_no_formula_and_an_unknown_table_is_none(
    look: SecondLook, moderator: Any, seniors_desk: Client
) -> None:
    moderator.username = "=HYPERLINK(1)"
    moderator.save()
    people = seniors_desk.get(reverse("moderation:overview_csv", args=["people"])).getvalue().decode()
    assert "'=HYPERLINK(1)" in people
    assert seniors_desk.get("/moderation/overview/horses.csv").status_code == 404


def test_bars_are_scaled_to_the_longest() -> None:
    bars = overview.to_scale([[(2.0, "a", "two"), (2.0, "b", "two")], [(1.0, "a", "one")], [(0.0, "a", "none")]])
    assert [[(piece.x, piece.width) for piece in bar] for bar in bars] == [
        [(0.0, 50.0), (50.0, 50.0)],
        [(0.0, 25.0)],
        [(0.0, 0.0)],
    ]


@pytest.mark.parametrize(
    ("hits", "number", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0)],
)
def test_wilson_interval(hits: int, number: int, low: float, high: float) -> None:
    _share, found_low, found_high = overview.wilson(hits, number)
    assert (found_low, found_high) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))
