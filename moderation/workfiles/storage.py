"""Where artists' working files are kept: a storage of their own that no address serves.

A host names it in its settings, apart from its uploads::

    STORAGES = {
        ...,
        "moderation-private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": "/srv/site/private", "base_url": None},
        },
    }

On S3 it is a bucket (or a ``location``) that is not public. The files leave through ``moderation:appeal_file``
alone, which asks who may have them. Without the alias an appeal takes text and a link, and no files: a private file
is never put where it might be served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.files.storage import InvalidStorageError, storages

from moderation.conf import settings
from moderation.errors import NoPrivateStorage

if TYPE_CHECKING:
    from django.core.files.storage import Storage


def private_storage() -> Storage:
    """Return the storage named by ``MODERATION["PRIVATE_STORAGE"]``. Raises ``NoPrivateStorage``."""
    alias: str = settings.PRIVATE_STORAGE
    try:
        return storages[alias]
    except InvalidStorageError as error:
        raise NoPrivateStorage(f"STORAGES has no usable entry {alias!r}.") from error


def has_private_storage() -> bool:
    """Whether files can be kept privately here."""
    try:
        private_storage()
    except NoPrivateStorage:
        return False
    return True
