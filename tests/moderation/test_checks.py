"""Each misconfiguration is seen by ``manage.py check``, under its own id."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from moderation import checks, registry
from moderation.registry import Registration


def ids(messages: Any) -> set[str]:
    return {message.id for message in messages}


def test_the_example_site_is_clean() -> None:
    assert [message for message in run_checks() if str(message.id).startswith("moderation")] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"DETECTR": "x"}, {"moderation.E001"}),
        ({"BATCH_SIZE": 0}, {"moderation.E002"}),
        ({"LEASE_SECONDS": 100}, {"moderation.E002"}),
        ({"MAX_ATTEMPTS": "3"}, {"moderation.E002"}),
        ({"CLASSIFIER": "nowhere.Classifier"}, {"moderation.E003"}),
        ({"EVIDENCE": ["nowhere.Reader"]}, {"moderation.E003"}),
    ],
)
def test_settings(settings: Any, given: dict[str, Any], expected: set[str]) -> None:
    settings.MODERATION = given
    assert ids(checks.check_settings()) == expected


def test_a_detector_that_is_not_there(settings: Any) -> None:
    settings.MODERATION = {"DETECTOR": "resnet_9000"}
    assert ids(checks.check_detector()) == {"moderation.E004"}


def test_registrations(monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.models import Listing

    monkeypatch.setattr(registry, "_registrations", {})
    assert ids(checks.check_registrations()) == {"moderation.W001"}
    monkeypatch.setattr(registry, "_registrations", {1: Registration(Listing, "title")})
    assert ids(checks.check_registrations()) == {"moderation.E005"}
    monkeypatch.setattr(registry, "_registrations", {1: Registration(Listing, "no_such_field")})
    assert ids(checks.check_registrations()) == {"moderation.E005"}


def test_a_storage_that_overwrites(monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.models import Listing

    storage = Listing._meta.get_field("picture").storage
    monkeypatch.setattr(storage, "file_overwrite", True, raising=False)
    assert ids(checks.check_registrations()) == {"moderation.W002"}


def test_a_site_without_a_sweeper(settings: Any) -> None:
    settings.CELERY_BEAT_SCHEDULE = {}
    assert ids(checks.check_beat()) == {"moderation.W004"}


def test_content_credentials(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("moderation.checks.util.find_spec", lambda name: None)
    settings.MODERATION = {"C2PA_TRUST_ANCHORS": str(tmp_path / "roots.pem")}
    assert ids(checks.check_content_credentials()) == {"moderation.W005", "moderation.E006"}
