"""Dates in the reader's own time zone; language and zone remembered for the mails they get."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import get_language

from marketplace import services

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

COOKIE = "tz"


def reader_time_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Activate the zone that the browser told in a cookie, so that dates are right before any script runs.

    The cookie is written by ``site.js`` and may hold anything: a zone that does not exist means UTC.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get(COOKIE, "")
        try:
            zone = zoneinfo.ZoneInfo(name) if name else None
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            zone = None
        with timezone.override(zone):
            return get_response(request)

    return middleware


def remember_reader(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Remember how the signed-in reader reads: a mail that a worker writes later has no request to ask.

    The session knows what is remembered, so the database is asked only when something changed.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            zone = timezone.get_current_timezone_name() if COOKIE in request.COOKIES else ""
            reads = [get_language() or "", zone]
            if request.session.get("reads") != reads:
                services.remember_reader(user=request.user, language=reads[0], time_zone=reads[1])
                request.session["reads"] = reads
        return response

    return middleware
