"""All that a case's page shows, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef

from moderation.evidence.base import Evidence, by_strength
from moderation.models import Appeal, Artwork, Case, CaseNote, Decision, Event, Outcome, Question, Saliency, Standing
from moderation.models.artwork import DeclaredOrigin
from moderation.selectors.queue import Counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

HISTORY = 60
NEIGHBOURS = 6


@dataclass(frozen=True, slots=True)
class Record:
    """An artist's works here by where they stand, and a few of them."""

    total: int
    cleared: int
    approved: int
    labelled: int
    rejected: int
    under_review: int
    appeals_won: int
    works: Sequence[Artwork]

    @property
    def looked_at(self) -> int:
        """How many of the works a person has decided about."""
        return self.approved + self.labelled + self.rejected


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """One case with all that a moderator needs to judge it."""

    case: Case
    evidence: list[Evidence]
    record: Record | None
    notes: Sequence[CaseNote]
    questions: Sequence[Question]
    history: Sequence[Event]
    decision: Decision | None
    """The decision that closed this very case and is in force."""

    @property
    def p_ai(self) -> float | None:
        """The calibrated probability (0..1), if the picture could be scored."""
        return self.case.screening.p_ai if self.case.screening else None

    @property
    def human_of_100(self) -> int | None:
        """Of 100 works scored like this, so many are human-made, as the calibration has it (1..99)."""
        return None if self.p_ai is None else min(max(round((1 - self.p_ai) * 100), 1), 99)

    @property
    def declared(self) -> str:
        """The artist's own word, as a label."""
        return str(DeclaredOrigin(self.case.artwork.declared_origin).label)


def case_sheet(case: Case) -> CaseSheet:
    """Return what is known about ``case``, which comes from ``load_case``."""
    artwork = case.artwork
    return CaseSheet(
        case=case,
        evidence=by_strength(case.screening.evidence if case.screening else []),
        record=_record(artwork, appeals_won=getattr(case, "appeals_won", 0)),
        notes=list(_notes(artwork.pk).select_related("author")) if getattr(case, "was_noted", True) else [],
        questions=list(case.questions.select_related("asked_by")) if getattr(case, "was_asked", True) else [],
        history=list(
            artwork.events.exclude(verb="screening_requested").select_related("actor").order_by("-pk")[:HISTORY]
        ),
        decision=None if case.is_open else case.decisions.filter(undone_at=None).select_related("decider").first(),
    )


def load_case(pk: int) -> Case:
    """Return the case with everything that ``case_sheet`` reads from it. Raises ``Case.DoesNotExist``."""
    related = ("artwork__owner", "screening__detector", "screening__policy", "held_by", "escalation__by")
    overlay = Exists(Saliency.objects.filter(screening=OuterRef("screening")))
    won = Appeal.objects.filter(
        artist=OuterRef("artwork__owner"), outcome__in=(Outcome.OVERTURNED, Outcome.PARTLY)
    ).values("pk")
    asked = Exists(Question.objects.filter(case=OuterRef("pk")))
    noted = Exists(_notes(OuterRef("artwork")))
    cases = Case.objects.select_related(*related).annotate(was_noted=noted)
    return cases.annotate(has_overlay=overlay, appeals_won=Counted(won), was_asked=asked).get(pk=pk)


def _notes(artwork: int | OuterRef) -> QuerySet[CaseNote]:
    """Return the colleagues' notes on ``artwork`` (a primary key), on whichever of its cases."""
    return CaseNote.objects.filter(case__artwork=artwork)


def _record(artwork: Artwork, *, appeals_won: int) -> Record | None:
    if artwork.owner_id is None:
        return None
    others = Artwork.objects.filter(owner=artwork.owner_id).exclude(pk=artwork.pk)
    found = dict(others.values_list("standing").annotate(number=Count("pk")))
    return Record(
        total=sum(found.values()) - found.get(Standing.WITHDRAWN, 0),
        cleared=found.get(Standing.CLEARED, 0),
        approved=found.get(Standing.APPROVED, 0),
        labelled=found.get(Standing.LABELLED, 0),
        rejected=found.get(Standing.REJECTED, 0),
        under_review=found.get(Standing.IN_REVIEW, 0) + found.get(Standing.HELD, 0),
        appeals_won=appeals_won,
        works=list(others.exclude(standing=Standing.WITHDRAWN).order_by("-created_at")[:NEIGHBOURS]),
    )
