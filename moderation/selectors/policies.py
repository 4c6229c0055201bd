"""What a policy would do, before it is published: what the detector's card expects, and what the stored scores say.

Scores are read as counts (``ScoreCount``), so looking ahead costs the same whether a thousand works were screened or
a hundred thousand. The counts are judged by the very function that judges one work (``judging.band_for``), and a
threshold can only lie where counts are kept apart: what is shown here is what a replay of the rows would find.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Min, Q
from django.utils import timezone

from ml.operating import STEPS, Operating, Point, Share, on_grid, step_of
from moderation import registry
from moderation.evidence.classifier import classifier_for
from moderation.models import Band, Decision, Found, Ground, ScoreCount
from moderation.models.score_count import WINDOWS
from moderation.services import counting, detectors
from moderation.services.judging import BANDS, band_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moderation.models import Detector, Policy, Screening

SAMPLE = 12
"""Works shown whose outcome would change."""
PACE_DECISIONS = 1000
PACE_BREAK = timedelta(minutes=10)
"""A longer gap between two decisions of one person was a break, not a case."""
PACE_ENOUGH = 10
PACE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Slice:
    """Counts that a policy treats alike: one category, one ground, with the artist's bonus or without."""

    days: int
    category: str
    ground: str
    trusted: bool
    found: str
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of steps ``start..stop`` (the end not included) on which both policies keep one band each."""

    start: int
    stop: int
    before: Band
    after: Band


@dataclass(frozen=True, slots=True)
class Scores:
    """The counts of the active detector, and how far they reach."""

    slices: Sequence[Slice]
    counted_at: datetime | None
    first_day: date | None
    last_day: date | None

    def covered(self, days: int) -> int:
        """Return how many of the last ``days`` days have been counted at all: a young site has fewer."""
        if self.first_day is None or self.last_day is None:
            return 0
        return min(days, (self.last_day - self.first_day).days + 1)


@dataclass(frozen=True, slots=True)
class Replay:
    """The stored scores of the last ``days`` days under two policies, in works."""

    days: int
    covered: int
    moves: Counter[tuple[Band, Band]]
    """How many works go from which band to which; (clear, clear) is among them."""
    found: Counter[tuple[str, Band]]
    """Works by what people found, if they did, and by the band under the second policy."""

    @property
    def works(self) -> int:
        """All works."""
        return self.moves.total()

    def before(self, band: Band) -> int:
        """Works of ``band`` under the first policy."""
        return sum(number for (one, _after), number in self.moves.items() if one == band)

    def after(self, band: Band) -> int:
        """Works of ``band`` under the second policy."""
        return sum(number for (_before, one), number in self.moves.items() if one == band)

    @property
    def flagged_before(self) -> int:
        """Works that the first policy puts before a person."""
        return self.works - self.before(Band.CLEAR)

    @property
    def flagged(self) -> int:
        """Works that the second policy puts before a person."""
        return self.works - self.after(Band.CLEAR)

    @property
    def changed(self) -> int:
        """Works whose band differs."""
        return sum(number for (one, other), number in self.moves.items() if one != other)

    @property
    def cases_a_day_before(self) -> float:
        """Cases a day under the first policy."""
        return self.flagged_before / self.covered if self.covered else 0.0

    @property
    def cases_a_day(self) -> float:
        """Cases a day under the second policy."""
        return self.flagged / self.covered if self.covered else 0.0

    @property
    def human_share(self) -> Share | None:
        """Of the flagged works that a person decided on by how they were made, the share found human-made."""
        human, ai = (self.found_flagged(found) for found in (Found.HUMAN, Found.AI))
        return Share.of(human, human + ai) if human + ai else None

    def found_flagged(self, found: str) -> int:
        """Works of which people found this, among those that the second policy flags."""
        return self.found[found, Band.REVIEW] + self.found[found, Band.HOLD]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast cases were decided: the median of the gaps between one person's decisions. ``number`` of them."""

    seconds: float | None
    number: int
    decided_a_day: float


@dataclass(frozen=True, slots=True)
class Prevalence:
    """How many of all works are AI, estimated from decisions: see ``estimated_prevalence``."""

    share: Share
    decided: int
    found_ai: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one threshold means at a prevalence: the card's figures and what follows from them."""

    point: Point
    precision: Share
    flagged: Share

    @property
    def human_of_100(self) -> Share:
        """Of 100 flagged works, so many are human-made."""
        return Share(100 * (1 - self.precision.value), 100 * (1 - self.precision.high), 100 * (1 - self.precision.low))


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that the policy page says of a draft, for one category or (empty) for the whole site."""

    draft: Policy
    current: Policy
    category: str
    prevalence: float
    operating: Operating | None
    review: Outlook | None
    hold: Outlook | None
    scores: Scores
    replays: Sequence[Replay]
    pace: Pace
    uploads_a_day: float
    expected_cases: Share | None
    """Cases a day that the card expects of the score alone, at the prevalence."""
    other_cases: float
    """Cases a day that come whatever the thresholds are: evidence in the file, declarations."""
    estimate: Prevalence | None

    def moderators(self, cases_a_day: float, hours: float) -> float | None:
        """Return how many people at ``hours`` a day decide so many cases at the measured pace; ``None`` unmeasured."""
        if self.pace.seconds is None or hours <= 0:
            return None
        return cases_a_day * self.pace.seconds / 3600 / hours


def preview(*, draft: Policy, current: Policy, category: str = "", prevalence: float) -> Preview:
    """Look ahead: what ``draft`` (a policy, stored or not) would do where ``current`` holds.

    ``prevalence`` (0..1) is the share of all works that are AI. Both policies must have thresholds on the grid to be
    replayed exactly; publishing sees to that.
    """
    detector = detectors.line_up().active
    operating = Operating.of_card(classifier_for(detector.name, detector.version).card.as_dict())
    scores = stored_scores(detector, category)
    known: dict[tuple[str, str, bool], list[Stretch]] = {}
    replays = [replay(scores, current, draft, days, known) for days in WINDOWS]
    month = next(one for one in replays if one.days == 30)
    here = draft.within(category)
    review, hold = (
        _outlook(operating, threshold, prevalence) for threshold in (here.review_threshold, here.hold_threshold)
    )
    uploads = month.works / month.covered if month.covered else 0.0
    by_score = sum(sum(one.counts) for one in scores.slices if one.days == 30 and one.ground == Ground.SCORE)
    share = by_score / month.works if month.works else 0.0
    return Preview(
        draft=draft,
        current=current,
        category=category,
        prevalence=prevalence,
        operating=operating,
        review=review,
        hold=hold,
        scores=scores,
        replays=replays,
        pace=pace(),
        uploads_a_day=uploads,
        expected_cases=_times(review.flagged, uploads * share) if review else None,
        other_cases=_other_cases(scores, draft, month),
        estimate=estimated_prevalence(scores, current, operating, category),
    )


def stored_scores(detector: Detector, category: str = "") -> Scores:
    """Return the counts of ``detector``, in one category or (empty) in all."""
    rows = ScoreCount.objects.filter(detector=detector)
    if category:
        rows = rows.filter(category=category)
    sums = list(
        rows.filter(days__in=WINDOWS).values_list(
            "days", "category", "ground", "trusted", "found", "counts", "counted_at", "day"
        )
    )
    span = rows.filter(days=1).aggregate(first=Min("day"))
    return Scores(
        slices=[Slice(*row[:6]) for row in sums],
        counted_at=max((row[6] for row in sums), default=None),
        first_day=span["first"],
        last_day=max((row[7] for row in sums), default=None),
    )


def replay(
    scores: Scores,
    before: Policy,
    after: Policy,
    days: int,
    known: dict[tuple[str, str, bool], list[Stretch]] | None = None,
) -> Replay:
    """Return what two policies make of the scores of the last ``days`` days. ``known`` keeps stretches."""
    known = {} if known is None else known
    moves: Counter[tuple[Band, Band]] = Counter()
    found: Counter[tuple[str, Band]] = Counter()
    own = {*before.overrides, *after.overrides}
    for one in scores.slices:
        if one.days != days:
            continue
        key = (one.category if one.category in own else "", one.ground, one.trusted)
        if key not in known:
            known[key] = stretches(before, after, *key)
        for stretch in known[key]:
            number = sum(one.counts[stretch.start : stretch.stop])
            if number:
                moves[stretch.before, stretch.after] += number
                found[one.found, stretch.after] += number
    return Replay(days, scores.covered(days), moves, found)


def stretches(before: Policy, after: Policy, category: str, ground: str, trusted: bool) -> list[Stretch]:
    """Return the runs of steps between which either policy changes its mind about works of one kind."""
    policies = (before.within(category), after.within(category))
    edges = {0, STEPS + 1}
    for policy in policies:
        edges |= {_first_step(policy, ground, trusted, band) for band in (Band.REVIEW, Band.HOLD)}
    ordered = sorted(edges)
    return [
        Stretch(start, stop, *(_band_at(policy, ground, trusted, start) for policy in policies))
        for start, stop in pairwise(ordered)
    ]


def _band_at(policy: Policy, ground: str, trusted: bool, step: int) -> Band:
    return band_for(ground, step / STEPS, policy, policy.trusted_artist_bonus if trusted else 0.0)


def _first_step(policy: Policy, ground: str, trusted: bool, band: Band) -> int:
    """Return the first step that is at least ``band``; one past the last where there is none."""
    wanted = BANDS.index(band)
    return bisect_left(
        range(STEPS + 1),
        True,
        key=lambda step: BANDS.index(_band_at(policy, ground, trusted, step)) >= wanted,
    )


def changing_works(
    before: Policy, after: Policy, *, days: int, category: str = "", limit: int = SAMPLE
) -> list[Screening]:
    """Return some of the looks of the last ``days`` days whose band would change, the highest scores first."""
    condition, lowest, highest = Q(), STEPS, 0
    for where, policies_differ_for in _scopes(before, after, category):
        for ground in Ground:
            for trusted in (False, True):
                for stretch in stretches(before, after, policies_differ_for, ground, trusted):
                    if stretch.before != stretch.after:
                        condition |= where & _within(stretch, ground, trusted)
                        lowest, highest = min(lowest, stretch.start), max(highest, stretch.stop)
    if not condition:
        return []
    since = counting.beginning_of(_today() - timedelta(days=days - 1))
    rows = (
        counting.looks()
        .filter(condition, finished_at__gte=since, detector=detectors.line_up().active)
        # Says no more than the condition does; it is what the index by score can start and end with.
        .filter(p_ai__gte=lowest / STEPS, p_ai__lte=highest / STEPS)
        .select_related("artwork", "artwork__decision")
        .defer("evidence")
        .order_by("-p_ai")[:limit]
    )
    return list(rows)


def _scopes(before: Policy, after: Policy, category: str) -> Iterator[tuple[Q, str]]:
    """Yield conditions on looks with a category that stands for all that meet them."""
    if category:
        yield Q(artwork__category=category), category
        return
    own = sorted({*before.overrides, *after.overrides})
    yield ~Q(artwork__category__in=own) if own else Q(), ""
    for name in own:
        yield Q(artwork__category=name), name


def _within(stretch: Stretch, ground: str, trusted: bool) -> Q:
    condition = Q(ground=ground, p_ai__gte=stretch.start / STEPS)
    if stretch.stop <= STEPS:
        condition &= Q(p_ai__lt=stretch.stop / STEPS)
    return condition & (Q(review_bonus__gt=0) if trusted else Q(review_bonus=0))


def pace() -> Pace:
    """Return how fast people decided lately, from the last thousand decisions of a month."""
    since = timezone.now() - timedelta(days=PACE_DAYS)
    made = list(
        Decision.objects.filter(decided_at__gte=since)
        .order_by("-decided_at")
        .values_list("decider", "decided_at")[:PACE_DECISIONS]
    )
    last: dict[int, datetime] = {}
    gaps: list[float] = []
    for decider, moment in reversed(made):
        if decider in last and moment - last[decider] <= PACE_BREAK:
            gaps.append((moment - last[decider]).total_seconds())
        last[decider] = moment
    span = (timezone.now() - made[-1][1]).total_seconds() / 86400 if made else 0.0
    a_day = len(made) / max(span, 1.0)
    return Pace(median(gaps) if len(gaps) >= PACE_ENOUGH else None, len(gaps), a_day)


def estimated_prevalence(
    scores: Scores, current: Policy, operating: Operating | None, category: str = ""
) -> Prevalence | None:
    """Estimate from decisions how many of all works are AI; ``None`` while nobody decided on a flagged work.

    Of the works of the last 90 days that only their score flagged, the share that people found to be AI, times the
    share that was flagged, is the share of all works that is AI *and* caught; divided by the recall that the card
    states, the share that is AI. The interval takes the worse ends of both intervals.
    """
    if operating is None:
        return None
    flagged = works = human = ai = 0
    threshold = current.within(category).review_threshold
    start = step_of(on_grid(threshold))
    for one in scores.slices:
        if one.days != max(WINDOWS) or one.ground != Ground.SCORE or one.trusted:
            continue
        if current.within(one.category).review_threshold != threshold:
            continue
        above = sum(one.counts[start:])
        works += sum(one.counts)
        flagged += above
        human += above if one.found == Found.HUMAN else 0
        ai += above if one.found == Found.AI else 0
    if not human + ai:
        return None
    recall = operating.at(threshold).recall
    confirmed, rate = Share.of(ai, human + ai), flagged / works

    def at(part: float, caught: float) -> float:
        return min(part * rate / caught, 1.0) if caught else 1.0

    share = Share(at(confirmed.value, recall.value), at(confirmed.low, recall.high), at(confirmed.high, recall.low))
    return Prevalence(share, human + ai, ai)


def categories(policy: Policy) -> list[tuple[str, str]]:
    """Return the categories that a policy may speak of, with their words: the host's own, and any seen so far."""
    found: dict[str, str] = {}
    for registration in registry.registrations():
        if isinstance(registration.category, str):
            try:
                choices = registration.model._meta.get_field(registration.category).flatchoices  # type: ignore[union-attr]
            except (FieldDoesNotExist, AttributeError):
                continue
            found |= {str(value): str(label) for value, label in choices if value}
    seen = ScoreCount.objects.filter(days=max(WINDOWS)).exclude(category="").values_list("category", flat=True)
    for category in sorted({*seen, *policy.overrides} - found.keys()):
        found[category] = category
    return list(found.items())


def histogram(scores: Scores, days: int, bars: int = 50) -> dict[str, list[int]]:
    """Return how many works lie in each of ``bars`` equal parts of the score, by what was found."""
    width = STEPS // bars
    parts: dict[str, list[int]] = {found.value: [0] * bars for found in Found}
    for one in scores.slices:
        if one.days == days:
            total = parts[one.found]
            for place in range(bars):
                stop = STEPS + 1 if place == bars - 1 else (place + 1) * width
                total[place] += sum(one.counts[place * width : stop])
    return parts


def _outlook(operating: Operating | None, threshold: float, prevalence: float) -> Outlook | None:
    if operating is None:
        return None
    point = operating.at(threshold)
    return Outlook(point, point.precision(prevalence), point.flagged(prevalence))


def _other_cases(scores: Scores, draft: Policy, month: Replay) -> float:
    if not month.covered:
        return 0.0
    number = 0
    for one in scores.slices:
        if one.days == month.days and one.ground in (Ground.EVIDENCE, Ground.DECLARED):
            start = _first_step(draft.within(one.category), one.ground, one.trusted, Band.REVIEW)
            number += sum(one.counts[start:])
    return number / month.covered


def _times(share: Share, factor: float) -> Share:
    return Share(share.value * factor, share.low * factor, share.high * factor)


def _today() -> date:
    return timezone.now().astimezone(timezone.get_default_timezone()).date()
