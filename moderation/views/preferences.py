"""How a moderator likes to work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from moderation.forms import PreferencesForm
from moderation.views._desk import moderators_only, page, preferences_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from moderation.views._desk import DeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def preferences(request: DeskRequest) -> HttpResponse:
    """Show and keep the preferences."""
    form = PreferencesForm(request.POST or None, instance=preferences_of(request.user))
    if request.method == "POST":
        if form.is_valid():
            form.save()
            messages.success(request, _("Kept. It holds from the next page on."))
            return redirect("moderation:preferences")
        return page(request, "moderation/preferences.html", {"form": form}, status=422)
    return page(request, "moderation/preferences.html", {"form": PreferencesForm(instance=form.instance)})
