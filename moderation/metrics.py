"""What Prometheus reads, taken from the database when it asks: one truth, whichever process answers.

Needs the extra ``metrics``. A host serves ``exposition()`` under an address of its choosing, behind whatever guards
its other internal addresses; ``docs/reference/metrics.md`` lists what stands there.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from moderation import timing
from moderation.models import (
    Appeal,
    Case,
    CaseKind,
    Decision,
    Detector,
    Notice,
    NoticeState,
    Policy,
    Pulse,
    Screening,
    ScreeningState,
)
from moderation.models.detector import RUNNING
from moderation.models.screening import FINAL_STATES
from moderation.selectors.condition import condition
from moderation.services.pulse import times_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition() -> bytes:
    """Return all metrics in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ModerationCollector())
    return generate_latest(registry)


class ModerationCollector(Collector):
    """Reads the database at each scrape: about ten queries."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, those of empty tables too, so that an alert never hangs on a missing series."""
        yield from _now()
        yield from _outcomes()
        yield from _steps()
        yield _serving()

    def describe(self) -> list[Metric]:
        """Nothing is read when the collector is registered."""
        return []


def _gauge(name: str, about: str, value: float | None) -> Metric:
    return GaugeMetricFamily(f"brushmark_{name}", about, value=0 if value is None else value)


def _now() -> Iterator[Metric]:
    now = condition()
    yield _gauge("screenings_waiting", "Screenings that nobody has claimed yet.", now.waiting)
    yield _gauge("screenings_oldest_waiting_seconds", "Age of the oldest of them.", now.oldest_waiting)
    yield _gauge("screenings_running", "Screenings under a worker's lease.", now.running)
    yield _gauge("screenings_lost", "Leases that have run out and wait for the sweeper.", now.lost)
    yield _gauge("worker_up", "1 while workers give signs of life.", float(now.is_worked_on))
    if now.heartbeat is not None:
        yield _gauge("worker_heartbeat_age_seconds", "Since a worker last gave one.", now.heartbeat)
    cases = GaugeMetricFamily("brushmark_cases_open", "Cases that wait for a person.", labels=["kind"])
    oldest = GaugeMetricFamily("brushmark_cases_oldest_seconds", "Age of the oldest of them.", labels=["kind"])
    for kind in CaseKind:
        cases.add_metric([kind.value], now.open_cases.get(kind.value, 0))
        oldest.add_metric([kind.value], now.oldest_cases.get(kind.value, 0))
    yield cases
    yield oldest
    yield _gauge("cases_overdue", "Open cases past their time.", now.overdue_cases)


def _outcomes() -> Iterator[Metric]:
    ended = Screening.objects.filter(state__in=FINAL_STATES)
    screenings = CounterMetricFamily(
        "brushmark_screenings", "Screenings that ended, by state and by the policy's answer.", labels=["state", "band"]
    )
    for (state, band), number in _counts(ended, "state", "band"):
        screenings.add_metric([state, band], number)
    yield screenings
    attempts = Screening.objects.aggregate(number=Sum("attempts"))["number"]
    yield CounterMetricFamily("brushmark_screening_attempts", "Tries at all screenings.", value=attempts or 0)
    failures = CounterMetricFamily("brushmark_screening_failures", "Screenings that failed, by code.", labels=["code"])
    for (code,), number in _counts(ended.filter(state=ScreeningState.FAILED), "failure_code"):
        failures.add_metric([code], number)
    yield failures
    decisions = CounterMetricFamily("brushmark_decisions", "Decisions by people.", labels=["action", "undone"])
    for undone in (False, True):
        for (action,), number in _counts(Decision.objects.filter(undone_at__isnull=not undone), "action"):
            decisions.add_metric([action, str(undone).lower()], number)
    yield decisions
    yield CounterMetricFamily("brushmark_cases", "Cases that were ever opened.", value=Case.objects.count())
    yield CounterMetricFamily("brushmark_appeals", "Appeals that were ever filed.", value=Appeal.objects.count())
    notices = GaugeMetricFamily("brushmark_notices", "Notices to artists, by state.", labels=["state"])
    found = {state: number for (state,), number in _counts(Notice.objects.all(), "state")}
    for one in NoticeState:
        notices.add_metric([one.value], found.get(one.value, 0))
    yield notices


def _counts(rows: QuerySet[Any], *columns: str) -> Iterator[tuple[list[str], int]]:
    """Yield each combination of values in ``columns`` and how many rows have it."""
    for *values, number in rows.order_by(*columns).values_list(*columns).annotate(number=Count("pk")):
        yield values, number


def _steps() -> Iterator[Metric]:
    pulse = Pulse.objects.filter(name=Pulse.WORKERS).first() or Pulse(name=Pulse.WORKERS)
    family = HistogramMetricFamily(
        "brushmark_step_seconds", "How long each step of a screening took.", labels=["step"]
    )
    bounds = [*map(str, timing.BUCKETS), "+Inf"]
    for step in timing.STEPS:
        times = times_of(pulse, step)
        family.add_metric([step], list(zip(bounds, accumulate(times.counts), strict=True)), times.total)
    yield family


def _serving() -> Metric:
    policy = Policy.objects.order_by("-version").values_list("version", flat=True).first()
    family = GaugeMetricFamily(
        "brushmark_serving_info",
        "The detectors that look at uploads now; always 1.",
        labels=["detector", "version", "status", "policy"],
    )
    for detector in Detector.objects.filter(status__in=RUNNING).order_by("pk"):
        family.add_metric([detector.name, detector.version, detector.status, str(policy or "")], 1)
    return family
