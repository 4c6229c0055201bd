"""What ails the machinery, read from the rows themselves: it shows whether or not a broker or a worker is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from moderation.models import Event, Notice, NoticeState, Screening, ScreeningState
from moderation.models.screening import OF_THE_MACHINE, Priority
from moderation.services import sealing

LATE = timedelta(minutes=2)
"""An upload is claimed within seconds, and the sweeper rings every half minute: after this nobody is working."""

UNSEALED = timedelta(hours=1)
LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that an admin should see to. ``code`` is stable; ``text`` says what to do, as the reader speaks."""

    code: str
    text: str


def troubles() -> list[Trouble]:
    """Return what is wrong now, the worst first; five queries."""
    found = [_waiting(), _machine(), _notices(), _log()]
    return [trouble for trouble in found if trouble is not None]


def _waiting() -> Trouble | None:
    late = Screening.objects.filter(
        state=ScreeningState.PENDING, priority=Priority.UPLOAD, not_before__lte=timezone.now() - LATE
    ).aggregate(number=Count("pk"), since=Min("not_before"))
    if not late["number"]:
        return None
    text = ngettext(
        "%(number)d work waits to be screened, for %(time)s now. Nothing is lost, and uploads go on; see whether the"
        " worker and the broker are running.",
        "%(number)d works wait to be screened, the first for %(time)s now. Nothing is lost, and uploads go on; see"
        " whether the worker and the broker are running.",
        late["number"],
    )
    return Trouble("waiting", text % {"number": late["number"], "time": timesince(late["since"])})


def _machine() -> Trouble | None:
    failed = Screening.objects.filter(
        state=ScreeningState.FAILED, failure_code__in=OF_THE_MACHINE, finished_at__gte=timezone.now() - LOOK_BACK
    )
    by_code = {
        row["failure_code"]: row["number"] for row in failed.values("failure_code").annotate(number=Count("pk"))
    }
    if not by_code:
        return None
    number = sum(by_code.values())
    text = ngettext(
        "%(number)d work of the last day could not be screened though nothing is wrong with it (%(codes)s); a person"
        " looks at it instead. The worker's log says why.",
        "%(number)d works of the last day could not be screened though nothing is wrong with them (%(codes)s); people"
        " look at them instead. The worker's log says why.",
        number,
    )
    codes = ", ".join(f"{code}: {times}" for code, times in sorted(by_code.items()))
    return Trouble("machine", text % {"number": number, "codes": codes})


def _notices() -> Trouble | None:
    number = Notice.objects.filter(state=NoticeState.FAILED).count()
    if not number:
        return None
    text = ngettext(
        "%(number)d mail to an artist could not be sent and is given up. See to the mail server, then let it be tried"
        " again in the admin.",
        "%(number)d mails to artists could not be sent and are given up. See to the mail server, then let them be"
        " tried again in the admin.",
        number,
    )
    return Trouble("notices", text % {"number": number})


def _log() -> Trouble | None:
    head = sealing.head()
    behind = Event.objects.filter(pk__gt=head.event_id if head else 0, at__lte=timezone.now() - UNSEALED)
    oldest = behind.order_by("pk").first()
    if oldest is None:
        return None
    text = _("The log has not been sealed for %(time)s: see whether the beat is running.")
    return Trouble("log", text % {"time": timesince(oldest.at)})
