"""What detectors may learn from: final decisions of consenting artists, and nothing that is to test them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from moderation import services
from moderation.errors import NotAllowed
from moderation.models import Case, Decision, Event, RegressionWork
from moderation.selectors import labelled
from moderation.services import training_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_gold(settings: Any, red_classifier: None) -> None:
    """Let no work be gold by chance; the test of gold says so itself."""
    settings.MODERATION = {**settings.MODERATION, "GOLD_PERCENT": 0}


def settle() -> None:
    """Let the time to undo be over."""
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(minutes=1))


@pytest.fixture
def decide(make_case: Callable[..., Case], moderator: User) -> Callable[..., Case]:
    """Return a maker of decided cases: ``decide("label")``."""

    def make(action: str, reason: str = "", **fields: Any) -> Case:
        case = make_case(score=0.7, **fields)
        services.decide(
            case=case,
            decider=moderator,
            version=case.version,
            action=action,
            reason_code=reason or ("human_made" if action == "approve" else "undeclared_ai"),
            explanation="It shows.",
        )
        return case

    return make


def exported(folder: Path) -> tuple[list[dict[str, str]], str]:
    """Export and return the manifest's rows and what the command said."""
    said = io.StringIO()
    call_command("export_decisions", str(folder), stdout=said)
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file)), said.getvalue()


def test_only_consenting_artists_works_leave_and_opting_out_holds(
    decide: Any, artist: User, other_artist: User, tmp_path: Path
) -> None:
    decide("approve")
    decide("label", artist=other_artist)
    settle()
    rows, said = exported(tmp_path / "nobody")
    assert rows == []
    assert "2 no consent" in said
    training_set.set_consent(artist=artist, allowed=True)
    training_set.set_consent(artist=other_artist, allowed=True)
    rows, _said = exported(tmp_path / "both")
    assert sorted(row["label"] for row in rows) == ["ai", "human"]
    assert len({row["group"] for row in rows}) == 2
    assert not {"artist", "other"} & {row["group"] for row in rows}  # a pseudonym, not a name
    training_set.set_consent(artist=artist, allowed=False)
    assert [row["label"] for row in exported(tmp_path / "one")[0]] == ["ai"]


def test_where_the_terms_allow_it_an_artists_no_still_holds(
    decide: Any, artist: User, settings: Any, tmp_path: Path
) -> None:
    settings.MODERATION = {**settings.MODERATION, "TRAINING_CONSENT": "opt-out"}
    decide("approve")
    settle()
    assert len(exported(tmp_path / "before")[0]) == 1
    training_set.set_consent(artist=artist, allowed=False)
    assert exported(tmp_path / "after")[0] == []


def test_the_files_are_the_very_bytes(decide: Any, artist: User, tmp_path: Path) -> None:
    import hashlib

    training_set.set_consent(artist=artist, allowed=True)
    case = decide("approve")
    settle()
    (row,), _said = exported(tmp_path / "out")
    data = (tmp_path / "out" / row["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == case.artwork.digest


def test_what_can_still_change_and_what_says_nothing_stays_out(decide: Any, artist: User, tmp_path: Path) -> None:
    training_set.set_consent(artist=artist, allowed=True)
    decide("approve", "other")  # says nothing about the making
    decide("reject", "copied")
    settle()
    decide("approve")  # can still be undone
    rows, said = exported(tmp_path / "out")
    assert rows == []
    assert "3 not settled" in said


def test_an_open_appeal_waits_and_an_answered_one_counts_as_answered(
    decide: Any, artist: User, senior: User, tmp_path: Path
) -> None:
    training_set.set_consent(artist=artist, allowed=True)
    case = decide("reject")
    settle()
    appeal = services.file_appeal(
        decision=Decision.objects.get(case=case), artist=artist, text="I painted it.", link="", files=[]
    )
    assert exported(tmp_path / "open")[0] == []
    services.decide_appeal(
        appeal=appeal, decider=senior, outcome="overturned", reply="You did.", version=appeal.case.version
    )
    settle()
    rows, said = exported(tmp_path / "answered")
    assert [(row["label"], row["appeal"]) for row in rows] == [("human", "overturned")]
    assert "after an appeal: 1 overturned" in said


def test_gold_and_regression_works_are_never_exported(
    decide: Any, artist: User, moderator: User, settings: Any, tmp_path: Path
) -> None:
    training_set.set_consent(artist=artist, allowed=True)
    cases = [decide("approve") for _number in range(8)]
    settle()
    training_set.mark_wrong(case=cases[0], moderator=moderator)
    settings.MODERATION = {**settings.MODERATION, "GOLD_PERCENT": 40}
    gold = {case.artwork.digest for case in cases if labelled.is_gold(case.artwork.digest)}
    assert 0 < len(gold) < 8
    rows, _said = exported(tmp_path / "out")
    left = {row["file"].partition("/")[2] for row in rows}
    assert left == {case.artwork.digest for case in cases} - gold - {cases[0].artwork.digest}
    assert {work.artwork.digest for work in labelled.gate_works()} == gold | {cases[0].artwork.digest}


def test_bytes_that_two_people_judged_differently_teach_nothing(
    decide: Any, artist: User, other_artist: User, paint: Any, tmp_path: Path
) -> None:
    for person in (artist, other_artist):
        training_set.set_consent(artist=person, allowed=True)
    data = paint(0.7, seed=3)
    decide("approve", data=data)
    decide("label", data=data, artist=other_artist)
    settle()
    rows, said = exported(tmp_path / "out")
    assert rows == []
    assert "2 contradicted" in said


def test_an_export_is_logged_and_overwrites_nothing(decide: Any, tmp_path: Path) -> None:
    exported(tmp_path / "out")
    assert Event.objects.get(verb="training_exported").after["labels"] == {}
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_decisions", str(tmp_path / "out"))


def test_an_artist_says_it_on_their_page(client: Client, artist: User) -> None:
    client.force_login(artist)
    record = reverse("moderation:record")
    assert "Now: they may not." in client.get(record).content.decode()
    client.post(reverse("moderation:consent"), {"allowed": "yes"})
    assert "Now: they may." in client.get(record).content.decode()
    client.post(reverse("moderation:consent"), {"allowed": "no"})
    assert not training_set.may_learn_from(artist.pk)
    said = Event.objects.filter(verb="training_consent", actor=artist).order_by("pk")
    assert [event.after["allowed"] for event in said] == [True, False]


def test_wrong_verdict_is_one_click_and_can_be_taken_back(client: Client, decide: Any, moderator: User) -> None:
    case = decide("approve")
    client.force_login(moderator)
    page = client.get(case.get_absolute_url()).content.decode()
    assert "Wrong verdict" in page
    client.post(reverse("moderation:wrong", args=[case.pk]))
    client.post(reverse("moderation:wrong", args=[case.pk]))  # a doubled click
    assert RegressionWork.objects.get().artwork == case.artwork
    assert "In the regression set" in client.get(case.get_absolute_url()).content.decode()
    client.post(reverse("moderation:wrong", args=[case.pk]), {"wrong": "no"})
    assert not RegressionWork.objects.exists()
    verbs = Event.objects.filter(case=case, verb__startswith="regression").order_by("pk")
    assert [event.verb for event in verbs] == ["regression_added", "regression_removed"]


def test_nobody_makes_an_example_of_their_own_work(decide: Any, make_user: Callable[..., User]) -> None:
    insider = make_user("ida", "Moderators")
    case = decide("approve", artist=insider)
    with pytest.raises(NotAllowed):
        training_set.mark_wrong(case=case, moderator=insider)
