"""What is kept for how long, and what goes when an artist goes. The log is not touched: it holds none of their words.

    retain()         what is past its time: appeals' files, addresses of notices, what is left of withdrawn works
    forget_artist()  everything that an artist said or sent, and what was read out of their files
    export_artist()  all of it, before

What stays: that a work with this digest was screened, by which detector, under which policy, with which score; what a
person decided and why (the statement of reasons must stay answerable); the log and its chain. None of it names the
artist once the host has made their account nameless.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from moderation.conf import settings
from moderation.errors import NotAllowed
from moderation.models import (
    Appeal,
    AppealFile,
    Artwork,
    Decision,
    Fingerprint,
    Notice,
    NoticeState,
    Question,
    Saliency,
    Screening,
    ShadowScore,
    Standing,
    Thumbnail,
    TrainingConsent,
)
from moderation.services import appeal_files, events

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.db.models import QuerySet

GONE = "–"
"""Stands where a text was that may not be empty."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of each kind were (or would be) emptied or deleted."""

    appeal_files: int = 0
    addresses: int = 0
    works: int = 0
    pictures: int = 0
    answers: int = 0
    appeals: int = 0


def retain(*, dry_run: bool = False) -> Counts:
    """Delete what is past its time (``APPEAL_FILE_DAYS``, ``ADDRESS_DAYS``, ``WITHDRAWN_DAYS``). Idempotent."""
    now = timezone.now()
    forgotten = appeal_files.forget(dry_run=dry_run)
    notices = Notice.objects.filter(
        state=NoticeState.SENT, sent_at__lte=now - timedelta(days=settings.ADDRESS_DAYS)
    ).exclude(address="")
    works = Artwork.objects.filter(
        standing=Standing.WITHDRAWN, updated_at__lte=now - timedelta(days=settings.WITHDRAWN_DAYS)
    ).exclude(title="", file_name="")
    addresses = notices.count() if dry_run else notices.update(address="")
    emptied, pictures = _empty_works(works, dry_run=dry_run)
    return Counts(
        appeal_files=len(forgotten.files) + len(forgotten.orphans),
        addresses=addresses,
        works=emptied,
        pictures=pictures,
    )


def forget_artist(artist: AbstractBaseUser, *, dry_run: bool = False) -> Counts:
    """Empty what ``artist`` said and sent, and take their name off their works; the host has deleted its objects.

    Raises ``NotAllowed`` while an appeal of theirs is open or a work of theirs is still offered.
    """
    with transaction.atomic():
        works = Artwork.objects.select_for_update().filter(owner_id=artist.pk)
        appeals = Appeal.objects.filter(artist_id=artist.pk)
        if appeals.filter(outcome="").exists():
            raise NotAllowed(_("An appeal of this artist is open: it must be answered first."))
        if not dry_run and works.filter(is_current=True).exclude(standing=Standing.WITHDRAWN).exists():
            raise NotAllowed(_("This artist still offers works: delete them first."))
        files = list(AppealFile.objects.filter(appeal__in=appeals))
        questions = Question.objects.filter(case__artwork__in=works, answered_at__isnull=False)
        notices = _notices_to(artist).exclude(address="", problem="")
        counts = Counts(
            appeal_files=len(files),
            addresses=notices.count(),
            answers=questions.count(),
            appeals=appeals.count(),
            works=works.count(),
            pictures=Thumbnail.objects.filter(artwork__in=works).count(),
        )
        if dry_run:
            return counts
        for file in files:
            if file.deleted_at is None:
                file.storage.delete(file.file_name)
        AppealFile.objects.filter(pk__in=[file.pk for file in files]).update(
            name=GONE, summary={}, deleted_at=timezone.now()
        )
        notices.update(address="", problem="")
        questions.update(answer=GONE, link="")
        appeals.update(text=GONE, link="", artist=None)
        TrainingConsent.objects.filter(artist=artist.pk).delete()
        _empty_works(works, dry_run=False)
        Decision.objects.filter(artist_id=artist.pk).update(artist=None)
        Artwork.objects.filter(owner_id=artist.pk).update(owner=None)
        events.log("artist_forgotten", after=asdict(counts))
    return counts


def export_artist(artist: AbstractBaseUser) -> dict[str, Any]:
    """Return what is stored about ``artist``, as JSON values: works, looks, decisions, appeals, questions, mails."""
    works = Artwork.objects.filter(owner_id=artist.pk).order_by("pk")
    mine = {"artwork__owner_id": artist.pk}
    screenings = Screening.objects.filter(**mine).order_by("pk")
    shadows = ShadowScore.objects.filter(**mine).order_by("pk")
    consents = TrainingConsent.objects.filter(artist=artist.pk)
    decisions = Decision.objects.filter(artist_id=artist.pk).order_by("pk")
    appeals = Appeal.objects.filter(artist_id=artist.pk).order_by("pk")
    files = AppealFile.objects.filter(appeal__in=appeals).order_by("pk")
    return {
        "works": list(
            works.values(
                "reference",
                "title",
                "category",
                "declared_origin",
                "standing",
                "ai_label",
                "digest",
                "size",
                "created_at",
            )
        ),
        "screenings": list(
            screenings.values(
                "artwork__reference",
                "state",
                "p_ai",
                "band",
                "evidence",
                "failure_code",
                "requested_at",
                "finished_at",
            )
        ),
        "decisions": list(
            decisions.values(
                "reference",
                "artwork__reference",
                "action",
                "reason_code",
                "explanation",
                "facts",
                "decided_at",
                "undone_at",
            )
        ),
        "shadow scores": list(shadows.values("artwork__reference", "detector__name", "p_ai", "at")),
        "training": list(consents.values("allowed", "at")),
        "appeals": list(appeals.values("reference", "text", "link", "filed_at", "outcome", "reply", "decided_at")),
        "appeal files": list(
            files.values("appeal__reference", "kind", "name", "size", "digest", "sent_at", "deleted_at")
        ),
        "questions": list(
            Question.objects.filter(case__artwork__owner_id=artist.pk).values("text", "asked_at", "answer", "link")
        ),
        "mails": list(_notices_to(artist).values("state", "address", "sent_at")),
        "history": [
            {"at": event.at, "what": event.verb, "work": event.artwork.reference}
            for work in works
            for event in work.events.select_related("artwork").order_by("pk")
            if event.artwork is not None
        ],
    }


def _notices_to(artist: AbstractBaseUser) -> QuerySet[Notice]:
    about = Q(decision__artist_id=artist.pk) | Q(question__case__artwork__owner_id=artist.pk)
    return Notice.objects.filter(about).order_by("pk")


def _empty_works(works: QuerySet[Artwork], *, dry_run: bool) -> tuple[int, int]:
    """Take from ``works`` titles, small pictures, fingerprints, overlays and what was read out of their files."""
    keys = list(works.values_list("pk", flat=True))
    pictures = Thumbnail.objects.filter(artwork__in=keys)
    if dry_run:
        return len(keys), pictures.count()
    with transaction.atomic():
        deleted = pictures.delete()[0]
        Saliency.objects.filter(screening__artwork__in=keys).delete()
        Fingerprint.objects.filter(artwork__in=keys).delete()
        Screening.objects.filter(artwork__in=keys).update(evidence=[], failure_message="")
        Artwork.objects.filter(pk__in=keys).update(title="", file_name="")
    return len(keys), deleted
