"""How the work goes: figures for people who plan it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from moderation.selectors.overview import TABLES
from moderation.views._desk import moderators_only, page
from moderation.views._tables import csv_response

if TYPE_CHECKING:
    from moderation.views._desk import DeskRequest


@require_safe
@moderators_only
def overview(request: DeskRequest) -> HttpResponse:
    """Show the tables, each with its picture."""
    return page(request, "moderation/overview.html", {"tables": [make() for make in TABLES.values()]})


@require_safe
@moderators_only
def export(request: DeskRequest, table: str) -> StreamingHttpResponse:
    """Send one table as CSV (UTF-8, comma, header line)."""
    make = TABLES.get(table)
    if make is None:
        raise Http404
    found = make()
    return csv_response(table, found.columns, found.rows)
