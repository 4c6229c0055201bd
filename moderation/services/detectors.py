"""Which detector looks at a work, and changing that. The registry in the database is the truth.

candidate -> shadow      scores are stored and never act
          -> canary      acts for a share of works, chosen by their digest   (passed the gate)
          -> active      acts for the rest                                   (passed the gate)
          -> retired     replaced; one click brings the last one back
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ml.cards import ArtefactError
from moderation.errors import DetectorRefused, NotAllowed
from moderation.evidence import classifier
from moderation.models import Detector, DetectorStatus, FilesState
from moderation.models.detector import RUNNING
from moderation.permissions import PUBLISH_POLICY
from moderation.saying import say
from moderation.services import events, gate

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from moderation.evidence.classifier import DetectorCard
    from moderation.models import GateCheck

logger = logging.getLogger(__name__)
_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class LineUp:
    """The detectors that look at new works."""

    active: Detector
    canary: Detector | None = None
    shadows: tuple[Detector, ...] = ()

    @property
    def acting(self) -> list[Detector]:
        """Those whose scores have consequences."""
        return [self.active, *([self.canary] if self.canary else [])]

    def acting_for(self, digest: str) -> Detector:
        """Return the detector whose score counts for the work with these bytes: always the same one."""
        return self.canary if self.canary is not None and in_canary(self.canary, digest) else self.active

    def silent_for(self, digest: str) -> list[Detector]:
        """Return those whose score is only stored: the shadows, and of active and canary the one that does not act.

        So canary and active are compared on the same pictures.
        """
        acting = self.acting_for(digest)
        other = [one for one in self.acting if one != acting and self.canary and in_canary(self.canary, digest)]
        return [*other, *self.shadows]


def in_canary(canary: Detector, digest: str) -> bool:
    """Whether the work with these bytes is the canary's. Its version is mixed in: each canary meets other works."""
    mixed = hashlib.sha256(f"{canary.version}:{digest}".encode()).digest()
    return int.from_bytes(mixed[:8]) % _BUCKETS < canary.canary_percent * _BUCKETS // 100


def line_up() -> LineUp:
    """Return who looks at works now. Where nobody does yet, the detector of the settings becomes the active one."""
    rows = list(Detector.objects.filter(status__in=RUNNING).order_by("pk"))
    active = next((row for row in rows if row.status == DetectorStatus.ACTIVE), None)
    cards = classifier.available()
    if active is None or (active.name, active.version) not in cards:
        active = _default_for(active, cards)
    canary = next((row for row in rows if row.status == DetectorStatus.CANARY and row != active), None)
    shadows = tuple(row for row in rows if row.status == DetectorStatus.SHADOW and row != active)
    return LineUp(active, canary, shadows)


def active_card() -> DetectorCard:
    """Return the card of the detector that serves; no numeric library is loaded. Raises ``ArtefactError``."""
    active = line_up().active
    return classifier.classifier_for(active.name, active.version).card


def row_of(card: DetectorCard) -> Detector:
    """Return the row of the detector that ``card`` describes, made at first sight."""
    detector, _created = Detector.objects.get_or_create(
        name=card.name, version=card.version, defaults={"card": card.as_dict()}
    )
    return detector


def _default_for(active: Detector | None, cards: dict[tuple[str, str], DetectorCard]) -> Detector:
    """Return who serves where the registry names nobody, or one that is not there.

    A release brings a detector of the same name in a new version: whoever installs it wants that one. Any other
    detector that is gone stays gone: works wait for a person until somebody sees to it.
    """
    card = classifier.default_classifier().card
    if active is not None and classifier.may_choose():
        same = [one for (name, _version), one in cards.items() if name == active.name]
        if not same:
            return active
        card = same[0]
    try:
        with transaction.atomic():
            return _activate(
                row_of(card), actor=None, reason=_("The detector that this release and its settings bring.")
            )
    except IntegrityError:  # another process was first
        return Detector.objects.get(status=DetectorStatus.ACTIVE)


def find() -> list[Detector]:
    """Look for detectors on disk, compare their files with their digests, and keep what was found.

    For a worker or a command: it reads every file whole. A second run finds the same.
    """
    now, found = timezone.now(), []
    for (name, version), card in classifier.available().items():
        row = row_of(card)
        state, problem = _files_of(name, version)
        if state != row.files:
            events.log(
                "detector_files",
                before={"detector": str(row), "files": row.files},
                after={"detector": str(row), "files": state.value},
                reason=problem,
            )
        row.files, row.files_problem, row.files_checked_at = state, problem, now
        row.card = card.as_dict()
        row.save(update_fields=["files", "files_problem", "files_checked_at", "card"])
        found.append(row)
    gone = Detector.objects.exclude(pk__in=[row.pk for row in found])
    gone.update(files=FilesState.MISSING, files_problem="", files_checked_at=now)
    return found


def _files_of(name: str, version: str) -> tuple[FilesState, str]:
    check = getattr(classifier.classifier_for(name, version), "check_files", None)
    try:
        if check is not None:
            check()
    except (ArtefactError, OSError) as error:
        return FilesState.ALTERED, str(error)
    return FilesState.INTACT, ""


def shadow(*, detector: Detector, by: AbstractBaseUser, reason: str = "") -> Detector:
    """Let ``detector`` look at new works without consequences. Raises ``NotAllowed`` or ``DetectorRefused``."""
    with transaction.atomic():
        row = _lock(detector, by)
        if row.status == DetectorStatus.ACTIVE:
            raise DetectorRefused(_("It is the active detector: promote another one or go back to the last first."))
        _check_on_disk(row)
        return _set(row, DetectorStatus.SHADOW, by=by, reason=reason)


def canary(*, detector: Detector, by: AbstractBaseUser, percent: int, reason: str = "") -> Detector:
    """Let ``detector`` act for ``percent`` (1 to 99) of works, which their digests choose.

    It takes the place of another canary, which becomes a shadow. Raises ``NotAllowed`` or ``DetectorRefused``.
    """
    with transaction.atomic():
        row = _lock(detector, by)
        if not 1 <= percent <= 99:
            raise DetectorRefused(_("A canary takes between 1 and 99 of 100 works."))
        if row.status == DetectorStatus.ACTIVE:
            raise DetectorRefused(_("It is the active detector: promote another one or go back to the last first."))
        _check_on_disk(row)
        gate.check_passed(row, against=line_up().active)
        for other in Detector.objects.filter(status=DetectorStatus.CANARY).exclude(pk=row.pk):
            _set(other, DetectorStatus.SHADOW, by=by, reason=say(gettext_noop("Another detector became the canary.")))
        return _set(row, DetectorStatus.CANARY, percent=percent, by=by, reason=reason)


def stop(*, detector: Detector, by: AbstractBaseUser, reason: str = "") -> Detector:
    """Let ``detector`` (shadow, canary or retired) look at nothing: it is a candidate again. Raises ``NotAllowed``."""
    with transaction.atomic():
        row = _lock(detector, by)
        if row.status == DetectorStatus.ACTIVE:
            raise DetectorRefused(_("It is the active detector: promote another one or go back to the last first."))
        return _set(row, DetectorStatus.CANDIDATE, by=by, reason=reason)


def retire(*, detector: Detector, by: AbstractBaseUser, reason: str = "") -> Detector:
    """Put ``detector`` aside. Raises ``NotAllowed``, or ``DetectorRefused`` for the active one."""
    with transaction.atomic():
        row = _lock(detector, by)
        if row.status == DetectorStatus.ACTIVE:
            raise DetectorRefused(_("It is the active detector: promote another one or go back to the last first."))
        return _set(row, DetectorStatus.RETIRED, by=by, reason=reason)


def promote(*, detector: Detector, by: AbstractBaseUser, reason: str) -> Detector:
    """Let ``detector`` serve in the place of the active one.

    Raises ``NotAllowed``, or ``DetectorRefused`` where no fresh gate was passed against the active one; its sentence
    says in what.
    """
    with transaction.atomic():
        row = _lock(detector, by)
        if not reason.strip():
            raise DetectorRefused(_("Say in a sentence why: the log keeps it."))
        active = line_up().active
        if row == active:
            raise DetectorRefused(_("It is the active detector already."))
        _check_on_disk(row)
        gate.check_passed(row, against=active)
        return _activate(row, actor=by, reason=reason)


def ask_gate(*, detector: Detector, by: AbstractBaseUser) -> GateCheck:
    """Have ``detector`` checked against the active one, by a worker. Raises ``NotAllowed`` or ``DetectorRefused``."""
    with transaction.atomic():
        row = _lock(detector, by)
        active = line_up().active
        if row == active:
            raise DetectorRefused(_("It is the active detector already."))
        _check_on_disk(row)
        return gate.ask(detector=row, against=active, by=by)


def last_one(active: Detector) -> Detector | None:
    """Return the detector that one click leads back to: the one in whose place ``active`` came."""
    return active.replaced


def roll_back(*, by: AbstractBaseUser, reason: str = "") -> Detector:
    """Go back to the detector that served before. No gate: it served. Raises ``NotAllowed`` or ``DetectorRefused``."""
    with transaction.atomic():
        _check_may(by)
        rows = {row.pk: row for row in Detector.objects.select_for_update().order_by("pk")}
        active = line_up().active
        last = rows.get(active.replaced_id or 0)
        if last is None:
            raise DetectorRefused(_("No detector served here before this one."))
        _check_on_disk(last)
        earlier = last.replaced
        row = _activate(
            last, actor=by, reason=reason or say(gettext_noop("Back to the last one.")), verb="detector_rolled_back"
        )
        row.replaced = earlier  # a second click goes further back, not forward again
        row.save(update_fields=["replaced"])
        return row


def _activate(
    row: Detector, *, actor: AbstractBaseUser | None, reason: str, verb: str = "detector_promoted"
) -> Detector:
    before = Detector.objects.filter(status=DetectorStatus.ACTIVE).first()
    if before == row:
        return row
    if before is not None:
        before.status = DetectorStatus.RETIRED
        before.save(update_fields=["status"])
    was = row.status
    row.status, row.canary_percent = DetectorStatus.ACTIVE, 0
    row.activated_at, row.replaced = timezone.now(), before
    row.save(update_fields=["status", "canary_percent", "activated_at", "replaced"])
    events.log(
        verb,
        actor=actor,
        before={"active": str(before) if before else "", "status": was},
        after={"active": str(row), "status": row.status},
        reason=reason,
    )
    return row


def _set(row: Detector, status: DetectorStatus, *, by: AbstractBaseUser, reason: str, percent: int = 0) -> Detector:
    before = {"detector": str(row), "status": row.status, "percent": row.canary_percent}
    row.status, row.canary_percent = status, percent
    row.save(update_fields=["status", "canary_percent"])
    after = {"detector": str(row), "status": status.value, "percent": percent}
    if after != before:
        events.log("detector_status", actor=by, before=before, after=after, reason=reason)
    return row


def _lock(detector: Detector, by: AbstractBaseUser) -> Detector:
    _check_may(by)
    # All of them, in one order: who serves is a statement about the whole table.
    return {row.pk: row for row in Detector.objects.select_for_update().order_by("pk")}[detector.pk]


def _check_may(by: AbstractBaseUser) -> None:
    if not by.has_perm(PUBLISH_POLICY):  # type: ignore[attr-defined]
        raise NotAllowed(_("Only a policy admin may change which detector serves."))


def _check_on_disk(row: Detector) -> None:
    if (row.name, row.version) not in classifier.available():
        raise DetectorRefused(_("Its files are not on disk."))
    if row.files in (FilesState.ALTERED, FilesState.MISSING):
        raise DetectorRefused(_("Its files are not as they were made: %(problem)s") % {"problem": row.files_problem})
