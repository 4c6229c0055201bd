"""Wherever evidence is shown, the page says what marks in a file, and their absence, can and cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from moderation import services
from moderation.models import Case, Decision
from moderation.services import notices
from moderation.statement import database_entry, statement_of
from tests.moderation.evidence import painting

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

SENTENCE = (
    "Marks in a file speak only for what they state. That a file carries none is never evidence of a human hand, nor"
    " against one."
)
MARKED = painting.png({"parameters": painting.INFOTEXT})


def page(address: str, user: Any = None) -> str:
    """Return the page as ``user`` sees it."""
    client = Client()
    if user is not None:
        client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("data", [None, MARKED], ids=["without marks", "with marks"])
def test_moderators_and_the_artist_read_it_before_anything_is_decided(
    data: bytes | None, make_case: Callable[..., Case], moderator: Any, artist: Any
) -> None:
    case = make_case(score=0.95, data=data)
    seen = page(case.get_absolute_url(), moderator)
    assert SENTENCE in seen
    assert ("No marks were found in the file." in seen) is (data is None)
    told = page(case.artwork.get_absolute_url(), artist)
    assert "Why a person looks" in told
    assert SENTENCE in told
    assert "similar to AI-generated pictures. It can be wrong." in told
    assert ("the file carries a generator" in told) is (data is not None)


@pytest.mark.parametrize("data", [None, MARKED], ids=["without marks", "with marks"])
def test_it_stands_in_every_form_of_the_reasons(
    data: bytes | None, decided: Callable[..., Decision], artist: Any
) -> None:
    decision = decided(work={"data": data})
    notices.send_notices()
    (message,) = mail.outbox
    html = message.alternatives[0].content
    for text in (
        page(f"/moderation/decisions/{decision.reference}/", artist),
        message.body,
        html,
        database_entry(decision)["decision_facts"],
    ):
        assert SENTENCE in text
        assert ("No marks of its making were found in the file." in text) is (data is None)


def test_no_automated_means_no_talk_of_marks(decided: Callable[..., Decision]) -> None:
    decision = decided()
    decision.automation = "none"
    assert list(statement_of(decision).automation) == ["No automated means were used. A person decided."]


def test_what_was_compared_with_earlier_works_is_not_called_a_mark(decided: Callable[..., Decision]) -> None:
    decision = decided()
    decision.facts = [
        decision.facts[0],
        {"kind": "possible_theft", "strength": "strong", "artist_message": "The same.", "reader": "seen_before/1"},
    ]
    words = list(statement_of(decision).automation)
    assert "A program compared the picture with works that were offered here before (seen_before/1)." in words
    assert "No marks of its making were found in the file." in words
    assert not any("what the file itself says" in sentence for sentence in words)


@pytest.mark.parametrize("declared", ["handmade", "generated"])
def test_buyers_read_it_beside_the_label(declared: str, make_listing: Callable[..., Any], client: Client) -> None:
    listing = make_listing(declared_origin=declared)
    services.screen_pending()
    seen = page(listing.get_absolute_url())
    assert SENTENCE in seen
    sentence = {
        "handmade": "No label means: its artist declares no AI, and no decision says otherwise.",
        "generated": "The label is what its artist declared or a person decided.",
    }[declared]
    assert escape(sentence) in seen


def test_why_a_person_looks_is_told_while_they_look(make_case: Callable[..., Case], artist: Any) -> None:
    case = make_case(data=painting.png()[:-40])
    assert case.kind == "unscreened"
    assert escape(case.reason) in page(case.artwork.get_absolute_url(), artist)
    Case.objects.update(state="withdrawn", closed_at=timezone.now())
    assert "Why a person looks" not in page(case.artwork.get_absolute_url(), artist)
