"""What an artist sees about a work of theirs, and the picture itself for everyone who may see it."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from moderation import services
from moderation.errors import ModerationError
from moderation.forms import AnswerForm
from moderation.models import Artwork, CaseState, Question, Saliency, Thumbnail
from moderation.permissions import is_moderator, is_owner, may_see_file
from moderation.renditions import TERM_OF_LABEL, with_source_type
from moderation.selectors import artists
from moderation.views._desk import moderators_only

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponseBase

PICTURE_TYPES = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/avif",
    "image/heic",
    "image/heif",
)


def _own_artwork(request: HttpRequest, reference: UUID) -> Artwork:
    """Return the artwork for its artist or a moderator; for everyone else it does not exist."""
    artwork = get_object_or_404(Artwork.objects.select_related("decision", "owner"), reference=reference)
    if not (is_owner(request.user, artwork) or is_moderator(request.user)):
        raise Http404
    return artwork


@require_safe
@login_required
def artwork(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Show the artist where the work stands, why, and what happened so far."""
    return _artwork_page(request, _own_artwork(request, reference), AnswerForm())


def _artwork_page(request: HttpRequest, record: Artwork, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    question = _open_question(record)
    context = {
        "artwork": record,
        "findings": artists.findings_about(record),
        "history": record.events.exclude(verb="artwork_described").order_by("-pk")[:50],
        "question": question,
        "may_answer": question is not None and is_owner(request.user, record),
        "form": form,
    }
    return render(request, "moderation/artwork.html", context, status=status)


@require_safe
@login_required
def artwork_status(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Return the status block alone, for pages that follow it live."""
    record = _own_artwork(request, reference)
    return render(request, "moderation/_status.html", {"artwork": record, "status": artists.status_of(record)})


@require_POST
@login_required
def answer(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Take the artist's answer to a moderator's open question. 422 keeps what was written where something is wrong."""
    record = get_object_or_404(Artwork, reference=reference)
    question = _open_question(record)
    if question is None or not is_owner(request.user, record):
        raise Http404
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _artwork_page(request, record, form, status=422)
    try:
        services.answer_question(
            question=question,
            artist=cast("User", request.user),
            answer=form.cleaned_data["answer"],
            link=form.cleaned_data["link"],
        )
    except ModerationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Thank you. Your answer is with the moderators."))
    return redirect(record)


def _open_question(record: Artwork) -> Question | None:
    return Question.objects.filter(case__artwork=record, case__state=CaseState.OPEN, answered_at__isnull=True).first()


@require_safe
def artwork_file(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Send the picture's bytes to those who may see them: everyone once it is public, else artist and moderators.

    They are streamed from the storage, wherever that is: a link of the storage's own would outlive a rejection, and
    a strict content policy would refuse it. Of a format that browsers do not show (HEIC), the copy that people can
    look at is sent; ``?original`` asks for the bytes themselves.
    """
    record = get_object_or_404(Artwork, reference=reference)
    if not record.file_name or not may_see_file(request.user, record):
        raise Http404
    if "original" not in request.GET:
        found = Thumbnail.objects.filter(artwork=record).values("view", "source_type").first()
        if found and found["view"] is not None:
            return _copy(record, found["view"], found["source_type"])
    etag = f'"{record.digest}"' if record.digest else ""
    known = get_conditional_response(request, etag=etag) if etag else None
    if known is not None:
        return known
    storage = record.storage
    kind = mimetypes.guess_type(record.file_name)[0] or ""
    try:
        file = storage.open(record.file_name, "rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        file,
        content_type=kind if kind in PICTURE_TYPES else "application/octet-stream",
        filename=PurePosixPath(record.file_name).name,
        as_attachment=kind not in PICTURE_TYPES,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-cache"  # whether it may be seen can change at any moment
    if etag:
        response["ETag"] = etag
    return response


@require_safe
@moderators_only
def saliency(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the overlay of a screening: where the detector looked. For moderators."""
    data = Saliency.objects.filter(screening=pk).values_list("data", flat=True).first()
    if data is None:
        raise Http404
    return _small_picture(data)


@require_safe
def artwork_thumbnail(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Send the small copy to those who may see the picture; while there is none, send them to the file itself."""
    record = get_object_or_404(Artwork, reference=reference)
    if not may_see_file(request.user, record):
        raise Http404
    small = Thumbnail.objects.filter(artwork=record).values_list("data", "source_type").first()
    if small is None:
        return HttpResponseRedirect(reverse("moderation:artwork_file", args=[reference]))
    return _copy(record, *small)


def _copy(record: Artwork, data: bytes | memoryview, source_type: str) -> HttpResponse:
    """Send a copy that says what the label or, without one, the original itself says of its making."""
    term = TERM_OF_LABEL.get(record.ai_label) or source_type
    return _small_picture(with_source_type(bytes(data), term=term))


def _small_picture(data: bytes | memoryview) -> HttpResponse:
    response = HttpResponse(bytes(data), content_type="image/webp")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # The bytes under a reference never change; only whether they may be seen does, and that within minutes.
    response["Cache-Control"] = "private, max-age=300"
    return response
