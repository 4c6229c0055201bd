"""The registry of detectors: what each is, what it does here, and changing that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from moderation.errors import ModerationError
from moderation.models import Detector, DetectorStatus
from moderation.selectors import detectors as selectors
from moderation.services import bell, detectors, gate, policies
from moderation.views._area import admins_only, area_page, figures_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.models import GateCheck
    from moderation.views._desk import DeskRequest


@require_safe
@figures_only
def registry(request: DeskRequest) -> HttpResponse:
    """List the detectors, the one that serves first, with the way back to the last one."""
    line = detectors.line_up()
    rows = [(detector, selectors.figures(detector.card)) for detector in selectors.registry()]
    context = {"rows": rows, "active": line.active, "last": detectors.last_one(line.active)}
    return area_page(request, "moderation/policy/detectors.html", context)


@require_safe
@figures_only
def detector(request: DeskRequest, pk: int) -> HttpResponse:
    """Show one detector: its card, its gate, and how it does beside the one that acts."""
    found = get_object_or_404(selectors.registry(), pk=pk)
    return _page(request, found)


@require_safe
@figures_only
def gate_progress(request: DeskRequest, pk: int) -> HttpResponse:
    """Send the gate's part of the page again, while a worker is at it."""
    found = get_object_or_404(Detector, pk=pk)
    return area_page(request, "moderation/policy/_gate.html", {"detector": found, **_gate_of(found)})


@require_POST
@admins_only
def change(request: DeskRequest, pk: int, verb: str) -> HttpResponse:
    """Do what ``verb`` says with a detector; a refusal is shown with its reasons, and changes nothing."""
    found = get_object_or_404(selectors.registry(), pk=pk)
    act = _VERBS.get(verb)
    if act is None:
        raise Http404
    try:
        messages.success(request, act(request, found))
    except ModerationError as error:
        return _page(request, found, refused=str(error), status=409)
    return redirect("moderation:detector", pk=found.pk)


@require_POST
@admins_only
def back(request: DeskRequest) -> HttpResponse:
    """Go back to the detector that served before."""
    try:
        row = detectors.roll_back(by=request.user, reason=request.POST.get("reason", ""))
    except ModerationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(detector)s serves again.") % {"detector": row})
    return redirect("moderation:detectors")


@require_POST
@admins_only
def look(request: DeskRequest) -> HttpResponse:
    """Have a worker look for detectors on disk."""
    if bell.ring_for_detectors():
        messages.success(request, _("A worker looks for detectors on disk. Load this page again in a moment."))
    else:
        messages.error(request, _("No worker can be reached now. They look by themselves every hour."))
    return redirect("moderation:detectors")


def _page(request: DeskRequest, found: Detector, *, refused: str = "", status: int = 200) -> HttpResponse:
    threshold = policies.current_policy().review_threshold
    context = {
        "detector": found,
        "figures": selectors.figures(found.card),
        "beside": selectors.on_new_works(found, threshold) if found.status != DetectorStatus.ACTIVE else None,
        "threshold": threshold,
        "refused": refused,
        "reason": request.POST.get("reason", ""),
        **_gate_of(found),
    }
    return area_page(request, "moderation/policy/detector.html", context, status=status)


def _gate_of(found: Detector) -> dict[str, Any]:
    check: GateCheck | None = gate.latest(found)
    return {"check": check, "differences": selectors.at_the_gate(check) if check else []}


def _shadow(request: DeskRequest, found: Detector) -> str:
    detectors.shadow(detector=found, by=request.user, reason=_reason(request))
    return _("It looks at new works from now on. What it says is stored and has no consequences.")


def _canary(request: DeskRequest, found: Detector) -> str:
    given = request.POST.get("percent", "")
    percent = int(given) if given.isdecimal() else 0
    detectors.canary(detector=found, by=request.user, percent=percent, reason=_reason(request))
    return ngettext("Of 100 new works it now judges %(n)d.", "Of 100 new works it now judges %(n)d.", percent) % {
        "n": percent
    }


def _stop(request: DeskRequest, found: Detector) -> str:
    detectors.stop(detector=found, by=request.user, reason=_reason(request))
    return _("It looks at no works any more.")


def _retire(request: DeskRequest, found: Detector) -> str:
    detectors.retire(detector=found, by=request.user, reason=_reason(request))
    return _("It is put aside.")


def _promote(request: DeskRequest, found: Detector) -> str:
    detectors.promote(detector=found, by=request.user, reason=_reason(request))
    return _("It serves from now on. One click in the list leads back to the last one.")


def _gate(request: DeskRequest, found: Detector) -> str:
    detectors.ask_gate(detector=found, by=request.user)
    return _("A worker checks it now.")


def _reason(request: DeskRequest) -> str:
    return request.POST.get("reason", "").strip()[:500]


_VERBS: dict[str, Callable[[DeskRequest, Detector], str]] = {
    "shadow": _shadow,
    "canary": _canary,
    "stop": _stop,
    "retire": _retire,
    "promote": _promote,
    "gate": _gate,
}
