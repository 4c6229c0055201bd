"""Telling the artist: one mail a decision, once it can no longer be undone, and one a question, at once.

    a grace window ends, a question is asked -> make_due writes a Notice -> send claims it, sends, records

Each step is a conditional update, so any number of senders may run side by side. A sender that dies between the mail
server's yes and our record sends again later; both mails then carry the same Message-ID, by which mail programs know
them as one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urljoin, urlsplit

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from moderation.conf import settings
from moderation.models import CaseState, Decision, Notice, NoticeState, Question
from moderation.readers import language_of, time_zone_of
from moderation.services import events
from moderation.services.appeals import why_no_appeal
from moderation.statement import statement_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=5)
"""Until a claimed notice may be tried again; doubles with each try."""


def send_notices(*, limit: int = 200) -> int:
    """Make the notices that became due and send what waits; return how many left. Idempotent."""
    make_due(limit=limit)
    due = Notice.objects.filter(state=NoticeState.WAITING, next_try_at__lte=timezone.now())
    return sum(send(pk) for pk in list(due.order_by("next_try_at").values_list("pk", flat=True)[:limit]))


def make_due(*, limit: int = 200) -> int:
    """Write a notice for each decision whose grace window is over, and for each question that waits for an answer.

    Undone decisions get none.
    """
    now = timezone.now()
    asked = Question.objects.filter(
        notice__isnull=True, answered_at__isnull=True, wait_until__gt=now, case__state=CaseState.OPEN
    )
    for question in asked.order_by("pk")[:limit]:
        Notice.objects.get_or_create(question=question)
    due = Decision.objects.filter(notice__isnull=True, undone_at__isnull=True, notice_due_at__lte=now)
    made = 0
    for pk in list(due.order_by("notice_due_at").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            # Under the decision's lock: an undo that is under way comes first, and is then seen.
            locked = Decision.objects.select_for_update(of=("self",)).filter(pk=pk, undone_at__isnull=True).first()
            if locked is not None:
                made += Notice.objects.get_or_create(decision=locked)[1]
    return made


def send(pk: int) -> bool:
    """Claim the notice and send it; say whether it left. A failure is tried again later, then left to the admins."""
    notice = _claim(pk)
    if notice is None:
        return False
    artist: Any = notice.decision.artist if notice.decision else notice.artwork.owner
    address = getattr(artist, artist.get_email_field_name(), "") if artist is not None else ""
    if not address:
        _end(notice, NoticeState.NO_ADDRESS)
        return False
    try:
        _message(notice, address).send()
    except Exception as error:
        # A crash barrier: each mail backend has errors of its own, and a notice must not be lost to any of them.
        logger.warning("Notice %s did not leave", notice.pk, exc_info=True)
        _failed(notice, f"{type(error).__name__}: {error}"[:500])
        return False
    _end(notice, NoticeState.SENT, address=address, sent_at=timezone.now(), problem="")
    return True


def retry(notice: Notice, *, actor: AbstractBaseUser | None = None) -> None:
    """Let a notice that failed, or had no address, be tried again from the start."""
    again = Notice.objects.filter(pk=notice.pk, state__in=(NoticeState.FAILED, NoticeState.NO_ADDRESS))
    with transaction.atomic():
        if again.update(state=NoticeState.WAITING, attempts=0, next_try_at=timezone.now()):
            events.log("notice_retried", artwork=notice.artwork, actor=actor)


def _message(notice: Notice, address: str) -> EmailMultiAlternatives:
    if notice.decision is not None:
        return message_of(notice.decision, address)
    return question_message(cast("Question", notice.question), address)


def message_of(decision: Decision, address: str) -> EmailMultiAlternatives:
    """Return the mail about ``decision``, in the artist's language and time zone, as text and as HTML."""
    zone = time_zone_of(decision.artist)
    with translation.override(language_of(decision.artist)), timezone.override(zone):
        statement = statement_of(decision)
        context = {
            "headline": statement.headline,
            "statement": statement,
            "decision": decision,
            "appeal": getattr(decision, "answered_appeal", None),
            "why_no_appeal": why_no_appeal(decision),
            "page_url": absolute(reverse("moderation:decision", args=[decision.reference])),
            "appeal_url": absolute(reverse("moderation:appeal", args=[decision.reference])),
            "rules_url": absolute(statement.rules_url) if statement.rules_url else "",
        }
        return _written("notice", context, zone, address=address, reference=str(decision.reference))


def question_message(question: Question, address: str) -> EmailMultiAlternatives:
    """Return the mail that brings a moderator's ``question``, in the artist's language and time zone."""
    artwork = question.case.artwork
    zone = time_zone_of(artwork.owner)
    with translation.override(language_of(artwork.owner)), timezone.override(zone):
        context = {
            "headline": _("A moderator asks you about “%(title)s”.") % {"title": artwork},
            "question": question,
            "page_url": absolute(artwork.get_absolute_url() + "#question"),
        }
        return _written("question", context, zone, address=address, reference=f"question-{question.pk}")


def _written(
    kind: str, context: dict[str, Any], zone: ZoneInfo, *, address: str, reference: str
) -> EmailMultiAlternatives:
    """Write the mail of ``kind`` in the active language; ``reference`` makes its Message-ID."""
    site = urlsplit(settings.SITE_URL)
    context |= {"site": site.netloc, "zone": zone.key.replace("_", " ")}
    folder = "moderation/hearing/mail"
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string(f"{folder}/{kind}_subject.txt", context).split()),
        body=render_to_string(f"{folder}/{kind}.txt", context),
        to=[address],
        headers={
            "Message-ID": f"<{reference}@{site.hostname or 'moderation.invalid'}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(render_to_string(f"{folder}/{kind}.html", context), "text/html")
    return message


def absolute(path: str) -> str:
    """Return ``path`` with the site's address before it; the bare path when ``SITE_URL`` is not set."""
    return urljoin(settings.SITE_URL, path) if settings.SITE_URL else path


def _claim(pk: int) -> Notice | None:
    """Take the notice for this sender: whoever moves ``next_try_at`` on has it."""
    now = timezone.now()
    with transaction.atomic():
        seen = Notice.objects.filter(pk=pk, state=NoticeState.WAITING, next_try_at__lte=now).first()
        if seen is None:
            return None
        pause = FIRST_PAUSE * 2**seen.attempts
        won = Notice.objects.filter(
            pk=pk, state=NoticeState.WAITING, attempts=seen.attempts, next_try_at__lte=now
        ).update(attempts=F("attempts") + 1, next_try_at=now + pause)
    if not won:
        return None
    return Notice.objects.select_related(
        "decision__case__artwork",
        "decision__artwork",
        "decision__artist",
        "decision__answered_appeal__decision",
        "question__case__artwork__owner",
    ).get(pk=pk)


def _failed(notice: Notice, problem: str) -> None:
    if notice.attempts >= settings.NOTICE_ATTEMPTS:
        logger.error("Notice %s is given up: %s", notice.pk, problem)
        _end(notice, NoticeState.FAILED, problem=problem)
    else:
        Notice.objects.filter(pk=notice.pk).update(problem=problem)


def _end(notice: Notice, state: NoticeState, **values: Any) -> None:
    verbs = {
        NoticeState.SENT: "notice_sent",
        NoticeState.NO_ADDRESS: "notice_without_address",
        NoticeState.FAILED: "notice_failed",
    }
    about = {"decision": notice.decision_id} if notice.decision_id else {"question": notice.question_id}
    with transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(state=state, **values)
        events.log(
            verbs[state],
            artwork=notice.artwork,
            case=notice.case,
            after={**about, "attempts": notice.attempts},
            reason=values.get("problem", "") if state == NoticeState.FAILED else "",
        )
