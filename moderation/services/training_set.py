"""From people's final decisions to a set that a detector may learn from; and what must stay out of it.

Out stay: works whose artist did not consent (or opted out), the gold set and the regression set, works that were taken
back, decisions that can still change (the time to undo, an open appeal), grounds that do not say how a work was made,
and bytes about which two decisions disagree. A decision that an appeal overturned counts as it was answered.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.crypto import salted_hmac

from moderation.conf import settings
from moderation.errors import NotAllowed
from moderation.evidence.looking import FileProblem
from moderation.models import Artwork, RegressionWork, Standing, TrainingConsent
from moderation.selectors import labelled
from moderation.services import cases, events
from moderation.services.files import read_artwork_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.contrib.auth.models import AbstractBaseUser

    from moderation.models import Case, Decision

MANIFEST, PICTURES = "manifest.csv", "pictures"
COLUMNS = ("file", "label", "domain", "group", "what", "bytes", "decided", "appeal")


@dataclass(slots=True)
class Export:
    """What was written, and what stayed out and why: counts of works."""

    labels: Counter[str] = field(default_factory=Counter)
    appeals: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def set_consent(*, artist: AbstractBaseUser, allowed: bool) -> None:
    """Keep whether detectors may learn from ``artist``'s works. It holds from the next export on."""
    with transaction.atomic():
        before = may_learn_from(artist.pk)
        TrainingConsent.objects.update_or_create(artist_id=artist.pk, defaults={"allowed": allowed})
        events.log("training_consent", actor=artist, before={"allowed": before}, after={"allowed": allowed})


def may_learn_from(artist_pk: object) -> bool:
    """Whether detectors may learn from this artist's works: their word, or what the site agreed with everybody."""
    said = TrainingConsent.objects.filter(artist=artist_pk).values_list("allowed", flat=True).first()  # type: ignore[misc]
    return bool(settings.TRAINING_CONSENT == "opt-out") if said is None else said


def mark_wrong(*, case: Case, moderator: AbstractBaseUser, wrong: bool = True) -> None:
    """Put the case's work into the regression set, or take it out: no later detector may get it wrong unnoticed.

    It counts there once a decision about it is final. Raises ``NotAllowed``.
    """
    cases.check_may_decide(moderator, case.artwork)
    if not case.artwork.digest:
        raise NotAllowed("A work without bytes can be no example.")
    with transaction.atomic():
        if wrong:
            _row, changed = RegressionWork.objects.get_or_create(
                artwork=case.artwork,
                defaults={"added_by_id": moderator.pk},
            )
        else:
            changed = bool(RegressionWork.objects.filter(artwork=case.artwork).delete()[0])
        if changed:
            verb = "regression_added" if wrong else "regression_removed"
            events.log(verb, artwork=case.artwork, case=case, actor=moderator)


def export(folder: Path) -> Export:
    """Write ``manifest.csv`` and the pictures into ``folder``, which must be empty or not there.

    The manifest has the columns that ``python -m ml`` reads; ``group`` is a pseudonym of the artist, so that splits
    can go by artist. Raises ``FileExistsError``.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty.")
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    result = Export()
    with (folder / MANIFEST).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for artwork in _allowed(result):
            try:
                data = read_artwork_file(artwork)
            except FileProblem:
                result.left_out["file gone"] += 1
                continue
            name = f"{PICTURES}/{artwork.digest}"
            (folder / name).write_bytes(data)
            writer.writerow(_row(artwork, name, result))
    events.log(
        "training_exported",
        after={"labels": dict(result.labels), "appeals": dict(result.appeals), "left_out": dict(result.left_out)},
    )
    return result


def _allowed(result: Export) -> Iterator[Artwork]:
    result.left_out["not settled"] = (
        Artwork.objects.filter(decision__isnull=False)
        .exclude(pk__in=labelled.settled().order_by().values("pk"))
        .count()
    )
    pinned = set(RegressionWork.objects.values_list("artwork__digest", flat=True))
    unclear = _unclear()
    word: dict[int | None, bool] = {None: False}
    seen: set[str] = set()
    for artwork in labelled.settled().iterator(chunk_size=500):
        owner = artwork.owner_id
        if owner not in word:
            word[owner] = may_learn_from(owner)
        reasons = {
            "no consent": not word[owner],
            "gold": labelled.is_gold(artwork.digest),
            "regression set": artwork.digest in pinned,
            "taken back": artwork.standing == Standing.WITHDRAWN,
            "contradicted": artwork.digest in unclear,
            "same bytes": artwork.digest in seen,
        }
        reason = next((name for name, holds in reasons.items() if holds), "")
        if reason:
            result.left_out[reason] += 1
            continue
        seen.add(artwork.digest)
        yield artwork


def _unclear() -> set[str]:
    """Return the digests about which two final decisions disagree."""
    said: dict[str, bool] = {}
    apart = set()
    for artwork in labelled.settled().iterator(chunk_size=500):
        truth = labelled.is_ai(artwork)
        if said.setdefault(artwork.digest, truth) != truth:
            apart.add(artwork.digest)
    return apart


def _row(artwork: Artwork, name: str, result: Export) -> list[object]:
    label = "ai" if labelled.is_ai(artwork) else "human"
    decision = artwork.decision
    assert decision is not None  # noqa: S101 - settled works have one
    appeal = _appeal(decision)
    result.labels[label] += 1
    if appeal:
        result.appeals[appeal] += 1
    group = salted_hmac("moderation.training_set", str(artwork.owner_id)).hexdigest()[:12]
    return [name, label, "", group, artwork.category, artwork.size, decision.decided_at.date().isoformat(), appeal]


def _appeal(decision: Decision) -> str:
    """Return how the appeal that this decision answers (or that was filed against it) ended, if there was one."""
    for name in ("answered_appeal", "appeal"):
        appeal = getattr(decision, name, None)
        if appeal is not None:
            return str(appeal.outcome)
    return ""
