"""The log as auditors read it: newest first, searched, a page at a time by key, or whole as a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from moderation.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.db.models import QuerySet

PAGE = 50
_CHUNK = 1000
TOPICS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "policy": (_("Policies and detectors"), ("policy_", "detector_", "gate_", "rejudg", "alert_")),
    "decisions": (_("Cases and decisions"), ("case_", "decision_", "second_look_", "note_", "regression_")),
    "artists": (_("Artists: questions, notices, appeals, consent"), ("artist_", "notice_", "appeal_", "training_")),
    "works": (_("Works and screenings"), ("artwork_", "screen", "standing_", "waited_")),
}
"""What an event is about, by how its verb begins."""
COLUMNS = (
    "id",
    "at",
    "verb",
    "actor",
    "artwork",
    "case",
    "before",
    "after",
    "reason",
    "seal",
)
"""Of an exported event: ``seal`` is its position in the chain and its digest, empty until it is sealed."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some events; ``older`` is the key to go on from, if there are more."""

    events: Sequence[Event]
    older: int | None


def search(values: Mapping[str, Any]) -> QuerySet[Event]:
    """Return the events that fit ``values`` (of ``AuditForm``), newest first, with what a line shows of them."""
    events = Event.objects.select_related("actor", "artwork", "case", "seal").order_by("-pk")
    if topic := values.get("topic"):
        begins = Q()
        for prefix in TOPICS[topic][1]:
            begins |= Q(verb__startswith=prefix)
        events = events.filter(begins)
    if verb := values.get("verb"):
        events = events.filter(verb=verb)
    if who := values.get("who"):
        events = events.filter(**{f"actor__{get_user_model().USERNAME_FIELD}__icontains": who})
    if values.get("by") == "people":
        events = events.filter(actor__isnull=False)
    elif values.get("by") == "machine":
        events = events.filter(actor__isnull=True)
    if since := values.get("since"):
        events = events.filter(at__date__gte=since)
    if until := values.get("until"):
        events = events.filter(at__date__lte=until)
    if text := values.get("text"):
        events = events.filter(_anywhere(text))
    return events


def _anywhere(text: str) -> Q:
    found = Q(reason__icontains=text) | Q(artwork__title__icontains=text)
    found |= Q(before__icontains=text) | Q(after__icontains=text)
    if text.isdecimal() and len(text) < 12:
        found |= Q(case=int(text))
    return found


def page(events: QuerySet[Event], *, before: int | None) -> Page:
    """Return the next ``PAGE`` events older than the key ``before``: the cost does not grow with the log."""
    some = list((events.filter(pk__lt=before) if before else events)[: PAGE + 1])
    return Page(some[:PAGE], some[PAGE - 1].pk if len(some) > PAGE else None)


def changes(event: Event) -> list[tuple[str, Any, Any]]:
    """Return what changed: the name of each value, and how it was before and after."""
    names = dict.fromkeys([*event.before, *event.after])
    rows = [(name, event.before.get(name), event.after.get(name)) for name in names]
    return [(name, before, after) for name, before, after in rows if before != after]


def rows(events: QuerySet[Event]) -> Iterator[dict[str, Any]]:
    """Yield every event under the names of ``COLUMNS``, oldest first, in bounded memory."""
    for event in events.order_by("pk").iterator(chunk_size=_CHUNK):
        seal = getattr(event, "seal", None)
        yield {
            "id": event.pk,
            "at": event.at.isoformat(),
            "verb": event.verb,
            "actor": str(event.actor) if event.actor else "",
            "artwork": str(event.artwork.reference) if event.artwork else "",
            "case": event.case_id or "",
            "before": event.before,
            "after": event.after,
            "reason": str(event.reason),
            "seal": str(seal) if seal else "",
        }


def as_line(row: Mapping[str, Any]) -> str:
    """Return a row of :func:`rows` as one line of JSON."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


def as_cells(row: Mapping[str, Any]) -> list[object]:
    """Return a row of :func:`rows` as the cells of a table: what changed is JSON there too."""
    return [
        json.dumps(row[name], ensure_ascii=False, sort_keys=True) if name in ("before", "after") else row[name]
        for name in COLUMNS
    ]
