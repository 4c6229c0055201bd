"""Who may open what: every page of the desk, role by role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from moderation import services
from moderation.models import Decision, SavedView, SecondLook

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from moderation.models import Case

pytestmark = pytest.mark.django_db

SIGN_IN = 302
PAGES: list[tuple[str, str, dict[str, int]]] = [
    # name, method, what an artist, a moderator and a senior moderator get; a stranger is asked to sign in
    ("queue", "get", {"artist": 403, "moderator": 200, "senior": 200}),
    ("queue_live", "get", {"artist": 403, "moderator": 200, "senior": 200}),
    ("next", "post", {"artist": 403, "moderator": 302, "senior": 302}),
    ("save_view", "post", {"artist": 403, "moderator": 302, "senior": 302}),
    ("remove_view", "post", {"artist": 403, "moderator": 302, "senior": 404}),
    ("preferences", "get", {"artist": 403, "moderator": 200, "senior": 200}),
    ("case", "get", {"artist": 403, "moderator": 200, "senior": 200}),
    ("keep", "post", {"artist": 403, "moderator": 200, "senior": 200}),
    ("take_over", "post", {"artist": 403, "moderator": 302, "senior": 302}),
    ("skip", "post", {"artist": 403, "moderator": 302, "senior": 302}),
    ("escalate", "post", {"artist": 403, "moderator": 422, "senior": 422}),
    ("ask", "post", {"artist": 403, "moderator": 422, "senior": 422}),
    ("note", "post", {"artist": 403, "moderator": 422, "senior": 422}),
    ("reopen", "post", {"artist": 403, "moderator": 422, "senior": 422}),
    ("decide", "post", {"artist": 403, "moderator": 422, "senior": 422}),
    ("undo", "post", {"artist": 403, "moderator": 302, "senior": 302}),
    ("bulk", "post", {"artist": 403, "moderator": 302, "senior": 302}),
    ("undo_batch", "post", {"artist": 403, "moderator": 302, "senior": 404}),
    ("saliency", "get", {"artist": 403, "moderator": 404, "senior": 404}),
    ("second_looks", "get", {"artist": 403, "moderator": 403, "senior": 200}),
    ("second_look", "get", {"artist": 403, "moderator": 403, "senior": 200}),
    ("overview", "get", {"artist": 403, "moderator": 200, "senior": 200}),
    ("overview_csv", "get", {"artist": 403, "moderator": 200, "senior": 200}),
]


@pytest.fixture
def addresses(make_case: Callable[..., Case], moderator: Any) -> dict[str, str]:
    """The address of every page, with rows behind those that name one."""
    case, decided = make_case(), make_case()
    outcome = services.decide_many(
        versions={decided.pk: decided.version},
        decider=moderator,
        action="approve",
        reason_code="human_made",
        explain=lambda one: "",
    )
    decision = Decision.objects.get(case=decided)
    SecondLook.objects.all().delete()
    look = SecondLook.objects.create(decision=decision)
    view = SavedView.objects.create(moderator=moderator, name="Mine", query="")
    given = {
        "remove_view": [view.pk],
        "undo": [decision.pk],
        "undo_batch": [outcome.batch.reference],
        "second_look": [look.pk],
        "saliency": [case.screening_id],
        "overview_csv": ["days"],
    }
    of_a_case = ("case", "keep", "take_over", "skip", "escalate", "ask", "note", "reopen", "decide")
    return {
        name: reverse(f"moderation:{name}", args=given.get(name, [case.pk] if name in of_a_case else []))
        for name, _method, _answers in PAGES
    }


@pytest.mark.parametrize(("name", "method", "answers"), PAGES, ids=[name for name, _method, _answers in PAGES])
def test_every_page_by_role(
    name: str,
    method: str,
    answers: dict[str, int],
    addresses: dict[str, str],
    client: Client,
    artist: Any,
    moderator: Any,
    senior: Any,
) -> None:
    people = {"artist": artist, "moderator": moderator, "senior": senior}
    stranger = getattr(client, method)(addresses[name])
    assert stranger.status_code == SIGN_IN
    assert stranger["Location"].startswith("/sign-in?")
    for role in ("artist", "senior", "moderator"):  # the moderator's own actions last: they change things
        Decision.objects.update(undone_at=None, undone_by=None)
        client.force_login(people[role])
        assert getattr(client, method)(addresses[name]).status_code == answers[role], role


def test_the_table_names_every_page() -> None:
    from moderation.urls import urlpatterns

    for_artists_too = {"artwork", "answer", "artwork_file", "artwork_thumbnail", "artwork_status"}
    elsewhere = {pattern.name for pattern in urlpatterns if pattern.callback.__module__ == "moderation.views.hearing"}
    known = {name for name, _method, _answers in PAGES}
    assert {pattern.name for pattern in urlpatterns} - for_artists_too - elsewhere == known


@pytest.mark.parametrize("name", [name for name, method, _answers in PAGES if method == "post"])
def test_what_changes_something_is_never_a_get(
    name: str, addresses: dict[str, str], client: Client, moderator: Any
) -> None:
    client.force_login(moderator)
    assert client.get(addresses[name]).status_code == 405


def test_looking_at_a_case_claims_nothing(make_case: Callable[..., Case], client: Client, moderator: Any) -> None:
    case = make_case()
    client.force_login(moderator)
    client.get(case.get_absolute_url())
    case.refresh_from_db()
    assert case.held_by is None
