"""The artist's own pages: their works, offering one, changing one, taking one off the walls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace import selectors, services
from marketplace.forms import ListingForm, RevisionForm

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    class ArtistRequest(HttpRequest):
        """A request behind ``login_required``."""

        user: User


@login_required
@require_safe
def my_works(request: ArtistRequest) -> HttpResponse:
    """Show the artist's works and where each stands; what waits is asked for again until it is decided."""
    page = selectors.works_of(artist=request.user, cursor=request.GET.get("after", ""))
    return render(request, "marketplace/my_works.html", {"page": page, "is_continued": "after" in request.GET})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: ArtistRequest) -> HttpResponse:
    """Offer a work. Answers 422 with the form when something is to be put right."""
    if request.method != "POST":
        return render(request, "marketplace/upload.html", {"form": ListingForm()})
    form = ListingForm(request.POST, request.FILES, request=request)
    if not form.is_valid() or form.new_picture is None or form.header is None:
        return render(request, "marketplace/upload.html", {"form": form}, status=422)
    listing = services.publish_listing(
        artist=request.user,
        submission=form.cleaned_data["submission"] or uuid4(),
        picture=form.new_picture,
        header=form.header,
        **form.details,
    )
    messages.success(request, _("“%(title)s” has arrived. It is being looked at now.") % {"title": listing.title})
    return redirect("my_works")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ArtistRequest, public_id: UUID) -> HttpResponse:
    """Change a listing; a new picture is screened anew. Answers 422 with the form where something is wrong."""
    work = _own(request, public_id)
    listing = work.listing
    context: dict[str, Any] = {"listing": listing, "artwork": work.artwork}
    if request.method != "POST":
        return render(request, "marketplace/edit.html", {**context, "form": RevisionForm(instance=listing)})
    title_before = listing.title  # validation writes the new values into the instance
    form = RevisionForm(request.POST, request.FILES, instance=listing, request=request)
    if not form.is_valid():
        context |= {"form": form, "title_before": title_before}
        return render(request, "marketplace/edit.html", context, status=422)
    services.revise_listing(
        listing=_own(request, public_id).listing, picture=form.new_picture, header=form.header, **form.details
    )
    if form.new_picture is not None:
        messages.success(request, _("The new picture has arrived. It is being looked at now."))
    else:
        messages.success(request, _("Your changes are saved."))
    return redirect("my_works")


@login_required
@require_POST
def withdraw(request: ArtistRequest, public_id: UUID) -> HttpResponse:
    """Take a work off the walls, or put it back (``put_back=1``)."""
    listing = _own(request, public_id).listing
    if request.POST.get("put_back"):
        services.relist_listing(listing=listing)
        messages.success(request, _("“%(title)s” is back on the walls.") % {"title": listing.title})
    else:
        services.withdraw_listing(listing=listing)
        messages.success(
            request, _("“%(title)s” is off the walls. You can put it back at any time.") % {"title": listing.title}
        )
    return redirect("my_works")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: ArtistRequest, public_id: UUID) -> HttpResponse:
    """Ask, then delete a work with its files: the one step here that cannot be undone."""
    listing = _own(request, public_id).listing
    if request.method != "POST":
        return render(request, "marketplace/delete.html", {"listing": listing})
    title = listing.title
    services.delete_listing(listing=listing)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": title})
    return redirect("my_works")


def _own(request: ArtistRequest, public_id: UUID) -> selectors.Work:
    work = selectors.own_listing(public_id=public_id, user=request.user)
    if work is None:
        raise Http404
    return work
