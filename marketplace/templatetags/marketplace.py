"""How the site writes prices, dates and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.timezone import localtime

if TYPE_CHECKING:
    import datetime

    from django.utils.safestring import SafeString

    from marketplace.models import Listing

register = template.Library()

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
SHAPES = (0.5, 0.67, 0.75, 0.9, 1.0, 1.2, 1.33, 1.5, 1.78, 2.2)
"""Width by height of the frames in the gallery's hang; the style sheet has a class for each (``.shape-0`` …)."""


SOURCE_TYPES = {
    "ai_generated": "https://schema.org/TrainedAlgorithmicMediaDigitalSource",
    "ai_assisted": "https://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource",
}
"""What a label means in words that search engines and archives share (schema.org's IPTC digital source types)."""


@register.filter
def source_type(label: str) -> str:
    """Return the address that stands for an AI label; ``""`` for a work without one."""
    return SOURCE_TYPES.get(label, "")


@register.filter
def price(listing: Listing) -> str:
    """Write the price with its sign: ``€120``, ``€120.50``, ``¥12,000``."""
    whole = listing.price == listing.price.to_integral_value()
    amount = number_format(listing.price, decimal_pos=0 if whole else 2, use_l10n=True, force_grouping=True)
    return f"{SIGNS.get(listing.currency, listing.currency + ' ')}{amount}"


@register.filter
def shape(listing: Listing) -> int:
    """Return the number of the frame nearest to the picture's own width by height."""
    ratio = listing.picture_width / max(1, listing.picture_height)
    return min(range(len(SHAPES)), key=lambda index: abs(SHAPES[index] - ratio))


@register.filter
def moment(value: datetime.datetime) -> SafeString:
    """Write a date and time in the reader's zone, with the exact moment for machines."""
    local = localtime(value)
    return format_html(
        '<time datetime="{}" data-zone="{}">{}</time>',
        value.isoformat(),
        local.tzname() or "",
        date_format(local, "DATETIME_FORMAT"),
    )
