"""The reads of the marketplace."""

from __future__ import annotations

import base64
import binascii
import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, Subquery, TextChoices
from django.utils.translation import gettext_lazy as _

from marketplace.models import Listing, Origin, Reader
from moderation import selectors as moderation
from moderation.models import Artwork
from moderation.models.artwork import Label

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import QuerySet

PAGE_SIZE = 24


class Made(TextChoices):
    """How a buyer may narrow the gallery: by the label that the works on it carry."""

    PEOPLE = "people", _("Made by people")
    ASSISTED = "assisted", _("AI-assisted")
    GENERATED = "generated", _("AI-generated")


LABEL_OF_MADE = {Made.PEOPLE: Label.NONE, Made.ASSISTED: Label.ASSISTED, Made.GENERATED: Label.GENERATED}


@dataclass(frozen=True, slots=True)
class Work:
    """A listing and the record of the picture to show for it (``None`` while the plugin has none)."""

    listing: Listing
    artwork: Artwork | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of works and the cursor of the next (``""`` on the last)."""

    works: list[Work]
    next_cursor: str


def gallery(*, category: str = "", made: str = "", cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """Return what the public may see, newest first, narrowed to a ``Category`` and to a ``Made``.

    Pages hang on the last work seen, not on a count: they cost the same however deep one goes, and a work that is
    published meanwhile pushes nothing onto the next page a second time. A broken ``cursor`` starts from the top.
    """
    listings = moderation.visible(Listing.objects.filter(withdrawn_at=None)).select_related("artist")
    if category:
        listings = listings.filter(category=category)
    if made:
        listings = listings.alias(label=_shown_label()).filter(label=LABEL_OF_MADE[Made(made)])
    if made == Made.PEOPLE:  # nor what its artist has declared otherwise since it was looked at
        listings = listings.filter(declared_origin=Origin.HANDMADE)
    return _page(listings, cursor=cursor, size=size, shown=True)


def works_of(*, artist: User, cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """Return all of an artist's own works, newest first, each with the record of its newest picture."""
    listings = Listing.objects.filter(artist=artist)
    return _page(listings, cursor=cursor, size=size, shown=False)


def public_listing(*, public_id: UUID) -> Work | None:
    """Return a listing that the public may see, with the picture that it may see."""
    listings = moderation.visible(Listing.objects.filter(withdrawn_at=None)).select_related("artist")
    listing = listings.filter(public_id=public_id).first()
    return Work(listing, moderation.shown_artwork(listing)) if listing else None


def own_listing(*, public_id: UUID, user: User | AnonymousUser) -> Work | None:
    """Return the user's own listing, whatever its standing, with its newest picture."""
    if not user.is_authenticated:
        return None
    listing = Listing.objects.select_related("artist").filter(public_id=public_id, artist=user).first()
    return Work(listing, moderation.current_artwork(listing)) if listing else None


def _shown_label() -> Subquery:
    """The label of the version of the outer listing's picture that ``moderation.shown_artworks`` would show."""
    shown = Artwork.objects.filter(
        content_type=ContentType.objects.get_for_model(Listing),
        object_pk=moderation.key_expression(Listing),
        field="picture",
        is_visible=True,
    )
    return Subquery(shown.order_by("-is_current", "-pk").values("ai_label")[:1])


def _page(listings: QuerySet[Listing], *, cursor: str, size: int, shown: bool) -> Page:
    after = _read_cursor(cursor)
    if after is not None:
        created_at, pk = after
        listings = listings.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
    found = list(listings.order_by("-created_at", "-pk")[: size + 1])
    page = found[:size]
    find = moderation.shown_artworks if shown else moderation.current_artworks
    artworks = find(page)
    works = [Work(listing, artworks.get(listing.pk)) for listing in page]
    return Page(works, _write_cursor(page[-1]) if len(found) > size else "")


def _write_cursor(listing: Listing) -> str:
    text = f"{listing.created_at.isoformat()} {listing.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime.datetime, int] | None:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, pk = text.partition(" ")
        created_at = datetime.datetime.fromisoformat(moment)
        number = int(pk)
    except (ValueError, binascii.Error):
        return None
    return (created_at, number) if created_at.tzinfo and 0 <= number < 2**63 else None


def language_of(user: User) -> str:
    """Return the language in which ``user`` last read the site; ``""`` for one who never did."""
    return Reader.objects.filter(user=user).values_list("language", flat=True).first() or ""


def time_zone_of(user: User) -> str:
    """Return the name of the zone in which ``user`` last read the site; ``""`` where their browser did not tell."""
    return Reader.objects.filter(user=user).values_list("time_zone", flat=True).first() or ""
