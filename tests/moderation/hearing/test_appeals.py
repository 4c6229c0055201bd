"""One appeal a decision, heard by somebody else, with a reply, and with effect."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.models import Listing
from marketplace.services import delete_listing
from moderation import selectors, services
from moderation.errors import (
    CannotAppeal,
    CaseConflict,
    IncompleteAppeal,
    IncompleteDecision,
    NotAllowed,
    TooLateToUndo,
)
from moderation.models import Appeal, AppealFile, Artwork, Case, Decision, Event
from moderation.services.claiming import workable
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


@pytest.mark.parametrize(
    ("outcome", "standing", "visible", "label", "action"),
    [
        ("overturned", "approved", True, "", "approve"),
        ("partly", "labelled", True, "ai_generated", "label"),
        ("upheld", "rejected", False, "", "reject"),
    ],
)
def test_how_an_appeal_ends(
    appealed: Callable[..., Appeal],
    answer: Callable[..., Decision],
    senior: Any,
    outcome: str,
    standing: str,
    visible: bool,
    label: str,
    action: str,
) -> None:
    appeal = appealed()
    decision = answer(appeal, outcome)
    artwork = Artwork.objects.get()
    assert (artwork.standing, artwork.is_visible, artwork.ai_label) == (standing, visible, label)
    assert artwork.decision == decision
    appeal.refresh_from_db()
    assert (appeal.outcome, appeal.decider, appeal.answer) == (outcome, senior, decision)
    assert (decision.action, decision.explanation) == (action, "The layers show it grow. Sorry.")
    assert appeal.case.state == "decided"
    event = Event.objects.get(verb="appeal_decided")
    assert (event.actor, event.after["outcome"], event.reason) == (senior, outcome, decision.explanation)
    assert selectors.visible(Listing.objects.all()).exists() is visible


def test_a_label_is_upheld_or_taken_back(appealed: Callable[..., Appeal], answer: Callable[..., Decision]) -> None:
    appeal = appealed(action="label")
    with pytest.raises(IncompleteAppeal, match="how the appeal ends"):
        answer(appeal, "partly")
    answer(appeal, "overturned")
    assert Artwork.objects.get().ai_label == ""


@pytest.mark.parametrize("ground", ["copied", "unreadable"])
def test_a_label_answers_no_charge_of_copying(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], ground: str
) -> None:
    appeal = appealed(reason_code=ground)
    with pytest.raises(IncompleteAppeal, match="how the appeal ends"):
        answer(appeal, "partly")
    assert answer(appeal, "upheld").reason_code == ground


def test_the_answer_is_final(appealed: Callable[..., Appeal], answer: Callable[..., Decision]) -> None:
    decision = answer(appealed(), "upheld")
    Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now())
    with pytest.raises(CannotAppeal, match="answers your appeal"):
        refile(Decision.objects.get(pk=decision.pk))


def test_who_may_answer(
    appealed: Callable[..., Appeal],
    answer: Callable[..., Decision],
    make_user: Callable[..., Any],
    moderator: Any,
    senior: Any,
) -> None:
    appeal = appealed(decider=senior)
    with pytest.raises(NotAllowed, match="senior"):
        answer(appeal, "overturned", by=moderator)
    with pytest.raises(NotAllowed, match="somebody else decides it"):
        answer(appeal, "overturned", by=senior)
    assert not workable(senior).exists()
    assert not workable(moderator).exists()
    second = make_user("second", "Senior moderators")
    assert services.claim_next(moderator=second) == appeal.case
    assert answer(appeal, "overturned", by=second).action == "approve"


def test_no_senior_answers_about_their_own_work(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], senior: Any
) -> None:
    appeal = appealed(work={"artist": senior})
    with pytest.raises(NotAllowed, match="your own"):
        answer(appeal, "overturned", by=senior)


def test_the_database_refuses_the_first_decider(appealed: Callable[..., Appeal], decided: Any) -> None:
    appeal, other = appealed(), decided()
    whole = {"outcome": "upheld", "reply": "No.", "decided_at": timezone.now(), "answer": other}
    rows = Appeal.objects.filter(pk=appeal.pk)
    with pytest.raises(IntegrityError, match="another_decider"), transaction.atomic():
        rows.update(**whole, decider=appeal.first_decider)
    with pytest.raises(IntegrityError, match="not_own_work"), transaction.atomic():
        rows.update(**whole, decider=appeal.artist)


@pytest.mark.parametrize("gap", [{"reply": ""}, {"decider": None}, {"answer": None}, {"decided_at": None}])
def test_the_database_refuses_half_an_answer(
    appealed: Callable[..., Appeal], decided: Any, senior: Any, gap: dict[str, Any]
) -> None:
    appeal, other = appealed(), decided()
    whole = {
        "outcome": "upheld",
        "reply": "No.",
        "decided_at": timezone.now(),
        "answer": other,
        "decider": senior,
    }
    with pytest.raises(IntegrityError, match="answered_whole"), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(**{**whole, **gap})
    assert Appeal.objects.filter(pk=appeal.pk).update(**whole) == 1


def test_an_answer_needs_a_reply(appealed: Callable[..., Appeal], answer: Callable[..., Decision]) -> None:
    appeal = appealed()
    with pytest.raises(IncompleteAppeal, match="Reply"):
        answer(appeal, "overturned", reply="  ")
    with pytest.raises(IncompleteAppeal, match="too many"):
        answer(appeal, "overturned", reply="x" * 2001)


def test_the_ordinary_form_does_not_answer_an_appeal(appealed: Callable[..., Appeal], senior: Any) -> None:
    case = appealed().case
    with pytest.raises(IncompleteDecision, match="by itself"):
        services.decide(case=case, decider=senior, version=case.version, **REJECT)
    outcome = services.decide_many(
        versions={case.pk: case.version},
        decider=senior,
        action="approve",
        reason_code="human_made",
        explain=lambda case: "",
    )
    assert (len(outcome.done), len(outcome.left)) == (0, 1)


def test_two_answers_one_wins(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], make_user: Callable[..., Any]
) -> None:
    appeal = appealed()
    version = appeal.case.version
    answer(appeal, "overturned")
    with pytest.raises(CaseConflict, match="already decided"):
        services.decide_appeal(
            appeal=appeal,
            decider=make_user("second", "Senior moderators"),
            outcome="upheld",
            reply="No.",
            version=version,
        )
    assert Artwork.objects.get().standing == "approved"


def test_an_answer_can_be_undone_while_the_notice_waits(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], senior: Any, moderator: Any
) -> None:
    appeal = appealed()
    decision = answer(appeal, "overturned")
    with pytest.raises(NotAllowed):
        services.undo(decision=decision, moderator=moderator)
    services.undo(decision=decision, moderator=senior)
    appeal.refresh_from_db()
    artwork = Artwork.objects.get()
    assert appeal.is_open
    assert (artwork.standing, artwork.is_visible, artwork.decision_id) == ("rejected", False, appeal.decision_id)
    final = answer(appeal, "upheld")
    Decision.objects.filter(pk=final.pk).update(notice_due_at=timezone.now())
    with pytest.raises(TooLateToUndo):
        services.undo(decision=final, moderator=senior)


def test_a_first_decider_who_is_senior_cannot_undo_the_answer(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], make_user: Callable[..., Any], senior: Any
) -> None:
    appeal = appealed(decider=senior)
    decision = answer(appeal, "overturned", by=make_user("second", "Senior moderators"))
    with pytest.raises(NotAllowed, match="somebody else"):
        services.undo(decision=decision, moderator=senior)


def test_a_won_appeal_protects_those_bytes(
    appealed: Callable[..., Appeal],
    answer: Callable[..., Decision],
    make_listing: Callable[..., Listing],
    artwork_of: Callable[..., Artwork],
    other_artist: Any,
    paint: Callable[..., bytes],
) -> None:
    picture = paint(0.97, seed=99)
    answer(appealed(work={"data": picture}), "overturned")
    again = make_listing(data=picture)
    theft = make_listing(data=picture, artist=other_artist)
    services.screen_pending()
    assert artwork_of(again).standing == "cleared"
    assert artwork_of(theft).standing == "held"  # the artist was right, not whoever takes the picture


def test_a_won_appeal_outlives_the_listing(
    appealed: Callable[..., Appeal],
    answer: Callable[..., Decision],
    make_listing: Callable[..., Listing],
    artwork_of: Callable[..., Artwork],
    paint: Callable[..., bytes],
) -> None:
    picture = paint(0.97, seed=98)
    appeal = appealed(work={"data": picture})
    delete_listing(listing=Listing.objects.get())
    appeal.refresh_from_db()
    assert appeal.case.state == "open"  # it is about the decision, which stays in the record
    answer(appeal, "overturned")
    gone = Artwork.objects.get()
    assert (gone.standing, gone.is_visible) == ("withdrawn", False)
    again = make_listing(data=picture)
    services.screen_pending()
    assert artwork_of(again).standing == "cleared"


def test_a_won_appeal_about_a_replaced_version_does_not_show_it(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], paint: Callable[..., bytes]
) -> None:
    appeal = appealed()
    listing = Listing.objects.get()
    listing.picture = SimpleUploadedFile("new.png", paint(0.1, seed=77))
    listing.save()
    services.screen_pending()
    answer(appeal, "overturned")
    old, new = Artwork.objects.order_by("pk")
    assert (old.standing, old.is_visible, new.is_visible) == ("approved", False, True)


def test_a_version_that_won_its_appeal_can_be_put_back(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], paint: Callable[..., bytes]
) -> None:
    picture = paint(0.97, seed=97)
    appeal = appealed(work={"data": picture})
    listing = Listing.objects.get()
    listing.picture = SimpleUploadedFile("new.png", paint(0.1, seed=77))
    listing.save()
    services.screen_pending()
    answer(appeal, "overturned")
    listing.picture = SimpleUploadedFile("back.png", picture)
    listing.save()
    shown, current = selectors.shown_artwork(listing), selectors.current_artwork(listing)
    assert shown == current
    assert shown is not None
    assert (shown.pk, shown.standing) == (appeal.decision.artwork_id, "approved")


def test_a_cleared_version_that_is_put_back_is_shown_again(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    first = paint(0.1, seed=95)
    listing = make_listing(data=first)
    services.screen_pending()
    for name, data in (("second.png", paint(0.1, seed=96)), ("back.png", first)):
        listing.picture = SimpleUploadedFile(name, data)
        listing.save()
        services.screen_pending()
    assert selectors.shown_artwork(listing) == selectors.current_artwork(listing)
    assert Artwork.objects.filter(is_visible=True).count() == 1


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
