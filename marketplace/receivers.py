"""What follows when a listing goes, whoever deleted it (the artist, the admin, the end of an account)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from marketplace.services import delete_files

if TYPE_CHECKING:
    from marketplace.models import Listing


def listing_deleted(sender: type[Listing], instance: Listing, **kwargs: Any) -> None:
    """Delete the listing's files after the commit; a deletion that is rolled back keeps them."""
    transaction.on_commit(partial(delete_files, instance.picture_folder), robust=True)
