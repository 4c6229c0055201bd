"""Asking the artist: the case waits for the answer, the answer is seen by whoever decides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from moderation import services
from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed
from moderation.models import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.models import Case

pytestmark = pytest.mark.django_db


def ask(case: Case, moderator: Any, text: str = "Is there a sketch?") -> Question:
    return services.ask_artist(case=case, moderator=moderator, text=text, version=case.version)


def test_a_case_waits_for_the_answer(make_case: Callable[..., Case], moderator: Any, artist: Any) -> None:
    case = make_case()
    question = ask(case, moderator)
    assert services.claim_next(moderator=moderator) is None
    services.answer_question(question=question, artist=artist, answer=" Yes, three. ", link="https://example.org/s")
    question.refresh_from_db()
    assert (question.answer, question.link) == ("Yes, three.", "https://example.org/s")
    assert services.claim_next(moderator=moderator) == case


def test_the_time_to_answer_stands_in_the_policy(
    make_case: Callable[..., Case], moderator: Any, admin_user: Any
) -> None:
    services.publish_policy(author=admin_user, reason="Quicker.", answer_hours=5)
    left = ask(make_case(), moderator).wait_until - timezone.now()
    assert timedelta(hours=4) < left <= timedelta(hours=5)


def test_silence_does_not_park_a_case_for_ever(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case()
    ask(case, moderator)
    Question.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
    assert services.claim_next(moderator=moderator) == case


def test_an_answer_is_a_new_version_for_the_decider(
    make_case: Callable[..., Case], moderator: Any, artist: Any
) -> None:
    case = make_case()
    question = ask(case, moderator)
    case.refresh_from_db()
    services.answer_question(question=question, artist=artist, answer="Yes.")
    with pytest.raises(CaseConflict, match="changed"):
        services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)


def test_one_question_at_a_time_with_words_in_it(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case()
    with pytest.raises(IncompleteDecision, match="Write what"):
        ask(case, moderator, " ")
    ask(case, moderator)
    case.refresh_from_db()
    with pytest.raises(IncompleteDecision, match="open already"):
        ask(case, moderator)


def test_nobody_is_asked_where_there_is_no_artist(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case()
    case.artwork.owner = None
    case.artwork.save()
    with pytest.raises(IncompleteDecision, match="no artist"):
        ask(case, moderator)


def test_only_the_artist_answers_once_and_while_it_is_open(
    make_case: Callable[..., Case], moderator: Any, artist: Any, other_artist: Any
) -> None:
    question = ask(make_case(), moderator)
    with pytest.raises(NotAllowed):
        services.answer_question(question=question, artist=other_artist, answer="Me!")
    with pytest.raises(IncompleteDecision):
        services.answer_question(question=question, artist=artist, answer=" ")
    services.answer_question(question=question, artist=artist, answer="Yes.")
    with pytest.raises(CaseConflict, match="no longer open"):
        services.answer_question(question=question, artist=artist, answer="And more.")


def test_the_pages_carry_it_there_and_back(
    make_case: Callable[..., Case], moderator: Any, artist: Any, other_artist: Any
) -> None:
    case = make_case()
    desk, studio, stranger = Client(), Client(), Client()
    desk.force_login(moderator)
    studio.force_login(artist)
    stranger.force_login(other_artist)
    address = reverse("moderation:ask", args=[case.pk])
    assert desk.post(address, {"text": "", "version": case.version}).status_code == 422
    assert desk.post(address, {"text": "A sketch?", "version": 99}).status_code == 409
    sent = desk.post(address, {"text": "A <sketch>?", "version": case.version}, follow=True)
    assert "waits for the answer" in sent.content.decode()

    page = studio.get(case.artwork.get_absolute_url()).content.decode()
    assert "A moderator asks you" in page
    assert "A &lt;sketch&gt;?" in page
    status = studio.get(reverse("moderation:artwork_status", args=[case.artwork.reference])).content.decode()
    assert "a moderator waits for your answer to a question" in status
    assert "Answer the question" in status
    assert "A person decides within" not in status  # nobody does before the answer
    answer = reverse("moderation:answer", args=[case.artwork.reference])
    assert stranger.post(answer, {"answer": "Mine."}).status_code == 404
    refused = studio.post(answer, {"answer": "Here, at length.", "link": "javascript:alert(1)"})
    assert refused.status_code == 422
    assert "Enter a valid URL." in refused.content.decode()
    assert "Here, at length." in refused.content.decode()  # what was written is not lost
    assert studio.post(answer, {"answer": " "}).status_code == 422
    thanks = studio.post(answer, {"answer": "Here it is.", "link": "https://example.org/wip"}, follow=True)
    assert "Your answer is with the moderators." in thanks.content.decode()
    assert studio.post(answer, {"answer": "Again."}).status_code == 404

    page = desk.get(case.get_absolute_url()).content.decode()
    assert "Here it is." in page
    assert 'href="https://example.org/wip" rel="noopener noreferrer nofollow"' in page
    assert "Asked the artist:" in page
