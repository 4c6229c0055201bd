"""The figures of the overview: small tables, each with a bar for every line. The CSV holds the same lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from moderation.models import Action, Appeal, Case, CaseState, Decision, Outcome, SecondLook, Severity, Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moderation.selectors import watching


DAYS = 14
MEDIAN_DAYS = 30
MOST_WATCHED = 80
MEDIAN_CAP = 5000
"""The median is taken of at most so many of the latest decisions: enough, and bounded."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar, in per cent of the longest bar; ``kind`` is a CSS suffix, ``title`` says what it is."""

    x: float
    width: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: ``rows`` as they stand in the CSV, ``bars`` the picture of each row, ``key`` what the kinds mean."""

    slug: str
    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    bars: Sequence[Sequence[Segment]] = ()
    key: Sequence[tuple[str, str]] = field(default=())

    @property
    def lines(self) -> list[tuple[Sequence[Any], Sequence[Segment]]]:
        """The rows with their bars."""
        return list(zip(self.rows, self.bars, strict=True)) if self.bars else [(row, ()) for row in self.rows]


def to_scale(parts: Sequence[Sequence[tuple[float, str, str]]], *, full: float | None = None) -> list[list[Segment]]:
    """Return bars of ``(length, kind, title)`` pieces, scaled so that the longest (or ``full``) fills the width."""
    longest = full or max((sum(length for length, _kind, _title in pieces) for pieces in parts), default=0) or 1
    bars = []
    for pieces in parts:
        x, bar = 0.0, []
        for length, kind, title in pieces:
            width = length / longest * 100
            bar.append(Segment(round(x, 2), round(width, 2), kind, title))
            x += width
        bars.append(bar)
    return bars


def open_by_age() -> Table:
    """Open cases by urgency and by how long they wait."""
    now = timezone.now()
    edges: list[tuple[str, Q]] = [
        (_("under a day"), Q(opened_at__gt=now - timedelta(days=1))),
        (_("1 to 3 days"), Q(opened_at__lte=now - timedelta(days=1), opened_at__gt=now - timedelta(days=3))),
        (_("over 3 days"), Q(opened_at__lte=now - timedelta(days=3))),
    ]
    columns = {f"age_{place}": Count("pk", filter=condition) for place, (_name, condition) in enumerate(edges)}
    found = {
        line["severity"]: line
        for line in Case.objects.filter(state=CaseState.OPEN)
        .order_by()
        .values("severity")
        .annotate(overdue=Count("pk", filter=Q(due_at__lt=now)), **columns)
    }
    rows: list[list[Any]] = []
    parts: list[list[tuple[float, str, str]]] = []
    for severity in Severity:
        line: dict[str, Any] = dict(found.get(severity, {}))
        numbers: list[int] = [line.get(name, 0) for name in columns]
        if not any(numbers):
            continue
        rows.append([severity.label, *numbers, line.get("overdue", 0)])
        parts.append(
            [(number, f"age-{place}", f"{edges[place][0]}: {number}") for place, number in enumerate(numbers)]
        )
    return Table(
        "open",
        _("What waits"),
        _("Open cases by urgency and by how long they have been waiting."),
        [_("Urgency"), *(name for name, _condition in edges), _("Overdue")],
        rows,
        to_scale(parts),
        [(f"age-{place}", name) for place, (name, _condition) in enumerate(edges)],
    )


def per_day() -> Table:
    """Decisions of the last days, by day and action."""
    since = timezone.localdate() - timedelta(days=DAYS - 1)
    found = (
        _in_force()
        .filter(decided_at__date__gte=since)
        .annotate(day=TruncDate("decided_at"))
        .values_list("day", "action")
        .annotate(number=Count("pk"))
    )
    numbers = {(day, action): number for day, action, number in found}
    first = min((day for day, _action in numbers), default=timezone.localdate())
    kinds = [(Action.APPROVE, "good"), (Action.LABEL, "label"), (Action.REJECT, "stop")]
    rows, parts = [], []
    for back in range(DAYS):
        day = since + timedelta(days=back)
        if day < first:
            continue  # the days before the first decision say nothing
        line = [numbers.get((day, action.value), 0) for action, _kind in kinds]
        rows.append([date_format(day, "SHORT_DATE_FORMAT"), *line, sum(line)])
        parts.append(
            [(number, kind, f"{action.label}: {number}") for number, (action, kind) in zip(line, kinds, strict=True)]
        )
    return Table(
        "days",
        _("Decided, by day"),
        _("The last 14 days; decisions that were undone are not counted."),
        [_("Day"), *(str(action.label) for action, _kind in kinds), _("All")],
        rows,
        to_scale(parts),
        [(kind, str(action.label)) for action, kind in kinds],
    )


def per_person() -> Table:
    """Decisions of the last days by person, with the share that was undone."""
    since = timezone.now() - timedelta(days=DAYS)
    found = (
        Decision.objects.filter(decided_at__gte=since)
        .values("decider", "decider__username" if _has_username() else "decider")
        .annotate(number=Count("pk"), undone=Count("pk", filter=Q(undone_at__isnull=False)))
        .order_by("-number")[:30]
    )
    rows = [[line.get("decider__username", line["decider"]), line["number"], line["undone"]] for line in found]
    return Table(
        "people",
        _("Decided, by person"),
        _("The last 14 days. Not a contest: it shows who carries the load."),
        [_("Person"), _("Decisions"), _("Taken back")],
        rows,
        to_scale([[(row[1], "accent", str(row[1]))] for row in rows]),
    )


def time_to_decision() -> Table:
    """The median time from opening to decision, by urgency."""
    since = timezone.now() - timedelta(days=MEDIAN_DAYS)
    found = (
        _in_force()
        .filter(decided_at__gte=since)
        .order_by("-decided_at")
        .values_list("case__severity", "decided_at", "case__opened_at", "case__due_at")[:MEDIAN_CAP]
    )
    hours: dict[int, list[float]] = {}
    late: Counter[int] = Counter()
    for severity, decided_at, opened_at, due_at in found:
        hours.setdefault(severity, []).append((decided_at - opened_at).total_seconds() / 3600)
        late[severity] += decided_at > due_at
    medians = {level: round(median(hours[level]), 1) for level in Severity if level in hours}
    rows = [[level.label, len(hours[level]), middle, late[level]] for level, middle in medians.items()]
    return Table(
        "time",
        _("Time to decision"),
        _("Median hours from opening to decision over the last 30 days, and how many were late."),
        [_("Urgency"), _("Decisions"), _("Median hours"), _("Late")],
        rows,
        to_scale([[(middle, "accent", f"{middle} h")] for middle in medians.values()]),
    )


def overturned() -> Table:
    """How often people disagreed with a flag, by detector version."""
    found = (
        _in_force()
        .filter(case__screening__detector__isnull=False)
        .values(name=F("case__screening__detector__name"), version=F("case__screening__detector__version"))
        .annotate(number=Count("pk"), approved=Count("pk", filter=Q(action=Action.APPROVE)))
        .order_by("-number")[:12]
    )
    rows, parts = [], []
    for line in found:
        share, low, high = wilson(line["approved"], line["number"])
        rows.append(
            [
                f"{line['name']} {line['version']}",
                line["number"],
                line["approved"],
                f"{share * 100:.0f} %",
                f"{low * 100:.0f}–{high * 100:.0f} %",
            ]
        )
        parts.append([(share * 100, "good", f"{share * 100:.0f} %")])
    return Table(
        "overturned",
        _("Flags that people overturned"),
        _("Of the works that each detector version sent to people, how many they approved; with intervals of 95 %."),
        [_("Detector"), _("Decided"), _("Approved"), _("Share"), _("Interval")],
        rows,
        to_scale(parts, full=100),
    )


def agreement() -> Table:
    """How often blind second looks agree with the first decision."""
    found = {
        line["decision__action"]: line
        for line in SecondLook.objects.filter(looked_at__isnull=False)
        .values("decision__action")
        .annotate(number=Count("pk"), agreed=Count("pk", filter=Q(agrees=True)))
    }
    rows, parts = [], []
    for action in Action:
        line = found.get(action.value, {"number": 0, "agreed": 0})
        share, low, high = wilson(line["agreed"], line["number"])
        said = [f"{share * 100:.0f} %", f"{low * 100:.0f}–{high * 100:.0f} %"] if line["number"] else ["–", "–"]
        rows.append([action.label, line["number"], line["agreed"], *said])
        parts.append([(share * 100 if line["number"] else 0, "good", said[0])])
    return Table(
        "second-looks",
        _("Blind second looks"),
        _("How often a senior moderator, not knowing the outcome, would have decided the same."),
        [_("First decision"), _("Second looks"), _("Agreed"), _("Share"), _("Interval")],
        rows,
        to_scale(parts, full=100),
    )


def appeals() -> Table:
    """How appeals ended, and the share that artists won."""
    counts = Appeal.objects.aggregate(
        waiting=Count("pk", filter=Q(decided_at__isnull=True)),
        **{outcome.value: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome},
    )
    ended = sum(counts[outcome.value] for outcome in Outcome)
    kinds = {Outcome.OVERTURNED: "good", Outcome.PARTLY: "label", Outcome.UPHELD: "stop"}
    rows, parts = [], []
    for outcome, kind in kinds.items():
        share, low, high = wilson(counts[outcome.value], ended)
        said = [f"{share * 100:.0f} %", f"{low * 100:.0f}–{high * 100:.0f} %"] if ended else ["–", "–"]
        rows.append([outcome.label, counts[outcome.value], *said])
        parts.append([(share * 100, kind, said[0])])
    rows.append([_("Still open"), counts["waiting"], "–", "–"])
    parts.append([])
    return Table(
        "appeals",
        _("Appeals"),
        _("How they ended. The first two lines are those that artists won, wholly or in part."),
        [_("Outcome"), _("Appeals"), _("Share"), _("Interval")],
        rows,
        to_scale(parts, full=100),
    )


def wilson(hits: int, number: int) -> tuple[float, float, float]:
    """Return share, lower and upper bound of the 95 % Wilson interval (0, 0, 1 of nothing)."""
    if number == 0:
        return 0.0, 0.0, 1.0
    z, share = 1.96, hits / number
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * sqrt(share * (1 - share) / number + z * z / (4 * number * number)) / (1 + z * z / number)
    return share, max(0.0, middle - half), min(1.0, middle + half)


def _in_force() -> Any:
    return Decision.objects.filter(undone_at__isnull=True).order_by()


def _has_username() -> bool:
    from django.contrib.auth import get_user_model

    return get_user_model().USERNAME_FIELD == "username"


def watched() -> Table:
    """Week by week: flagged, overturned and agreed shares, and the drift of scores, by detector and category."""
    from moderation.selectors import watching  # it counts shares as this module does

    found = watching.figures()
    names = watching.names(found)
    lines: dict[tuple[Any, ...], dict[str, watching.Figure]] = {}
    for one in found:
        lines.setdefault((one.week, one.detector, one.category), {})[one.kind] = one
    rows, parts = [], []
    for (week, detector, category), kinds in list(lines.items())[:MOST_WATCHED]:
        flagged = kinds.get(Watched.FLAGGED)
        rows.append(
            [
                date_format(week, "SHORT_DATE_FORMAT"),
                names.get(detector, "?"),
                category or _("All"),
                flagged.number if flagged else 0,
                *(
                    _with_interval(kinds.get(kind))
                    for kind in (Watched.FLAGGED, Watched.OVERTURNED, Watched.AGREEMENT)
                ),
                f"{kinds[Watched.DRIFT].value:.2f}" if Watched.DRIFT in kinds else "–",
            ]
        )
        parts.append(
            [(flagged.value * 100, "stop" if flagged.crossed else "accent", str(rows[-1][4]))] if flagged else []
        )
    return Table(
        "watched",
        _("Week by week"),
        _(
            "By detector and category, with intervals of 95 %. "
            "Drift is the PSI against the detector's first four weeks."
        ),
        [
            _("Week of"),
            _("Detector"),
            _("Category"),
            _("Works"),
            _("Flagged"),
            _("Overturned"),
            _("Second looks agree"),
            _("Drift"),
        ],
        rows,
        to_scale(parts, full=100),
    )


def _with_interval(one: watching.Figure | None) -> str:
    return "–" if one is None else f"{one.value * 100:.0f} % ({one.low * 100:.0f}–{one.high * 100:.0f})"


TABLES: dict[str, Callable[[], Table]] = {
    "open": open_by_age,
    "days": per_day,
    "people": per_person,
    "time": time_to_decision,
    "overturned": overturned,
    "second-looks": agreement,
    "appeals": appeals,
    "watched": watched,
}
"""Every table by its name in the CSV's address."""
