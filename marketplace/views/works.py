"""The artist's own pages: their works, offering one, changing one, taking one off the walls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from marketplace import selectors, services, throttling
from marketplace.forms import ListingForm, RevisionForm, SeriesForm
from marketplace.models import Origin
from marketplace.templatetags.marketplace import price

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    from marketplace.models import Listing

    class ArtistRequest(HttpRequest):
        """A request behind ``login_required``."""

        user: User


@login_required
@require_safe
def my_works(request: ArtistRequest) -> HttpResponse:
    """Show the artist's works and where each stands; what waits is asked for again until it is decided."""
    page = selectors.works_of(artist=request.user, cursor=request.GET.get("after", ""))
    context = {"page": page, "is_continued": "after" in request.GET, "after": request.GET.get("after", "")}
    context["origins"] = Origin.choices
    return render(request, "marketplace/my_works.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("Accept")
def upload(request: ArtistRequest) -> HttpResponse:
    """Offer a work: a page with one form, or JSON for the page's script, which sends several works one by one.

    JSON (``Accept: application/json``) is 201 with the listing, 422 with ``errors`` by field, 401 without a
    sign-in, 429 after too many.
    """
    if request.method != "POST" or request.accepts("text/html"):
        return _upload_page(request)
    if not request.user.is_authenticated:
        return JsonResponse({"errors": {"__all__": [_("You are signed out.")]}}, status=401)
    if wait := throttling.uploads().hit(request.user.pk):
        return _too_many(JsonResponse({"errors": {"__all__": [_too_many_text(wait)]}}), wait)
    form = ListingForm(request.POST, request.FILES, request=request)
    listing = _publish(request, form)
    if listing is None:
        return JsonResponse({"errors": form.problems}, status=422)
    # A retry may find the listing that an earlier try made: the answer tells what is kept, not what was sent.
    kept = {"title": listing.title, "price": price(listing), "address": listing.get_absolute_url()}
    return JsonResponse({"listing": kept}, status=201)


@login_required
def _upload_page(request: ArtistRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "marketplace/upload.html", _upload_context(ListingForm()))
    form = ListingForm(request.POST, request.FILES, request=request)
    if wait := throttling.uploads().hit(request.user.pk):
        form.add_error(None, _too_many_text(wait))
        return _too_many(render(request, "marketplace/upload.html", _upload_context(form)), wait)
    listing = _publish(request, form)
    if listing is None:
        return render(request, "marketplace/upload.html", _upload_context(form), status=422)
    messages.success(request, _("“%(title)s” has arrived. It is being looked at now.") % {"title": listing.title})
    return redirect("my_works")


def _upload_context(form: ListingForm) -> dict[str, Any]:
    """The page's own form, and the two that its script copies for several works at once."""
    return {"form": form, "shared": ListingForm(auto_id="all_%s"), "card": ListingForm(auto_id="CARD_%s")}


def _publish(request: ArtistRequest, form: ListingForm) -> Listing | None:
    if not form.is_valid() or form.new_picture is None or form.header is None:
        return None
    return services.publish_listing(
        artist=request.user,
        submission=form.cleaned_data["submission"] or uuid4(),
        picture=form.new_picture,
        header=form.header,
        **form.details,
    )


@login_required
@require_POST
def declare(request: ArtistRequest) -> HttpResponse:
    """Declare for a whole series at once how it was made, and say of each work that was left alone why."""
    form = SeriesForm(request.POST)
    if not form.is_valid():
        for sentence in form.sentences:
            messages.error(request, sentence)
        return _back_to_works(request)
    origin = form.cleaned_data["declared_origin"]
    series = services.declare_series(artist=request.user, works=form.cleaned_data["works"], declared_origin=origin)
    label = Origin(origin).label
    if series.marked:
        text = ngettext(
            "%(count)d work is now marked “%(origin)s”. It is looked at anew where that matters.",
            "%(count)d works are now marked “%(origin)s”. They are looked at anew where that matters.",
            len(series.marked),
        )
        messages.success(request, text % {"count": len(series.marked), "origin": label})
    if series.same:
        text = ngettext(
            "%(count)d work was marked “%(origin)s” before.",
            "%(count)d works were marked “%(origin)s” before.",
            len(series.same),
        )
        messages.info(request, text % {"count": len(series.same), "origin": label})
    for listing, artwork in series.left:
        text = _("“%(title)s” was left as it is: a decision stands (%(standing)s). You can appeal it on its page.")
        messages.warning(request, text % {"title": listing.title, "standing": artwork.get_standing_display()})
    return _back_to_works(request)


def _back_to_works(request: ArtistRequest) -> HttpResponse:
    """Go back to the page of works that the form was on."""
    after = request.POST.get("after", "")
    return redirect(f"{reverse('my_works')}?{urlencode({'after': after})}" if after else "my_works")


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
    if request.FILES and (wait := throttling.uploads().hit(request.user.pk)):
        form.add_error(None, _too_many_text(wait))
        context |= {"form": form, "title_before": title_before}
        return _too_many(render(request, "marketplace/edit.html", context), wait)
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


def _too_many_text(wait: int) -> str:
    minutes = -(-wait // 60)
    text = ngettext(
        "You have sent very many pictures in a short time. Go on in %(minutes)d minute.",
        "You have sent very many pictures in a short time. Go on in %(minutes)d minutes.",
        minutes,
    )
    return text % {"minutes": minutes}


def _too_many(response: HttpResponse, wait: int) -> HttpResponse:
    response.status_code = 429
    response["Retry-After"] = str(wait)
    return response


def _own(request: ArtistRequest, public_id: UUID) -> selectors.Work:
    work = selectors.own_listing(public_id=public_id, user=request.user)
    if work is None:
        raise Http404
    return work
