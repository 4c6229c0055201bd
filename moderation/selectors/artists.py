"""What artists read: where a work stands and what follows, their decisions, their record here."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from moderation.evidence.base import Evidence, by_strength
from moderation.models import (
    Appeal,
    Artwork,
    Band,
    Case,
    CaseKind,
    CaseState,
    Decision,
    DeclaredOrigin,
    Question,
    Screening,
    Standing,
    WaitedOut,
)
from moderation.models.screening import OPEN_STATES
from moderation.services import policies, standing
from moderation.statement import told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from moderation.models import Policy
    from moderation.services.standing import Record

RECENT = 100
"""So many of the last decided cases tell how long a review usually takes."""
ENOUGH = 5
"""Fewer decided cases than this tell nothing: the policy's own limit is named instead."""
PAGE_SIZE = 24
WAITS = (Standing.WAITING, Standing.IN_REVIEW, Standing.HELD)
"""Standings in which something is still to come."""


@dataclass(slots=True)
class Clock:
    """What the statuses on one page share, read once: the policy, the usual time, the artist's open cases."""

    policy: Policy
    usual: timedelta | None
    due: dict[int, datetime] = field(default_factory=dict)
    """When the artist's open cases are due, by the artwork's primary key."""
    asked: dict[int, datetime] = field(default_factory=dict)
    """When the artist's open screenings were asked for, by the artwork's primary key."""
    asks: dict[int, datetime] = field(default_factory=dict)
    """Until when a moderator waits for the artist's answer, by the artwork's primary key."""
    replaced: set[tuple[int, str, str]] = field(default_factory=set)
    """The pictures (type, object and field) of which the public sees an earlier version."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a work stands, who sees it, how long that usually takes, what follows, and what its artist may do."""

    artwork: Artwork | None
    seen: str = ""
    usual: str = ""
    follows: str = ""
    may: str = ""
    is_asked: bool = False
    """Whether a moderator waits for the artist's answer."""


def clock_for(artwork: Artwork, *, alone: bool = False) -> Clock:
    """Read what the statuses of this artist's works (``alone``: of this one) need, in five queries."""
    mine = Q(artwork__owner=artwork.owner_id) if artwork.owner_id and not alone else Q(artwork=artwork)
    cases = Case.objects.filter(mine, state=CaseState.OPEN).order_by("-pk")
    screenings = Screening.objects.filter(mine, state__in=OPEN_STATES).order_by("-pk")
    of_mine = Q(owner=artwork.owner_id) if artwork.owner_id and not alone else Q(object_pk=artwork.object_pk)
    earlier = Artwork.objects.filter(of_mine, is_current=False, is_visible=True)
    unanswered = Question.objects.filter(case=OuterRef("pk"), answered_at__isnull=True, wait_until__gt=timezone.now())
    asks = Subquery(unanswered.values("wait_until")[:1])
    found = list(cases.annotate(asks=asks).values_list("artwork", "due_at", "asks")[:1000])
    return Clock(
        policy=policies.current_policy(),
        usual=usual_review_time(),
        due={artwork_pk: due_at for artwork_pk, due_at, _asks in found},
        asks={artwork_pk: wait_until for artwork_pk, _due_at, wait_until in found if wait_until},
        asked=dict(screenings.values_list("artwork", "requested_at")[:1000]),
        replaced=set(earlier.values_list("content_type", "object_pk", "field")[:1000]),
    )


def usual_review_time() -> timedelta | None:
    """Return the median time from asking to deciding, over the last decided cases; ``None`` if they are too few."""
    decided = Case.objects.filter(state=CaseState.DECIDED).exclude(kind=CaseKind.APPEAL).order_by("-closed_at")
    times = decided.values_list("opened_at", "closed_at")[:RECENT]
    spans = [(closed - opened).total_seconds() for opened, closed in times if closed]
    return timedelta(seconds=statistics.median(spans)) if len(spans) >= ENOUGH else None


def status_of(artwork: Artwork | None, clock: Clock | None = None) -> Status:
    """Return the status of ``artwork`` in the artist's words. Works that wait for nothing cost no query."""
    if artwork is None:
        return Status(None)
    if artwork.standing not in WAITS:
        return Status(artwork)
    clock = clock or clock_for(artwork, alone=True)
    policy = clock.policy.within(artwork.category)
    if artwork.standing == Standing.WAITING:
        asked = clock.asked.get(artwork.pk)
        until = asked + timedelta(hours=policy.wait_hours) if asked else None
        return Status(
            artwork,
            seen=_seen(artwork, clock),
            follows=_follows(until, policy, artwork),
            may=_may(artwork, policy),
        )
    follows = _follows(clock.due.get(artwork.pk), policy, artwork)
    if wait_until := clock.asks.get(artwork.pk):
        return Status(
            artwork,
            seen=_seen(artwork, clock),
            usual=_("Until %(when)s a moderator waits for your answer to a question.") % {"when": _moment(wait_until)},
            follows=follows if policy.when_waited_out == WaitedOut.SHOW else "",
            is_asked=True,
        )
    limit = policy.time_limit(Band.HOLD if artwork.standing == Standing.HELD else Band.REVIEW)
    if clock.usual is None:
        usual = _("A person decides within %(time)s.") % {"time": in_words(limit)}
    else:
        usual = _("A review usually takes about %(time)s.") % {"time": in_words(clock.usual)}
    return Status(artwork, seen=_seen(artwork, clock), usual=usual, follows=follows, may=_may(artwork, policy))


def _seen(artwork: Artwork, clock: Clock) -> str:
    if artwork.is_visible:
        return _("The public sees it meanwhile.")
    if (artwork.content_type_id, artwork.object_pk, artwork.field) in clock.replaced:
        return _("Until then the public sees the version before.")
    return _("Until then only you and the moderators see it.")


def _follows(until: datetime | None, policy: Policy, artwork: Artwork) -> str:
    """Say what happens when the policy's time is over. ``until`` is when; ``None`` where nothing is promised."""
    if until is None:
        return ""
    late = until < timezone.now()
    if policy.when_waited_out == WaitedOut.SHOW and not artwork.is_visible:
        return (
            _("It waits longer than it should, and is shown any moment now.")
            if late
            else _("If it is not decided by %(when)s, it is shown meanwhile.") % {"when": _moment(until)}
        )
    if policy.when_waited_out == WaitedOut.SHOW:
        return ""
    return (
        _("It waits longer than it should. It has been put before all others.")
        if late
        else _("If it is not decided by %(when)s, it is put before all others.") % {"when": _moment(until)}
    )


def _may(artwork: Artwork, policy: Policy) -> str:
    declared = artwork.declared_origin in (DeclaredOrigin.ASSISTED, DeclaredOrigin.GENERATED)
    if artwork.standing != Standing.WAITING and policy.allow_declared_ai and not declared:
        return _(
            "You need not do anything. If AI had a part in it, say so in the declaration: declared works are welcome."
        )
    return _("You need not do anything. You may replace the picture or take the work back at any time.")


def _moment(when: datetime) -> str:
    return date_format(timezone.localtime(when), "DATETIME_FORMAT")


def in_words(span: timedelta) -> str:
    """Return a span of time as people say it: whole minutes, hours or days, never less than it is."""
    minutes = math.ceil(span.total_seconds() / 60)
    if minutes <= 90:
        minutes = max(minutes, 1)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = math.ceil(minutes / 60)
    if hours <= 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = math.ceil(hours / 24)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def findings_about(artwork: Artwork) -> list[str]:
    """Return why a person looks at ``artwork``, in sentences for its artist; empty where nobody does."""
    if artwork.standing not in (Standing.IN_REVIEW, Standing.HELD):
        return []
    case = artwork.cases.filter(state=CaseState.OPEN).select_related("screening").first()
    if case is None:
        return []
    stored = case.screening.evidence if case.screening is not None else []
    scores = (Evidence.from_dict(found) for found in stored if found["kind"] == "classifier")
    sentences = told([*by_strength(stored), *scores])
    return [str(case.reason), *sentences] if case.kind == CaseKind.UNSCREENED else sentences


def decision_for(user: AbstractBaseUser | AnonymousUser, reference: UUID) -> Decision | None:
    """Return the user's own decision (one about a work of theirs) with all that its page reads; else ``None``."""
    if not user.is_authenticated:
        return None
    return (
        Decision.objects.filter(reference=reference, artist=user.pk)
        .select_related("artwork", "artist", "appeal__answer", "answered_appeal__decision", "case__screening__policy")
        .first()
    )


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of an artist's works, newest first, and where the next one starts (``0`` on the last)."""

    works: Sequence[Artwork]
    next_before: int


@dataclass(frozen=True, slots=True)
class ArtistSheet:
    """An artist's record and what the policy makes of it."""

    record: Record
    policy: Policy
    is_trusted: bool

    @property
    def missing(self) -> int:
        """How many more approved works the policy asks for."""
        return max(self.policy.trusted_artist_decisions - self.record.approved, 0)


def sheet_of(artist: AbstractBaseUser) -> ArtistSheet:
    """Return the artist's record here under the policy in force."""
    policy = policies.current_policy()
    record = standing.record_of(artist.pk)
    return ArtistSheet(record, policy, standing.is_trusted(record, policy))


def history_of(artist: AbstractBaseUser, *, before: int = 0, size: int = PAGE_SIZE) -> HistoryPage:
    """Return the artist's works with the decision in force and whether it was appealed against, in one query.

    ``before`` is the primary key of the last work seen: pages cost the same however deep one goes.
    """
    works = Artwork.objects.filter(owner=artist.pk).select_related("decision__appeal", "decision__answered_appeal")
    if before:
        works = works.filter(pk__lt=before)
    appealed = Appeal.objects.filter(decision__artwork=OuterRef("pk"))
    found = list(works.annotate(was_appealed=Exists(appealed)).order_by("-pk")[: size + 1])
    return HistoryPage(found[:size], found[size - 1].pk if len(found) > size else 0)
