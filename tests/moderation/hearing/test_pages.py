"""Who sees which page of the hearing, and what happens when its forms are sent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.models import Listing
from moderation.models import Appeal, AppealFile, Artwork, Case, Decision

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(
    artist: Any, other_artist: Any, moderator: Any, senior: Any, make_user: Callable[..., Any], admin_user: Any
) -> dict[str, Any]:
    """Everybody who may come by; ``first`` is a senior who took the first decision."""
    return {
        "nobody": None,
        "artist": artist,
        "other": other_artist,
        "moderator": moderator,
        "senior": senior,
        "first": make_user("first", "Senior moderators"),
        "policy": make_user("policy", "Policy admins"),
    }


def visitor(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def test_what_the_artist_wrote_is_for_those_who_decide_it(
    appealed: Callable[..., Appeal], people: dict[str, Any]
) -> None:
    appeal = appealed(decider=people["first"], text="My grandmother taught me.")
    page = appeal.decision.reference
    case = reverse("moderation:case", args=[appeal.case_id])
    for role, reads in {"artist": True, "senior": True, "moderator": False, "first": False}.items():
        text = visitor(people[role]).get(reverse("moderation:decision", args=[page])).content.decode()
        assert ("My grandmother taught me." in text) is reads, role
        if role != "artist":
            text = visitor(people[role]).get(case).content.decode()
            assert ("My grandmother taught me." in text) is reads, role


def test_the_decision_page_tells_everything(decided: Callable[..., Decision], artist: Any) -> None:
    decision = decided()
    page = visitor(artist).get(reverse("moderation:decision", args=[decision.reference]))
    text = page.content.decode()
    for words in (
        "cannot be shown here",
        "Three hands on one arm.",
        "AI-generated work declared as made by hand",
        "declared as such when they are offered",
        "stub, version 1",
        "no machine did",
        str(decision.reference),
        "You can appeal until",
    ):
        assert words in text
    assert decision.decider.username not in text
    assert page["Cache-Control"] == "private, no-store"


def test_a_decision_that_was_overturned_says_so_first(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], artist: Any
) -> None:
    stands, fallen = appealed(), appealed()
    answer(stands, "upheld")
    answer(fallen, "overturned")
    words = "You appealed, and this decision no longer stands:"
    for appeal, is_told in ((stands, False), (fallen, True)):
        page = visitor(artist).get(reverse("moderation:decision", args=[appeal.decision.reference])).content.decode()
        assert (words in page) is is_told
        assert not is_told or page.index(words) < page.index("The reasons")


def test_an_appeal_says_when_it_is_answered_and_when_that_is_late(
    appealed: Callable[..., Appeal], artist: Any
) -> None:
    appeal = appealed()
    url = reverse("moderation:decision", args=[appeal.decision.reference])
    assert "You hear by" in visitor(artist).get(url).content.decode()
    Case.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    page = visitor(artist).get(url).content.decode()
    assert "You hear by" not in page
    assert "It takes longer than it should" in page


def test_a_decision_stays_when_its_work_is_gone(decided: Callable[..., Decision], artist: Any) -> None:
    decision = decided()
    Listing.objects.all().delete()
    client = visitor(artist)
    page = client.get(reverse("moderation:decision", args=[decision.reference]))
    assert page.status_code == 200
    assert "Three hands on one arm." in page.content.decode()
    assert client.get(reverse("moderation:decision_json", args=[decision.reference])).status_code == 200
    assert client.get(f"/moderation/artworks/{decision.artwork.reference}/thumbnail").status_code == 200
    assert str(decision.artwork) in client.get(reverse("moderation:record")).content.decode()


def test_a_decision_that_can_be_undone_says_when_it_is_final(decided: Callable[..., Decision], artist: Any) -> None:
    decision = decided(final=False)
    text = visitor(artist).get(reverse("moderation:decision", args=[decision.reference])).content.decode()
    assert "in a few minutes" in text


def test_an_undone_decision_says_so(decided: Callable[..., Decision], artist: Any, moderator: Any) -> None:
    from moderation import services

    decision = decided(final=False)
    services.undo(decision=decision, moderator=moderator)
    client = visitor(artist)
    text = client.get(reverse("moderation:decision", args=[decision.reference])).content.decode()
    assert "This decision was taken back. It has no effect." in text
    assert client.get(reverse("moderation:decision_json", args=[decision.reference])).status_code == 404


def test_the_statement_is_a_download(decided: Callable[..., Decision], artist: Any) -> None:
    decision = decided()
    answer = visitor(artist).get(reverse("moderation:decision_json", args=[decision.reference]))
    assert answer.json()["puid"] == str(decision.reference)
    assert "attachment" in answer["Content-Disposition"]
    approval = decided(action="approve", reason_code="human_made")
    assert visitor(artist).get(reverse("moderation:decision_json", args=[approval.reference])).status_code == 404


def appeal_url(decision: Decision) -> str:
    return reverse("moderation:appeal", args=[decision.reference])


def test_an_artist_appeals(decided: Callable[..., Decision], artist: Any, sketch: Callable[..., Any]) -> None:
    decision = decided()
    client = visitor(artist)
    answer = client.post(
        appeal_url(decision),
        {
            "text": "Line\r\nbreaks count once." + "x" * 1977,
            "link": "videos.example/a",
            "evidence": [sketch(), sketch()],
        },
        follow=True,
    )
    assert answer.status_code == 200
    appeal = Appeal.objects.get()
    assert (len(appeal.text), appeal.link) == (2000, "https://videos.example/a")
    assert appeal.files.count() == 2
    assert "Somebody who did not take the first decision decides about it." in answer.content.decode()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"text": ""}, "own words"),
        ({"text": "x" * 2001}, "at most 2000"),
        ({"text": "No.", "link": "javascript:alert(1)"}, "valid URL"),
        ({"text": "No.", "link": "ftp://x.example/"}, "valid URL"),
        ({"text": "No.", "evidence": [SimpleUploadedFile("a.png", b"MZ a program")]}, "cannot be sent"),
    ],
)
def test_an_appeal_to_be_put_right_keeps_what_was_written(
    decided: Callable[..., Decision], artist: Any, sent: dict[str, Any], words: str
) -> None:
    answer = visitor(artist).post(appeal_url(decided()), sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert sent["text"] in answer.content.decode()
    assert not Appeal.objects.exists()


def test_only_the_artist_can_send_an_appeal(decided: Callable[..., Decision], people: dict[str, Any]) -> None:
    url = appeal_url(decided())
    codes = {role: visitor(user).post(url, {"text": "No."}).status_code for role, user in people.items()}
    assert codes == {
        "nobody": 302,
        "artist": 302,
        "other": 404,
        "moderator": 404,
        "senior": 404,
        "first": 404,
        "policy": 404,
    }
    assert Appeal.objects.get().artist == people["artist"]
    assert visitor(people["artist"]).post(url, {"text": "Again."}).status_code == 409


def test_the_token_is_asked_for_though_the_body_is_read_late(decided: Callable[..., Decision], artist: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(artist)
    assert strict.post(appeal_url(decided()), {"text": "No."}).status_code == 403
    assert not Appeal.objects.exists()


def test_a_file_past_the_limit_is_dropped_while_it_arrives(
    decided: Callable[..., Decision], artist: Any, settings: Any, sketch: Callable[..., Any], tmp_path: Any
) -> None:
    settings.MODERATION = {**settings.MODERATION, "APPEAL_MAX_FILE_BYTES": 300_000, "APPEAL_MAX_TOTAL_BYTES": 900_000}
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    large = SimpleUploadedFile("large.png", b"\x89PNG\r\n\x1a\n" + bytes(400_000))
    decision = decided()
    answer = visitor(artist).post(appeal_url(decision), {"text": "No.", "evidence": [large]})
    assert answer.status_code == 422
    assert "A file is too large" in answer.content.decode()
    body = {"text": "No.", "evidence": [SimpleUploadedFile("a.png", bytes(3_000_000))]}
    assert visitor(artist).post(appeal_url(decision), body).status_code == 422
    assert not list(tmp_path.glob("*.upload*"))
    assert not Appeal.objects.exists()


def test_without_a_private_storage_the_form_asks_for_no_files(
    decided: Callable[..., Decision], artist: Any, settings: Any, sketch: Callable[..., Any]
) -> None:
    settings.MODERATION = {**settings.MODERATION, "PRIVATE_STORAGE": "nowhere"}
    decision = decided()
    client = visitor(artist)
    assert 'type="file"' not in client.get(appeal_url(decision)).content.decode()
    client.post(appeal_url(decision), {"text": "No.", "evidence": [sketch()]})
    assert Appeal.objects.get().files.count() == 0


def test_a_file_leaves_as_a_download_alone(appealed: Callable[..., Appeal], artist: Any, private: Any) -> None:
    file = appealed().files.get()
    answer = visitor(artist).get(file.get_absolute_url())
    assert answer.getvalue().startswith(b"\x89PNG")
    assert answer["Content-Disposition"] == 'attachment; filename="sketch.png"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, no-store"
    (private / file.file_name).unlink()
    assert visitor(artist).get(file.get_absolute_url()).status_code == 404
    AppealFile.objects.update(deleted_at="2026-01-01T00:00Z")
    assert visitor(artist).get(file.get_absolute_url()).status_code == 404
    assert "as promised" in visitor(artist).get(file.appeal.get_absolute_url()).content.decode()


def answer_of(appeal: Appeal, **values: Any) -> dict[str, Any]:
    case = Case.objects.get(pk=appeal.case_id)
    return {"outcome": "overturned", "reply": "Sorry.", "version": case.version, **values}


def test_a_senior_answers_on_the_cases_page(appealed: Callable[..., Appeal], senior: Any, artist: Any) -> None:
    appeal = appealed()
    client = visitor(senior)
    page = client.get(reverse("moderation:case", args=[appeal.case_id])).content.decode()
    assert "The artist appeals" in page
    assert appeal.text in page
    assert "sketch.png" in page
    assert "Pass to the seniors" not in page, "an appeal is theirs already, and the list of keys says so"
    url = reverse("moderation:decide_appeal", args=[appeal.case_id])
    wrong = client.post(url, answer_of(appeal, outcome="nonsense"))
    assert (wrong.status_code, "Sorry." in wrong.content.decode()) == (422, True)
    assert client.post(url, answer_of(appeal, reply="")).status_code == 422
    assert client.post(url, answer_of(appeal), follow=True).status_code == 200
    assert Artwork.objects.get().standing == "approved"
    assert client.post(url, answer_of(appeal)).status_code == 409
    text = visitor(artist).get(appeal.get_absolute_url()).content.decode()
    assert "The decision is taken back" in text
    assert "Sorry." in text
    assert senior.username not in text


def test_who_may_answer(appealed: Callable[..., Appeal], people: dict[str, Any]) -> None:
    appeal = appealed(decider=people["first"])
    url = reverse("moderation:decide_appeal", args=[appeal.case_id])
    codes = {role: visitor(user).post(url, answer_of(appeal)).status_code for role, user in people.items()}
    assert codes == {
        "nobody": 302,
        "artist": 403,
        "other": 403,
        "moderator": 403,
        "senior": 302,
        "first": 403,
        "policy": 403,
    }


def test_the_panel_tells_what_the_files_tell(appealed: Callable[..., Appeal], senior: Any) -> None:
    from moderation.services import appeal_files
    from tests.moderation.hearing import workfiles

    appeal = appealed(files=[SimpleUploadedFile("work.kra", workfiles.krita())])
    url = reverse("moderation:case", args=[appeal.case_id])
    assert "Being read" in visitor(senior).get(url).content.decode()
    appeal_files.read_next()
    page = visitor(senior).get(url).content.decode()
    for words in ("800 × 600 pixels", "3 layers", "1 group", "saved 41 times", "worked on for 3 hours", "Krita 5.2.2"):
        assert words in page


def test_the_record_lists_works_and_outcomes(
    decided: Callable[..., Decision], appealed: Callable[..., Appeal], artist: Any, other_artist: Any
) -> None:
    decided(work={"title": "Mine"})
    decided(work={"title": "Theirs", "artist": other_artist})
    appealed(work={"title": "Disputed"})
    text = visitor(artist).get(reverse("moderation:record")).content.decode()
    assert "Mine" in text
    assert "Disputed" in text
    assert "You have appealed" in text
    assert "Theirs" not in text
    assert "looked at in the same way" in text


def test_the_record_explains_the_trust(
    decided: Callable[..., Decision], artist: Any, other_artist: Any, admin_user: Any
) -> None:
    from moderation import services

    decided(action="approve", reason_code="human_made")
    decided(work={"artist": other_artist})
    services.publish_policy(author=admin_user, reason="Trust.", trusted_artist_bonus=0.1, trusted_artist_decisions=2)
    url = reverse("moderation:record")
    assert "1 more approved picture and it holds for you." in visitor(artist).get(url).content.decode()
    assert "while a decision restricts one of your works" in visitor(other_artist).get(url).content.decode()
    decided(action="approve", reason_code="human_made")
    assert "This holds for you." in visitor(artist).get(url).content.decode()


def test_a_long_record_comes_in_pages_of_few_queries(
    make_listing: Callable[..., Any], artist: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(26):
        make_listing(title=f"No. {number}")
    client = visitor(artist)
    client.get("/favicon.ico")  # a session's first request remembers how they read: no page's cost
    with django_assert_max_num_queries(10):
        first = client.get(reverse("moderation:record")).content.decode()
    assert "No. 25" in first
    assert "No. 1<" not in first
    before = first.partition("?before=")[2].partition('"')[0]
    second = client.get(reverse("moderation:record"), {"before": before}).content.decode()
    assert "No. 1<" in second
    assert client.get(reverse("moderation:record"), {"before": "x" * 30}).status_code == 200
