"""The log for auditors: every change told with who, when, from, to and why; searched, paged by key, exported whole."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from moderation import services
from moderation.models import Event
from moderation.services import events, sealing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = pytest.mark.django_db

AUDIT = "/moderation/policy/audit"


@pytest.fixture
def auditor(client: Client, make_user: Callable[..., User]) -> Client:
    """A browser at which an auditor is signed in."""
    client.force_login(make_user("odd", "Auditors"))
    return client


def shown(client: Client, **search: Any) -> str:
    """Return the page that a search shows."""
    return client.get(reverse("moderation:audit"), search).content.decode()


def exported(client: Client, kind: str, **search: Any) -> str:
    """Return the file that a search gives."""
    response: Any = client.get(reverse("moderation:audit_export", args=[kind]), search)
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def test_a_change_is_told_with_who_when_from_to_and_why(
    auditor: Client, make_user: Callable[..., User], red_classifier: None
) -> None:
    services.publish_policy(
        author=make_user("pia", "Policy admins"), reason="Too many people waited.", review_threshold=0.6
    )
    page = shown(auditor, topic="policy", by="people")
    assert "<strong>pia</strong>" in page
    assert "Too many people waited." in page
    assert "<code>review_threshold</code>" in page
    assert ">0.5</code></td>" in page
    assert ">0.6</code></td>" in page


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"text": "hands"}, {"case_decided"}),
        ({"who": "mod", "topic": "decisions"}, {"case_decided"}),
        ({"by": "machine", "topic": "works"}, {"artwork_recorded", "screened", "standing_changed"}),
        ({"topic": "decisions", "by": "people"}, {"case_decided"}),
        ({"verb": "case_opened"}, {"case_opened"}),
        ({"until": "2001-01-01"}, set()),
    ],
)
def test_the_log_is_searched(
    auditor: Client, make_case: Any, moderator: User, search: dict[str, str], found: set[str]
) -> None:
    case = make_case(score=0.95)
    services.decide(
        case=case,
        decider=moderator,
        version=case.version,
        action="label",
        reason_code="undeclared_ai",
        explanation="Three hands.",
    )
    verbs = {row["verb"] for row in json.loads(exported(auditor, "json", **search))}
    assert found <= verbs
    everything = set(Event.objects.values_list("verb", flat=True))
    assert verbs < everything  # something was left out


def test_a_search_that_makes_no_sense_says_so(auditor: Client) -> None:
    response = auditor.get(reverse("moderation:audit"), {"since": "yesterday"})
    assert response.status_code == 422
    assert "Enter a valid date" in response.content.decode()


def test_pages_go_on_by_key_and_cost_the_same(
    auditor: Client, django_assert_max_num_queries: Any, moderator: User
) -> None:
    for number in range(120):
        events.log("note_added", actor=moderator, reason=f"Note {number}.")
    seen: list[str] = []
    address = AUDIT + "?topic=decisions"
    auditor.get("/favicon.ico")  # a session's first request remembers how they read: no page's cost
    while address:
        with django_assert_max_num_queries(8):
            page = auditor.get(address).content.decode()
        seen += [f"Note {number}." for number in range(119, -1, -1) if f"Note {number}.<" in page]
        address = AUDIT + page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        if address == AUDIT:
            break
        events.log("note_added", actor=moderator, reason="Meanwhile.")  # new lines push nothing to the next page
    assert seen == [f"Note {number}." for number in range(119, -1, -1)]


def test_an_export_is_whole_and_comes_back_as_it_was(auditor: Client, make_case: Any, moderator: User) -> None:
    make_case(score=0.95)
    events.log(
        "note_added", actor=moderator, reason='=HYPERLINK("x"), "quoted"\nand a second line', after={"ü": [1, None]}
    )
    sealing.seal_log()
    stored = list(Event.objects.order_by("pk"))
    rows = json.loads(exported(auditor, "json"))
    assert [row["id"] for row in rows] == [event.pk for event in stored]
    assert rows[-1]["reason"] == stored[-1].reason
    assert rows[-1]["after"] == {"ü": [1, None]}
    assert all(row["seal"].count(":") == 1 for row in rows)
    table = list(csv.DictReader(io.StringIO(exported(auditor, "csv"), newline="")))
    assert [int(row["id"]) for row in table] == [event.pk for event in stored]
    assert table[-1]["reason"] == "'" + stored[-1].reason  # no spreadsheet takes it for a formula
    assert json.loads(table[-1]["after"]) == {"ü": [1, None]}


def test_what_people_wrote_is_never_markup(auditor: Client, moderator: User) -> None:
    events.log("note_added", actor=moderator, reason="<script>x</script>", after={"<b>": "<i>"})
    page = shown(auditor)
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "<code>&lt;b&gt;</code>" in page
