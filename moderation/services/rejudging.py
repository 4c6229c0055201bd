"""Judging stored scores again under the policy in force: chunk by chunk, to be stopped and gone on with at any time.

Only what stands open may change: a machine's "cleared", and a case that it opened and nobody has taken up. A person's
decision, a case that somebody holds, wrote in, passed on or asked about, and an appeal stay as they are. The verdict
takes effect as that of a new look does (``outcomes.apply_verdict``), so no machine may do here what it may not there.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from moderation.conf import settings
from moderation.errors import NotAllowed, PolicyChanged
from moderation.models import (
    Artwork,
    Band,
    Case,
    CaseKind,
    CaseState,
    Rejudging,
    RejudgingState,
    Screening,
    ScreeningState,
    Severity,
    Standing,
)
from moderation.models.screening import Purpose
from moderation.permissions import is_policy_admin
from moderation.saying import say
from moderation.services import bell, cases, events, outcomes, standing
from moderation.services.judging import replay
from moderation.services.policies import current_policy

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from moderation.models import Policy

CHUNK = 25
"""Works in one transaction: few, because a moderator who decides one of them waits for it."""
OPEN_STANDINGS = (Standing.CLEARED, Standing.IN_REVIEW, Standing.HELD)


def start_rejudging(*, policy: Policy, actor: AbstractBaseUser) -> Rejudging:
    """Begin to judge open works again under ``policy``, or go on where a stopped run under it ended.

    Raises ``NotAllowed``; ``PolicyChanged`` when ``policy`` is not in force, or a run is under way.
    """
    _check(actor)
    try:
        with transaction.atomic():
            current = current_policy()
            if current.version != policy.version:
                raise PolicyChanged(
                    _("Policy %(version)s is in force now: only that one judges.") % {"version": current.version}
                )
            run = Rejudging.objects.filter(policy=current).order_by("-pk").first()
            if run is not None and run.state == RejudgingState.STOPPED:
                run.state, run.ended_at, run.remark = RejudgingState.RUNNING, None, ""
                run.save()
            else:
                run = Rejudging.objects.create(policy=current, started_by=actor, total=_open_works().count())  # type: ignore[misc]
            events.log(
                "rejudging_started",
                actor=actor,
                after={"policy": current.version, "works": run.total, "from": run.cursor},
            )
            transaction.on_commit(bell.ring_for_rejudging)
    except IntegrityError as error:
        raise PolicyChanged(_("Works are being judged again already.")) from error
    return run


def stop_rejudging(*, run: Rejudging, actor: AbstractBaseUser) -> None:
    """Stop after the chunk that is under way. What was judged stays judged. A run that ended stays as it is."""
    _check(actor)
    with transaction.atomic():
        locked = Rejudging.objects.select_for_update().get(pk=run.pk)
        if locked.is_running:
            _end(locked, RejudgingState.STOPPED, actor=actor)


def rejudge(*, seconds: float | None = None) -> bool:
    """Go on with the run that is under way, if any, for ``seconds``; return whether something is left to do.

    Two workers never judge the same chunk: the run's row is locked meanwhile, and the cursor moves with the chunk.
    """
    deadline = time.monotonic() + (settings.TASK_SECONDS if seconds is None else seconds)
    while time.monotonic() < deadline:
        if not _step():
            return False
    return True


def _step() -> bool:
    """Judge one chunk; return whether there may be another."""
    with transaction.atomic():
        skip = {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}
        run = (
            Rejudging.objects.select_for_update(of=("self",), **skip)
            .select_related("policy")
            .filter(state=RejudgingState.RUNNING)
            .first()
        )
        if run is None:
            return False
        policy = current_policy()
        if policy.pk != run.policy_id:
            run.remark = say(gettext_noop("Policy {version} was published meanwhile."), version=policy.version)
            _end(run, RejudgingState.STOPPED)
            return False
        works = list(_open_works().filter(pk__gt=run.cursor).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        for pk in works:
            _judge_again(run, pk)
            run.cursor = pk
        run.judged += len(works)
        if len(works) < CHUNK:
            _end(run, RejudgingState.DONE)
            return False
        run.save()
        return True


def is_taken_up(case: Case) -> bool:
    """Whether a person has begun with ``case``, or a person's word opened it: then no machine closes or changes it."""
    is_held = case.held_until is not None and case.held_until > timezone.now()
    return (
        case.kind != CaseKind.SUSPECT
        or is_held
        or hasattr(case, "escalation")
        or case.notes.exists()
        or case.questions.exists()
    )


def _open_works() -> QuerySet[Artwork]:
    """Return the works that stand open and that have a stored score."""
    scored = Screening.objects.filter(artwork=OuterRef("pk"), state=ScreeningState.DONE)
    return Artwork.objects.filter(Exists(scored), is_current=True, standing__in=OPEN_STANDINGS)


def _judge_again(run: Rejudging, pk: int) -> None:
    artwork = Artwork.objects.select_for_update().get(pk=pk)
    look = artwork.screenings.filter(state=ScreeningState.DONE).select_related("policy").order_by("-pk").first()
    if artwork.standing not in OPEN_STANDINGS or not artwork.is_current or look is None or look.policy is None:
        return
    case = artwork.cases.select_for_update().filter(state=CaseState.OPEN).first()
    if case is not None and is_taken_up(case):
        return
    policy = run.policy.within(artwork.category)
    again = _copy_of(look, artwork, policy)
    verdict = replay(again)
    if verdict.band == look.band:
        return
    again.band, again.ground = verdict.band, verdict.ground
    again.save()
    before = artwork.standing
    if case is not None and verdict.band == Band.CLEAR:
        cases.close_case(case, state=CaseState.WITHDRAWN)
    outcomes.apply_verdict(artwork, screening=again, verdict=verdict, policy=policy)
    if case is not None and verdict.severity is not None and case.severity == Severity.HOLD:
        Case.objects.filter(pk=case.pk).update(severity=verdict.severity)  # no longer hidden, hence less urgent
    events.log(
        "judged_again",
        artwork=artwork,
        before={"band": look.band, "policy": look.policy.version},
        after={"band": again.band, "policy": policy.version},
        reason=verdict.reason,
    )
    counter = "cleared" if verdict.band == Band.CLEAR else "asked" if before == Standing.CLEARED else "moved"
    setattr(run, counter, getattr(run, counter) + 1)


def _copy_of(look: Screening, artwork: Artwork, policy: Policy) -> Screening:
    """Return the same look to be judged by ``policy``: what was found stays, whose turn it is does not."""
    now = timezone.now()
    return Screening(
        artwork=artwork,
        purpose=Purpose.REJUDGE,
        declared_origin=look.declared_origin,
        state=ScreeningState.DONE,
        requested_at=now,
        not_before=now,
        finished_at=now,
        detector=look.detector,
        policy=policy,
        p_ai=look.p_ai,
        review_bonus=standing.review_bonus(artwork.owner_id, policy),
        evidence=look.evidence,
    )


def _end(run: Rejudging, state: RejudgingState, *, actor: AbstractBaseUser | None = None) -> None:
    run.state, run.ended_at = state, timezone.now()
    run.save()
    events.log(
        f"rejudging_{state.value}",
        actor=actor,
        after={
            "policy": run.policy.version,
            "judged": run.judged,
            "cleared": run.cleared,
            "asked": run.asked,
            "moved": run.moved,
        },
        reason=run.remark,
    )


def _check(actor: AbstractBaseUser) -> None:
    if not is_policy_admin(actor):
        raise NotAllowed(_("Only a policy admin may have works judged again."))
