"""Deciding, alone or in bulk, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from moderation import reasons, services
from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed, TooLateToUndo
from moderation.forms import BulkForm, DecisionForm
from moderation.models import Case, CaseState, Decision, DecisionBatch
from moderation.services import policies
from moderation.views._desk import (
    case_or_404,
    case_url,
    conflict,
    moderators_only,
    page,
    queue_query,
    queue_url,
    to_next,
)
from moderation.views.cases import actions_of, case_page

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from moderation.services.bulk import BulkOutcome
    from moderation.views._desk import DeskRequest


@require_POST
@moderators_only
def decide(request: DeskRequest, pk: int) -> HttpResponse:
    """Decide a case and go to the next (``stay`` stays). 409: somebody was first; 422: something is missing."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        one = case_or_404(pk)
        if one.is_open:
            return case_page(request, one, form=form, status=422)
        return conflict(request, services.cases.conflict_with_decision(one), case=one)
    try:
        decision = services.decide(
            case=Case(pk=pk),
            decider=request.user,
            action=form.reason.action,
            reason_code=form.reason.code,
            explanation=form.text_for,
            version=form.cleaned_data["version"],
            template=form.reason.template,
        )
    except Case.DoesNotExist as error:
        raise Http404 from error
    except CaseConflict as error:
        return conflict(request, error, case=case_or_404(pk), text=form.cleaned_data["explanation"])
    except IncompleteDecision as error:
        form.add_error("explanation", str(error))
        return case_page(request, case_or_404(pk), form=form, status=422)
    except NotAllowed as error:
        messages.error(request, str(error))
        return case_page(request, case_or_404(pk), status=403)
    if "stay" in request.POST:
        return redirect(case_url(decision.case, queue_query(request)))
    return to_next(request)


@require_POST
@moderators_only
def undo(request: DeskRequest, pk: int) -> HttpResponse:
    """Take a decision back within its grace window and go to the case, which is open again."""
    decision = get_object_or_404(Decision.objects.select_related("case__artwork"), pk=pk)
    try:
        case = services.undo(decision=decision, moderator=request.user)
    except (CaseConflict, TooLateToUndo) as error:
        wrapped = error if isinstance(error, CaseConflict) else CaseConflict(str(error))
        return conflict(request, wrapped, case=decision.case)
    except NotAllowed as error:
        messages.error(request, str(error))
        return case_page(request, case_or_404(decision.case_id), status=403)
    messages.success(request, _("Taken back: “%(title)s” is open again.") % {"title": case.artwork})
    return redirect(case_url(case, queue_query(request)))


@require_POST
@moderators_only
def bulk(request: DeskRequest) -> HttpResponse:
    """Two steps: show the chosen cases once more with the grounds to choose from, then decide each of them.

    The versions that were seen travel in the form (``case`` fields of ``pk:version``).
    """
    versions = _versions(request)
    query = queue_query(request)
    cap = policies.current_policy().bulk_cap
    if not versions:
        messages.error(request, _("Choose at least one case first."))
        return redirect(queue_url(query))
    chosen = list(
        Case.objects.filter(pk__in=versions, state=CaseState.OPEN)
        .exclude(artwork__owner=request.user)
        .select_related("artwork", "artwork__owner", "screening")
        .order_by("-severity", "due_at", "pk")[: cap + 1]
    )
    form = BulkForm(request.POST if "choice" in request.POST or "decide" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            outcome = services.decide_many(
                versions=versions,
                decider=request.user,
                action=form.reason.action,
                reason_code=form.reason.code,
                explain=form.text_for,
                template=form.reason.template,
            )
        except IncompleteDecision as error:
            form.add_error(None, str(error))
        else:
            _tell(request, outcome)
            return redirect(queue_url(query))
    context = {
        "cases": chosen,
        "versions": versions,
        "gone": len(versions) - len(chosen),
        "form": form,
        "cap": cap,
        "over": len(versions) > cap,
        "actions": actions_of(chosen[0]) if chosen else [],
        "observations": list(reasons.OBSERVATIONS.items()),
        "seen": request.POST.getlist("seen"),
        "chosen": request.POST.get("choice", ""),
        "queue": query,
    }
    return page(request, "moderation/bulk.html", context, status=422 if form.is_bound else 200)


@require_POST
@moderators_only
def undo_batch(request: DeskRequest, reference: UUID) -> HttpResponse:
    """Take back all decisions of a batch that still can be."""
    batch = get_object_or_404(DecisionBatch, reference=reference, moderator=request.user)
    outcome = services.undo_batch(batch=batch, moderator=request.user)
    if outcome.done:
        messages.success(
            request,
            ngettext(
                "Taken back: %(n)d case is open again.", "Taken back: %(n)d cases are open again.", len(outcome.done)
            )
            % {"n": len(outcome.done)},
        )
    for left in outcome.left:
        messages.warning(request, f"“{left.case.artwork}”: {left.why}")
    return redirect(queue_url(queue_query(request)))


def _versions(request: DeskRequest) -> dict[int, int]:
    """Return the chosen cases with the version that the moderator saw; what is no number is left out."""
    pairs = (value.partition(":") for value in request.POST.getlist("case"))
    return {int(pk): int(version) for pk, _colon, version in pairs if pk.isdecimal() and version.isdecimal()}


def _tell(request: DeskRequest, outcome: BulkOutcome) -> None:
    if outcome.done:
        said = ngettext("%(n)d case decided.", "%(n)d cases decided.", len(outcome.done)) % {"n": len(outcome.done)}
        messages.success(request, said)
    for left in outcome.left:
        messages.warning(request, f"“{left.case.artwork}”: {left.why}")
