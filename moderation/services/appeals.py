"""The artist answers back, with what shows how the work was made; somebody else decides, with a reply."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from moderation import signals
from moderation.conf import settings
from moderation.errors import CannotAppeal, IncompleteAppeal, NoPrivateStorage, NotAllowed
from moderation.models import (
    Action,
    Appeal,
    AppealFile,
    Artwork,
    Case,
    CaseKind,
    CaseState,
    Decision,
    FileKind,
    Outcome,
    ReasonCode,
    Severity,
    Standing,
)
from moderation.models.appeal import MAX_LINK, MAX_TEXT
from moderation.models.artwork import DeclaredOrigin
from moderation.models.decision import RESTRICTING
from moderation.saying import say
from moderation.services import bell, cases, events, outcomes, policies
from moderation.workfiles import kinds
from moderation.workfiles.storage import private_storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AbstractBaseUser
    from django.core.files.uploadedfile import UploadedFile

logger = logging.getLogger(__name__)

_AGAINST = {
    Action.LABEL: gettext_noop("The artist appeals against the label “AI-generated”."),
    Action.REJECT: gettext_noop("The artist appeals against the rejection."),
}


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file that lies in the private storage already, and what its row will say."""

    kind: str
    name: str
    file_name: str
    size: int
    digest: str


def why_no_appeal(decision: Decision) -> str:
    """Return the sentence that tells the artist why they cannot appeal against ``decision`` now; empty if they can."""
    now = timezone.now()
    reasons = (
        (not decision.is_restriction, _("This decision restricts nothing, so there is nothing to appeal against.")),
        (decision.undone_at is not None, _("This decision was taken back.")),
        (hasattr(decision, "appeal"), _("You have appealed against this decision already.")),
        (
            hasattr(decision, "answered_appeal"),
            _("This decision answers your appeal and is final here."),
        ),
        (
            decision.artwork.decision_id != decision.pk,
            _("A later decision took this one's place. You can appeal against that one."),
        ),
        (now < decision.notice_due_at, _("It can be appealed against in a few minutes, as soon as it is final.")),
        (
            decision.appeal_until is not None and now > decision.appeal_until,
            _("The time to appeal against this decision is over."),
        ),
    )
    return next((sentence for holds, sentence in reasons if holds), "")


def file_appeal(
    *,
    decision: Decision,
    artist: AbstractBaseUser,
    text: str,
    link: str = "",
    files: Sequence[UploadedFile[bytes]] = (),
) -> Appeal:
    """Appeal against ``decision``: a case of its own is opened before all others, for somebody else to decide.

    The decision stays in force meanwhile. Raises ``NotAllowed`` (not their decision), ``CannotAppeal``,
    ``IncompleteAppeal`` (no text, too long, too many or too large files, a kind that is not accepted).
    """
    if decision.artist_id is None or decision.artist_id != artist.pk:
        raise NotAllowed(_("Only the artist may appeal."))
    text = text.strip()
    _check_words(text, _("Say in your own words why the decision is wrong."))
    if link and (len(link) > MAX_LINK or not link.startswith(("https://", "http://"))):
        raise IncompleteAppeal(_("Give the link as a web address that begins with https://."))
    if problem := why_no_appeal(decision):
        raise CannotAppeal(problem)
    reference = uuid4()
    stored = _store(files, folder=reference.hex)
    try:
        with transaction.atomic():
            appeal = _open(decision, artist, reference=reference, text=text, link=link)
            _add_files(appeal, stored)
    except IntegrityError as error:
        _drop(stored)
        raise CannotAppeal(_("You have appealed against this decision already.")) from error
    except BaseException:
        _drop(stored)  # whatever stopped us: files without a row would be kept for ever
        raise
    return appeal


def _open(decision: Decision, artist: AbstractBaseUser, *, reference: UUID, text: str, link: str) -> Appeal:
    """Open the case and the appeal, under the artwork's lock. Raises ``CannotAppeal`` if things changed meanwhile."""
    artwork = Artwork.objects.select_for_update().get(pk=decision.artwork_id)
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    decision.artwork = artwork
    if problem := why_no_appeal(decision):
        raise CannotAppeal(problem)
    policy = policies.current_policy().within(decision.artwork.category)
    case = cases.open_case(
        artwork,
        screening=decision.case.screening,
        kind=CaseKind.APPEAL,
        severity=Severity.APPEAL,
        reason=say(_AGAINST[Action(decision.action)]),
        due_at=timezone.now() + timedelta(hours=policy.appeal_hours),
    )
    appeal = Appeal.objects.create(
        reference=reference,
        decision=decision,
        case=case,
        artist=artist,  # type: ignore[misc]
        first_decider=decision.decider,
        text=text,
        link=link,
    )
    # A moderator who has the case open for another reason may be the first decider: it is free for the right person.
    Case.objects.filter(pk=case.pk).update(held_by=None, held_until=None)
    events.log("appeal_filed", artwork=artwork, case=case, actor=artist, after={"decision": decision.pk})
    events.tell(signals.appealed, artwork=artwork, appeal=appeal)
    return appeal


def _add_files(appeal: Appeal, stored: Sequence[_Stored]) -> None:
    rows = [
        AppealFile(
            appeal=appeal, kind=one.kind, name=one.name, file_name=one.file_name, size=one.size, digest=one.digest
        )
        for one in stored
    ]
    AppealFile.objects.bulk_create(rows)
    if rows:
        transaction.on_commit(bell.ring_for_appeal_files)


def possible_outcomes(appeal: Appeal) -> list[Outcome]:
    """Return how ``appeal`` can end: a label in place of removal only where that could answer the ground."""
    about_ai = appeal.decision.reason_code not in (ReasonCode.COPIED, ReasonCode.UNREADABLE)
    if appeal.decision.action == Action.REJECT and about_ai:
        return [Outcome.OVERTURNED, Outcome.PARTLY, Outcome.UPHELD]
    return [Outcome.OVERTURNED, Outcome.UPHELD]


def decide_appeal(*, appeal: Appeal, decider: AbstractBaseUser, outcome: str, reply: str, version: int) -> Decision:
    """Answer ``appeal`` with a reply; the answer is a decision of its own and takes effect. Undone as others are.

    ``version`` is the case's version that the decider saw. Raises ``NotAllowed`` (permission, own work, own first
    decision), ``CaseConflict`` (answered or changed meanwhile) and ``IncompleteAppeal`` (no reply, no outcome).
    """
    reply = reply.strip()
    if outcome not in possible_outcomes(appeal):
        raise IncompleteAppeal(_("Choose how the appeal ends."))
    _check_words(reply, _("Reply to the artist: say what you looked at and what follows."))
    with transaction.atomic():
        case = cases.lock_for_decider(case=appeal.case, decider=decider, version=version)
        locked = Appeal.objects.select_for_update(of=("self",)).select_related("decision").get(pk=appeal.pk)
        decision = _answer(locked, case, decider, outcome=Outcome(outcome), reply=reply)
        cases.close_case(case, state=CaseState.DECIDED)
        _take_effect(case.artwork, decision)
        locked.outcome, locked.reply, locked.decided_at = outcome, reply, decision.decided_at
        locked.decider, locked.answer = decider, decision  # type: ignore[assignment]
        locked.save(update_fields=["outcome", "reply", "decided_at", "decider", "answer"])
        events.log(
            "appeal_decided",
            artwork=case.artwork,
            case=case,
            actor=decider,
            before={"decision": locked.decision_id},
            after={"outcome": outcome, "action": decision.action, "decision": decision.pk},
            reason=reply,
        )
        events.tell(signals.decided, artwork=case.artwork, decision=decision)
    return decision


def _answer(appeal: Appeal, case: Case, decider: AbstractBaseUser, *, outcome: Outcome, reply: str) -> Decision:
    first, now = appeal.decision, timezone.now()
    if outcome == Outcome.OVERTURNED:
        declared = case.artwork.declared_origin in (DeclaredOrigin.ASSISTED, DeclaredOrigin.GENERATED)
        action, reason = Action.APPROVE, ReasonCode.DECLARED if declared else ReasonCode.HUMAN_MADE
    else:
        action = Action.LABEL if outcome == Outcome.PARTLY else Action(first.action)
        reason = ReasonCode(first.reason_code)
    return Decision.objects.create(
        case=case,
        artwork=case.artwork,
        digest=first.digest,
        decider=decider,  # type: ignore[misc]
        artist=first.artist,
        action=action,
        reason_code=reason,
        explanation=reply,
        facts=first.facts,
        before=outcomes.standing_of(case.artwork),
        automation=first.automation,
        decided_at=now,
        notice_due_at=now + policies.current_policy().within(case.artwork.category).grace,
        appeal_until=now if action in RESTRICTING else None,  # heard once: it is final here
    )


def _take_effect(artwork: Artwork, decision: Decision) -> None:
    """Apply the answer. A work that was replaced or taken back meanwhile keeps out of sight, and keeps the answer."""
    if artwork.is_current:
        outcomes.apply_decision(artwork, decision=decision)
    elif artwork.standing == Standing.WITHDRAWN:
        artwork.decision = decision  # what counts if the artist brings it back
        artwork.save(update_fields=["decision", "updated_at"])
    else:
        shown = artwork.is_visible
        outcomes.apply_decision(artwork, decision=decision)
        if artwork.is_visible and not shown:
            outcomes.set_standing(
                artwork, Standing(artwork.standing), visible=False, label=artwork.ai_label, decision=decision
            )


def _check_words(text: str, when_empty: str) -> None:
    if not text:
        raise IncompleteAppeal(when_empty)
    if len(text) > MAX_TEXT:
        raise IncompleteAppeal(
            ngettext(
                "That is %(over)d character too many: at most %(limit)d are read.",
                "That is %(over)d characters too many: at most %(limit)d are read.",
                len(text) - MAX_TEXT,
            )
            % {"over": len(text) - MAX_TEXT, "limit": MAX_TEXT}
        )


def check_files(files: Sequence[UploadedFile[bytes]]) -> list[str]:
    """Return the kind of each file, from its first bytes. Raises ``IncompleteAppeal``, in words for the artist."""
    if len(files) > settings.APPEAL_MAX_FILES:
        raise IncompleteAppeal(
            ngettext("At most %(n)d file, please.", "At most %(n)d files, please.", settings.APPEAL_MAX_FILES)
            % {"n": settings.APPEAL_MAX_FILES}
        )
    if sum(file.size or 0 for file in files) > settings.APPEAL_MAX_TOTAL_BYTES:
        raise IncompleteAppeal(
            _("Together the files may have at most %(mb)d MB.") % {"mb": settings.APPEAL_MAX_TOTAL_BYTES // 1024**2}
        )
    found = []
    for file in files:
        if not file.size:
            raise IncompleteAppeal(_("“%(name)s” is empty.") % {"name": file.name})
        if file.size > settings.APPEAL_MAX_FILE_BYTES:
            raise IncompleteAppeal(
                _("“%(name)s” is too large: at most %(mb)d MB a file.")
                % {"name": file.name, "mb": settings.APPEAL_MAX_FILE_BYTES // 1024**2}
            )
        file.seek(0)
        kind = kinds.kind_of(file.read(kinds.HEAD), str(file.name))
        if kind is None:
            raise IncompleteAppeal(
                _(
                    "“%(name)s” cannot be sent. What can: pictures (PNG, JPEG, WebP, GIF, AVIF, HEIC), PSD, KRA, CLIP,"
                    " XCF, PROCREATE, and video (MP4, MOV, WebM)."
                )
                % {"name": file.name}
            )
        found.append(kind.value)
    return found


def _store(files: Sequence[UploadedFile[bytes]], *, folder: str) -> list[_Stored]:
    """Put the files into the private storage under names that tell nothing. All or none are kept."""
    if not files:
        return []
    found = check_files(files)
    try:
        storage = private_storage()
    except NoPrivateStorage as error:
        raise IncompleteAppeal(
            _("Files cannot be taken here. Send your appeal without them, or give a link.")
        ) from error
    stored: list[_Stored] = []
    try:
        for file, kind in zip(files, found, strict=True):
            name = kinds.clean_name(str(file.name), FileKind(kind))
            digest = hashlib.sha256()
            file.seek(0)
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
            saved = storage.save(f"appeals/{folder}/{uuid4().hex}{kinds.extension_of(FileKind(kind), name)}", file)
            stored.append(_Stored(kind, name, saved, file.size or 0, digest.hexdigest()))
    except BaseException:
        _drop(stored)
        raise
    return stored


def _drop(stored: Sequence[_Stored]) -> None:
    for one in stored:
        private_storage().delete(one.file_name)
