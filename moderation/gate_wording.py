"""What the gate found, in sentences. Findings are stored as figures, so each reader gets them in their language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.models import GateCheck


def sentence(finding: dict[str, Any]) -> str:
    """Return one finding in a sentence or two."""
    return _SENTENCES[finding["check"]](finding["passed"], finding["figures"])


def title(finding: dict[str, Any]) -> str:
    """Return what was asked, in a word or two."""
    titles = {
        "files": _("Files"),
        "golden": _("Golden scores"),
        "set": _("Labelled works"),
        "regression": _("Regression set"),
        "calibration": _("Calibration"),
    }
    return titles[finding["check"]]


def refusals(check: GateCheck) -> list[str]:
    """Return the sentences of what was not passed."""
    return [sentence(finding) for finding in check.findings if not finding["passed"]]


def _files(passed: bool, figures: dict[str, Any]) -> str:
    if passed:
        return _("Every file is the one that the card was written for, and the runtime loads it.")
    return _("The files cannot be used: %(problem)s") % figures


def _golden(passed: bool, figures: dict[str, Any]) -> str:
    values = {"difference": f"{figures['difference']:.4f}", "limit": f"{figures['limit']:g}"}
    if passed:
        return _("The golden pictures score here as they did when it was made.")
    return (
        _("The golden pictures score otherwise than when it was made: by %(difference)s, allowed is %(limit)s.")
        % values
    )


def _set(passed: bool, figures: dict[str, Any]) -> str:
    counts = _("%(human)d works of people and %(ai)d generated ones were compared.") % figures
    if passed:
        return counts
    needed = ngettext(
        "The gate needs at least %(least)d of each; people's decisions bring them.",
        "The gate needs at least %(least)d of each; people's decisions bring them.",
        figures["least"],
    )
    return f"{counts} {needed % figures}"


def _regression(passed: bool, figures: dict[str, Any]) -> str:
    if passed:
        return _("On the same works it is no worse than the one that serves.")
    texts = {
        "auroc": _("it ranks worse (AUROC %(old).3f → %(new).3f)"),
        "recall": _("it catches fewer generated works (%(old).1f %% → %(new).1f %%)"),
        "fpr": _("it flags more works of people (%(old).1f %% → %(new).1f %%)"),
    }
    scale = {"auroc": 1, "recall": 100, "fpr": 100}
    parts = [
        texts[name] % {side: figures[name][side][name] * scale[name] for side in ("old", "new")}
        for name in figures["worse"]
    ]
    return _("On the same works it is worse than the one that serves: %(parts)s.") % {"parts": "; ".join(parts)}


def _calibration(passed: bool, figures: dict[str, Any]) -> str:
    values = {name: f"{figures[name]:.3f}" for name in ("new", "old", "limit")}
    if passed:
        return _("Its scores can be taken at their word: calibration error %(new)s, allowed is %(limit)s.") % values
    return _("Its scores cannot be taken at their word: calibration error %(new)s, allowed is %(limit)s.") % values


_SENTENCES: dict[str, Callable[[bool, dict[str, Any]], str]] = {
    "files": _files,
    "golden": _golden,
    "set": _set,
    "regression": _regression,
    "calibration": _calibration,
}
