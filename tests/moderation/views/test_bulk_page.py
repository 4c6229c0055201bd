"""Several cases at once: thumbnails again, one reason, one undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from moderation import services
from moderation.models import Case, Decision, DecisionBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

pytestmark = pytest.mark.django_db

BULK = reverse("moderation:bulk")
REASON = {"decide": "1", "choice": "label:undeclared_ai", "seen": ["texture"]}


def chosen(*cases: Case) -> list[str]:
    return [f"{case.pk}:{case.version}" for case in cases]


def test_the_chosen_cases_are_shown_once_more(desk: Client, make_case: Callable[..., Case]) -> None:
    first, second = make_case(), make_case()
    page = desk.post(BULK, {"case": chosen(first, second)}).content.decode()
    assert "Decide 2 cases together" in page
    assert page.count("thumbnail") == 2
    assert "Another reason" not in page, "a text of its own cannot be the same for all"
    assert not Decision.objects.exists()


def test_one_reason_decides_them_and_one_undo_takes_them_back(desk: Client, make_case: Callable[..., Case]) -> None:
    cases = [make_case(), make_case()]
    answer = desk.post(BULK, {"case": chosen(*cases), "queue": "band=review", **REASON}, follow=True)
    assert answer.redirect_chain[-1][0] == "/moderation/?band=review"
    page = answer.content.decode()
    assert "2 cases decided." in page
    assert "Label as AI-generated: 2 works" in page
    for case in cases:
        text = Decision.objects.get(case=case).explanation
        assert str(case.artwork) in text
        assert "repeats without meaning" in text
    batch = DecisionBatch.objects.get()
    undone = desk.post(reverse("moderation:undo_batch", args=[batch.reference]), follow=True)
    assert "Taken back: 2 cases are open again." in undone.content.decode()
    assert Case.objects.filter(state="open").count() == 2


def test_what_cannot_be_decided_is_reported(
    desk: Client, make_case: Callable[..., Case], other_moderator: Any
) -> None:
    fine, taken = make_case(), make_case()
    services.claim_case(case=taken, moderator=other_moderator)
    page = desk.post(BULK, {"case": chosen(fine, taken), **REASON}, follow=True).content.decode()
    assert "1 case decided." in page
    assert "colleague has taken this case over." in page


def test_own_works_are_left_out(desk: Client, make_case: Callable[..., Case], moderator: Any) -> None:
    own, other = make_case(artist=moderator), make_case()
    page = desk.post(BULK, {"case": chosen(own, other)}).content.decode()
    assert "1 of the chosen cases is closed, your own or over the limit" in page
    assert f'value="{own.pk}:' not in page


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"choice": "label:undeclared_ai", "seen": []}, "Tick what you saw in these pictures"),
        ({"choice": "", "seen": []}, "Choose what to do, and on what ground."),
        ({"choice": "label:other"}, "Select a valid choice"),
    ],
)
def test_incomplete_reasons_are_refused(
    fields: dict[str, Any], complaint: str, desk: Client, make_case: Callable[..., Case]
) -> None:
    answer = desk.post(BULK, {"case": chosen(make_case()), **REASON, **fields})
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert not Decision.objects.exists()


def test_marks_cannot_be_claimed_where_there_are_none(desk: Client, make_case: Callable[..., Case]) -> None:
    page = desk.post(
        BULK, {"case": chosen(make_case()), "decide": "1", "choice": "reject:generator_marks"}, follow=True
    ).content.decode()
    assert "decide this work by itself" in page
    assert not Decision.objects.exists()


def test_the_cap_is_told_before_and_held_after(desk: Client, make_case: Callable[..., Case], admin_user: Any) -> None:
    cases = [make_case(), make_case()]
    services.publish_policy(author=admin_user, reason="Slowly.", bulk_cap=1)
    page = desk.post(BULK, {"case": chosen(*cases)}).content.decode()
    assert "At most 1 cases can be decided at once" in page
    answer = desk.post(BULK, {"case": chosen(*cases), **REASON})
    assert answer.status_code == 422
    assert not Decision.objects.exists()


@pytest.mark.parametrize("values", [[], ["x"], ["1"], ["1:x"], ["-1:1"]])
def test_nothing_chosen_leads_back(values: list[str], desk: Client) -> None:
    answer = desk.post(BULK, {"case": values}, follow=True)
    assert "Choose at least one case first." in answer.content.decode()


def test_another_moderators_batch_is_not_undone(
    desk: Client, colleague: Client, make_case: Callable[..., Case]
) -> None:
    colleague.post(BULK, {"case": chosen(make_case()), **REASON})
    batch = DecisionBatch.objects.get()
    assert desk.post(reverse("moderation:undo_batch", args=[batch.reference])).status_code == 404
