"""Metrics say what the database says, also where nothing has happened yet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from moderation import services, timing
from moderation.metrics import exposition
from moderation.models import Case, Pulse, Screening
from moderation.selectors.condition import condition
from moderation.services import pulse

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.models import Listing

pytestmark = pytest.mark.django_db


def read() -> dict[tuple[str, ...], float]:
    """Return every sample by its name and its labels' values, in the order of the labels' names."""
    return {
        (sample.name, *(value for _name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition().decode())
        for sample in family.samples
    }


def test_an_empty_site_has_every_series_an_alert_hangs_on(db: None) -> None:
    found = read()
    assert found["brushmark_screenings_waiting",] == 0
    assert found["brushmark_screenings_oldest_waiting_seconds",] == 0
    assert found["brushmark_worker_up",] == 0
    assert found["brushmark_cases_open", "unscreened"] == 0
    assert found["brushmark_screening_attempts_total",] == 0


def test_the_oldest_waiting_is_the_oldest(make_listing: Callable[..., Listing]) -> None:
    for age in (5, 500, 50):
        make_listing()
        newest = Screening.objects.order_by("-pk")[0]
        Screening.objects.filter(pk=newest.pk).update(requested_at=timezone.now() - timedelta(seconds=age))
    found = read()
    assert found["brushmark_screenings_waiting",] == 3
    assert 500 <= found["brushmark_screenings_oldest_waiting_seconds",] < 530
    assert condition().is_prompt
    Screening.objects.update(requested_at=timezone.now() - timedelta(hours=1))
    assert not condition().is_prompt


def test_outcomes_attempts_and_decisions_are_counted(
    make_case: Callable[..., Case], make_listing: Callable[..., Any], moderator: Any
) -> None:
    case = make_case(score=0.95)
    make_listing(score=0.1)
    services.screen_pending()
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    found = read()
    assert found["brushmark_screenings_total", "hold", "done"] == 1
    assert found["brushmark_screenings_total", "clear", "done"] == 1
    assert found["brushmark_screening_attempts_total",] == 2
    assert found["brushmark_decisions_total", "approve", "false"] == 1
    assert found["brushmark_cases_open", "suspect"] == 0
    assert found["brushmark_cases_total",] == 1
    assert any(key[0] == "brushmark_serving_info" and key[1] == "stub" for key in found)


def test_a_lost_lease_and_an_overdue_case_are_seen(make_case: Callable[..., Case]) -> None:
    case = make_case()
    Case.objects.filter(pk=case.pk).update(
        due_at=timezone.now() - timedelta(minutes=1), opened_at=timezone.now() - timedelta(days=2)
    )
    past = timezone.now() - timedelta(seconds=1)
    screening = Screening.objects.get()
    Screening.objects.filter(pk=screening.pk).update(
        state="running", lease_token=case.artwork.reference, lease_expires_at=past, finished_at=None
    )
    found = read()
    assert found["brushmark_screenings_lost",] == 1
    assert found["brushmark_cases_overdue",] == 1
    assert found["brushmark_cases_oldest_seconds", "suspect"] >= 2 * 86400
    assert found["brushmark_cases_oldest_seconds", "appeal"] == 0


def test_steps_of_several_workers_add_up(make_listing: Callable[..., Listing]) -> None:
    timing.take()  # what other tests left
    for _worker in range(2):
        make_listing()
        services.screen_pending()
        pulse.beat()
    found = read()
    for step in timing.STEPS:
        assert found["brushmark_step_seconds_count", step] == 2, step
        assert found["brushmark_step_seconds_bucket", "+Inf", step] == 2
    assert found["brushmark_step_seconds_sum", "look"] > 0
    assert found["brushmark_worker_up",] == 1


def test_counts_kept_with_other_buckets_are_left_behind(db: None) -> None:
    Pulse.objects.create(name=Pulse.WORKERS, at=timezone.now(), times={"look": {"counts": [1, 2], "total": 3}})
    assert read()["brushmark_step_seconds_count", "look"] == 0
    timing.note("look", 0.2)
    pulse.beat()
    assert read()["brushmark_step_seconds_count", "look"] >= 1


def test_a_scrape_costs_the_same_whatever_the_numbers(
    make_case: Callable[..., Case], django_assert_max_num_queries: Any
) -> None:
    make_case()
    with django_assert_max_num_queries(16):
        exposition()
