"""The workers' sign of life. The web cannot tell a worker that is gone from one that is idle; this row can."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from moderation import timing
from moderation.models import Pulse


def beat() -> None:
    """Write that a worker is alive, and what its steps took since the last beat. Adding loses nothing to a rival."""
    taken = timing.take()
    with transaction.atomic():
        pulse, _created = Pulse.objects.select_for_update().get_or_create(name=Pulse.WORKERS)
        for step, times in taken.items():
            kept = times_of(pulse, step)
            kept.add(times)
            pulse.times[step] = {"counts": kept.counts, "total": kept.total}
        pulse.at = timezone.now()
        pulse.save()


def times_of(pulse: Pulse, step: str) -> timing.Times:
    """Return what was kept of ``step``; counts that were kept with other buckets are left behind."""
    kept = pulse.times.get(step)
    if not kept or len(kept["counts"]) != len(timing.BUCKETS) + 1:
        return timing.Times()
    return timing.Times(list(kept["counts"]), float(kept["total"]))
