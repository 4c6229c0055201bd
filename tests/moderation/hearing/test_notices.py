"""Each artist hears of each final decision once: in a mail with all the reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.mail import mail_settings
from marketplace.models import Reader
from moderation import services, wording
from moderation.models import Appeal, Case, Decision, Event, Notice
from moderation.services import notices

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


class RefusingBackend:
    """A mail server that takes nothing."""

    def __init__(self, **kwargs: Any) -> None:
        pass

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("nobody listens")


def test_a_final_decision_is_told_once(decided: Callable[..., Decision]) -> None:
    decision = decided()
    assert notices.send_notices() == 1
    assert notices.send_notices() == 0
    (message,) = mail.outbox
    assert message.to == ["artist@example.org"]
    assert message.extra_headers["Message-ID"] == f"<{decision.reference}@art.example>"
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts, notice.address) == ("sent", 1, "artist@example.org")
    assert Event.objects.filter(verb="notice_sent", artwork=decision.artwork).count() == 1


def test_nothing_leaves_before_the_grace_window_ends(decided: Callable[..., Decision], moderator: Any) -> None:
    decision = decided(final=False)
    assert notices.send_notices() == 0
    assert not Notice.objects.exists()
    services.undo(decision=decision, moderator=moderator)
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(hours=1))
    assert notices.send_notices() == 0
    assert not mail.outbox


def test_the_mail_says_all_that_a_statement_of_reasons_must(decided: Callable[..., Decision], settings: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "RULES_URL": "/rules"}
    decision = decided()
    notices.send_notices()
    (message,) = mail.outbox
    html = message.alternatives[0].content
    for text in (message.body, html):
        assert str(decision.reference) in text
        assert "cannot be shown here" in text  # what
        assert "not shown to the public" in text  # its effect
        assert str(decision.decided_at.year) in text  # since when
        assert "Three hands on one arm." in text
        assert "declared as such when they are offered" in text  # the rule
        assert "https://art.example/rules" in text
        assert "stub, version 1" in text  # the detector and its version
        assert "A person looked at it and decided; no machine did." in text
        assert f"https://art.example/moderation/decisions/{decision.reference}/appeal" in text
        assert "until" in text
    assert "{" not in message.body
    assert message.subject == f"A decision about your work “{decision.artwork.title}”"


def test_an_approval_is_told_in_few_words(decided: Callable[..., Decision]) -> None:
    decided(action="approve", reason_code="human_made", explanation="")
    notices.send_notices()
    (message,) = mail.outbox
    assert "is approved" in message.subject
    assert "appeal" not in message.body.lower()


def test_the_answer_to_an_appeal_is_told(appealed: Callable[..., Appeal], answer: Callable[..., Decision]) -> None:
    decision = answer(appealed(), "partly")
    Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now())
    notices.send_notices()
    (message,) = [one for one in mail.outbox if "Your appeal" in one.subject]
    assert "A label instead of removal" in message.body
    assert "The layers show it grow. Sorry." in message.body
    assert "answers your appeal and is final here" in message.body


def test_a_question_is_told_at_once_and_once(make_case: Callable[..., Case], moderator: Any, artist: Any) -> None:
    case = make_case(title="Heron")
    question = services.ask_artist(
        case=case, moderator=moderator, text="How did you draw <the> feathers?", version=case.version
    )
    assert notices.send_notices() == 1
    assert notices.send_notices() == 0
    (message,) = mail.outbox
    assert message.to == ["artist@example.org"]
    assert message.subject == "A question about your work “Heron”"
    html = message.alternatives[0].content
    assert "How did you draw <the> feathers?" in message.body
    assert "How did you draw &lt;the&gt; feathers?" in html
    for text in (message.body, html):
        assert f"https://art.example/moderation/artworks/{case.artwork.reference}/#question" in text
        assert "Nothing is decided before" in text
        assert str(question.wait_until.year) in text
    event = Event.objects.get(verb="notice_sent", artwork=case.artwork)
    assert wording.for_artist(event) == "You were told of the question by mail."


def test_a_question_that_waits_for_nothing_is_not_told(
    make_case: Callable[..., Case], moderator: Any, artist: Any
) -> None:
    answered, late, closed = (make_case() for _turn in range(3))
    for case in (answered, late, closed):
        services.ask_artist(case=case, moderator=moderator, text="A sketch?", version=case.version)
    services.answer_question(question=answered.questions.get(), artist=artist, answer="Here.")
    late.questions.update(wait_until=timezone.now())
    Case.objects.filter(pk=closed.pk).update(state="withdrawn", closed_at=timezone.now())
    assert notices.send_notices() == 0
    assert not Notice.objects.exists()


def test_the_database_takes_a_notice_about_one_thing(make_case: Callable[..., Case], moderator: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create()


def test_a_title_cannot_break_the_subject_or_the_page(decided: Callable[..., Decision]) -> None:
    decided(work={"title": "<b>A</b>\r\nBcc: x@y.example"})
    notices.send_notices()
    (message,) = mail.outbox
    assert "\n" not in message.subject
    assert message.recipients() == ["artist@example.org"]
    assert "<b>A</b>" not in message.alternatives[0].content
    assert "<b>A</b>" in message.body


def send_by(settings: Any, backend: str) -> None:
    """Let mail leave by ``backend``, however this Django calls the setting."""
    for name, value in mail_settings({"EMAIL_BACKEND": backend}).items():
        setattr(settings, name, value)


def test_a_mail_server_that_refuses_is_tried_again_then_shown_to_admins(
    decided: Callable[..., Decision], settings: Any, admin_client: Any
) -> None:
    send_by(settings, "tests.moderation.hearing.test_notices.RefusingBackend")
    settings.MODERATION = {**settings.MODERATION, "NOTICE_ATTEMPTS": 2}
    decided()
    assert notices.send_notices() == 0
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts) == ("waiting", 1)
    assert "nobody listens" in notice.problem
    assert notice.next_try_at > timezone.now() + timedelta(minutes=4)
    assert notices.send_notices() == 0  # not before its time
    Notice.objects.update(next_try_at=timezone.now())
    notices.send_notices()
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == ("failed", 2)
    assert Event.objects.get(verb="notice_failed").reason == notice.problem
    page = admin_client.get("/admin/moderation/notice/?state__exact=failed").content.decode()
    assert "nobody listens" in page

    send_by(settings, "django.core.mail.backends.locmem.EmailBackend")
    chosen = {"action": "try_again", "_selected_action": [notice.pk]}
    admin_client.post("/admin/moderation/notice/", chosen)
    assert notices.send_notices() == 1
    notice.refresh_from_db()
    assert (notice.state, notice.problem) == ("sent", "")


def test_a_claimed_notice_is_left_alone(decided: Callable[..., Decision]) -> None:
    decided()
    notices.make_due()
    pk = Notice.objects.get().pk
    assert notices._claim(pk) is not None
    assert notices._claim(pk) is None
    assert notices.send(pk) is False
    assert not mail.outbox
    Notice.objects.update(next_try_at=timezone.now())  # the sender died: its claim runs out
    assert notices.send(pk) is True


def test_an_artist_without_an_address(decided: Callable[..., Decision], artist: Any) -> None:
    artist.email = ""
    artist.save()
    decided()
    assert notices.send_notices() == 0
    assert Notice.objects.get().state == "no_address"
    assert Event.objects.filter(verb="notice_without_address").exists()


def test_the_command_sends_and_tries_again(decided: Callable[..., Decision], capsys: Any) -> None:
    decided()
    call_command("send_notices")
    assert "1 sent, 0 given up." in capsys.readouterr().out
    Notice.objects.update(state="failed", sent_at=None)
    call_command("send_notices", "--retry-failed")
    assert "1 sent, 0 given up." in capsys.readouterr().out


def language_of(user: Any) -> str:
    """A host's function: this test's artist reads German."""
    return "de"


def test_the_mail_is_in_the_artists_language(decided: Callable[..., Decision], settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.MODERATION = {**settings.MODERATION, "LANGUAGE_OF": "tests.moderation.hearing.test_notices.language_of"}
    decision = decided()
    notices.send_notices()
    html = mail.outbox[0].alternatives[0].content
    assert '<html lang="de">' in html
    assert f"{decision.decided_at:%-d}. " in html  # a German date: the sentences wait for a translation


def test_the_mail_tells_times_in_the_artists_zone(
    decided: Callable[..., Decision], artist: Any, settings: Any
) -> None:
    Reader.objects.create(user=artist, language="en", time_zone="Asia/Tokyo")
    decision = decided()
    moment = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)  # the next morning in Japan
    Decision.objects.filter(pk=decision.pk).update(decided_at=moment, appeal_until=moment)
    decision.refresh_from_db()
    message = notices.message_of(decision, "artist@example.org")
    for text in (message.body, str(message.alternatives[0].content)):
        assert "Nov. 25, 2026, 5:30 a.m. (Asia/Tokyo)" in text
    settings.MODERATION = {**settings.MODERATION, "TIME_ZONE_OF": ""}
    assert "Nov. 24, 2026, 8:30 p.m. (UTC)" in str(notices.message_of(decision, "artist@example.org").body)
