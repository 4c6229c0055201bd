"""The moderators' list: pages of cases in the order of the work, counts, and what changed since a page was drawn.

Every function costs a fixed number of queries and, thanks to keyset pages and capped counts, about the same time
whether a hundred cases wait or a hundred thousand.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import IntegerField, Q, QuerySet, Subquery
from django.utils import timezone

from moderation.models import Case, CaseState, Decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.contrib.auth.models import AbstractBaseUser

PAGE = 30
COUNT_CAP = 1000
"""Counts stop here: "1000+" says enough, and costs the same at any size."""

LONGEST_GRACE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Page:
    """Some cases, and where the next ones begin (an empty ``after`` is the end)."""

    cases: list[Case]
    after: str


class Counted(Subquery):
    """A subquery's number of rows as a column, so that many counts are one query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def page(cases: QuerySet[Case], *, state: str = CaseState.OPEN, after: str = "", size: int = PAGE) -> Page:
    """Return one page of ``cases`` that goes on ``after`` a cursor; a cursor that makes no sense is the beginning.

    Open cases come most urgent first, closed ones latest first.
    """
    is_open = state == CaseState.OPEN
    order = ("-severity", "due_at", "pk") if is_open else ("-closed_at", "-pk")
    condition = _after(_decode(after), is_open=is_open)
    rows = list(
        cases.filter(condition)
        .select_related("artwork", "artwork__owner", "screening", "held_by", "escalation")
        .order_by(*order)[: size + 1]
    )
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, _encode(rows[-1], is_open=is_open) if more else "")


def _after(place: list[Any], *, is_open: bool) -> Q:
    if is_open and len(place) == 3:
        severity, due_at, pk = place
        # The first condition says no more than the second; it is what the index can start from.
        return Q(severity__lte=severity) & (
            Q(severity__lt=severity) | Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=pk)
        )
    if not is_open and len(place) == 2:
        closed_at, pk = place
        return Q(closed_at__lte=closed_at) & (Q(closed_at__lt=closed_at) | Q(pk__lt=pk))
    return Q()


def _encode(case: Case, *, is_open: bool) -> str:
    place: list[Any]
    if is_open:
        place = [case.severity, case.due_at.isoformat(), case.pk]
    else:
        place = [case.closed_at.isoformat() if case.closed_at else "", case.pk]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _decode(cursor: str) -> list[Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        *severity, moment, pk = place
        when = datetime.fromisoformat(moment)
        if timezone.is_naive(when) or not all(isinstance(item, int) for item in [*severity, pk]):
            return []
    except (ValueError, TypeError, binascii.Error):
        return []
    return [*severity, when, pk]


def counts(
    views: Mapping[str, QuerySet[Case]], *, moderator: AbstractBaseUser, cap: int = COUNT_CAP
) -> dict[str, int]:
    """Return how many cases each view holds, up to ``cap``, in one query."""
    if not views:
        return {}
    columns = {
        f"count_{number}": Counted(cases.order_by().values("pk")[:cap]) for number, cases in enumerate(views.values())
    }
    row = get_user_model()._default_manager.filter(pk=moderator.pk).annotate(**columns).values(*columns).get()
    return {name: row[column] or 0 for name, column in zip(views, columns, strict=True)}


def in_force(cases: Sequence[Case]) -> dict[int, Decision]:
    """Return the decision in force of each closed case, by the case's primary key, in one query."""
    closed = [case.pk for case in cases if not case.is_open]
    if not closed:
        return {}
    found = Decision.objects.filter(case__in=closed, undone_at__isnull=True).select_related("decider")
    return {decision.case_id: decision for decision in found}


def last_undoable(moderator: AbstractBaseUser) -> Decision | None:
    """Return the moderator's latest decision that can still be undone."""
    now = timezone.now()
    return (
        Decision.objects.filter(
            decider=moderator.pk,
            undone_at__isnull=True,
            notice_due_at__gt=now,
            decided_at__gt=now - LONGEST_GRACE,  # what the index can start from
        )
        .select_related("artwork")
        .order_by("-decided_at")
        .first()
    )
