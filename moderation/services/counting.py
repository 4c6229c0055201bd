"""Counting stored scores, so that the policy page costs the same for a hundred thousand of them as for a thousand.

Days are those of the site's time zone. A day is counted whole from its screenings, so counting again changes nothing;
the sums of the last 7, 30 and 90 days are added up from the days.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Case, Max, Q, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from ml.operating import STEPS, step_of
from moderation.models import Action, Found, ReasonCode, ScoreCount, Screening, ScreeningState
from moderation.models.decision import RESTRICTING
from moderation.models.score_count import WINDOWS
from moderation.models.screening import Purpose

if TYPE_CHECKING:
    from django.db.models import QuerySet

LONGEST = max(WINDOWS)
KEPT_DAYS = 400
"""Single days are kept for so long: a year to compare with."""
SETTLED = timedelta(minutes=10)
"""Longer than any transaction takes: what was written before the last count, and seen only after it."""

Key = tuple[int, str, str, bool, str]
"""Detector, category, ground, trusted, found."""

FOUND = Case(
    When(artwork__decision__isnull=True, then=Value(Found.OPEN.value)),
    When(
        artwork__decision__action=Action.APPROVE,
        artwork__decision__reason_code__in=(ReasonCode.HUMAN_MADE, ReasonCode.OTHER),
        then=Value(Found.HUMAN.value),
    ),
    When(
        artwork__decision__action__in=RESTRICTING,
        artwork__decision__reason_code__in=(ReasonCode.UNDECLARED_AI, ReasonCode.GENERATOR_MARKS),
        then=Value(Found.AI.value),
    ),
    default=Value(Found.OTHER.value),
)
"""What became of a screening's work, as an expression over screenings."""


def count_scores(*, everything: bool = False) -> int:
    """Count the days that changed since the last time (or every day that has uploads); return how many.

    A second run, or one at the same time, comes to the same counts.
    """
    now = timezone.now()
    today = now.astimezone(timezone.get_default_timezone()).date()
    last = None if everything else ScoreCount.objects.aggregate(last=Max("counted_at"))["last"]
    try:
        with transaction.atomic():
            days = _changed_days(today, last)
            for day in days:
                ScoreCount.objects.filter(days=1, day=day).delete()
                _write(_count(day), day=day, days=1, now=now)
            if days or ScoreCount.objects.filter(days__gt=1).exclude(day=today).exists():
                _sum_up(today, now)
            ScoreCount.objects.filter(days=1, day__lt=today - timedelta(days=KEPT_DAYS)).delete()
    except IntegrityError:
        return 0  # another worker counts at this moment
    return len(days)


def looks() -> QuerySet[Screening]:
    """Return the screenings that count: the finished first looks at uploads. Later judgements repeat their scores."""
    return Screening.objects.filter(state=ScreeningState.DONE, purpose=Purpose.UPLOAD)


def beginning_of(day: date) -> datetime:
    """Return the moment at which ``day`` begins at the site."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def _changed_days(today: date, last: datetime | None) -> list[date]:
    changed = looks().filter(finished_at__gte=beginning_of(today - timedelta(days=LONGEST - 1)))
    if last is not None:
        since = last - SETTLED
        changed = changed.filter(Q(finished_at__gte=since) | Q(artwork__updated_at__gte=since))
    day = TruncDate("finished_at", tzinfo=timezone.get_default_timezone())
    return list(changed.order_by().annotate(day=day).values_list("day", flat=True).distinct())


def _count(day: date) -> dict[Key, list[int]]:
    counts: dict[Key, list[int]] = defaultdict(lambda: [0] * (STEPS + 1))
    rows = (
        looks()
        .filter(finished_at__gte=beginning_of(day), finished_at__lt=beginning_of(day + timedelta(days=1)))
        .annotate(found=FOUND)
        .values_list("detector", "artwork__category", "ground", "review_bonus", "found", "p_ai")
    )
    for detector, category, ground, bonus, found, p_ai in rows.iterator(chunk_size=5000):
        counts[detector, category, ground, bonus > 0, found][step_of(p_ai or 0.0)] += 1
    return counts


def _sum_up(today: date, now: datetime) -> None:
    ScoreCount.objects.filter(days__gt=1).delete()
    sums: dict[int, dict[Key, list[int]]] = {days: defaultdict(lambda: [0] * (STEPS + 1)) for days in WINDOWS}
    singles = ScoreCount.objects.filter(days=1, day__gt=today - timedelta(days=LONGEST), day__lte=today)
    for row in singles.iterator(chunk_size=200):
        key = (row.detector_id, row.category, row.ground, row.trusted, row.found)
        filled = [(step, number) for step, number in enumerate(row.counts) if number]
        for days in WINDOWS:
            if row.day > today - timedelta(days=days):
                total = sums[days][key]
                for step, number in filled:
                    total[step] += number
    for days, counts in sums.items():
        _write(counts, day=today, days=days, now=now)


def _write(counts: dict[Key, list[int]], *, day: date, days: int, now: datetime) -> None:
    ScoreCount.objects.bulk_create(
        ScoreCount(
            day=day,
            days=days,
            detector_id=detector,
            category=category,
            ground=ground,
            trusted=trusted,
            found=found,
            counts=numbers,
            counted_at=now,
        )
        for (detector, category, ground, trusted, found), numbers in counts.items()
    )
