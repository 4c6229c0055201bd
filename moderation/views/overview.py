"""How the work goes: figures for people who plan it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from moderation.models import Alert
from moderation.permissions import is_moderator, may_see_figures
from moderation.selectors.overview import TABLES
from moderation.services import watching
from moderation.views._area import only
from moderation.views._desk import page
from moderation.views._tables import csv_response

if TYPE_CHECKING:
    from moderation.views._desk import DeskRequest


_figures_or_desk = only(lambda user: is_moderator(user) or may_see_figures(user))
RECENT = timedelta(days=14)
ABOUT_PEOPLE = ("people",)
"""Tables that name moderators: not for those who see figures only."""


@require_safe
@_figures_or_desk
def overview(request: DeskRequest) -> HttpResponse:
    """Show what crossed its bound, then the tables, each with its picture."""
    alerts = Alert.objects.filter(week__gte=timezone.localdate() - RECENT).select_related("detector")
    context = {
        "tables": [make() for name, make in TABLES.items() if _may_see(request, name)],
        "alerts": [watching.sentence(alert) for alert in alerts[:20]],
        "is_moderator": is_moderator(request.user),
    }
    return page(request, "moderation/overview.html", context)


def _may_see(request: DeskRequest, table: str) -> bool:
    return table not in ABOUT_PEOPLE or is_moderator(request.user)


@require_safe
@_figures_or_desk
def export(request: DeskRequest, table: str) -> StreamingHttpResponse:
    """Send one table as CSV (UTF-8, comma, header line)."""
    make = TABLES.get(table)
    if make is None or not _may_see(request, table):
        raise Http404
    found = make()
    return csv_response(table, found.columns, found.rows)
