"""One appeal a decision, in words and with files, before all other cases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation import services
from moderation.errors import (
    CannotAppeal,
    IncompleteAppeal,
    NotAllowed,
)
from moderation.models import Appeal, AppealFile, Artwork, Case, Decision, Event
from tests.moderation.hearing.conftest import REJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db


def refile(decision: Decision, **how: Any) -> Appeal:
    assert decision.artist is not None
    return services.file_appeal(**{"decision": decision, "artist": decision.artist, "text": "No.", **how})


def test_an_appeal_opens_a_case_before_all_others(
    appealed: Callable[..., Appeal], make_case: Callable[..., Case], senior: Any
) -> None:
    make_case(score=0.99)
    appeal = appealed()
    assert (appeal.case.kind, appeal.case.state) == ("appeal", "open")
    assert services.claim_next(moderator=senior) == appeal.case
    assert appeal.first_decider == appeal.decision.decider
    assert appeal.case.due_at - appeal.filed_at > timedelta(days=6)
    artwork = Artwork.objects.get(pk=appeal.decision.artwork_id)
    assert artwork.standing == "rejected"  # it stays in force until somebody answered
    event = Event.objects.get(verb="appeal_filed")
    assert (event.actor, event.after["decision"]) == (appeal.artist, appeal.decision_id)


@pytest.mark.parametrize("action", ["reject", "label"])
def test_one_appeal_a_decision(appealed: Callable[..., Appeal], action: str) -> None:
    appeal = appealed(action=action)
    decision = Decision.objects.get(pk=appeal.decision_id)
    with pytest.raises(CannotAppeal, match="already"):
        refile(decision)
    assert Appeal.objects.count() == 1


def test_the_database_takes_one_appeal_a_decision(appealed: Callable[..., Appeal], decided: Any) -> None:
    appeal, other = appealed(), decided()
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.create(
            decision=appeal.decision, case=other.case, first_decider=appeal.first_decider, text="Again."
        )


def test_when_no_appeal_is_open(decided: Callable[..., Decision], other_artist: Any, moderator: Any) -> None:
    with pytest.raises(CannotAppeal, match="restricts nothing"):
        refile(decided(action="approve", reason_code="human_made", explanation=""))
    with pytest.raises(CannotAppeal, match="few minutes"):
        refile(decided(final=False))
    late = decided()
    Decision.objects.filter(pk=late.pk).update(appeal_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(CannotAppeal, match="is over"):
        refile(Decision.objects.get(pk=late.pk))
    undone = decided(final=False)
    services.undo(decision=undone, moderator=moderator)
    with pytest.raises(CannotAppeal, match="taken back"):
        refile(Decision.objects.get(pk=undone.pk))
    with pytest.raises(NotAllowed):
        refile(decided(), artist=other_artist)
    assert not Appeal.objects.exists()


def test_it_is_open_for_184_days(decided: Callable[..., Decision]) -> None:
    decision = decided()
    long_ago = timezone.now() - timedelta(days=183, hours=23)
    Decision.objects.filter(pk=decision.pk).update(
        decided_at=long_ago, notice_due_at=long_ago, appeal_until=long_ago + timedelta(days=184)
    )
    assert refile(Decision.objects.get(pk=decision.pk)).is_open


def test_a_later_decision_is_the_one_to_appeal_against(
    decided: Callable[..., Decision], moderator: Any, other_moderator: Any
) -> None:
    first = decided()
    again = services.reopen_case(case=first.case, moderator=moderator, reason="A second thought.")
    services.decide(case=again, decider=other_moderator, version=again.version, **{**REJECT, "action": "label"})
    with pytest.raises(CannotAppeal, match="later decision"):
        refile(Decision.objects.get(pk=first.pk))


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        ({"link": "javascript:alert(1)"}, "web address"),
        ({"link": "https://x.example/" + "x" * 500}, "web address"),
        ({"text": "  "}, "own words"),
        ({"text": "x" * 2001}, "1 character too many"),
        ({"text": "x" * 2003}, "3 characters"),
    ],
)
def test_an_appeal_has_words_and_not_too_many(
    decided: Callable[..., Decision], gap: dict[str, str], words: str
) -> None:
    decision = decided()
    with pytest.raises(IncompleteAppeal, match=words):
        refile(decision, **gap)
    assert refile(decision, text="x" * 2000).is_open


def test_what_files_are_refused(
    decided: Callable[..., Decision], private: Path, settings: Any, sketch: Callable[..., Any]
) -> None:
    decision = decided()
    with pytest.raises(IncompleteAppeal, match="cannot be sent"):
        refile(decision, files=[sketch(), SimpleUploadedFile("trick.png", b"MZ\x90\x00 a program, not a picture")])
    with pytest.raises(IncompleteAppeal, match="is empty"):
        refile(decision, files=[SimpleUploadedFile("empty.png", b"")])
    settings.MODERATION = {**settings.MODERATION, "APPEAL_MAX_FILES": 1}
    with pytest.raises(IncompleteAppeal, match="At most 1 file,"):
        refile(decision, files=[sketch(), sketch()])
    settings.MODERATION = {**settings.MODERATION, "APPEAL_MAX_FILES": 5, "APPEAL_MAX_FILE_BYTES": 20}
    with pytest.raises(IncompleteAppeal, match="too large"):
        refile(decision, files=[sketch()])
    settings.MODERATION = {**settings.MODERATION, "APPEAL_MAX_FILE_BYTES": 10_000, "APPEAL_MAX_TOTAL_BYTES": 150}
    with pytest.raises(IncompleteAppeal, match="Together"):
        refile(decision, files=[sketch(), sketch()])
    assert not private.exists()
    assert not Appeal.objects.exists()


def test_files_are_kept_under_names_that_tell_nothing(
    decided: Callable[..., Decision], private: Path, sketch: Callable[..., Any]
) -> None:
    appeal = refile(decided(), files=[sketch("../../Mia's <sketch>.PNG"), sketch("noextension")])
    first, second = AppealFile.objects.filter(appeal=appeal)
    assert (first.name, second.name) == ("Mia's sketch.png", "noextension.png")
    assert {len(first.digest), first.size} == {64, first.size}
    stored = sorted(path.relative_to(private).as_posix() for path in private.rglob("*") if path.is_file())
    assert stored == sorted([first.file_name, second.file_name])
    assert all(name.startswith(f"appeals/{appeal.reference.hex}/") and "Mia" not in name for name in stored)


def test_a_failed_appeal_leaves_no_file(
    appealed: Callable[..., Appeal], private: Path, sketch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = Decision.objects.get(pk=appealed(files=[]).decision_id)
    # Two requests at once: both were told that the way is free, one of them lost the race.
    monkeypatch.setattr("moderation.services.appeals.why_no_appeal", lambda decision: "")
    with pytest.raises(CannotAppeal, match="already"):
        refile(decision, files=[sketch()])
    assert not [path for path in private.rglob("*") if path.is_file()]


def test_without_a_private_storage_no_file_is_taken(
    decided: Callable[..., Decision], settings: Any, sketch: Callable[..., Any], media: Path
) -> None:
    settings.MODERATION = {**settings.MODERATION, "PRIVATE_STORAGE": "nowhere"}
    decision = decided()
    before = sorted(media.rglob("*"))
    with pytest.raises(IncompleteAppeal, match="without them"):
        refile(decision, files=[sketch()])
    assert sorted(media.rglob("*")) == before
    assert refile(decision).is_open


def test_an_open_case_becomes_the_appeal(
    decided: Callable[..., Decision], moderator: Any, senior: Any, answer: Callable[..., Decision]
) -> None:
    decision = decided()
    again = services.reopen_case(case=decision.case, moderator=moderator, reason="A second thought.")
    services.claim_case(case=again, moderator=moderator)
    appeal = refile(Decision.objects.get(pk=decision.pk))
    again.refresh_from_db()
    assert (appeal.case_id, again.kind, again.held_by) == (again.pk, "appeal", None)
    assert answer(appeal, "overturned", by=senior).action == "approve"


def test_a_listings_appeal_is_told_to_the_host(
    decided: Callable[..., Decision], django_capture_on_commit_callbacks: Any
) -> None:
    from moderation.signals import appealed as signal

    heard: list[Any] = []

    def listen(**told: Any) -> None:
        heard.append(told)

    signal.connect(listen)
    try:
        decision = decided()
        with django_capture_on_commit_callbacks(execute=True):
            appeal = refile(decision)
    finally:
        signal.disconnect(listen)
    assert [told["appeal"] for told in heard] == [appeal]
    assert heard[0]["artwork"].pk == decision.artwork_id
