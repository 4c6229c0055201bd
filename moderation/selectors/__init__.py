"""The reads that the host's pages, the plugin's pages and the commands share. Nothing here writes.

``hosts``: what a host asks about its own objects; ``queue``: the moderators' list; ``cases``: all that a case's page
shows; ``overview``: the figures.
"""

from moderation.selectors.cases import CaseSheet, case_sheet, load_case
from moderation.selectors.hosts import (
    current_artwork,
    current_artworks,
    key_expression,
    shown_artwork,
    shown_artworks,
    visible,
)
from moderation.selectors.queue import counts, in_force, last_undoable, page

__all__ = [
    "CaseSheet",
    "case_sheet",
    "counts",
    "current_artwork",
    "current_artworks",
    "in_force",
    "key_expression",
    "last_undoable",
    "load_case",
    "page",
    "shown_artwork",
    "shown_artworks",
    "visible",
]
