"""Fetching an artwork's bytes from the host's storage, bounded, and making sure that they are the bytes meant."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from moderation.conf import settings
from moderation.errors import NotRegistered
from moderation.evidence.looking import FileProblem
from moderation.saying import say
from moderation.timing import timed

if TYPE_CHECKING:
    from moderation.models import Artwork

logger = logging.getLogger(__name__)


@timed("read")
def read_artwork_file(artwork: Artwork) -> bytes:
    """Return the file's bytes.

    Raises ``FileProblem``: final when the file is too large or no longer what was recorded, to be tried again when
    the storage does not give it.
    """
    try:
        with artwork.storage.open(artwork.file_name, "rb") as file:
            data: bytes = file.read(settings.MAX_BYTES + 1)
    except NotRegistered as error:
        logger.warning("%s", error)
        message = say(_("The site does not tell any more where this picture is kept."))
        raise FileProblem("not_registered", message, final=False) from error
    except Exception as error:
        # A crash barrier: every storage has exceptions of its own (botocore's, the file system's, a host's), and
        # none of them may stop the batch. The row is tried again, then a person looks.
        logger.warning("The storage does not give %s", artwork.file_name, exc_info=True)
        message = say(_("The file could not be read from the storage ({error})."), error=type(error).__name__)
        raise FileProblem("storage", message, final=False) from error
    if len(data) > settings.MAX_BYTES:
        raise FileProblem("too_large", say(_("The file is larger than the site's limit.")), final=True)
    _check_digest(artwork, data)
    return data


def _check_digest(artwork: Artwork, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if artwork.digest == digest:
        return
    if artwork.digest:
        message = say(_("The file in the storage is not the one that was uploaded: its contents changed."))
        raise FileProblem("changed", message, final=True)
    artwork.digest, artwork.size = digest, len(data)
    try:
        with transaction.atomic():
            artwork.save(update_fields=["digest", "size", "updated_at"])
    except IntegrityError as error:
        message = say(_("The same picture was uploaded for this work before."))
        raise FileProblem("duplicate_version", message, final=True) from error
