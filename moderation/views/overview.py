"""How the work goes: figures for people who plan it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from moderation.selectors.overview import TABLES
from moderation.views._desk import moderators_only, page

if TYPE_CHECKING:
    from moderation.views._desk import DeskRequest


@require_safe
@moderators_only
def overview(request: DeskRequest) -> HttpResponse:
    """Show the tables, each with its picture."""
    return page(request, "moderation/overview.html", {"tables": [make() for make in TABLES.values()]})


@require_safe
@moderators_only
def export(request: DeskRequest, table: str) -> HttpResponse:
    """Send one table as CSV (UTF-8, comma, header line)."""
    make = TABLES.get(table)
    if make is None:
        raise Http404
    found = make()
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{table}.csv"'
    writer = csv.writer(response)
    writer.writerow(found.columns)
    writer.writerows([_plain(cell) for cell in row] for row in found.rows)
    return response


def _plain(cell: object) -> object:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
