"""The moderators' list: what waits, in the order of the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from moderation import selectors
from moderation.filters import CaseFilter
from moderation.forms import SavedViewForm
from moderation.models import Case, CaseState, SavedView
from moderation.models.desk import Layout
from moderation.permissions import is_senior
from moderation.services import second_looks
from moderation.views._desk import filter_of, moderators_only, page, queue_url, to_next

if TYPE_CHECKING:
    from django.http import HttpResponse

    from moderation.views._desk import DeskRequest

STANDARD_VIEWS = (
    ("", gettext_lazy("To do")),
    ("due=overdue", gettext_lazy("Overdue")),
    ("holder=me", gettext_lazy("Mine")),
    ("escalated=yes", gettext_lazy("For seniors")),
    ("kind=appeal", gettext_lazy("Appeals")),
)
CLOSED_VIEW = "state=decided"
MAX_SAVED = 12
LIVE_ROWS = 60


@require_safe
@moderators_only
def queue(request: DeskRequest) -> HttpResponse:
    """Show the cases that the URL's filter names; ``after`` goes on from a cursor, ``layout`` is list or grid."""
    filters = CaseFilter(request.GET, moderator=request.user)
    shown = selectors.page(filters.cases, state=filters.state_shown, after=request.GET.get("after", ""))
    query = _plain_query(request)
    layout = request.GET.get("layout", "")
    context: dict[str, Any] = {
        "filters": filters,
        "page": shown,
        "decisions": selectors.in_force(shown.cases),
        "query": query,
        "views": _views(request, query),
        "closed_view": CLOSED_VIEW,
        "layout": layout if layout in Layout.values else "",
        "layouts": Layout.choices,
        "is_continued": bool(request.GET.get("after")),
        "drawn_at": timezone.now().isoformat(),
        "save_form": SavedViewForm(initial={"query": query}),
        "second_looks": second_looks.waiting_for(request.user).count() if is_senior(request.user) else 0,
    }
    return page(request, "moderation/queue.html", context)


@require_safe
@moderators_only
def live(request: DeskRequest) -> HttpResponse:
    """Return what changed since the page was drawn: who holds which case, what was decided, how many are new.

    Rows do not move under a moderator's hand: their states change in place, new cases are announced.
    """
    wanted = [int(pk) for pk in request.GET.get("ids", "").split(",") if pk.isdecimal()][:LIVE_ROWS]
    rows = list(Case.objects.filter(pk__in=wanted).select_related("held_by", "artwork", "escalation"))
    since = parse_datetime(request.GET.get("since", "")) or timezone.now()
    if timezone.is_naive(since):
        since = timezone.now()
    query = request.GET.get("queue", "")
    new = filter_of(query, request.user).cases.filter(opened_at__gt=since, state=CaseState.OPEN).exclude(pk__in=wanted)
    context = {"cases": rows, "decisions": selectors.in_force(rows), "new": new[:100].count(), "query": query}
    return page(request, "moderation/_live.html", context)


@require_POST
@moderators_only
def next_case(request: DeskRequest) -> HttpResponse:
    """Claim the most urgent free case of the queue and go to it."""
    return to_next(request)


@require_POST
@moderators_only
def save_view(request: DeskRequest) -> HttpResponse:
    """Keep the filter under a name; the same name takes the new filter."""
    form = SavedViewForm(request.POST)
    query = request.POST.get("query", "")[:500]
    if not form.is_valid():
        messages.error(request, _("Give the view a name of up to 40 letters."))
        return redirect(queue_url(query))
    kept = SavedView.objects.filter(moderator=request.user)
    name = form.cleaned_data["name"].strip()
    if kept.exclude(name=name).count() >= MAX_SAVED:
        messages.error(request, _("You keep %(most)d views already. Remove one first.") % {"most": MAX_SAVED})
        return redirect(queue_url(query))
    SavedView.objects.update_or_create(moderator=request.user, name=name, defaults={"query": query})
    return redirect(queue_url(query))


@require_POST
@moderators_only
def remove_view(request: DeskRequest, pk: int) -> HttpResponse:
    """Forget one of the moderator's own saved views."""
    view = get_object_or_404(SavedView, pk=pk, moderator=request.user)
    view.delete()
    return redirect(queue_url(""))


def _plain_query(request: DeskRequest) -> str:
    """Return the URL's filter without the page's place and layout, in one spelling."""
    data = request.GET.copy()
    for name in ("after", "layout"):
        data.pop(name, None)
    for name in [key for key, values in data.lists() if not any(values)]:
        del data[name]
    return data.urlencode()


def _views(request: DeskRequest, query: str) -> list[dict[str, Any]]:
    """Return the tabs: the standard views and the moderator's own, each with its count."""
    tabs: list[dict[str, Any]] = [{"query": text, "name": str(name)} for text, name in STANDARD_VIEWS]
    own = SavedView.objects.filter(moderator=request.user)[:MAX_SAVED]
    tabs += [{"query": view.query, "name": view.name, "pk": view.pk} for view in own]
    sets = {str(place): filter_of(tab["query"], request.user).cases for place, tab in enumerate(tabs)}
    found = selectors.counts(sets, moderator=request.user)
    for place, tab in enumerate(tabs):
        tab["count"] = found[str(place)]
        tab["is_current"] = tab["query"] == query
    return tabs
