"""Week by week, detector by detector: do scores drift, how much is flagged, what do people and second looks say?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from moderation.conf import settings
from moderation.models import (
    Action,
    Band,
    Decision,
    Detector,
    ScoreCount,
    Screening,
    ScreeningState,
    SecondLook,
    Watched,
)
from moderation.models.screening import Purpose
from moderation.selectors.overview import wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WEEKS = 8
REFERENCE = timedelta(weeks=4)
"""The scores of a detector's first weeks here are what later weeks are compared with."""
BINS = 10
_CHI2 = 27.88
"""The 99.9 % point of chi-square with BINS - 1 degrees of freedom: under no drift, PSI / (1/n + 1/m) has that
distribution (Yurdakul 2018), so a small sample's PSI is large by chance alone."""

Key = tuple[date, int, str]
"""Monday, detector, category (empty: all together)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one week; ``low`` and ``high`` bound it at 95 % where it is a share."""

    kind: Watched
    detector: int
    category: str
    week: date
    value: float
    low: float
    high: float
    number: int
    bound: float
    crossed: bool


def monday(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def figures(*, weeks: int = WEEKS) -> list[Figure]:
    """Return every figure of the last ``weeks`` weeks, the present one included, newest first."""
    since = monday(timezone.localdate()) - timedelta(weeks=weeks - 1)
    found = [*_drift(since), *_flagged(since), *_overturned(since), *_agreement(since)]
    return sorted(found, key=lambda one: (-one.week.toordinal(), one.detector, one.category, one.kind))


def psi(now: Sequence[int], before: Sequence[int]) -> float:
    """Return the population stability index of two histograms of the same bins; half a work is put into each bin."""
    n, m = sum(now) + len(now) / 2, sum(before) + len(before) / 2
    shares = [((a + 0.5) / n, (b + 0.5) / m) for a, b in zip(now, before, strict=True)]
    return sum((a - b) * log(a / b) for a, b in shares)


def _drift(since: date) -> Iterable[Figure]:
    first: dict[int, date] = {}
    histograms: dict[tuple[int, str], dict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0] * BINS))
    rows = ScoreCount.objects.filter(days=1).values_list("detector", "category", "day", "counts").order_by("day")
    for detector, category, day, counts in rows.iterator():
        first.setdefault(detector, day)
        for name in {category, ""}:
            bins = histograms[detector, name][day]
            for step, number in enumerate(counts):
                if number:
                    bins[min(step * BINS // (len(counts) - 1), BINS - 1)] += number
    for (detector, category), days in histograms.items():
        until = first[detector] + REFERENCE
        reference = _sum(bins for day, bins in days.items() if day < until)
        weeks: dict[date, list[list[int]]] = defaultdict(list)
        for day, bins in days.items():
            if day >= max(until, since):
                weeks[monday(day)].append(bins)
        for week, some in weeks.items():
            now = _sum(some)
            n, m = sum(now), sum(reference)
            if min(n, m) >= settings.WATCH_LEAST:
                value = psi(now, reference)
                chance = _CHI2 * (1 / n + 1 / m)
                crossed = value > max(settings.WATCH_PSI, chance)
                yield Figure(
                    Watched.DRIFT, detector, category, week, value, value, value, n, settings.WATCH_PSI, crossed
                )


def _sum(histograms: Iterable[Sequence[int]]) -> list[int]:
    total = [0] * BINS
    for bins in histograms:
        total = [a + b for a, b in zip(total, bins, strict=True)]
    return total


def _flagged(since: date) -> Iterable[Figure]:
    rows = (
        Screening.objects.filter(state=ScreeningState.DONE, finished_at__date__gte=since)
        .exclude(purpose=Purpose.REJUDGE)
        .order_by()
        .values("detector", category=F("artwork__category"), week=TruncWeek("finished_at"))
        .annotate(n=Count("pk"), hits=Count("pk", filter=~Q(band=Band.CLEAR)))
    )
    yield from _shares(Watched.FLAGGED, rows, settings.WATCH_FLAG_RATE, above=True)


def _overturned(since: date) -> Iterable[Figure]:
    rows = (
        Decision.objects.filter(undone_at__isnull=True, decided_at__date__gte=since)
        .filter(case__screening__detector__isnull=False)
        .order_by()
        .values(detector=F("case__screening__detector"), category=F("artwork__category"), week=TruncWeek("decided_at"))
        .annotate(n=Count("pk"), hits=Count("pk", filter=Q(action=Action.APPROVE)))
    )
    yield from _shares(Watched.OVERTURNED, rows, settings.WATCH_OVERTURNED, above=True)


def _agreement(since: date) -> Iterable[Figure]:
    rows = (
        SecondLook.objects.filter(looked_at__date__gte=since, decision__case__screening__detector__isnull=False)
        .order_by()
        .values(
            detector=F("decision__case__screening__detector"),
            category=F("decision__artwork__category"),
            week=TruncWeek("looked_at"),
        )
        .annotate(n=Count("pk"), hits=Count("pk", filter=Q(agrees=True)))
    )
    yield from _shares(Watched.AGREEMENT, rows, settings.WATCH_AGREEMENT, above=False)


def _shares(kind: Watched, rows: Iterable[Mapping[str, Any]], bound: float, *, above: bool) -> Iterable[Figure]:
    """Yield a share for each line and one for all categories together; it crosses where its whole interval does."""
    counted: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        week = timezone.localtime(row["week"]).date()
        for category in {row["category"], ""}:
            line = counted[week, row["detector"], category]
            line[0] += row["hits"]
            line[1] += row["n"]
    for (week, detector, category), (hits, number) in counted.items():
        share, low, high = wilson(hits, number)
        crossed = number >= settings.WATCH_LEAST and (low > bound if above else high < bound)
        yield Figure(kind, detector, category, week, share, low, high, number, bound, crossed)


def names(some: Iterable[Figure]) -> dict[int, str]:
    """Return the detectors' names by primary key."""
    return {row.pk: str(row) for row in Detector.objects.filter(pk__in={one.detector for one in some})}
