"""What a misconfigured hearing would cost artists is seen beforehand."""

from __future__ import annotations

from typing import Any

from django.core.checks import run_checks


def found(*, deploy: bool = False) -> set[str]:
    messages = run_checks(include_deployment_checks=deploy)
    return {str(message.id) for message in messages if str(message.id).startswith("moderation")}


def test_a_whole_configuration_is_clean() -> None:
    assert found(deploy=True) == set()


def test_without_a_private_storage(settings: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "PRIVATE_STORAGE": "nowhere"}
    assert found() == {"moderation.W010"}


def test_without_the_sites_address(settings: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "SITE_URL": ""}
    assert found() == set()
    assert found(deploy=True) == {"moderation.W011"}


def test_without_the_notices_beat(settings: Any) -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE
    settings.CELERY_BEAT_SCHEDULE = {name: entry for name, entry in schedule.items() if "notices" not in name}
    assert found() == {"moderation.W012"}


def test_a_language_function_that_does_not_import(settings: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "LANGUAGE_OF": "nowhere.at.all", "NOTICE_ATTEMPTS": 0}
    assert found() == {"moderation.E002", "moderation.E003"}
