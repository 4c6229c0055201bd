"""Two at once: one mail, one appeal, one answer."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from moderation import services
from moderation.errors import CannotAppeal, CaseConflict, ModerationError
from moderation.models import Appeal, Case, Decision, Notice
from moderation.services import notices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run ``calls`` in threads that start together; return what each returned or raised."""
    start = threading.Barrier(len(calls))
    found: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            start.wait()
            found[place] = call()
        except ModerationError as error:
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_many_senders_one_mail(decided: Callable[..., Decision]) -> None:
    for _turn in range(3):
        decided()
    sent = at_once(*[notices.send_notices] * 6)
    assert sum(sent) == len(mail.outbox) == 3
    assert {notice.attempts for notice in Notice.objects.all()} == {1}
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 3


def test_two_requests_one_appeal(decided: Callable[..., Decision], sketch: Callable[..., Any], private: Path) -> None:
    decision = decided()

    def appeal() -> Any:
        return services.file_appeal(
            decision=Decision.objects.get(pk=decision.pk), artist=decision.artist, text="No.", files=[sketch()]
        )

    found = at_once(appeal, appeal)
    assert sorted(type(one).__name__ for one in found) == ["Appeal", CannotAppeal.__name__]
    assert Appeal.objects.count() == 1
    assert len([path for path in private.rglob("*") if path.is_file()]) == 1  # the loser's file is gone


def test_two_seniors_one_answer(appealed: Callable[..., Appeal], senior: Any, make_user: Callable[..., Any]) -> None:
    appeal = appealed()
    version = Case.objects.get(pk=appeal.case_id).version
    second = make_user("second", "Senior moderators")

    def answer(decider: Any, outcome: str) -> Callable[[], Any]:
        return lambda: services.decide_appeal(
            appeal=appeal, decider=decider, outcome=outcome, reply="So be it.", version=version
        )

    found = at_once(answer(senior, "overturned"), answer(second, "upheld"))
    assert sorted(type(one).__name__ for one in found) == [CaseConflict.__name__, "Decision"]
    assert Decision.objects.count() == 2


@pytest.mark.parametrize("turn", range(3))
def test_an_undo_and_a_notice_never_both(decided: Callable[..., Decision], moderator: Any, turn: int) -> None:
    decision = decided(final=False)
    Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now() + timedelta(milliseconds=150))

    def send() -> int:
        sent = 0
        for _try in range(40):
            sent += notices.send_notices()
        return sent

    sent, undone = at_once(send, lambda: services.undo(decision=decision, moderator=moderator))
    told, taken_back = bool(sent), not isinstance(undone, Exception)
    assert told != taken_back or not (told or taken_back)
