"""Blind second looks by senior moderators: judge a closed case without knowing the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from moderation import selectors, services
from moderation.errors import CaseConflict, IncompleteDecision
from moderation.models import Action, SecondLook
from moderation.services import policies
from moderation.services.second_looks import waiting_for
from moderation.views._desk import case_or_404, conflict, page, seniors_only

if TYPE_CHECKING:
    from moderation.views._desk import DeskRequest


@require_safe
@seniors_only
def next_look(request: DeskRequest) -> HttpResponse:
    """Go to the oldest second look that waits for this senior moderator; say so when none does."""
    waiting = waiting_for(request.user).first()
    if waiting is not None:
        return redirect("moderation:second_look", pk=waiting.pk)
    return page(request, "moderation/second_look_done.html")


@require_http_methods(["GET", "HEAD", "POST"])
@seniors_only
def second_look(request: DeskRequest, pk: int) -> HttpResponse:
    """Show the case as it was, without outcome, notes and history; take the look, then tell both outcomes."""
    look = SecondLook.objects.select_related("decision__decider", "decision__artwork", "looker").filter(pk=pk).first()
    if look is None or look.decision.decider_id == request.user.pk or look.decision.artist_id == request.user.pk:
        raise Http404
    if look.looked_at is not None:
        return page(request, "moderation/second_look_done.html", {"look": look})
    if request.method == "POST":
        try:
            services.take_second_look(
                second_look=look,
                looker=request.user,
                action=request.POST.get("action", ""),
                remark=request.POST.get("remark", ""),
            )
        except CaseConflict as error:
            return conflict(request, error, text=request.POST.get("remark", ""))
        except IncompleteDecision as error:
            messages.error(request, str(error))
            return _blind(request, look, status=422)
        return redirect("moderation:second_look", pk=look.pk)
    return _blind(request, look)


def _blind(request: DeskRequest, look: SecondLook, *, status: int = 200) -> HttpResponse:
    case = case_or_404(look.decision.case_id)
    context = {
        "look": look,
        "case": case,
        "sheet": selectors.case_sheet(case),
        "policy": policies.policy_of(case),
        "actions": Action.choices,
        "blind": True,
    }
    return page(request, "moderation/second_look.html", context, status=status)
