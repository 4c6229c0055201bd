"""The verbs of the marketplace. Each is one transaction; the screening's row is written inside it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from django.core.files.storage import storages
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from marketplace.models import Listing, Reader
from moderation import selectors as moderation
from moderation.models.artwork import RESTRICTED
from moderation.services import retention

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal
    from uuid import UUID

    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import UploadedFile

    from ml.probe import Header
    from moderation.models import Artwork

logger = logging.getLogger(__name__)

SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "AVIF": ".avif", "HEIF": ".heic"}


class Details(TypedDict):
    """What the artist says about a work."""

    title: str
    description: str
    category: str
    price: Decimal
    currency: str
    declared_origin: str


def publish_listing(
    *, artist: User, submission: UUID, picture: UploadedFile[bytes], header: Header, **details: Unpack[Details]
) -> Listing:
    """Offer a work. Saving it asks for its screening; the public sees it once the moderation app says so.

    ``submission`` names the form that was filled in: sent twice (a double click, a retry after a lost answer), it
    returns the listing that the first one made.
    """
    existing = Listing.objects.filter(artist=artist, submission=submission).first()
    if existing is not None:
        return existing
    listing = Listing(artist=artist, submission=submission, **details)
    _put_picture(listing, picture, header)
    try:
        with transaction.atomic():
            listing.save()
    except DatabaseError as error:
        delete_files(listing.picture_folder)  # the file was stored, its row was not
        twin = None
        if isinstance(error, IntegrityError):  # the twin of this very request may have come first
            twin = Listing.objects.filter(artist=artist, submission=submission).first()
        if twin is None:
            raise
        return twin
    return listing


@transaction.atomic
def revise_listing(
    *, listing: Listing, picture: UploadedFile[bytes] | None, header: Header | None, **details: Unpack[Details]
) -> Listing:
    """Change what a listing says and, if ``picture`` is given, what it shows.

    New bytes are screened anew. The earlier file stays in the storage: the public goes on seeing it where it was
    approved, and a decision made on it must still be able to show it.
    """
    for name, value in details.items():
        setattr(listing, name, value)
    if picture is not None and header is not None:
        _put_picture(listing, picture, header)
    listing.save()
    return listing


@dataclass(slots=True)
class Series:
    """What became of the works of a series: marked anew, marked so already, or left alone under a decision."""

    marked: list[Listing] = field(default_factory=list)
    same: list[Listing] = field(default_factory=list)
    left: list[tuple[Listing, Artwork]] = field(default_factory=list)


def declare_series(*, artist: User, works: Collection[UUID], declared_origin: str) -> Series:
    """Declare for several of the artist's works at once how they were made.

    Each work is saved as it is when it is edited alone, so its screening follows the new declaration. A work that a
    person restricted keeps the declaration that the decision was made on: it can be appealed, not edited away.
    Other people's works are passed over.
    """
    series = Series()
    listings = list(Listing.objects.filter(artist=artist, public_id__in=works).select_related("artist"))
    artworks = moderation.current_artworks(listings)
    for listing in listings:
        artwork = artworks.get(listing.pk)
        if artwork is not None and artwork.standing in RESTRICTED:
            series.left.append((listing, artwork))
        elif listing.declared_origin == declared_origin:
            series.same.append(listing)
        else:
            listing.declared_origin = declared_origin
            with transaction.atomic():
                listing.save(update_fields=["declared_origin", "changed_at"])
            series.marked.append(listing)
    return series


def withdraw_listing(*, listing: Listing) -> None:
    """Take a work off the walls; the artist may put it back. Withdrawing twice keeps the first date."""
    if listing.withdrawn_at is None:
        listing.withdrawn_at = timezone.now()
        listing.save(update_fields=["withdrawn_at", "changed_at"])


def relist_listing(*, listing: Listing) -> None:
    """Put a withdrawn work back on the walls (the moderation app still decides whether it is seen)."""
    if listing.withdrawn_at is not None:
        listing.withdrawn_at = None
        listing.save(update_fields=["withdrawn_at", "changed_at"])


@transaction.atomic
def delete_listing(*, listing: Listing) -> None:
    """Delete a work; its files follow once the deletion is certain (``receivers.py``)."""
    listing.delete()


def remember_reader(*, user: User, language: str, time_zone: str) -> None:
    """Remember in which language and zone ``user`` reads. An empty zone is not known: the one before stays."""
    known = {"language": language, **({"time_zone": time_zone} if time_zone else {})}
    Reader.objects.update_or_create(user=user, defaults=known)


def export_artist(*, artist: User) -> dict[str, Any]:
    """Return what is stored about ``artist``, as JSON values."""
    return {
        "account": {
            "name": artist.username,
            "email": artist.email,
            "joined": artist.date_joined,
            "last sign-in": artist.last_login,
        },
        "listings": list(
            Listing.objects.filter(artist=artist)
            .order_by("pk")
            .values(
                "public_id", "title", "description", "category", "price", "currency", "declared_origin", "created_at"
            )
        ),
        "moderation": retention.export_artist(artist),
    }


def forget_artist(*, artist: User, dry_run: bool = False) -> tuple[int, retention.Counts]:
    """Delete an artist's works and words; return how many listings went, and what else.

    The account stays as a number, because decisions and the log point at it: without a name, an address, or a way in.
    Raises ``NotAllowed`` while an appeal of theirs is open.
    """
    with transaction.atomic():
        listings = Listing.objects.filter(artist=artist)
        number = listings.count()
        if dry_run:
            return number, retention.forget_artist(artist, dry_run=True)
        for listing in listings:
            listing.delete()
        counts = retention.forget_artist(artist)
        artist.username, artist.email, artist.first_name, artist.last_name = f"forgotten-{artist.pk}", "", "", ""
        artist.is_active = artist.is_staff = artist.is_superuser = False
        artist.set_unusable_password()
        artist.save()
        artist.groups.clear()
        Reader.objects.filter(user=artist).delete()
    return number, counts


def _put_picture(listing: Listing, picture: UploadedFile[bytes], header: Header) -> None:
    # The name that the artist's computer gave is not kept; the suffix is the format that was found inside.
    picture.name = f"picture{SUFFIXES.get(header.format, PurePosixPath(picture.name or '').suffix)}"
    listing.picture = picture
    listing.picture_width = header.width
    listing.picture_height = header.height


def delete_files(folder: str) -> None:
    """Delete a listing's folder of pictures. A storage that fails is logged: the listing itself is gone already."""
    storage = storages["default"]
    try:
        _, names = storage.listdir(folder)
        for name in names:
            storage.delete(f"{folder}/{name}")
        if hasattr(storage, "base_location"):  # a file system keeps the empty folder, a bucket has none
            storage.delete(folder)
    except FileNotFoundError:
        return
    except OSError:
        logger.exception("The files of a deleted listing could not be removed: %s", folder)
