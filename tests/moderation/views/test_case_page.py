"""A case: what its page shows, keeping it, passing it over and on, deciding, conflict, undo."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from moderation import services
from moderation.models import Case, CaseNote, Decision, DeskPreferences, Event, Policy, Saliency, Skip

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

SEEN = {"choice": "reject:undeclared_ai", "seen": ["anatomy", "light"]}
HTMX = {"HX-Request": "true"}


def address(name: str, case: Case) -> str:
    return reverse(f"moderation:{name}", args=[case.pk])


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def decide(browser: Client, case: Case, **fields: Any) -> Any:
    return browser.post(address("decide", case), {"version": case.version, **SEEN, **fields})


def test_the_page_tells_what_a_judge_needs(desk: Client, make_case: Callable[..., Case], artist: Any) -> None:
    case = make_case(score=0.7, title="Blue <Horse>")
    page = text_of(desk.get(case.get_absolute_url()))
    assert "Blue <Horse>" in page
    assert "70\xa0%" in page
    assert "about 30 are made by people" in page
    assert "by artist" in page
    assert "who says: Made by hand" in page
    assert "This is their first work here." in page
    assert "asks a person from 50\xa0% and holds from 90\xa0%" in page


def test_it_costs_at_most_twelve_queries(
    desk: Client, many_cases: Callable[[int], list[Case]], django_assert_max_num_queries: Any
) -> None:
    case = many_cases(30)[0]
    with django_assert_max_num_queries(12):
        desk.get(case.get_absolute_url())


def test_the_artists_record_counts_the_works_by_what_people_said(
    desk: Client, make_case: Callable[..., Case], other_moderator: Any
) -> None:
    earlier, case = make_case(), make_case()
    services.decide(
        case=earlier, decider=other_moderator, action="approve", reason_code="human_made", version=earlier.version
    )
    page = text_of(desk.get(case.get_absolute_url()))
    assert "1 other work here." in page
    assert "People approved 1, labelled 0, rejected 0." in page


def test_score_and_evidence_are_covered_until_the_first_look(
    desk: Client, make_case: Callable[..., Case], moderator: Any
) -> None:
    DeskPreferences.objects.create(moderator=moderator, hide_score=True)
    case = make_case(score=0.7)
    page = text_of(desk.get(case.get_absolute_url()))
    assert "likely AI-generated" not in page
    assert "Look at the picture first" in page
    assert "likely AI-generated" in text_of(desk.get(case.get_absolute_url() + "?look"))


def test_where_the_detector_looked_is_shown_to_moderators_only(
    desk: Client, make_case: Callable[..., Case], artist: Any
) -> None:
    case = make_case()
    assert "Where it looked" not in text_of(desk.get(case.get_absolute_url()))
    Saliency.objects.create(screening=case.screening, data=b"RIFFwebp")
    assert "Where it looked" in text_of(desk.get(case.get_absolute_url()))
    overlay = reverse("moderation:saliency", args=[case.screening_id])
    answer = desk.get(overlay)
    assert (answer.content, answer["Content-Type"]) == (b"RIFFwebp", "image/webp")
    other = Client()
    other.force_login(artist)
    assert other.get(overlay).status_code == 403


def test_an_own_work_cannot_be_decided(desk: Client, make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case(artist=moderator)
    page = text_of(desk.get(case.get_absolute_url()))
    assert "This work is your own" in page
    assert "Decide, next case" not in page
    assert decide(desk, case).status_code == 403
    assert desk.post(address("take_over", case)).status_code == 403
    assert not Decision.objects.exists()


def test_deciding_goes_on_to_the_next_case(desk: Client, make_case: Callable[..., Case], moderator: Any) -> None:
    first, second = make_case(score=0.95), make_case(score=0.7)
    answer = decide(desk, first)
    assert answer.status_code == 302
    assert answer["Location"] == second.get_absolute_url()
    decision = Decision.objects.get()
    assert decision.decider == moderator
    assert "hands, limbs or faces that do not fit together and light, shadow" in decision.explanation
    assert "⟦" not in decision.explanation
    second.refresh_from_db()
    assert second.held_by == moderator
    assert Event.objects.get(verb="case_decided").after["template"] == "reject:undeclared_ai/1"
    page = text_of(desk.get(answer["Location"]))
    assert f"Reject: “{first.artwork}”" in page
    assert "Undo" in page


def test_a_decision_and_the_next_case_cost_thirteen_queries(
    desk: Client, make_case: Callable[..., Case], many_cases: Callable[[int], list[Case]]
) -> None:
    case = many_cases(30)[0]
    Policy.objects.update(second_look_percent=0)
    with CaptureQueriesContext(connection) as captured:
        assert decide(desk, case, explanation="Three hands.").status_code == 302  # the page's script fills the text
    queries = [query["sql"] for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    assert len(queries) <= 13, "\n".join(queries)


def test_a_case_that_does_not_exist_is_not_found(desk: Client) -> None:
    sent = {"version": 1, **SEEN}
    assert desk.post(reverse("moderation:decide", args=[7]), sent).status_code == 404
    assert desk.post(reverse("moderation:decide", args=[7]), {}).status_code == 404


def test_the_last_case_leads_back_to_the_queue(desk: Client, make_case: Callable[..., Case]) -> None:
    assert decide(desk, make_case(), queue="band=review")["Location"] == "/moderation/?band=review"


def test_deciding_and_staying(desk: Client, make_case: Callable[..., Case]) -> None:
    case, _other = make_case(), make_case()
    answer = decide(desk, case, stay="1")
    assert answer["Location"] == case.get_absolute_url()
    assert "Decided" in text_of(desk.get(answer["Location"]))


def test_the_moderators_own_words_go_to_the_artist(desk: Client, make_case: Callable[..., Case]) -> None:
    decide(desk, make_case(), explanation="  The shadow falls towards the sun.  ", seen=[])
    assert Decision.objects.get().explanation == "The shadow falls towards the sun."


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"choice": ""}, "Choose what to do, and on what ground."),
        ({"choice": "reject:human_made"}, "Select a valid choice"),
        ({"seen": []}, "Tick what you saw"),
        ({"choice": "label:other", "seen": []}, "Tick what you saw"),
        ({"choice": "reject:generator_marks"}, "Tick what you saw"),
        ({"explanation": "It is ⟦say what you saw⟧."}, "Tick what you saw"),
    ],
)
def test_nothing_incomplete_reaches_an_artist(
    fields: dict[str, Any], complaint: str, desk: Client, make_case: Callable[..., Case]
) -> None:
    answer = decide(desk, make_case(), **fields)
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert not Decision.objects.exists()


def test_what_was_entered_is_still_there_after_a_complaint(desk: Client, make_case: Callable[..., Case]) -> None:
    answer = decide(desk, make_case(), explanation="It is ⟦so⟧.", choice="label:undeclared_ai")
    page = text_of(answer)
    assert "It is ⟦so⟧.</textarea>" in page
    assert page.count(" checked") == 3  # the choice and the two observations


def test_of_two_deciders_the_second_is_told_who_was_first_and_loses_no_word(
    desk: Client, colleague: Client, make_case: Callable[..., Case]
) -> None:
    case = make_case()
    decide(colleague, case, choice="approve:human_made")
    answer = decide(desk, case, explanation="My long thoughts.")
    assert answer.status_code == 409
    page = text_of(answer)
    assert "colleague already decided: Approve." in page
    assert "0\xa0minutes ago" in page
    assert "My long thoughts." in page
    assert Decision.objects.count() == 1


def test_a_late_incomplete_form_is_told_so_too(
    desk: Client, colleague: Client, make_case: Callable[..., Case]
) -> None:
    case = make_case()
    decide(colleague, case, choice="approve:human_made")
    assert decide(desk, case, choice="").status_code == 409


def test_a_case_that_changed_is_not_decided_on_the_old_view(desk: Client, make_case: Callable[..., Case]) -> None:
    case = make_case()
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    answer = decide(desk, case)
    assert answer.status_code == 409
    assert "changed since you opened it" in text_of(answer)


def test_the_heartbeat_claims_and_tells(desk: Client, colleague: Client, make_case: Callable[..., Case]) -> None:
    case = make_case()
    mine = desk.post(address("keep", case), {"version": case.version}, headers=HTMX)
    assert "Kept for you" in text_of(mine)
    theirs = text_of(colleague.post(address("keep", case), {"version": case.version}, headers=HTMX))
    assert "moderator has this case open" in theirs
    assert "Take it over" in theirs
    assert colleague.post(address("take_over", case)).status_code == 302
    lost = text_of(desk.post(address("keep", case), {"version": case.version}, headers=HTMX))
    assert "colleague has this case open" in lost
    assert decide(desk, case).status_code == 409, "who was relieved of a case does not decide it"
    decide(colleague, case, choice="approve:human_made")
    gone = text_of(desk.post(address("keep", case), {"version": case.version}, headers=HTMX))
    assert "colleague already decided: Approve." in gone


def test_the_heartbeat_tells_of_a_change(desk: Client, make_case: Callable[..., Case]) -> None:
    case = make_case()
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    assert "This case changed" in text_of(desk.post(address("keep", case), {"version": case.version}, headers=HTMX))


def test_undo_opens_the_case_again(desk: Client, make_case: Callable[..., Case]) -> None:
    case = make_case()
    decide(desk, case)
    decision = Decision.objects.get()
    answer = desk.post(reverse("moderation:undo", args=[decision.pk]))
    assert answer["Location"] == case.get_absolute_url()
    assert "Taken back" in text_of(desk.get(answer["Location"]))
    case.refresh_from_db()
    assert case.is_open
    again = desk.post(reverse("moderation:undo", args=[decision.pk]))
    assert again.status_code == 409
    assert "already undone" in text_of(again)


def test_undo_is_for_the_decider_and_ends_with_the_grace_window(
    desk: Client, colleague: Client, make_case: Callable[..., Case]
) -> None:
    decide(desk, make_case())
    decision = Decision.objects.get()
    assert colleague.post(reverse("moderation:undo", args=[decision.pk])).status_code == 403
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(seconds=1))
    late = desk.post(reverse("moderation:undo", args=[decision.pk]))
    assert late.status_code == 409
    assert "The time to undo is over" in text_of(late)
    assert "data-toast" not in text_of(desk.get("/moderation/"))


def test_a_closed_case_is_opened_anew_with_a_reason(desk: Client, make_case: Callable[..., Case]) -> None:
    case = make_case()
    decide(desk, case)
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(seconds=1))
    assert "Open the case anew" in text_of(desk.get(case.get_absolute_url()))
    answer = desk.post(address("reopen", case), {"reason": "The artist sent sketches."})
    opened = Case.objects.get(state="open")
    assert answer["Location"] == opened.get_absolute_url()
    assert desk.post(address("reopen", case), {"reason": "Twice."}).status_code == 409


def test_skipping_goes_on(desk: Client, make_case: Callable[..., Case]) -> None:
    first, second = make_case(score=0.95), make_case(score=0.7)
    answer = desk.post(address("skip", first), {"reason": "language"})
    assert answer["Location"] == second.get_absolute_url()
    assert Skip.objects.get().reason == "language"


def test_passing_on_leaves_the_case_to_the_seniors(
    desk: Client, make_case: Callable[..., Case], senior: Any, moderator: Any
) -> None:
    case = make_case()
    answer = desk.post(address("escalate", case), {"reason": "A test case.", "version": case.version}, follow=True)
    assert "is with the senior moderators now" in text_of(answer)
    page = text_of(desk.get(case.get_absolute_url()))
    assert "This case waits for a senior moderator." in page
    assert "Decide, next case" not in page
    assert decide(desk, case).status_code == 403
    other = Client()
    other.force_login(senior)
    page = text_of(other.get(case.get_absolute_url()))
    assert "moderator asks the seniors: A test case." in page
    assert "Decide, next case" in page
    late = desk.post(address("escalate", case), {"reason": "Again.", "version": case.version + 5})
    assert late.status_code == 403


def test_notes_are_for_colleagues(desk: Client, make_case: Callable[..., Case], artist: Any) -> None:
    case = make_case()
    part = desk.post(address("note", case), {"text": "See <their> sketchbook."}, headers=HTMX)
    assert "See &lt;their&gt; sketchbook." in part.content.decode()
    assert "<html" not in part.content.decode()
    assert desk.post(address("note", case), {"text": "Plain."})["Location"].endswith("#notes")
    assert CaseNote.objects.count() == 2
    assert "Write something" in text_of(desk.post(address("note", case), {"text": " "}, headers=HTMX))
    theirs = Client()
    theirs.force_login(artist)
    assert "sketchbook" not in text_of(theirs.get(case.artwork.get_absolute_url()))


def test_history_is_told_in_words(desk: Client, make_case: Callable[..., Case]) -> None:
    case = make_case(score=0.7)
    decide(desk, case)
    page = text_of(desk.get(case.get_absolute_url()))
    assert "Screened: score 70 %, band “Review”" in page
    assert "Decided: Reject. Ground: AI-generated work declared as made by hand." in page
    assert "Standing: In review → Rejected." in page


def test_a_case_that_does_not_exist(desk: Client) -> None:
    assert desk.get("/moderation/cases/999/").status_code == 404
    assert desk.post("/moderation/cases/999/decide").status_code == 404


def test_nothing_inline_stands_in_the_pages(desk: Client, make_case: Callable[..., Case]) -> None:
    case = make_case()
    for page in ("/moderation/", "/moderation/?layout=grid", case.get_absolute_url(), "/moderation/overview"):
        content = desk.get(page).content.decode()
        assert " style=" not in content, page
        assert "<style" not in content, page
        assert "<script>" not in content, page
        assert " onclick=" not in content, page


def test_pages_of_the_desk_are_not_kept_by_the_browser(desk: Client, make_case: Callable[..., Case]) -> None:
    assert desk.get(make_case().get_absolute_url())["Cache-Control"] == "private, no-store"
