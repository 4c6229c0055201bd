"""Decisions that are final, appeals, and a private storage of each test's own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from moderation import services
from moderation.models import Appeal, Case, Decision

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REJECT = {"action": "reject", "reason_code": "undeclared_ai", "explanation": "Three hands on one arm."}


@pytest.fixture(autouse=True)
def private(settings: Any, tmp_path: Path) -> Path:
    """Keep appeals' files in a folder of this test."""
    folder = tmp_path / "private"
    settings.STORAGES = {
        **settings.STORAGES,
        "moderation-private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder), "base_url": None},
        },
    }
    settings.MODERATION = {**settings.MODERATION, "SITE_URL": "https://art.example"}
    return folder


@pytest.fixture
def decided(make_case: Callable[..., Case], moderator: Any) -> Callable[..., Decision]:
    """Return a maker of final decisions: ``decided(action="label")``; keywords of ``make_case`` go on to it."""

    def make(*, decider: Any = None, final: bool = True, work: dict[str, Any] | None = None, **how: Any) -> Decision:
        case = make_case(**{"score": 0.95, **(work or {})})
        decision = services.decide(case=case, decider=decider or moderator, version=case.version, **{**REJECT, **how})
        if final:
            Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now() - timedelta(seconds=1))
        return Decision.objects.select_related("artwork").get(pk=decision.pk)

    return make


@pytest.fixture
def sketch(paint: Callable[..., bytes]) -> Callable[..., SimpleUploadedFile]:
    """Return a maker of uploaded pictures of a work in progress."""

    def make(name: str = "sketch.png", **how: Any) -> SimpleUploadedFile:
        return SimpleUploadedFile(name, paint(**how))

    return make


@pytest.fixture
def appealed(decided: Callable[..., Decision], sketch: Callable[..., SimpleUploadedFile]) -> Callable[..., Appeal]:
    """Return a maker of open appeals with one picture each."""

    def make(*, files: Any = None, text: str = "I painted every hair of it.", **how: Any) -> Appeal:
        decision = decided(**how)
        assert decision.artist is not None
        services.file_appeal(
            decision=decision,
            artist=decision.artist,
            text=text,
            link="https://videos.example/timelapse",
            files=[sketch()] if files is None else files,
        )
        return Appeal.objects.select_related("decision", "case__artwork").get(decision=decision)

    return make


@pytest.fixture
def answer(senior: Any) -> Callable[..., Decision]:
    """Return what answers an appeal: ``answer(appeal, "overturned")``."""

    def give(
        appeal: Appeal, outcome: str, *, reply: str = "The layers show it grow. Sorry.", by: Any = None
    ) -> Decision:
        case = Case.objects.get(pk=appeal.case_id)
        return services.decide_appeal(
            appeal=appeal, decider=by or senior, outcome=outcome, reply=reply, version=case.version
        )

    return give
