"""What the pages of the policy area share: who may enter, and what every page knows."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import render

from moderation.permissions import is_policy_admin, may_read_audit, may_see_figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from moderation.views._desk import DeskRequest

    View = Callable[..., HttpResponseBase]
    Test = Callable[[AbstractBaseUser | AnonymousUser], bool]


def only(test: Test) -> Callable[[View], View]:
    """Let in whom ``test`` passes, ask strangers to sign in, and refuse everybody else (403)."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not test(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


figures_only = only(may_see_figures)
admins_only = only(is_policy_admin)
auditors_only = only(may_read_audit)


def area_page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a page of the area with what its tabs and buttons ask for."""
    known = {"may_change": is_policy_admin(request.user), "may_see_works": is_policy_admin(request.user)}
    response = render(request, template, {**known, **(context or {})}, status=status)
    response["Cache-Control"] = "private, no-store"
    return response
