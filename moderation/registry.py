"""Which of the host's models carry artwork.

A host names them once, in its ``AppConfig.ready()``::

    register(Listing, field="picture", owner="artist", title="title", category="category",
             declared_origin="declared_origin")
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import FileField, Model
from django.db.models.signals import post_delete, post_save

from moderation.errors import NotRegistered

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.core.files.storage import Storage
    from django.db.models.fields.files import FieldFile

    from moderation.models import Artwork

Reader = str | Callable[[Any], Any] | None
"""An attribute's name (dots follow relations), or a function of the instance, or nothing."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One field of one host model, and where to read what a moderator needs to know about the work."""

    model: type[Model]
    field: str
    owner: Reader = None
    title: Reader = None
    category: Reader = None
    declared_origin: Reader = None

    @property
    def storage(self) -> Storage:
        """The storage that the host's field saves to."""
        return self._file_field().storage

    def _file_field(self) -> FileField:
        field = self.model._meta.get_field(self.field)
        if not isinstance(field, FileField):
            raise NotRegistered(f"{self.model._meta.label}.{self.field} is not a file field.")
        return field

    def file_of(self, instance: Model) -> FieldFile:
        """Return the instance's file (falsy when it has none)."""
        file: FieldFile = getattr(instance, self.field)
        return file

    def owner_of(self, instance: Model) -> AbstractBaseUser | None:
        """Return the artist, or ``None`` where the host has no such notion."""
        owner: AbstractBaseUser | None = _read(instance, self.owner)
        return owner

    def text_of(self, instance: Model, reader: Reader, *, limit: int) -> str:
        """Return ``reader``'s value as text of at most ``limit`` characters."""
        value = _read(instance, reader)
        return "" if value is None else str(value)[:limit]


def _read(instance: Model, reader: Reader) -> Any:
    if reader is None:
        return None
    if callable(reader):
        return reader(instance)
    value: Any = instance
    for name in reader.split("."):
        value = getattr(value, name)
        if value is None:
            return None
    return value


_registrations: dict[tuple[type[Model], str], Registration] = {}


def register(
    model: type[Model],
    *,
    field: str,
    owner: Reader = None,
    title: Reader = None,
    category: Reader = None,
    declared_origin: Reader = None,
) -> Registration:
    """Name a file field whose pictures are to be screened.

    From then on each saved instance asks for a screening (``receivers.py``). Registering the same field again
    replaces the earlier registration. A field that cannot work is reported by ``manage.py check``.
    """
    from moderation import receivers  # it needs the models, which are not loaded when this module is

    registration = Registration(model, field, owner, title, category, declared_origin)
    _registrations[model, field] = registration
    uid = f"moderation:{model._meta.label_lower}"
    post_save.connect(receivers.artwork_saved, sender=model, dispatch_uid=uid)
    post_delete.connect(receivers.artwork_deleted, sender=model, dispatch_uid=uid)
    return registration


def registrations() -> list[Registration]:
    """Return all registrations, in the order in which they were made."""
    return list(_registrations.values())


def registrations_of(model: type[Model]) -> list[Registration]:
    """Return the registered fields of ``model`` (proxies and parents count)."""
    return [entry for entry in _registrations.values() if issubclass(model, entry.model)]


def registration_of(model: type[Model], field: str | None = None) -> Registration:
    """Return the registration of ``model.field``; without ``field`` the model must have just one.

    Raises ``NotRegistered``.
    """
    found = [entry for entry in registrations_of(model) if field in (None, entry.field)]
    if len(found) != 1:
        wanted = f"{model._meta.label}.{field}" if field else model._meta.label
        known = ", ".join(f"{entry.model._meta.label}.{entry.field}" for entry in _registrations.values())
        raise NotRegistered(
            f"{wanted} names {len(found)} registered artwork fields, not one. Registered: {known or 'nothing'}."
        )
    return found[0]


def registration_of_artwork(artwork: Artwork) -> Registration:
    """Return the registration under which ``artwork`` was recorded. Raises ``NotRegistered``."""
    content_type = ContentType.objects.get_for_id(artwork.content_type_id)
    try:
        model = apps.get_model(content_type.app_label, content_type.model)
    except LookupError as error:
        raise NotRegistered(f"The model {content_type} of this artwork is not installed any more.") from error
    return registration_of(model, artwork.field)


def key_of(instance: Model) -> str:
    """Return the instance's primary key as ``Artwork.object_pk`` stores it.

    A UUID is stored without hyphens, because databases without a UUID type (SQLite) compare it in that form.
    """
    return instance.pk.hex if isinstance(instance.pk, uuid.UUID) else str(instance.pk)
