"""The artist's side of a decision: the statement of reasons, the appeal and its files, the record here."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from moderation import services, statement
from moderation.conf import settings
from moderation.errors import CannotAppeal, CaseConflict, IncompleteAppeal, NotAllowed
from moderation.forms_hearing import AnswerForm, AppealForm
from moderation.models import Appeal, AppealFile, Case, Decision
from moderation.permissions import is_moderator, may_see_appeal
from moderation.selectors import artists
from moderation.services import training_set
from moderation.services.appeals import why_no_appeal
from moderation.uploadhandler import take_evidence
from moderation.views._desk import case_or_404, case_url, conflict, moderators_only, queue_query
from moderation.views.cases import case_page
from moderation.workfiles.storage import has_private_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from moderation.views._desk import DeskRequest

    class ArtistRequest(HttpRequest):
        """A request behind ``login_required``."""

        user: User


def _own_decision(request: HttpRequest, reference: UUID) -> Decision:
    """Return the artist's own decision; for everyone else it does not exist."""
    decision = artists.decision_for(request.user, reference)
    if decision is None:
        raise Http404
    return decision


def _seen_decision(request: HttpRequest, reference: UUID) -> Decision:
    """Return the decision for its artist, or for a moderator; for everyone else it does not exist."""
    if is_moderator(request.user):
        found = Decision.objects.select_related("artwork", "artist", "appeal__answer", "answered_appeal__decision")
        return get_object_or_404(found, reference=reference)
    return _own_decision(request, reference)


@require_safe
@login_required
def decision(request: ArtistRequest, reference: UUID) -> HttpResponse:
    """Show the statement of reasons: what, since when, the facts, the automated means, the rule, how to appeal."""
    one = _seen_decision(request, reference)
    appeal: Appeal | None = getattr(one, "appeal", None)
    is_artist = one.artist_id == request.user.pk
    if appeal is not None and not may_see_appeal(request.user, appeal):
        appeal = None
    context = {
        "decision": one,
        "statement": statement.statement_of(one),
        "appeal": appeal,
        "files": list(appeal.files.all()) if appeal else [],
        "answers": getattr(one, "answered_appeal", None),
        "is_artist": is_artist,
        "why_no_appeal": why_no_appeal(one),
    }
    return _private(render(request, "moderation/hearing/decision.html", context))


@require_safe
@login_required
def decision_json(request: ArtistRequest, reference: UUID) -> HttpResponse:
    """Send the statement in the shape of the EU's transparency database. Only restrictions have one."""
    one = _seen_decision(request, reference)
    if not one.is_restriction or one.undone_at is not None:
        raise Http404
    response = JsonResponse(statement.database_entry(one), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="statement-{one.reference}.json"'
    return _private(response)


@require_safe
@login_required
def record(request: ArtistRequest) -> HttpResponse:
    """Show the artist their works and outcomes, and what the policy makes of a clean record."""
    before = request.GET.get("before", "")
    page = artists.history_of(request.user, before=int(before) if before.isdecimal() and len(before) < 19 else 0)
    context = {"page": page, "sheet": artists.sheet_of(request.user), "is_continued": bool(before)}
    context["may_learn"] = training_set.may_learn_from(request.user.pk)
    return _private(render(request, "moderation/hearing/record.html", context))


@require_POST
@login_required
def consent(request: ArtistRequest) -> HttpResponse:
    """Keep whether detectors may learn from the artist's works."""
    training_set.set_consent(artist=request.user, allowed=request.POST.get("allowed") == "yes")
    messages.success(request, _("Your word on training is kept. It holds from the next export on."))
    return redirect("moderation:record")


def _bounded_upload(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Set the upload's bounds before anything reads the body, the check of the token included (hence exempt here and
    protected inside). Strangers are sent away before a byte of theirs is kept.
    """
    protected = csrf_protect(view)

    @csrf_exempt
    @login_required
    @wraps(view)
    def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            take_evidence(request)
        return protected(request, *args, **kwargs)

    return bounded


@require_http_methods(["GET", "HEAD", "POST"])
@_bounded_upload
def appeal(request: ArtistRequest, reference: UUID) -> HttpResponse:
    """Appeal against a decision. Answers 422 where something is to be put right, 409 if it is too late."""
    one = _own_decision(request, reference)
    takes_files = has_private_storage()
    problem = why_no_appeal(one)
    if request.method != "POST" or problem:
        form = AppealForm(takes_files=takes_files)
        return _appeal_page(request, one, form, problem=problem, status=409 if request.method == "POST" else 200)
    form = AppealForm(request.POST, request.FILES, takes_files=takes_files)
    if getattr(request, "evidence_too_large", False):
        form.add_error("evidence" if takes_files else None, _too_large())
    if not form.is_valid():
        return _appeal_page(request, one, form, status=422)
    try:
        services.file_appeal(
            decision=one,
            artist=request.user,
            text=form.cleaned_data["text"],
            link=form.cleaned_data["link"],
            files=form.cleaned_data.get("evidence", ()),
        )
    except IncompleteAppeal as error:
        form.add_error(None, str(error))
        return _appeal_page(request, one, form, status=422)
    except CannotAppeal as error:
        return _appeal_page(request, one, form, problem=str(error), status=409)
    messages.success(
        request, _("Your appeal has arrived. Somebody who did not take the first decision decides about it.")
    )
    return redirect("moderation:decision", one.reference)


def _appeal_page(
    request: ArtistRequest, one: Decision, form: AppealForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "decision": one,
        "form": form,
        "problem": problem,
        "max_files": settings.APPEAL_MAX_FILES,
        "max_bytes": settings.APPEAL_MAX_FILE_BYTES,
        "max_mb": settings.APPEAL_MAX_FILE_BYTES // 1024**2,
        "max_total": settings.APPEAL_MAX_TOTAL_BYTES,
        "max_total_mb": settings.APPEAL_MAX_TOTAL_BYTES // 1024**2,
        "keep_days": settings.APPEAL_FILE_DAYS,
    }
    return _private(render(request, "moderation/hearing/appeal.html", context, status=status))


def _too_large() -> str:
    return _("A file is too large: at most %(mb)d MB each.") % {"mb": settings.APPEAL_MAX_FILE_BYTES // 1024**2}


@require_safe
@login_required
def appeal_file(request: ArtistRequest, reference: UUID) -> HttpResponseBase:
    """Send a file of an appeal to its artist and to those who may decide the appeal; it exists for nobody else.

    Always as a download, never to be shown by the browser: the file is a stranger's.
    """
    found = AppealFile.objects.select_related("appeal__case__artwork")
    one = get_object_or_404(found, reference=reference, deleted_at__isnull=True)
    if not may_see_appeal(request.user, one.appeal):
        raise Http404
    try:
        opened = one.storage.open(one.file_name, "rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(opened, as_attachment=True, filename=one.name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@moderators_only
def decide_appeal(request: DeskRequest, pk: int) -> HttpResponse:
    """Answer an appeal. 409 when somebody was first, 422 when something is missing, 403 for the first decider."""
    one: Case = case_or_404(pk)
    found = get_object_or_404(Appeal.objects.select_related("decision"), case=one)
    form = AnswerForm(request.POST, appeal=found)
    if not form.is_valid():
        return _answer_again(request, one, form, status=422)
    try:
        services.decide_appeal(appeal=found, decider=request.user, **form.cleaned_data)
    except CaseConflict as error:
        return conflict(request, error, case=one, text=form.cleaned_data["reply"])
    except IncompleteAppeal as error:
        form.add_error(None, str(error))
        return _answer_again(request, one, form, status=422)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, _("The appeal is answered. The artist is told when it can no longer be undone."))
    return redirect(case_url(one, queue_query(request)))


def _answer_again(request: DeskRequest, one: Case, form: AnswerForm, *, status: int) -> HttpResponse:
    request.answer_form = form  # type: ignore[attr-defined]  # the panel on the case's page takes it from here
    return case_page(request, one, status=status)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
