"""The files of appeals: read once for the moderator's summary, and deleted when their time is over."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from moderation.conf import settings
from moderation.errors import NoPrivateStorage
from moderation.models import Appeal, AppealFile, SummaryState
from moderation.services import events
from moderation.workfiles.storage import private_storage
from moderation.workfiles.summary import Unreadable

if TYPE_CHECKING:
    from django.core.files.storage import Storage
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

FOLDER = "appeals"
TRIES = 2
"""A file that ends its worker twice is not opened a third time."""
_PAUSE = timedelta(minutes=2)
_ORPHAN_AFTER = timedelta(days=1)


def _due() -> QuerySet[AppealFile]:
    return AppealFile.objects.filter(
        summary_state=SummaryState.PENDING, deleted_at__isnull=True, next_try_at__lte=timezone.now()
    )


def has_pending() -> bool:
    """Whether any file waits to be read now."""
    return _due().exists()


def read_next() -> bool:
    """Claim one file, read it, keep what it tells; say whether there was one. The attempt is counted first."""
    for pk, attempts in list(_due().order_by("pk").values_list("pk", "attempts")[:10]):
        won = AppealFile.objects.filter(
            pk=pk, attempts=attempts, summary_state=SummaryState.PENDING, next_try_at__lte=timezone.now()
        ).update(attempts=F("attempts") + 1, next_try_at=timezone.now() + _PAUSE)
        if won:
            file = AppealFile.objects.get(pk=pk)
            if file.attempts > TRIES:
                _end(file, SummaryState.FAILED, {"problem": "took_too_long"})
            else:
                _read(file)
            return True
    return False


def _read(file: AppealFile) -> None:
    from moderation.workfiles.summaries import summarise  # Pillow, psd-tools: wanted in a worker alone

    try:
        with file.storage.open(file.file_name, "rb") as opened:
            summary = summarise(opened, file.kind)
    except Unreadable as error:
        _end(file, SummaryState.FAILED, {"problem": error.code})
    except SoftTimeLimitExceeded:
        _end(file, SummaryState.FAILED, {"problem": "took_too_long"})
    except FileNotFoundError:
        _end(file, SummaryState.FAILED, {"problem": "gone"})
    except Exception:
        # A crash barrier: the file is hostile until proven otherwise, and the storage has errors of its own. It is
        # tried once more, then the moderator reads that it could not be read.
        logger.warning("Appeal file %s could not be read", file.reference, exc_info=True)
        if file.attempts >= TRIES:
            _end(file, SummaryState.FAILED, {"problem": "damaged"})
    else:
        _end(file, SummaryState.DONE, summary.as_dict())


def _end(file: AppealFile, state: SummaryState, summary: dict[str, Any]) -> None:
    AppealFile.objects.filter(pk=file.pk).update(summary_state=state, summary=summary)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a retention run deleted, or would delete: files past their time, and files that no appeal knows."""

    files: list[AppealFile]
    orphans: list[str]


def forget(*, dry_run: bool = False) -> Forgotten:
    """Delete files of appeals answered more than ``APPEAL_FILE_DAYS`` ago; their rows stay as a record.

    Files in the storage that no appeal knows (a request that died half-way) go after a day. With ``dry_run`` nothing
    is deleted.
    """
    before = timezone.now() - timedelta(days=settings.APPEAL_FILE_DAYS)
    due = AppealFile.objects.filter(deleted_at__isnull=True, appeal__decided_at__lte=before)
    files = list(due.select_related("appeal__case__artwork").order_by("pk"))
    try:
        storage = private_storage()
    except NoPrivateStorage:
        return Forgotten([], [])
    orphans = _orphans(storage)
    if not dry_run:
        for file in files:
            storage.delete(file.file_name)  # first the bytes: a row that says "deleted" must be true
            with transaction.atomic():
                AppealFile.objects.filter(pk=file.pk).update(deleted_at=timezone.now(), summary={})
                events.log(
                    "appeal_file_deleted",
                    artwork=file.appeal.case.artwork,
                    case=file.appeal.case,
                    after={"kind": file.kind, "digest": file.digest},
                )
        for name in orphans:
            storage.delete(name)
    return Forgotten(files, orphans)


def _orphans(storage: Storage) -> list[str]:
    try:
        folders, _files = storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    known = {reference.hex for reference in Appeal.objects.values_list("reference", flat=True)}
    before = timezone.now() - _ORPHAN_AFTER
    found = []
    for folder in sorted(set(folders) - known):
        if not _is_reference(folder):
            continue
        for name in storage.listdir(f"{FOLDER}/{folder}")[1]:
            path = f"{FOLDER}/{folder}/{name}"
            if storage.get_modified_time(path) < before:
                found.append(path)
    return found


def _is_reference(folder: str) -> bool:
    try:
        return UUID(hex=folder).hex == folder
    except ValueError:
        return False
