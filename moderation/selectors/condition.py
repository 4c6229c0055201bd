"""How the plugin is doing at this moment: what waits and how long, who works, what is late. For probes and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q
from django.utils import timezone

from moderation.models import Case, CaseState, Pulse, Screening, ScreeningState

if TYPE_CHECKING:
    from datetime import datetime

HEARTBEAT_SECONDS = 120
"""The sweeper touches the pulse every 30 seconds; after four missed ones nobody works."""
WAITING_SECONDS = 600
"""An upload that waits longer for its screening is late."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Counts, and ages in seconds (``None`` where there is nothing to be old)."""

    waiting: int
    """Screenings that may be claimed now, or after a pause."""
    oldest_waiting: float | None
    running: int
    lost: int
    """Screenings whose worker's lease has run out and that no sweep has taken back."""
    heartbeat: float | None
    """Since a worker last gave a sign of life; ``None`` if none ever did."""
    open_cases: dict[str, int]
    """Open cases by kind."""
    oldest_cases: dict[str, float]
    """Age of the oldest of them, by kind."""
    overdue_cases: int

    @property
    def is_worked_on(self) -> bool:
        """Whether a worker has given a sign of life of late."""
        return self.heartbeat is not None and self.heartbeat <= HEARTBEAT_SECONDS

    @property
    def is_prompt(self) -> bool:
        """Whether nothing waits too long for its screening."""
        return self.oldest_waiting is None or self.oldest_waiting <= WAITING_SECONDS


def condition() -> Condition:
    """Read the condition, in four queries over rows that are open."""
    now = timezone.now()

    def age(moment: datetime | None) -> float | None:
        return None if moment is None else max((now - moment).total_seconds(), 0.0)

    pending = Screening.objects.filter(state=ScreeningState.PENDING).aggregate(
        number=Count("pk"), oldest=Min("requested_at")
    )
    running = Screening.objects.filter(state=ScreeningState.RUNNING).aggregate(
        number=Count("pk"), lost=Count("pk", filter=Q(lease_expires_at__lte=now))
    )
    kinds = list(
        Case.objects.filter(state=CaseState.OPEN)
        .values("kind")
        .order_by("kind")
        .annotate(number=Count("pk"), late=Count("pk", filter=Q(due_at__lte=now)), oldest=Min("opened_at"))
    )
    return Condition(
        waiting=pending["number"],
        oldest_waiting=age(pending["oldest"]),
        running=running["number"],
        lost=running["lost"],
        heartbeat=age(Pulse.objects.filter(name=Pulse.WORKERS).values_list("at", flat=True).first()),
        open_cases={row["kind"]: row["number"] for row in kinds},
        oldest_cases={row["kind"]: age(row["oldest"]) or 0.0 for row in kinds},
        overdue_cases=sum(row["late"] for row in kinds),
    )
