"""The reads that the host's pages, the plugin's pages and the commands share. Nothing here writes.

``hosts``: what a host asks about its own objects; ``queue``: the moderators' list; ``cases``: all that a case's page
shows; ``overview``: the figures.
"""

from moderation.selectors.hosts import (
    current_artwork,
    current_artworks,
    key_expression,
    shown_artwork,
    shown_artworks,
    visible,
)

__all__ = [
    "current_artwork",
    "current_artworks",
    "key_expression",
    "shown_artwork",
    "shown_artworks",
    "visible",
]
