"""An artist takes their data along, and leaves: nothing of theirs stays, and the log's chain holds as before."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from moderation import services
from moderation.models import Appeal, AppealFile, Artwork, Case, Decision, Notice, Thumbnail
from moderation.services import sealing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.contrib.auth.models import User
    from django.test import Client

    from marketplace.models import Listing

SECRETS = ("Ottilie", "artist@example.org", "'artist'", "my-studio", "hog bristle")


@pytest.fixture
def life(
    make_case: Callable[..., Case],
    make_listing: Callable[..., Listing],
    paint: Callable[..., bytes],
    moderator: User,
    senior: User,
    artist: User,
    settings: Any,
    tmp_path: Path,
) -> dict[str, Any]:
    """An artist with a public work, a question answered, a rejection, its notice, and an open appeal with a file."""
    private = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "private"), "base_url": None},
    }
    settings.STORAGES = {**settings.STORAGES, "moderation-private": private}
    make_listing(title="Ottilie by the sea", description="Painted for Ottilie")
    case = make_case(score=0.95, title="Ottilie asleep")
    claimed = services.claim_case(case=case, moderator=moderator)
    question = services.ask_artist(case=claimed, moderator=moderator, text="How was it made?", version=claimed.version)
    services.answer_question(
        question=question, artist=artist, answer="With hog bristle", link="https://my-studio.example"
    )
    case.refresh_from_db()
    decision = services.decide(
        case=case,
        decider=moderator,
        version=case.version,
        action="reject",
        reason_code="undeclared_ai",
        explanation="Three hands on one arm.",
    )
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(seconds=1))
    assert services.send_notices() == 1
    services.file_appeal(
        decision=Decision.objects.get(pk=decision.pk),
        artist=artist,
        text="Ottilie sat for it.",
        link="https://my-studio.example/ottilie",
        files=[SimpleUploadedFile("Ottilie sketch.png", paint(0.3))],
    )
    sealing.seal_log()
    return {"decision": decision, "head": str(sealing.head()), "senior": senior}


def answer_appeal(life: dict[str, Any]) -> None:
    appeal = Appeal.objects.get()
    services.decide_appeal(
        appeal=appeal,
        decider=life["senior"],
        outcome="upheld",
        reply="The hands stay.",
        version=Case.objects.get(pk=appeal.case_id).version,
    )


def everything() -> str:
    """Return every value of every row of every table of ours, and of the accounts."""
    text = []
    for model in apps.get_models():
        if model._meta.app_label in ("moderation", "marketplace", "auth"):
            rows = model._default_manager.values_list(*[field.attname for field in model._meta.concrete_fields])
            text += [repr(row) for row in rows]
    return "\n".join(text)


def test_an_artist_takes_their_data_along(life: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("export_artist", "artist")
    told = json.loads(capsys.readouterr().out)
    assert told["account"]["email"] == "artist@example.org"
    assert {listing["title"] for listing in told["listings"]} == {"Ottilie by the sea", "Ottilie asleep"}
    of_us = told["moderation"]
    assert [work["title"] for work in of_us["works"]] == ["Ottilie by the sea", "Ottilie asleep"]
    assert of_us["decisions"][0]["explanation"] == "Three hands on one arm."
    assert of_us["appeals"][0]["text"] == "Ottilie sat for it."
    assert of_us["appeal files"][0]["name"] == "Ottilie sketch.png"
    assert of_us["questions"][0]["answer"] == "With hog bristle"
    assert of_us["mails"][0]["address"] == "artist@example.org"
    assert {"artwork_recorded", "appeal_filed"} <= {line["what"] for line in of_us["history"]}
    assert "moderator" not in json.dumps(told)  # who decided is not the artist's data
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("export_artist", "nobody")


def test_an_artist_leaves_and_nothing_of_theirs_stays(
    life: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    media: Path,
    client: Client,
    moderator: User,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with pytest.raises(CommandError, match="must be answered first"):
        call_command("forget_artist", "artist")
    answer_appeal(life)
    before = everything()
    assert all(secret in before for secret in SECRETS)
    call_command("forget_artist", "artist", "--dry-run")
    assert "Would go: 2 listings; 1 appeal files, 1 addresses, 2 works" in capsys.readouterr().out
    assert everything() == before

    assert list(media.rglob("*.png"))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("forget_artist", "artist")
    after = everything()
    assert [secret for secret in SECRETS if secret in after] == []
    assert not list((tmp_path / "private").rglob("*.png"))
    assert not Thumbnail.objects.exists()
    assert not list(media.rglob("*.png"))
    assert client.login(username="artist", password="brush") is False

    # The record of what was decided, and why, stays; and the chain over the log with it.
    decision = Decision.objects.get(pk=life["decision"].pk)
    assert (decision.artist, decision.action, decision.explanation) == (None, "reject", "Three hands on one arm.")
    assert AppealFile.objects.get().digest
    sealing.seal_log()
    call_command("verify_log", "--head", life["head"])
    client.force_login(moderator)
    for case in Case.objects.all():
        assert client.get(case.get_absolute_url()).status_code == 200
    for work in Artwork.objects.all():
        assert client.get(work.get_absolute_url()).status_code == 200
        assert client.get(reverse("moderation:artwork_file", args=[work.reference])).status_code == 404


def test_what_is_past_its_time_goes_and_can_be_looked_at_before(
    life: dict[str, Any], make_listing: Callable[..., Listing], capsys: pytest.CaptureFixture[str]
) -> None:
    answer_appeal(life)
    make_listing(title="Ottilie kept").delete()
    services.screen_pending()

    def run(*options: str) -> str:
        call_command("retention", *options)
        return capsys.readouterr().out

    assert run("--dry-run") == "Would go: nothing.\n"
    long_ago = timezone.now() - timedelta(days=366)
    Notice.objects.update(sent_at=long_ago)
    Appeal.objects.update(decided_at=long_ago)
    Artwork.objects.filter(standing="withdrawn").update(updated_at=long_ago)
    before = everything()
    assert run("--dry-run") == "Would go: 1 appeal files, 1 addresses, 1 works.\n"
    assert everything() == before
    assert run() == "Gone: 1 appeal files, 1 addresses, 1 works.\n"
    assert Artwork.objects.get(standing="withdrawn").title == ""
    assert Artwork.objects.filter(title="Ottilie asleep").exists()  # still offered: it keeps its name
    assert Notice.objects.get(decision=life["decision"]).address == ""
    assert run() == "Gone: nothing.\n"
    sealing.seal_log()
    call_command("verify_log", "--head", life["head"])
