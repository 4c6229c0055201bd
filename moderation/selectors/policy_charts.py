"""The policy page's pictures, as numbers for SVG. Each stands beside a table that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ml.operating import STEPS
from moderation.models import Band, Found
from moderation.selectors.overview import Segment, to_scale
from moderation.selectors.policies import histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moderation.selectors.policies import Outlook, Preview

BARS = 50
WIDTH, HEIGHT = 200.0, 120.0
"""Of a plot's drawing area, in SVG units; the template puts axes round it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in per cent of its strip; ``band`` is a CSS suffix."""

    x: float
    width: float
    height: float
    band: str

    @property
    def top(self) -> float:
        """Where the bar begins, from above."""
        return 100 - self.height


@dataclass(frozen=True, slots=True)
class Strip:
    """The scores of the works of which people found one thing. Its bars are measured against its own highest."""

    label: str
    numbers: tuple[int, int, int]
    """Works that the draft clears, sends to review, holds."""
    bars: Sequence[Bar]

    @property
    def total(self) -> int:
        """All works of the strip."""
        return sum(self.numbers)


@dataclass(frozen=True, slots=True)
class Mark:
    """A chosen point on a plot, in SVG units. ``shape``: ``review`` is a disc, ``hold`` a square."""

    x: float
    y: float
    shape: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A line with its chosen points; ``area`` is the interval round the line, as a polygon's points."""

    line: str
    marks: Sequence[Mark]
    across: float = 1.0
    """What the right edge stands for."""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """Cases a day of one line: ``hold`` and ``review`` of them, the bar, and people needed (``None`` unmeasured)."""

    label: str
    review: float
    hold: float
    people: float | None
    bar: Sequence[Segment]

    @property
    def total(self) -> float:
        """Cases a day."""
        return self.review + self.hold


def strips(preview: Preview, days: int) -> list[Strip]:
    """Return the histogram of stored scores by outcome."""
    here = preview.draft.within(preview.category)
    replay = next(one for one in preview.replays if one.days == days)
    made = []
    for found, numbers in histogram(preview.scores, days, BARS).items():
        highest = max(numbers)
        if not highest:
            continue
        bars = [
            Bar(
                place * 100 / BARS,
                100 / BARS - 0.3,
                max(number / highest * 100, 3.0),  # one work among a thousand is still seen
                _band_of((place + 0.5) / BARS, here.review_threshold, here.hold_threshold),
            )
            for place, number in enumerate(numbers)
            if number
        ]
        of_band = tuple(replay.found[found, band] for band in (Band.CLEAR, Band.REVIEW, Band.HOLD))
        made.append(Strip(str(Found(found).label), of_band, bars))  # type: ignore[arg-type]
    return made


def roc(preview: Preview) -> Plot | None:
    """Return AI works caught against human works flagged, along all thresholds."""
    operating, review, hold = preview.operating, preview.review, preview.hold
    if operating is None or review is None or hold is None:
        return None
    across = 0.2 if review.point.fpr.value <= 0.2 else 1.0  # where the choice is made
    points = operating.roc()
    inside = [point for point in points if point[0] <= across]
    beyond = [point for point in points if point[0] > across]
    if beyond and inside:  # go on to the edge, on the line to the next point outside
        (x0, y0), (x1, y1) = max(inside), min(beyond)
        inside.append((across, y0 + (y1 - y0) * (across - x0) / (x1 - x0)))
    line = " ".join(_at(x / across, y) for x, y in sorted(inside))
    marks = [
        Mark(min(one.point.fpr.value / across, 1.0) * WIDTH, (1 - one.point.recall.value) * HEIGHT, shape)
        for one, shape in ((review, "review"), (hold, "hold"))
    ]
    return Plot(line, marks, across)


def precision(preview: Preview) -> Plot | None:
    """Return the share of flagged works that is AI, along the threshold, at the chosen prevalence."""
    operating, review, hold = preview.operating, preview.review, preview.hold
    if operating is None or review is None or hold is None:
        return None
    shares = []
    for step in range(0, STEPS, STEPS // 50):
        point = operating.at(step / STEPS)
        if point.recall.value + point.fpr.value > 0:
            shares.append((step / STEPS, point.precision(preview.prevalence)))
    line = " ".join(_at(x, share.value) for x, share in shares)
    area = " ".join([_at(x, share.high) for x, share in shares] + [_at(x, share.low) for x, share in reversed(shares)])
    marks = [_mark(one, shape) for one, shape in ((review, "review"), (hold, "hold"))]
    return Plot(line, marks, area=area)


def loads(preview: Preview, hours: float) -> list[Load]:
    """Return the cases a day, now and under the draft, over each span, with what people decided a day beside them."""
    lines: list[tuple[str, float, float]] = []
    for replay in preview.replays:
        if not replay.covered:
            continue
        before, after = (
            [of(band) / replay.covered for band in (Band.REVIEW, Band.HOLD)] for of in (replay.before, replay.after)
        )
        lines.append((_("%(days)d days, as it is") % {"days": replay.days}, before[0], before[1]))
        lines.append((_("%(days)d days, draft") % {"days": replay.days}, after[0], after[1]))
    bars = to_scale(
        [
            [
                (review, "age-0", _("Review: %(n).1f") % {"n": review}),
                (hold, "age-1", _("Hold: %(n).1f") % {"n": hold}),
            ]
            for _label, review, hold in lines
        ]
    )
    return [
        Load(label, review, hold, preview.moderators(review + hold, hours), bar)
        for (label, review, hold), bar in zip(lines, bars, strict=True)
    ]


def _mark(outlook: Outlook, shape: str) -> Mark:
    return Mark(outlook.point.threshold * WIDTH, (1 - outlook.precision.value) * HEIGHT, shape)


def _at(x: float, y: float) -> str:
    return f"{x * WIDTH:.2f},{(1 - y) * HEIGHT:.2f}"


def _band_of(score: float, review: float, hold: float) -> str:
    return "hold" if score >= hold else "review" if score >= review else "clear"
