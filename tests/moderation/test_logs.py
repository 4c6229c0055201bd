"""Log lines are JSON, say which work they are about, and come only when the change is safe."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from moderation import logs, services
from moderation.services import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from marketplace.models import Listing
    from moderation.models import Artwork


@pytest.fixture
def written() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return what gives the lines that the plugin has logged."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    logger = logging.getLogger("moderation")
    level, logger.level = logger.level, logging.INFO
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.django_db
def test_a_change_is_a_line_once_it_is_safe(
    written: Callable[[], list[dict[str, Any]]],
    make_listing: Callable[..., Listing],
    artwork_of: Callable[..., Artwork],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        listing = make_listing()
        assert written() == []
    reference = str(artwork_of(listing).reference)
    told = {line["message"]: line for line in written()}
    assert {"artwork_recorded", "screening_requested", "Rang"} <= set(told)
    assert {told[name]["work"] for name in ("artwork_recorded", "screening_requested", "Rang")} == {reference}
    assert told["Rang"]["task"]
    assert told["artwork_recorded"]["level"] == "INFO"


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_leaves_no_line(written: Callable[[], list[dict[str, Any]]]) -> None:
    with transaction.atomic():
        events.log("nothing_happened")
        transaction.set_rollback(True)
    assert written() == []


@pytest.mark.django_db
def test_what_goes_wrong_with_a_picture_names_the_work(
    written: Callable[[], list[dict[str, Any]]],
    make_listing: Callable[..., Listing],
    artwork_of: Callable[..., Artwork],
) -> None:
    listing = make_listing()
    listing.picture.storage.delete(listing.picture.name)
    services.screen_pending()
    warning = next(line for line in written() if line["level"] == "WARNING")
    assert warning["work"] == str(artwork_of(listing).reference)
    assert "FileNotFoundError" in warning["error"]


def test_a_line_never_fails() -> None:
    record = logging.makeLogRecord({"msg": "%s", "args": ("ünï\n",), "odd": object(), "name": "x"})
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "ünï\n"
    assert "object object" in json.loads(line)["odd"]
