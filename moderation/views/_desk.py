"""What the moderators' pages share: who may enter, what every page knows, where a moderator goes next."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from moderation import selectors, services
from moderation.filters import CaseFilter
from moderation.models import Case, DecisionBatch, DeskPreferences
from moderation.permissions import is_moderator, is_senior

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpResponseBase

    from moderation.errors import CaseConflict
    from moderation.models import Decision

    class DeskRequest(HttpRequest):
        """A request behind ``moderators_only``."""

        user: User
else:
    DeskRequest = HttpRequest

View = "Callable[..., HttpResponse]"


def moderators_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let moderators in, ask strangers to sign in, and refuse everybody else (403)."""

    @login_required
    @wraps(view)
    def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_moderator(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def seniors_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let senior moderators in, ask strangers to sign in, and refuse everybody else (403)."""

    @login_required
    @wraps(view)
    def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_senior(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def preferences_of(moderator: User) -> DeskPreferences:
    """Return how ``moderator`` likes to work; an unsaved default where they never said."""
    found = DeskPreferences.objects.filter(moderator=moderator).first()
    return found if found is not None else DeskPreferences(moderator=moderator)


def page(
    request: DeskRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a page of the desk with what each of them knows: preferences, role, what can be undone."""
    context = context or {}
    known = {
        "preferences": context.get("preferences") or preferences_of(request.user),
        "is_senior": is_senior(request.user),
        "undoable": undoable(request.user),
        "queue": queue_query(request),
        **context,
    }
    response = render(request, template, known, status=status)
    response["Cache-Control"] = "private, no-store"  # Back must not show a case as it was before the decision
    return response


def undoable(moderator: User) -> dict[str, Any] | None:
    """Return the moderator's last decision that can be undone, with its batch if it was made in one."""
    decision: Decision | None = selectors.last_undoable(moderator)
    if decision is None:
        return None
    batch = DecisionBatch.objects.filter(moderator=moderator, decisions=decision).first()
    return {"decision": decision, "batch": batch, "number": batch.decisions.count() if batch else 1}


def case_or_404(pk: int) -> Case:
    """Return the case with all that its page reads."""
    try:
        return selectors.load_case(pk)
    except Case.DoesNotExist as error:
        raise Http404 from error


def queue_query(request: HttpRequest) -> str:
    """Return the queue's filter that the moderator works through, as a query string (``queue`` in form or URL)."""
    return (request.POST.get("queue") or request.GET.get("queue") or "")[:500]


def filter_of(query: str, moderator: User) -> CaseFilter:
    """Return the filter that ``query`` (a query string) stands for."""
    return CaseFilter(QueryDict(query), moderator=moderator)


def case_url(case: Case, query: str) -> str:
    """Return the case's page within the queue ``query``."""
    return case.get_absolute_url() + (f"?{urlencode({'queue': query})}" if query else "")


def queue_url(query: str) -> str:
    """Return the queue's page with the filter ``query``."""
    return reverse("moderation:queue") + (f"?{query}" if query else "")


def to_next(request: DeskRequest) -> HttpResponse:
    """Claim the next case of the queue that the moderator works through and go there; the queue when none is left."""
    query = queue_query(request)
    queue = filter_of(query, request.user).qs if query else None
    case = services.claim_next(moderator=request.user, queue=queue)
    if case is None:
        messages.info(
            request, _("Nothing is left for you in this view: the rest is open at colleagues or passed over.")
        )
        return redirect(queue_url(query))
    return redirect(case_url(case, query))


def conflict(request: DeskRequest, error: CaseConflict, *, case: Case | None = None, text: str = "") -> HttpResponse:
    """Answer 409: who was first, what they did, how long ago; nothing that was written is lost."""
    context = {"error": error, "case": case, "text": text, "queue": queue_query(request)}
    template = "moderation/_conflict.html" if is_fragment(request) else "moderation/conflict.html"
    return page(request, template, context, status=409)
