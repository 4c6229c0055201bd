"""Template tags for the host's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

if TYPE_CHECKING:
    from moderation.models import Artwork

register = template.Library()


@register.inclusion_tag("moderation/_status.html")
def artwork_status(artwork: Artwork | None) -> dict[str, Any]:
    """Render where the artwork stands, in the artist's words; it follows live while a screening is under way."""
    return {"artwork": artwork}
