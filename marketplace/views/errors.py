"""Error pages that say what happened and where to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a form whose secret token is missing or old: the page stood open too long, or cookies are off."""
    message = _("The page was open for too long, or your browser does not keep cookies. Go back, reload, try again.")
    if getattr(request, "upload_too_large", False):
        message = _("What you sent is far larger than a picture may be. Save it smaller and try again.")
    return render(request, "403.html", {"message": message}, status=403)
