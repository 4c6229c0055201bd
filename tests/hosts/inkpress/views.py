"""What the public sees, and what a member sees of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render

from moderation import selectors
from tests.hosts.inkpress.models import Design

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def designs(request: HttpRequest) -> HttpResponse:
    """Show the designs of which every picture may be seen."""
    found = list(selectors.visible(Design.objects.order_by("name")))
    fronts = selectors.shown_artworks(found, field="front")
    backs = selectors.shown_artworks(found, field="back")
    shirts = [(design, fronts.get(design.pk), backs.get(design.pk)) for design in found]
    return render(request, "designs.html", {"shirts": shirts})


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show a member where their pictures stand."""
    own = list(Design.objects.filter(studio__member=request.user.pk))
    fronts = selectors.current_artworks(own, field="front")
    return render(request, "mine.html", {"shirts": [(design, fronts.get(design.pk)) for design in own]})
