"""The log for auditors: who changed what, when, from what to what, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from moderation.forms_audit import AuditForm
from moderation.selectors import audit as selectors
from moderation.views._area import area_page, auditors_only
from moderation.views._tables import csv_response, json_response

if TYPE_CHECKING:
    from moderation.views._desk import DeskRequest


@require_safe
@auditors_only
def audit(request: DeskRequest) -> HttpResponseBase:
    """Show a page of the log; the address keeps the search."""
    form = AuditForm(request.GET)
    before = request.GET.get("before", "")
    valid = form.is_valid()
    page = selectors.page(
        selectors.search(form.cleaned_data if valid else {}), before=int(before) if before.isdecimal() else None
    )
    kept = request.GET.copy()
    kept.pop("before", None)
    context = {
        "form": form,
        "lines": [(event, selectors.changes(event)) for event in page.events],
        "older": page.older,
        "query": kept.urlencode(),
        "is_first": not before,
    }
    return area_page(request, "moderation/policy/audit.html", context, status=200 if valid else 422)


@require_safe
@auditors_only
def export(request: DeskRequest, kind: str) -> HttpResponseBase:
    """Send all that a search finds, oldest first, as CSV or JSON."""
    form = AuditForm(request.GET)
    if not form.is_valid():
        raise Http404
    found = selectors.rows(selectors.search(form.cleaned_data))
    name = f"audit-{timezone.localdate().isoformat()}"
    if kind == "json":
        return json_response(name, map(selectors.as_line, found))
    return csv_response(name, selectors.COLUMNS, map(selectors.as_cells, found))
