"""What a moderator does with a case short of deciding it: a note, a word to the seniors, opening it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from moderation.errors import CaseConflict, IncompleteDecision
from moderation.models import Artwork, Band, Case, CaseKind, CaseNote, CaseState, Escalation, Severity, Standing
from moderation.saying import say
from moderation.services import cases, events, policies

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def add_note(*, case: Case, author: AbstractBaseUser, text: str) -> CaseNote:
    """Keep an internal note on ``case``. Raises ``NotAllowed``, ``IncompleteDecision`` when there is no text."""
    cases.check_may_decide(author, case.artwork)
    text = text.strip()
    if not text:
        raise IncompleteDecision(_("Write something, then add the note."))
    with transaction.atomic():
        note = CaseNote.objects.create(case=case, author=author, text=text[:2000])  # type: ignore[misc]
        events.log("note_added", artwork=case.artwork, case=case, actor=author)
    return note


def escalate_case(*, case: Case, moderator: AbstractBaseUser, reason: str, version: int) -> Escalation:
    """Pass an open case to the senior moderators; from then on only they decide it.

    Raises ``NotAllowed``, ``IncompleteDecision`` (no reason, or an appeal: it is theirs already) and
    ``CaseConflict`` (decided or changed meanwhile, or open at somebody else).
    """
    reason = reason.strip()
    if not reason:
        raise IncompleteDecision(_("Tell the senior moderators in a sentence why you pass it on."))
    with transaction.atomic():
        locked = cases.lock_for_decider(case=case, decider=moderator, version=version)
        if locked.kind == CaseKind.APPEAL:
            raise IncompleteDecision(_("An appeal is with the senior moderators already."))
        escalation, created = Escalation.objects.get_or_create(
            case=locked, defaults={"by_id": moderator.pk, "reason": reason[:500]}
        )
        if not created:
            raise CaseConflict(
                _("This case is with the senior moderators already."), by=escalation.by, at=escalation.at
            )
        locked.held_by = locked.held_until = None
        locked.version += 1
        locked.save(update_fields=["held_by", "held_until", "version"])
        events.log("case_escalated", artwork=locked.artwork, case=locked, actor=moderator, reason=reason)
    return escalation


def reopen_case(*, case: Case, moderator: AbstractBaseUser, reason: str) -> Case:
    """Ask about a decided work once more, when the time to undo is over. The decision stays in force until a new one.

    Returns the new open case. Raises ``NotAllowed``, ``IncompleteDecision`` (no reason), ``CaseConflict`` (a case is
    open already, or the work is gone).
    """
    reason = reason.strip()
    if not reason:
        raise IncompleteDecision(_("Say in a sentence why the case is opened anew."))
    with transaction.atomic():
        artwork = Artwork.objects.select_for_update().get(pk=case.artwork_id)
        cases.check_may_decide(moderator, artwork)
        if not artwork.is_current or artwork.standing == Standing.WITHDRAWN:
            raise CaseConflict(_("The work was replaced or withdrawn meanwhile."))
        if artwork.cases.filter(state=CaseState.OPEN).exists():
            raise CaseConflict(_("A case about this work is open already."))
        opened = cases.open_case(
            artwork,
            screening=case.screening,
            kind=case.kind,  # type: ignore[arg-type]
            severity=Severity.STRONG,
            reason=say(gettext_noop("Opened anew: {why}"), why=reason),
            due_at=timezone.now() + policies.current_policy().within(artwork.category).time_limit(Band.REVIEW),
        )
        events.log("case_reopened", artwork=artwork, case=opened, actor=moderator, reason=reason)
    return opened
