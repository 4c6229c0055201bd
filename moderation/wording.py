"""The log in plain words: once for the artist, who is told what happened to the work and never who did it, and once
for moderators, who are told everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from moderation.evidence.credentials import State
from moderation.evidence.generators.found import UNNAMED_GENERATORS
from moderation.models import (
    Action,
    Band,
    DetectorStatus,
    FilesState,
    GateState,
    Outcome,
    ReasonCode,
    Severity,
    Standing,
    Watched,
)
from moderation.models.artwork import DeclaredOrigin
from moderation.models.desk import SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import IntegerChoices, TextChoices
    from django.utils.functional import _StrPromise

    from moderation.models import Event

EXPLAINED: dict[str, _StrPromise] = {
    Standing.WAITING: gettext_lazy("The picture is being looked at. This takes a minute or two."),
    Standing.CLEARED: gettext_lazy("Nothing stands against it. It is public."),
    Standing.IN_REVIEW: gettext_lazy(
        "A person takes a look at it. Until they have decided, nothing is held against the work."
    ),
    Standing.HELD: gettext_lazy("A person takes a look first. No machine decides about it."),
    Standing.APPROVED: gettext_lazy("A person looked at it and approved it. It is public."),
    Standing.LABELLED: gettext_lazy("A person decided that it carries the label “AI-generated”. It is public."),
    Standing.REJECTED: gettext_lazy("A person decided that it cannot be shown here."),
    Standing.WITHDRAWN: gettext_lazy("This version was taken back or replaced. It is not shown."),
}
"""What each standing means for the artist, in one or two sentences."""


ABOUT_MARKS = gettext_lazy(
    "Marks in a file speak only for what they state. That a file carries none is never evidence of a human hand, nor"
    " against one."
)
"""Stands wherever evidence is shown, with marks and without."""


_DETAILS: dict[str, _StrPromise] = {
    "generator": gettext_lazy("generator"),
    "where": gettext_lazy("place in the file"),
    "model": gettext_lazy("model"),
    "model_hash": gettext_lazy("model’s hash"),
    "prompt": gettext_lazy("prompt"),
    "negative_prompt": gettext_lazy("negative prompt"),
    "seed": gettext_lazy("seed"),
    "size": gettext_lazy("size"),
    "steps": gettext_lazy("steps"),
    "num_inference_steps": gettext_lazy("steps"),
    "sampler": gettext_lazy("sampler"),
    "sampler_name": gettext_lazy("sampler"),
    "scheduler": gettext_lazy("scheduler"),
    "version": gettext_lazy("version"),
    "app_version": gettext_lazy("version"),
    "nodes": gettext_lazy("nodes"),
    "job_id": gettext_lazy("job number"),
    "label": gettext_lazy("label"),
    "producer": gettext_lazy("producer"),
    "request_type": gettext_lazy("kind of request"),
    "state": gettext_lazy("state of the signature"),
    "signer": gettext_lazy("signer"),
    "kept_at": gettext_lazy("kept at"),
    "digital_source_type": gettext_lazy("source type (IPTC)"),
    "origin": gettext_lazy("stated in"),
    "declared": gettext_lazy("declared as"),
    "against": gettext_lazy("against"),
    "count": gettext_lazy("number of works"),
    "error": gettext_lazy("error"),
}
"""What the details of the plugin's own findings are called; a host's readers name theirs themselves."""

_STATES: dict[str, _StrPromise] = {
    State.TRUSTED: gettext_lazy("trusted"),
    State.VALID: gettext_lazy("valid, signer unknown here"),
    State.INVALID: gettext_lazy("does not fit the file"),
    State.UNREADABLE: gettext_lazy("cannot be read"),
    State.UNCHECKED: gettext_lazy("not checked"),
}


def detail_name(key: str) -> str:
    """Return what the detail ``key`` of a finding is called."""
    return str(_DETAILS.get(key, key.replace("_", " ")))


def detail(key: str, value: object) -> str:
    """Return a detail's value for people: what the file says stands as it is, the plugin's own words are told."""
    if key == "declared":
        return _label(DeclaredOrigin, value)
    if key == "state":
        return str(_STATES.get(str(value), value))
    if key == "where":
        return _place(str(value))
    if key == "generator" and value in UNNAMED_GENERATORS:
        return _(str(value))
    return str(value)


def _place(where: str) -> str:
    """Return in words where something stands in the file; names of EXIF and XMP stay as they are."""
    for begins, template in (("text ", _("text “%(name)s”")), ("lowest bits of ", _("lowest bits of %(name)s"))):
        if where.startswith(begins):
            return template % {"name": where.removeprefix(begins)}
    return where


def explained(standing: str) -> str:
    """Return what ``standing`` means for the artist."""
    return str(EXPLAINED.get(standing, ""))


def for_artist(event: Event) -> str:
    """Return one sentence for the artist, or nothing where the event is not their concern."""
    speak = _FOR_ARTIST.get(event.verb)
    return speak(event) if speak else ""


def for_moderator(event: Event) -> str:
    """Return one sentence for moderators. Unknown verbs are shown as they stand in the log."""
    speak = _FOR_MODERATOR.get(event.verb)
    return speak(event) if speak else event.verb.replace("_", " ").capitalize()


def _label(choices: type[TextChoices | IntegerChoices], value: Any) -> str:
    """Return the label of a stored value; one that is no longer known stands as it is."""
    return str(choices(value).label) if value in choices.values else str(value or "")


def _standing(stored: dict[str, Any]) -> str:
    return _label(Standing, stored.get("standing"))


def _new_standing(event: Event) -> str:
    if event.before.get("standing") == event.after.get("standing"):
        return _("It is shown to the public.") if event.after.get("visible") else _("It is not shown to the public.")
    return _("It now stands: %(standing)s.") % {"standing": _standing(event.after)}


def _action(event: Event) -> str:
    return _label(Action, event.after.get("action") or event.before.get("action"))


def _ground(event: Event) -> str:
    return _label(ReasonCode, event.after.get("reason_code"))


def _outcome(event: Event) -> str:
    return _label(Outcome, event.after.get("outcome"))


def _severity(event: Event) -> str:
    return _label(Severity, event.after.get("severity"))


def _skipped(event: Event) -> str:
    why = _label(SkipReason, event.after.get("why"))
    return _("Skipped it: %(why)s.") % {"why": why} if why else _("Skipped it.")


def _screened(event: Event) -> str:
    p_ai = event.after.get("p_ai")
    shown = f"{p_ai * 100:.0f} %" if isinstance(p_ai, int | float) else "?"
    return _("Screened: score %(score)s, band “%(band)s” (policy %(policy)s, %(detector)s).") % {
        "score": shown,
        "band": _label(Band, event.after.get("band")),
        "policy": event.after.get("policy", "?"),
        "detector": event.after.get("detector", "?"),
    }


def _detector_status(event: Event) -> str:
    return _("%(detector)s: %(before)s → %(after)s.") % {
        "detector": event.after.get("detector", "?"),
        "before": _label(DetectorStatus, event.before.get("status")),
        "after": _label(DetectorStatus, event.after.get("status")),
    }


_FOR_ARTIST: dict[str, Callable[[Event], str]] = {
    "artwork_recorded": lambda event: _("The picture arrived."),
    "artwork_current_again": lambda event: _("You brought this version back."),
    "artwork_superseded": lambda event: _("You put a newer version in its place."),
    "artwork_replaced": lambda event: _("A newer version is shown in its place."),
    "artwork_withdrawn": lambda event: _("It was taken back."),
    "screened": lambda event: _("The picture was looked at by a machine."),
    "screening_failed": lambda event: _("The machine could not look at it, so a person will."),
    "standing_changed": _new_standing,
    "decision_undone": lambda event: _("The decision was taken back; a person looks again."),
    "case_reopened": lambda event: _("A person looks at it once more."),
    "artist_asked": lambda event: _("A moderator asked you about it."),
    "artist_answered": lambda event: _("You answered."),
    "waited_out": lambda event: (
        _("It waited too long, so a person was called.")
        if event.after.get("what") == "ask"
        else _("It waited too long, so it is shown meanwhile.")
    ),
    "case_overdue": lambda event: _("It waited too long, so it was put before all others."),
    "notice_sent": lambda event: (
        _("You were told of the question by mail.")
        if "question" in event.after
        else _("You were told of the decision by mail.")
    ),
    "appeal_filed": lambda event: _("You appealed against the decision."),
    "appeal_decided": lambda event: _("Your appeal was answered: %(outcome)s.") % {"outcome": _outcome(event)},
}

_FOR_MODERATOR: dict[str, Callable[[Event], str]] = {
    "artwork_recorded": lambda event: _("Uploaded."),
    "artwork_described": lambda event: _("The artist changed what they say about it."),
    "artwork_current_again": lambda event: _("The artist brought these bytes back."),
    "artwork_superseded": lambda event: _("The artist put a newer file in its place."),
    "artwork_replaced": lambda event: _("A newer version is shown in its place."),
    "artwork_withdrawn": lambda event: _("Withdrawn."),
    "screening_requested": lambda event: _("A screening was asked for."),
    "screened": _screened,
    "screening_failed": lambda event: _("Could not be screened."),
    "standing_changed": lambda event: (
        _("Standing: %(before)s → %(after)s.") % {"before": _standing(event.before), "after": _standing(event.after)}
    ),
    "case_opened": lambda event: _("A person is asked (%(severity)s).") % {"severity": _severity(event)},
    "case_updated": lambda event: (
        _("The open case was brought up to date (%(severity)s).") % {"severity": _severity(event)}
    ),
    "case_closed": lambda event: _("The case was closed."),
    "case_taken_over": lambda event: _("Took the case over from a colleague."),
    "case_skipped": _skipped,
    "case_escalated": lambda event: _("Passed it to the senior moderators."),
    "case_reopened": lambda event: _("Opened it anew."),
    "artist_asked": lambda event: _("Asked the artist:"),
    "artist_answered": lambda event: _("The artist answered."),
    "case_decided": lambda event: (
        _("Decided: %(action)s. Ground: %(ground)s.") % {"action": _action(event), "ground": _ground(event)}
    ),
    "decision_undone": lambda event: _("Took the decision back: %(action)s.") % {"action": _action(event)},
    "note_added": lambda event: _("Wrote an internal note."),
    "waited_out": lambda event: _("Waited longer than the policy allows."),
    "case_overdue": lambda event: _("Nobody decided in the policy’s time: put before all others."),
    "notice_sent": lambda event: _("The artist was told by mail."),
    "notice_without_address": lambda event: _(
        "The artist has no mail address; what they would be told stands on their page."
    ),
    "notice_failed": lambda event: _("The mail to the artist could not be sent."),
    "notice_retried": lambda event: _("Let the mail to the artist be tried again."),
    "appeal_filed": lambda event: _("Appealed against the decision."),
    "appeal_decided": lambda event: _("Answered the appeal: %(outcome)s.") % {"outcome": _outcome(event)},
    "appeal_file_deleted": lambda event: _("A file of the appeal was deleted when its time was over."),
    "detector_promoted": lambda event: (
        _("Detector: %(before)s → %(after)s.")
        % {"before": event.before.get("active") or "–", "after": event.after.get("active", "?")}
    ),
    "detector_rolled_back": lambda event: (
        _("Back to the last detector: %(before)s → %(after)s.")
        % {"before": event.before.get("active", "?"), "after": event.after.get("active", "?")}
    ),
    "regression_added": lambda event: _("Wrong verdict: put the work into the regression set."),
    "regression_removed": lambda event: _("Took the work out of the regression set."),
    "training_consent": lambda event: (
        _("Allowed detectors to learn from their works.")
        if event.after.get("allowed")
        else _("Forbade detectors to learn from their works.")
    ),
    "training_exported": lambda event: (
        _("Exported decisions for training: %(human)s works of people, %(ai)s generated.")
        % {name: event.after.get("labels", {}).get(name, 0) for name in ("human", "ai")}
    ),
    "alert_raised": lambda event: (
        _("Alert: %(what)s, %(detector)s.")
        % {"what": _label(Watched, event.after.get("what")), "detector": event.after.get("detector", "?")}
    ),
    "detector_status": _detector_status,
    "detector_files": lambda event: (
        _("The files of %(detector)s: %(state)s.")
        % {"detector": event.after.get("detector", "?"), "state": _label(FilesState, event.after.get("files"))}
    ),
    "gate_asked": lambda event: (
        _("Had %(detector)s checked at the gate.") % {"detector": event.after.get("detector", "?")}
    ),
    "gate_checked": lambda event: (
        _("The gate about %(detector)s: %(state)s.")
        % {"detector": event.after.get("detector", "?"), "state": _label(GateState, event.after.get("state"))}
    ),
    "artist_forgotten": lambda event: _("An artist's data were deleted."),
    "second_look_taken": lambda event: _("Looked a second time, without knowing the outcome."),
}
