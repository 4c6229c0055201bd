"""Template tags for the host's pages and for the plugin's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from moderation import wording

if TYPE_CHECKING:
    from moderation.models import Artwork, Event

register = template.Library()


@register.inclusion_tag("moderation/_status.html")
def artwork_status(artwork: Artwork | None) -> dict[str, Any]:
    """Render where the artwork stands, in the artist's words; it follows live while a screening is under way."""
    return {"artwork": artwork}


@register.filter
def standing_explained(artwork: Artwork) -> str:
    """What the artwork's standing means for its artist, in a sentence or two."""
    return wording.explained(artwork.standing)


@register.filter
def for_artist(event: Event) -> str:
    """The event in one sentence for the artist; empty where it is not their concern."""
    return wording.for_artist(event)


@register.filter
def for_moderator(event: Event) -> str:
    """The event in one sentence for moderators."""
    return wording.for_moderator(event)


@register.filter
def percent(value: float | None) -> str:
    """A share 0..1 as whole per cent; shares that are not quite 0 or 1 never round to them."""
    if value is None:
        return ""
    whole = round(value * 100)
    return str(min(max(whole, 1 if value > 0 else 0), 99 if value < 1 else 100))
