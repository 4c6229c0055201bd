"""A file was saved: record its bytes and put a pending row in the host's own transaction."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import Exists, Model, OuterRef
from django.utils.translation import gettext_noop as _

from moderation import registry
from moderation.errors import NothingToScreen
from moderation.models import Artwork, Screening, ScreeningState, Standing
from moderation.models.artwork import DECIDED, DeclaredOrigin
from moderation.models.screening import OPEN_STATES, Purpose
from moderation.saying import say
from moderation.services import detectors, events, outcomes, policies, queueing

if TYPE_CHECKING:
    from django.core.files import File
    from django.db.models import QuerySet
    from django.db.models.fields.files import FieldFile

    from moderation.registry import Registration

logger = logging.getLogger(__name__)
CHUNK = 1024 * 1024


def request_screening(instance: Model, *, field: str | None = None, reread: bool = False) -> Artwork:
    """Record the instance's picture and queue it, in the caller's transaction. Idempotent.

    The same bytes with the same declaration are queued once. Bytes that a person decided on keep that decision.
    ``reread=True`` reads the file again even if its name is known (for a host that overwrites files in place).
    Raises ``NotRegistered`` or ``NothingToScreen``; never fails because of the broker or an unreadable file.
    """
    registration = registry.registration_of(type(instance), field)
    file = registration.file_of(instance)
    if not file:
        raise NothingToScreen(f"{instance!r} has no file in {registration.field!r}.")
    with transaction.atomic():
        artwork, is_new_file = _record(registration, instance, file, reread=reread)
        if not artwork.is_decided:
            _queue(artwork, purpose=Purpose.UPLOAD, retry_failed=is_new_file)
    return artwork


def withdraw(instance: Model, *, field: str | None = None) -> None:
    """Close what is open about a picture that the host deletes, alone or with its object. Decisions and the log stay.

    A second run finds nothing left to withdraw.
    """
    registration = registry.registration_of(type(instance), field)
    with transaction.atomic():
        for artwork in _artworks_of(registration, instance).exclude(standing=Standing.WITHDRAWN):
            outcomes.withdraw(artwork, reason=say(_("The host deleted the object.")))


def rescreen(*, limit: int | None = None) -> int:
    """Queue a new look at current artworks that no person decided and that detector and policy have not judged.

    Returns how many were queued. They wait behind uploads. A person's decision is never touched.
    """
    judged = Screening.objects.filter(
        artwork=OuterRef("pk"),
        detector__in=detectors.line_up().acting,
        policy=policies.current_policy(),
        declared_origin=OuterRef("declared_origin"),
        state=ScreeningState.DONE,
    )
    open_ones = Screening.objects.filter(artwork=OuterRef("pk"), state__in=OPEN_STATES)
    todo = (
        Artwork.objects.filter(~Exists(judged), ~Exists(open_ones), is_current=True)
        .exclude(standing__in=(*DECIDED, Standing.WITHDRAWN))
        .order_by("pk")
    )
    keys = list(todo.values_list("pk", flat=True)[:limit])
    for artwork in Artwork.objects.filter(pk__in=keys).order_by("pk").iterator(chunk_size=500):
        with transaction.atomic():
            queueing.enqueue(artwork, purpose=Purpose.RESCREEN)
    return len(keys)


def _artworks_of(registration: Registration, instance: Model) -> QuerySet[Artwork]:
    """Return all recorded versions of the instance's picture, locked where the database can."""
    return Artwork.objects.select_for_update().filter(
        content_type=ContentType.objects.get_for_model(registration.model),
        object_pk=registry.key_of(instance),
        field=registration.field,
    )


def _record(registration: Registration, instance: Model, file: FieldFile, *, reread: bool) -> tuple[Artwork, bool]:
    """Return the current artwork for the instance's file, and whether the file is one not seen under this name."""
    about = _about(registration, instance)
    current = _artworks_of(registration, instance).filter(is_current=True).first()
    if current is not None and current.file_name == file.name and not reread:
        return _update_about(current, about), False
    digest, size = _digest_of(file)
    try:
        with transaction.atomic():
            return _make_current(registration, instance, str(file.name), digest, size, about), True
    except IntegrityError:
        # Another request recorded the same object between our look and our write: take what it wrote.
        current = _artworks_of(registration, instance).get(is_current=True)
        return _update_about(current, about), False


def _about(registration: Registration, instance: Model) -> dict[str, object]:
    origin = registration.text_of(instance, registration.declared_origin, limit=16)
    return {
        "owner": registration.owner_of(instance),
        "title": registration.text_of(instance, registration.title, limit=200),
        "category": registration.text_of(instance, registration.category, limit=64),
        "declared_origin": origin if origin in DeclaredOrigin.values else DeclaredOrigin.UNSTATED,
    }


def _update_about(artwork: Artwork, about: dict[str, object]) -> Artwork:
    changed = [name for name, value in about.items() if getattr(artwork, name) != value]
    if changed:
        before = {name: _told(name, getattr(artwork, name)) for name in changed}
        for name in changed:
            setattr(artwork, name, about[name])
        artwork.save(update_fields=[*changed, "updated_at"])
        after = {name: _told(name, about[name]) for name in changed}
        events.log("artwork_described", artwork=artwork, before=before, after=after)
        if "declared_origin" in before:
            policy = policies.current_policy().within(artwork.category)
            outcomes.redeclare(artwork, before=str(before["declared_origin"]), policy=policy)
    return artwork


def _told(name: str, value: object) -> object:
    """Return the value as the log may keep it: of a title, the artist's own words, only that there is one; of a user
    the key, which is any type that the host likes.
    """
    if name == "title":
        return bool(value)
    if isinstance(value, Model):
        return value.pk if isinstance(value.pk, int) else str(value.pk)
    return value if value is None else str(value)


def _make_current(
    registration: Registration,
    instance: Model,
    file_name: str,
    digest: str,
    size: int,
    about: dict[str, object],
) -> Artwork:
    versions = _artworks_of(registration, instance)
    known = versions.filter(digest=digest).first() if digest else None
    for older in versions.filter(is_current=True):
        if known is None or older.pk != known.pk:
            outcomes.supersede(older)
    if known is None:
        policy = policies.current_policy().within(str(about["category"]))
        artwork = Artwork.objects.create(
            content_type=ContentType.objects.get_for_model(registration.model),
            object_pk=registry.key_of(instance),
            field=registration.field,
            file_name=file_name,
            digest=digest,
            size=size,
            is_visible=policy.show_while_waiting,
            **about,
        )
        events.log("artwork_recorded", artwork=artwork, after={"digest": digest})
        return artwork
    known.file_name = file_name
    known.is_current = True
    known.save(update_fields=["file_name", "is_current", "updated_at"])
    events.log("artwork_current_again", artwork=known, after={"digest": digest})
    outcomes.revive(known)
    return _update_about(known, about)


def _digest_of(file: FieldFile) -> tuple[str, int]:
    """Return SHA-256 and size of the file; an empty digest when it cannot be read now (the worker will try).

    An upload that is still open is read where it is; otherwise the storage is asked.
    """
    try:
        if not file.closed:
            file.seek(0)
            digest = _digest(file)
            file.seek(0)
            return digest
        with file.storage.open(str(file.name), "rb") as stored:
            return _digest(stored)
    except OSError as error:
        logger.warning("%s could not be read when it was saved: %s", file.name, error)
        return "", 0


def _digest(file: File[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _queue(artwork: Artwork, *, purpose: Purpose, retry_failed: bool) -> None:
    """Queue ``artwork`` unless a look with its present declaration is under way or done."""
    latest = artwork.screenings.select_for_update().order_by("-pk").first()
    if latest is not None and latest.state == ScreeningState.PENDING:
        if latest.declared_origin != artwork.declared_origin:
            latest.declared_origin = artwork.declared_origin
            latest.save(update_fields=["declared_origin"])
        return
    if latest is not None and latest.state == ScreeningState.RUNNING:
        return  # if the declaration changed meanwhile, the worker queues once more when it records the result
    done_before = (
        latest is not None
        and latest.state != ScreeningState.CANCELLED
        and latest.declared_origin == artwork.declared_origin
    )
    if done_before and not (retry_failed and latest and latest.state == ScreeningState.FAILED):
        return
    queueing.enqueue(artwork, purpose=purpose)
