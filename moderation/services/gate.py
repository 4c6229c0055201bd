"""The gate: before a detector acts, a worker asks it about its own files and about works whose truth people settled.

    ask -> a waiting row -> run_next (a worker, under a lease, a slice of works at a time) -> passed | refused | failed

Scores are stored as they come, so a killed worker's check goes on where it stopped.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ml.cards import ArtefactError
from ml.probe import ArtworkError
from moderation import gate_wording
from moderation.conf import settings
from moderation.errors import DetectorRefused
from moderation.evidence import classifier
from moderation.evidence.looking import FileProblem
from moderation.models import GateCheck, GateState
from moderation.models.gate import OPEN_GATE
from moderation.saying import say
from moderation.selectors import labelled
from moderation.services import bell, events, policies
from moderation.services.files import read_artwork_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AbstractBaseUser
    from django.db.models import QuerySet

    from moderation.evidence.classifier import Classifier
    from moderation.models import Detector
    from moderation.selectors.labelled import Labelled

_SAVE_EVERY = 8
"""Works between two writes: the page's progress, and what a killed worker loses."""


def ask(*, detector: Detector, against: Detector, by: AbstractBaseUser) -> GateCheck:
    """Put a waiting check into the table, in the caller's transaction; one that is under way is returned instead."""
    open_one = GateCheck.objects.filter(detector=detector, state__in=OPEN_GATE).first()
    if open_one is not None:
        return open_one
    try:
        with transaction.atomic():
            check = GateCheck.objects.create(detector=detector, against=against, asked_by=by)  # type: ignore[misc]
    except IntegrityError:  # a doubled click
        return GateCheck.objects.get(detector=detector, state__in=OPEN_GATE)
    events.log("gate_asked", actor=by, after={"detector": str(detector), "against": str(against)})
    transaction.on_commit(bell.ring_for_gate)
    return check


def latest(detector: Detector) -> GateCheck | None:
    """Return the last check of ``detector``, also one that is under way."""
    return GateCheck.objects.filter(detector=detector).select_related("against").order_by("-pk").first()


def check_passed(detector: Detector, *, against: Detector) -> None:
    """Refuse unless the last check of ``detector`` was passed, against the one that serves, not long ago.

    Raises ``DetectorRefused``; its sentence names every reason.
    """
    check = latest(detector)
    fresh = timezone.now() - timedelta(days=settings.GATE_DAYS)
    if check is None:
        raise DetectorRefused(_("It has not been checked at the gate yet."))
    if check.is_open:
        raise DetectorRefused(_("The gate is still checking it."))
    if check.against_id != against.pk:
        raise DetectorRefused(_("Another detector serves now than the one it was checked against: check it anew."))
    if check.state == GateState.FAILED:
        raise DetectorRefused(_("The gate could not check it: %(problem)s") % {"problem": check.problem})
    if check.state == GateState.REFUSED:
        raise DetectorRefused(" ".join(gate_wording.refusals(check)))
    if check.finished_at is None or check.finished_at < fresh:
        raise DetectorRefused(_("It passed the gate too long ago: check it anew."))


def run_next(*, seconds: float | None = None) -> bool:
    """Take a check that waits (or was lost) and work on it for ``seconds``; whether there was one.

    A second run beside it takes another check or finds none: the lease says whose it is.
    """
    check = _claim()
    if check is None:
        return False
    deadline = time.monotonic() + (settings.TASK_SECONDS if seconds is None else seconds)
    try:
        findings = _work(check, deadline)
    except (ArtefactError, ImportError, MemoryError) as error:
        _end(check, GateState.FAILED, problem=str(error) or type(error).__name__)
        return True
    if findings is None:  # the time is over; the next task goes on
        GateCheck.objects.filter(pk=check.pk).update(lease_expires_at=timezone.now())
        return True
    passed = all(finding["passed"] for finding in findings)
    _end(check, GateState.PASSED if passed else GateState.REFUSED, findings=findings)
    return True


def has_waiting() -> bool:
    """Whether a check waits for a worker, or was lost by one."""
    return _free().exists()


def _free() -> QuerySet[GateCheck]:
    return GateCheck.objects.filter(
        Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lte=timezone.now()), state__in=OPEN_GATE
    )


def _claim() -> GateCheck | None:
    for check in _free().order_by("pk"):
        won = (
            _free()
            .filter(pk=check.pk)
            .update(
                state=GateState.RUNNING,
                attempts=F("attempts") + 1,
                lease_expires_at=timezone.now() + timedelta(seconds=settings.LEASE_SECONDS),
            )
        )
        if not won:
            continue
        mine = GateCheck.objects.select_related("detector", "against").get(pk=check.pk)
        if mine.attempts <= settings.MAX_ATTEMPTS:
            return mine
        _end(mine, GateState.FAILED, problem=say(gettext_noop("A worker was lost at it again and again.")))
    return None


def _work(check: GateCheck, deadline: float) -> list[dict[str, Any]] | None:
    """Return all findings, or nothing when the time is over. Raises ``ArtefactError`` for the detector that serves."""
    findings, candidate = _own_findings(check.detector)
    if candidate is None or not all(finding["passed"] for finding in findings):
        return findings
    works = labelled.gate_works()
    current = classifier.classifier_for(check.against.name, check.against.version)
    if not _score(check, works, (candidate, current), deadline):
        return None
    return [*findings, *_compare(check, works)]


def _own_findings(detector: Detector) -> tuple[list[dict[str, Any]], Classifier | None]:
    """Ask the detector about itself: its files, and the golden scores where it has some."""
    try:
        model = classifier.classifier_for(detector.name, detector.version)
        model.load()
        findings = [{"check": "files", "passed": True, "figures": {}}]
        golden = getattr(model, "golden_scores", None)
        if golden is not None:
            findings.append(golden().as_dict())
    except (ArtefactError, OSError) as error:
        return [{"check": "files", "passed": False, "figures": {"problem": str(error)}}], None
    return findings, model


def _score(
    check: GateCheck, works: Sequence[Labelled], models: tuple[Classifier, Classifier], deadline: float
) -> bool:
    """Score what is not scored yet, storing as it goes; whether everything is."""
    todo = [work for work in works if str(work.artwork.pk) not in check.scores]
    check.total, check.done = len(works), len(works) - len(todo)
    for place, work in enumerate(todo):
        if place % _SAVE_EVERY == 0:
            _save_progress(check)
            if time.monotonic() > deadline:
                return False
        check.scores[str(work.artwork.pk)] = _scores_of(work, models)
        check.done += 1
    _save_progress(check)
    return True


def _scores_of(work: Labelled, models: tuple[Classifier, Classifier]) -> dict[str, Any] | None:
    """Return ``new``, ``old`` and ``is_ai``; nothing for a file that is gone or cannot be read."""
    from ml.artwork import read_artwork  # numpy: wanted in a worker, not in a web process

    try:
        pixels = read_artwork(read_artwork_file(work.artwork))
    except (FileProblem, ArtworkError):
        return None
    new, old = (model.score([pixels])[0] for model in models)
    return {"new": new, "old": old, "is_ai": work.is_ai, "pinned": work.pinned}


def _save_progress(check: GateCheck) -> None:
    check.attempts = 0 if check.done else check.attempts
    check.lease_expires_at = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    check.save(update_fields=["done", "total", "scores", "attempts", "lease_expires_at"])


def _compare(check: GateCheck, works: Sequence[Labelled]) -> list[dict[str, Any]]:
    """Compare the two detectors on the works, at the threshold from which the policy asks a person."""
    import numpy as np  # as above

    from ml import gate

    rows = [check.scores[str(work.artwork.pk)] for work in works]
    read = [row for row in rows if row is not None]
    human = sum(not row["is_ai"] for row in read)
    counts = {
        "human": human,
        "ai": len(read) - human,
        "pinned": sum(row["pinned"] for row in read),
        "unread": len(rows) - len(read),
        "least": settings.GATE_MIN_WORKS,
    }
    enough = min(counts["human"], counts["ai"]) >= settings.GATE_MIN_WORKS
    found = [{"check": "set", "passed": enough, "figures": counts}]
    if not enough:
        return found
    new, old = (np.array([row[name] for row in read], np.float64) for name in ("new", "old"))
    truth = np.array([row["is_ai"] for row in read], bool)
    threshold = policies.current_policy().review_threshold
    regression = gate.regression(new, old, truth, (threshold, threshold)).as_dict()
    regression["figures"]["threshold"] = threshold
    return [*found, regression, gate.calibration(new, old, truth).as_dict()]


def _end(
    check: GateCheck, state: GateState, *, findings: list[dict[str, Any]] | None = None, problem: str = ""
) -> None:
    with transaction.atomic():
        check.state, check.problem, check.finished_at = state, problem, timezone.now()
        check.findings, check.lease_expires_at = findings or [], None
        check.save(update_fields=["state", "problem", "finished_at", "findings", "lease_expires_at"])
        events.log(
            "gate_checked",
            after={
                "detector": str(check.detector),
                "against": str(check.against),
                "state": state.value,
                "refused": [finding["check"] for finding in check.findings if not finding["passed"]],
            },
            reason=problem,
        )
