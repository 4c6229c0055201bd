"""An appeal is answered by somebody else, with a reply, and the answer takes effect."""

from __future__ import annotations

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
from moderation.models import Appeal, Artwork, Decision, Event
from moderation.services.claiming import workable
from tests.moderation.hearing.conftest import REJECT

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def file_again(decision: Decision) -> Appeal:
    assert decision.artist is not None
    return services.file_appeal(decision=decision, artist=decision.artist, text="No.")


def test_an_appeal_is_not_passed_to_the_seniors_who_have_it(appealed: Callable[..., Appeal], senior: Any) -> None:
    case = appealed().case
    with pytest.raises(IncompleteDecision, match="with the senior moderators already"):
        services.escalate_case(case=case, moderator=senior, reason="Hm.", version=case.version)


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
        file_again(Decision.objects.get(pk=decision.pk))


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
