"""Files of appeals are read once, within bounds, and deleted when their time is over."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from moderation.models import Appeal, AppealFile, Decision, Event
from moderation.services import appeal_files
from tests.moderation.hearing import workfiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db


def due_again() -> None:
    AppealFile.objects.update(next_try_at=timezone.now())


def stored(private: Path) -> list[Path]:
    return [path for path in private.rglob("*") if path.is_file()]


def test_each_file_is_read_once(appealed: Callable[..., Appeal], sketch: Callable[..., Any]) -> None:
    krita = SimpleUploadedFile("work.kra", workfiles.krita())
    appealed(files=[sketch(), krita])
    assert appeal_files.has_pending()
    assert [appeal_files.read_next() for _turn in range(3)] == [True, True, False]
    picture, layered = AppealFile.objects.all()
    assert (picture.summary_state, picture.summary["width"]) == ("done", 64)
    assert (layered.summary_state, layered.summary["layers"]) == ("done", 3)
    assert not appeal_files.has_pending()


def test_the_files_bell_rings_when_the_appeal_is_in(
    decided: Callable[..., Decision],
    appealed: Callable[..., Appeal],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(
        "moderation.tasks.read_appeal_files.apply_async", lambda **how: rung.append(AppealFile.objects.count())
    )
    with django_capture_on_commit_callbacks(execute=True):
        appealed()
    assert rung == [1]


def test_an_unreadable_file_says_why(appealed: Callable[..., Appeal]) -> None:
    broken = SimpleUploadedFile("work.kra", workfiles.krita(xml=b"<!DOCTYPE a [<!ENTITY b 'c'>]><DOC>&b;</DOC>"))
    appealed(files=[broken])
    appeal_files.read_next()
    file = AppealFile.objects.get()
    assert (file.summary_state, file.summary) == ("failed", {"problem": "damaged"})


def test_a_file_that_takes_too_long(appealed: Callable[..., Appeal], monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*args: Any) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr("moderation.workfiles.summaries.summarise", slow)
    appealed()
    appeal_files.read_next()
    assert AppealFile.objects.get().summary == {"problem": "took_too_long"}


def test_a_file_that_kills_its_worker_is_given_up(
    appealed: Callable[..., Appeal], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []

    def die(*args: Any) -> None:
        opened.append(1)
        raise SystemExit  # nothing of ours gets to write anything, as with SIGKILL

    monkeypatch.setattr("moderation.workfiles.summaries.summarise", die)
    appealed()
    for _turn in range(2):
        with pytest.raises(SystemExit):
            appeal_files.read_next()
        assert not appeal_files.read_next()  # not before its pause is over
        due_again()
    assert appeal_files.read_next()
    assert len(opened) == 2
    assert AppealFile.objects.get().summary == {"problem": "took_too_long"}


def test_a_missing_file_and_an_unknown_error(
    appealed: Callable[..., Appeal], private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appealed()
    stored(private)[0].unlink()
    appeal_files.read_next()
    assert AppealFile.objects.get().summary == {"problem": "gone"}

    def fail(*args: Any) -> None:
        raise RuntimeError("who knows")

    monkeypatch.setattr("moderation.workfiles.summaries.summarise", fail)
    appealed()
    appeal_files.read_next()
    newest = AppealFile.objects.latest("pk")
    assert newest.summary_state == "pending"
    due_again()
    appeal_files.read_next()
    newest.refresh_from_db()
    assert newest.summary == {"problem": "damaged"}


def test_files_are_deleted_when_their_time_is_over(
    appealed: Callable[..., Appeal], answer: Callable[..., Decision], private: Path, capsys: Any
) -> None:
    old, young, open_one = appealed(), appealed(), appealed()
    for appeal, days in ((old, 91), (young, 89)):
        answer(appeal, "upheld")
        Appeal.objects.filter(pk=appeal.pk).update(decided_at=timezone.now() - timedelta(days=days))
    call_command("forget_appeal_files", "--dry-run")
    assert "1 files and 0 orphans would be deleted" in capsys.readouterr().out
    assert len(stored(private)) == 3
    call_command("forget_appeal_files")
    assert "sketch.png" in capsys.readouterr().out
    assert len(stored(private)) == 2
    gone = old.files.get()
    assert gone.deleted_at is not None
    assert (gone.name, len(gone.digest)) == ("sketch.png", 64)  # the row stays: it was there
    assert Event.objects.get(verb="appeal_file_deleted").after["digest"] == gone.digest
    assert young.files.get().deleted_at is None
    assert open_one.files.get().deleted_at is None
    call_command("forget_appeal_files")
    assert "0 files and 0 orphans deleted" in capsys.readouterr().out


def test_files_that_no_appeal_knows_go_after_a_day(
    appealed: Callable[..., Appeal], private: Path, capsys: Any
) -> None:
    appealed()
    lost = private / "appeals" / ("ab" * 16) / "lost.png"
    new = private / "appeals" / ("cd" * 16) / "new.png"
    foreign = private / "appeals" / "not-ours" / "keep.txt"
    for path in (lost, new, foreign):
        path.parent.mkdir()
        path.write_bytes(b"x")
    two_days = time.time() - 2 * 86_400
    os.utime(lost, (two_days, two_days))
    os.utime(foreign, (two_days, two_days))
    call_command("forget_appeal_files")
    assert "0 files and 1 orphans deleted" in capsys.readouterr().out
    assert not lost.exists()
    assert new.exists()
    assert foreign.exists()
    assert len(stored(private)) == 3


def test_retention_without_a_private_storage_does_nothing(settings: Any, capsys: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "PRIVATE_STORAGE": "nowhere"}
    call_command("forget_appeal_files")
    assert "0 files and 0 orphans deleted" in capsys.readouterr().out
