"""What everyone may see: the gallery and a listing's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from marketplace import selectors
from marketplace.models import Category
from moderation.permissions import is_moderator

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show the works, newest first; ``?category=`` and ``?made=`` narrow, ``?after=`` goes on from a work."""
    category, made = request.GET.get("category", ""), request.GET.get("made", "")
    if category not in Category.values:
        category = ""
    if made not in selectors.Made.values:
        made = ""
    page = selectors.gallery(category=category, made=made, cursor=request.GET.get("after", ""))
    context = {
        "page": page,
        "categories": Category.choices,
        "category": category,
        "category_label": Category(category).label if category else "",
        "ways_made": selectors.Made.choices,
        "made": made,
        "is_continued": bool(request.GET.get("after")),
    }
    # The next page's works are put behind those on the screen; without JavaScript the same link is a page.
    fragment = getattr(request, "htmx", False) and request.GET.get("after")
    return render(request, "marketplace/_works.html" if fragment else "marketplace/gallery.html", context)


@require_safe
def listing(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one work: to everyone if it is public, to its artist always.

    The artist sees their newest picture and where it stands. For anyone else a work that is not public does not
    exist: 404, not 403, so that the address tells nothing.
    """
    own = selectors.own_listing(public_id=public_id, user=request.user)
    work = own or selectors.public_listing(public_id=public_id)
    if work is None:
        raise Http404
    context = {"work": work, "listing": work.listing, "artwork": work.artwork, "is_own": own is not None}
    return render(request, "marketplace/listing.html", context)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send a person who has signed in to where their work is."""
    if is_moderator(request.user):
        return redirect("moderation:queue")
    return redirect("my_works" if request.user.is_authenticated else "gallery")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask for the old address (the admin's pages name no icon) to the site's mark."""
    return redirect(static("marketplace/mark.svg"))


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's choice; for browsers without JavaScript."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    response = redirect(back if safe else "gallery")
    chosen = request.POST.get("theme", "")
    if chosen in ("light", "dark"):
        response.set_cookie("theme", chosen, max_age=365 * 24 * 3600, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response
