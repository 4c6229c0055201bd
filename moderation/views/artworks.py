"""What an artist sees about a work of theirs, and the picture itself for everyone who may see it."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from moderation.models import Artwork, Thumbnail
from moderation.permissions import is_moderator, is_owner, may_see_file

if TYPE_CHECKING:
    from uuid import UUID

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
    record = _own_artwork(request, reference)
    history = record.events.exclude(verb="artwork_described").order_by("-pk")[:50]
    return render(request, "moderation/artwork.html", {"artwork": record, "history": history})


@require_safe
@login_required
def artwork_status(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Return the status block alone, for pages that follow it live."""
    return render(request, "moderation/_status.html", {"artwork": _own_artwork(request, reference)})


@require_safe
def artwork_file(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Send the picture's bytes to those who may see them: everyone once it is public, else artist and moderators.

    A storage with links of its own (S3) sends the browser there by a short-lived signed link.
    """
    record = get_object_or_404(Artwork, reference=reference)
    if not may_see_file(request.user, record):
        raise Http404
    storage = record.storage
    if getattr(storage, "querystring_auth", False):
        return HttpResponseRedirect(storage.url(record.file_name))
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
    response["Last-Modified"] = http_date(record.created_at.timestamp())
    response["ETag"] = f'"{record.digest}"'
    return response


@require_safe
def artwork_thumbnail(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """Send the small copy to those who may see the picture; while there is none, send them to the file itself."""
    record = get_object_or_404(Artwork, reference=reference)
    if not may_see_file(request.user, record):
        raise Http404
    small = Thumbnail.objects.filter(artwork=record).values_list("data", flat=True).first()
    if small is None:
        return HttpResponseRedirect(reverse("moderation:artwork_file", args=[reference]))
    response = HttpResponse(bytes(small), content_type="image/webp")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # The bytes under a reference never change; only whether they may be seen does, and that within minutes.
    response["Cache-Control"] = "private, max-age=300"
    return response
