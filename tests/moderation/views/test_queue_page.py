"""The queue: order, filters, pages, what it costs, views, what changes while one looks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone

from moderation import selectors, services
from moderation.models import Case, DeskPreferences, SavedView, Screening

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

pytestmark = pytest.mark.django_db

QUEUE = reverse("moderation:queue")


def shown(page: Any) -> list[int]:
    """The cases on a page, in their order."""
    return [int(pk) for pk in re.findall(r'id="case-(\d+)"', page.content.decode())]


def test_proof_before_guesses_and_hidden_before_visible(desk: Client, make_case: Callable[..., Case]) -> None:
    mild, held, proof = make_case(score=0.7), make_case(score=0.95), make_case(score=0.7)
    Case.objects.filter(pk=proof.pk).update(severity=40)
    assert shown(desk.get(QUEUE)) == [proof.pk, held.pk, mild.pk]


@pytest.mark.parametrize("layout", ["list", "grid"])
@pytest.mark.parametrize("number", [5, 50])
def test_a_page_costs_at_most_twelve_queries(
    layout: str, number: int, desk: Client, many_cases: Callable[[int], list[Case]], django_assert_max_num_queries: Any
) -> None:
    many_cases(number)
    with django_assert_max_num_queries(12):
        page = desk.get(QUEUE, {"layout": layout})
    assert len(shown(page)) == min(number, 30)


def test_fifty_cases_cost_as_many_queries_as_five(
    desk: Client, many_cases: Callable[[int], list[Case]], django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    many_cases(5)
    with CaptureQueriesContext(connection) as few:
        desk.get(QUEUE)
    many_cases(45)
    SavedView.objects.create(moderator_id=desk.session["_auth_user_id"], name="Late", query="due=overdue")
    with django_assert_num_queries(len(few)):
        desk.get(QUEUE)


def test_pages_follow_one_another_without_gap_or_overlap(
    desk: Client, many_cases: Callable[[int], list[Case]]
) -> None:
    cases = many_cases(75)
    seen: list[int] = []
    address = QUEUE
    for _page in range(3):
        page = desk.get(address)
        seen += shown(page)
        link = re.search(r'rel="next" href="([^"]+)"', page.content.decode())
        address = QUEUE + link[1].replace("&amp;", "&") if link else ""
    assert seen == [case.pk for case in cases]
    assert not address


def test_closed_cases_come_latest_first_and_page(many_cases: Callable[[int], list[Case]]) -> None:
    now = timezone.now()
    for place, case in enumerate(many_cases(9)):
        Case.objects.filter(pk=case.pk).update(state="withdrawn", closed_at=now - timedelta(minutes=place // 2))
    everything = Case.objects.filter(state="withdrawn")
    expected = list(everything.order_by("-closed_at", "-pk"))
    seen, after = [], ""
    while True:
        page = selectors.page(everything, state="withdrawn", after=after, size=2)
        seen += page.cases
        after = page.after
        if not after:
            break
    assert seen == expected


@pytest.mark.parametrize("cursor", ["", "nonsense", "W10=", "WzEsMiwzXQ==", "WyJ4IiwgInkiLCAieiJd", "é", "bnVsbA=="])
def test_a_cursor_that_makes_no_sense_is_the_beginning(
    cursor: str, desk: Client, make_case: Callable[..., Case]
) -> None:
    case = make_case()
    assert shown(desk.get(QUEUE, {"after": cursor})) == [case.pk]


@pytest.fixture
def variety(
    make_case: Callable[..., Case], other_artist: Any, moderator: Any, other_moderator: Any
) -> dict[str, Case]:
    """Four cases that differ in everything the filters know."""
    held, plain, others, closed = (
        make_case(score=0.95, title="Blue Horse"),
        make_case(score=0.7, title="Red Boat"),
        make_case(score=0.7, title="Tree", artist=other_artist, category="print"),
        make_case(score=0.7, title="Closed"),
    )
    services.claim_case(case=plain, moderator=other_moderator)
    services.claim_case(case=held, moderator=moderator)
    Case.objects.filter(pk=plain.pk).update(due_at=timezone.now() - timedelta(hours=1))
    Case.objects.filter(pk=others.pk).update(opened_at=timezone.now() - timedelta(days=2))
    services.escalate_case(case=others, moderator=moderator, reason="Style?", version=others.version)
    Screening.objects.filter(cases=others).update(evidence=[])  # flat pictures look alike: that is not meant here
    look = held.screening
    assert look is not None
    look.evidence = [*look.evidence, {"kind": "a1111", "strength": "proof", "message": "Settings.", "details": {}}]
    look.save()
    services.decide(case=closed, decider=moderator, action="approve", reason_code="human_made", version=closed.version)
    return {"held": held, "plain": plain, "others": others, "closed": closed}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["held", "plain", "others"]),
        ("state=decided", ["closed"]),
        ("state=withdrawn", []),
        ("severity=30", ["held"]),
        ("band=hold", ["held"]),
        ("band=review", ["plain", "others"]),
        ("strength=proof", ["held"]),
        ("strength=strong", []),
        ("strength=hint", ["plain", "others"]),
        ("evidence=A1111", ["held"]),
        ("evidence=c2pa", []),
        ("kind=unscreened", []),
        ("declared=handmade", ["held", "plain", "others"]),
        ("declared=unstated", []),
        ("category=print", ["others"]),
        ("artist=oth", ["others"]),
        ("title=horse", ["held"]),
        ("age=1", ["others"]),
        ("age=3", []),
        ("due=overdue", ["plain"]),
        ("due=today", ["held"]),
        ("holder=me", ["held"]),
        ("holder=others", ["plain"]),
        ("holder=free", ["others"]),
        ("escalated=yes", ["others"]),
        ("escalated=no", ["held", "plain"]),
        ("band=review&holder=others", ["plain"]),
        ("band=purple", ["held", "plain", "others"]),
    ],
)
def test_filters(query: str, names: list[str], desk: Client, variety: dict[str, Case]) -> None:
    page = desk.get(f"{QUEUE}?{query}")
    assert sorted(shown(page)) == sorted(variety[name].pk for name in names)


def test_next_stays_within_the_filter(desk: Client, variety: dict[str, Case]) -> None:
    answer = desk.post(reverse("moderation:next"), {"queue": "band=hold"})
    assert answer["Location"] == f"{variety['held'].get_absolute_url()}?queue=band%3Dhold"
    answer = desk.post(reverse("moderation:next"), {"queue": "category=print"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"{QUEUE}?category=print"
    assert "Nothing is left for you in this view" in answer.content.decode()


def test_views_are_kept_counted_and_removed(desk: Client, variety: dict[str, Case], moderator: Any) -> None:
    desk.post(reverse("moderation:save_view"), {"name": "Prints", "query": "category=print"})
    desk.post(reverse("moderation:save_view"), {"name": "Prints", "query": "category=print&age=1"})
    view = SavedView.objects.get(moderator=moderator)
    assert view.query == "category=print&age=1"
    page = desk.get(QUEUE).content.decode()
    assert re.search(r'href="\?category=print&amp;age=1">Prints <span class="bm-count">1<', page)
    assert re.search(r'>To do <span class="bm-count">3<', page)
    assert re.search(r'>Overdue <span class="bm-count">1<', page)
    desk.post(reverse("moderation:remove_view", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_a_view_needs_a_name_and_there_are_not_endlessly_many(desk: Client, moderator: Any) -> None:
    answer = desk.post(reverse("moderation:save_view"), {"name": "", "query": "age=1"}, follow=True)
    assert "Give the view a name" in answer.content.decode()
    SavedView.objects.bulk_create(SavedView(moderator=moderator, name=f"View {n}") for n in range(12))
    answer = desk.post(reverse("moderation:save_view"), {"name": "One more", "query": ""}, follow=True)
    assert "12 views already" in answer.content.decode()
    assert SavedView.objects.count() == 12


def test_counts_stop_at_the_cap(many_cases: Callable[[int], list[Case]], moderator: Any) -> None:
    many_cases(9)
    views = {"all": Case.objects.all(), "none": Case.objects.none(), "proof": Case.objects.filter(severity=40)}
    assert selectors.counts(views, moderator=moderator, cap=5) == {"all": 5, "none": 0, "proof": 2}
    assert selectors.counts({}, moderator=moderator) == {}


def test_the_page_learns_who_holds_what_was_decided_and_what_is_new(
    desk: Client, make_case: Callable[..., Case], other_moderator: Any
) -> None:
    held, decided, quiet = make_case(), make_case(), make_case()
    since = timezone.now().isoformat()
    new = make_case()
    services.claim_case(case=held, moderator=other_moderator)
    services.decide(
        case=decided, decider=other_moderator, action="approve", reason_code="human_made", version=decided.version
    )
    ids = f"{held.pk},{decided.pk},{quiet.pk},x"
    live = desk.get(reverse("moderation:queue_live"), {"ids": ids, "since": since}).content.decode()
    assert "Open at colleague" in live
    assert "colleague, 0" in live.replace("\xa0", " ")
    assert "1 new case came in." in live
    assert f"live-{new.pk}" not in live
    calm = desk.get(reverse("moderation:queue_live"), {"ids": ids, "since": "yesterday"}).content.decode()
    assert "new case" not in calm


def test_a_hidden_score_is_hidden_in_the_queue_too(
    desk: Client, make_case: Callable[..., Case], moderator: Any
) -> None:
    make_case(score=0.7)
    assert "70&nbsp;%" in desk.get(f"{QUEUE}?layout=grid").content.decode()
    DeskPreferences.objects.create(moderator=moderator, hide_score=True, blur=True, greyscale=True, layout="grid")
    page = desk.get(QUEUE).content.decode()
    assert "70&nbsp;%" not in page
    assert "The detector’s score" not in page
    assert "bm-mat--blur bm-mat--grey" in page


def test_preferences_are_kept_for_each_moderator(desk: Client, moderator: Any, other_moderator: Any) -> None:
    address = reverse("moderation:preferences")
    assert 'value="list"' in desk.get(address).content.decode()
    assert desk.post(address, {"hide_score": "on", "layout": "spiral"}).status_code == 422
    assert desk.post(address, {"hide_score": "on", "layout": "grid"}).status_code == 302
    mine = DeskPreferences.objects.get()
    assert (mine.moderator, mine.hide_score, mine.shortcuts) == (moderator, True, False)
    assert mine.layout == "grid"
    assert "data-shortcuts" not in desk.get(QUEUE).content.decode()
    assert 'id="keys"' not in desk.get(QUEUE).content.decode()


def test_empty_states(desk: Client, make_case: Callable[..., Case]) -> None:
    assert "All done" in desk.get(QUEUE).content.decode()
    assert "Nothing fits this filter" in desk.get(f"{QUEUE}?title=zebra").content.decode()
