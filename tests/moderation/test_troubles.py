"""What an admin is told: that works wait, a detector fails, mails do not leave, the log is not sealed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from ml.cards import ArtefactError
from moderation import services
from moderation.models import Case, Event, Notice, Screening
from moderation.selectors.troubles import troubles
from moderation.services import sealing
from tests.stubs import RedClassifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.test import Client

    from marketplace.models import Listing
    from ml.artwork import Artwork

pytestmark = pytest.mark.django_db


class BrokenClassifier(RedClassifier):
    """A detector whose file is not what its card says."""

    def score(self, artworks: Sequence[Artwork]) -> list[float]:
        """Refuse, as ``ml.runtime`` does."""
        raise ArtefactError("The model's hash is not the one on its card.")


def codes() -> list[str]:
    return [trouble.code for trouble in troubles()]


def hours_ago(hours: float) -> Any:
    return timezone.now() - timedelta(hours=hours)


def test_with_the_broker_down_uploads_go_on_and_the_site_says_so_to_admins_alone(
    client: Client,
    settings: Any,
    make_listing: Callable[..., Listing],
    admin_user: Any,
    moderator: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_listing()
    make_listing()
    Screening.objects.update(not_before=hours_ago(1))
    assert codes() == ["waiting"]
    client.force_login(moderator)
    assert "data-trouble" not in client.get(reverse("moderation:queue")).content.decode()
    client.force_login(admin_user)
    for page in ("queue", "overview"):
        text = client.get(reverse(f"moderation:{page}")).content.decode()
        assert "2 works wait to be screened" in text
        assert "uploads go on" in text
    settings.ADMINS = [("Ops", "ops@example.org")]
    with pytest.raises(CommandError, match="2 works wait"):
        call_command("troubles", "--mail")
    assert "waiting" in mail.outbox[0].subject
    services.screen_pending()  # the broker is back
    call_command("troubles")
    assert "Nothing is wrong." in capsys.readouterr().out


def test_what_is_not_due_yet_is_no_trouble(make_listing: Callable[..., Listing]) -> None:
    make_listing()
    assert codes() == []
    Screening.objects.update(not_before=timezone.now() + timedelta(minutes=1))
    assert codes() == []


def test_a_detector_that_cannot_run_costs_attempts_then_asks_a_person_and_alerts(
    make_listing: Callable[..., Listing], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    listing = make_listing()
    settings.MODERATION = {**settings.MODERATION, "CLASSIFIER": f"{__name__}.BrokenClassifier"}
    for attempt in (1, 2, 3):
        Screening.objects.update(not_before=hours_ago(1))
        with caplog.at_level(logging.ERROR, logger="moderation.services.recording"):
            caplog.clear()
            services.screen_pending()
        assert Screening.objects.get().attempts == attempt
    assert "is given up (detector" in caplog.text
    case = Case.objects.get(state="open")
    assert (case.kind, case.artwork.host_object, case.artwork.standing) == ("unscreened", listing, "held")
    assert codes() == ["machine"]
    assert "detector: 1" in troubles()[0].text
    Screening.objects.update(finished_at=hours_ago(25))
    assert codes() == []


def test_a_picture_that_is_broken_itself_is_no_trouble_of_the_machine(
    make_listing: Callable[..., Listing], paint: Callable[..., bytes]
) -> None:
    make_listing(data=paint()[:60])
    services.screen_pending()
    assert Screening.objects.get().state == "failed"
    assert codes() == []


def test_mails_that_are_given_up_are_told(make_case: Callable[..., Case], moderator: Any) -> None:
    case = make_case(score=0.95)
    decision = services.decide(
        case=case,
        decider=moderator,
        version=case.version,
        action="reject",
        reason_code="undeclared_ai",
        explanation="Three hands on one arm.",
    )
    Notice.objects.create(decision=decision, state="failed")
    assert codes() == ["notices"]


def test_a_log_that_nobody_seals_is_told(
    make_listing: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_listing()
    services.screen_pending()
    assert codes() == []
    later = timezone.now() + timedelta(hours=2)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: later)
        assert codes() == ["log"]
        sealing.seal_log()
        assert codes() == []
    assert Event.objects.exists()
