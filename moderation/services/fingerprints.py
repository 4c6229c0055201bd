"""Remembering what an artwork looks like, so that a later copy of it is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moderation.evidence.seen_before import MEMO
from moderation.models import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from moderation.models import Artwork


def keep(artwork: Artwork, memo: Mapping[str, Any]) -> None:
    """Store the hashes that the reader left in a look's ``memo``, if it is switched on."""
    hashes = memo.get(MEMO)
    if hashes is not None:
        Fingerprint.objects.update_or_create(artwork=artwork, defaults={"phash": hashes.phash, "dhash": hashes.dhash})
