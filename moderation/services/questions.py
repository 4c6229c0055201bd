"""Asking the artist before deciding: the case is parked until they answer or the time to answer is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from moderation.errors import CaseConflict, IncompleteDecision, NotAllowed
from moderation.models import CaseKind, Question
from moderation.permissions import is_owner
from moderation.services import cases, events, policies

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from moderation.models import Case


def ask_artist(*, case: Case, moderator: AbstractBaseUser, text: str, version: int) -> Question:
    """Ask the artist about ``case``; it goes back, parked until they answer or the policy's time to answer is over.

    Raises ``NotAllowed``, ``IncompleteDecision`` (no text, no artist to ask, a question open already) and
    ``CaseConflict`` (decided or changed meanwhile, or open at somebody else).
    """
    text = text.strip()
    if not text:
        raise IncompleteDecision(_("Write what you want to know."))
    with transaction.atomic():
        locked = cases.lock_for_decider(case=case, decider=moderator, version=version)
        if locked.artwork.owner_id is None or locked.kind == CaseKind.APPEAL:
            raise IncompleteDecision(_("There is no artist to ask here."))
        if locked.questions.filter(answered_at__isnull=True).exists():
            raise IncompleteDecision(_("A question is open already: wait for the answer."))
        policy = policies.current_policy().within(locked.artwork.category)
        question = Question.objects.create(
            case=locked,
            asked_by_id=moderator.pk,
            text=text[:1000],
            wait_until=timezone.now() + timedelta(hours=policy.answer_hours),
        )
        locked.held_by = locked.held_until = None
        locked.version += 1
        locked.save(update_fields=["held_by", "held_until", "version"])
        events.log("artist_asked", artwork=locked.artwork, case=locked, actor=moderator, reason=question.text)
    return question


def answer_question(*, question: Question, artist: AbstractBaseUser, answer: str, link: str = "") -> Question:
    """Keep the artist's answer; the case is free again, and its next decider sees a new version.

    Raises ``NotAllowed`` (not their work), ``IncompleteDecision`` (no answer), ``CaseConflict`` (answered or closed).
    """
    answer = answer.strip()
    if not answer:
        raise IncompleteDecision(_("Write an answer first."))
    with transaction.atomic():
        case = cases.lock(question.case)
        if not is_owner(artist, case.artwork):
            raise NotAllowed(_("Only the artist answers this."))
        question = Question.objects.select_for_update().get(pk=question.pk)
        if question.answered_at is not None or not case.is_open:
            raise CaseConflict(_("This question is no longer open."), at=question.answered_at or case.closed_at)
        question.answer, question.link, question.answered_at = answer[:2000], link[:500], timezone.now()
        question.save(update_fields=["answer", "link", "answered_at"])
        case.version += 1
        case.save(update_fields=["version"])
        events.log("artist_answered", artwork=case.artwork, case=case, actor=artist)
    return question
