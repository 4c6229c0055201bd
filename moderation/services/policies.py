"""Which rules hold, and publishing new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from moderation.errors import NotAllowed
from moderation.evidence.classifier import default_classifier
from moderation.models import Policy
from moderation.permissions import PUBLISH_POLICY
from moderation.saying import say
from moderation.services import events

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def current_policy() -> Policy:
    """Return the policy in force. The first one comes from the detector's card: its author is nobody."""
    policy = Policy.objects.order_by("-version").first()
    return policy if policy is not None else _first_policy()


def _first_policy() -> Policy:
    card = default_classifier().card
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                version=1,
                review_threshold=card.review_threshold,
                hold_threshold=card.hold_threshold,
                reason=say(gettext_noop("The defaults on the card of the detector {detector}."), detector=card.name),
            )
            events.log("policy_published", after={"version": 1})
    except IntegrityError:  # another process was first
        return Policy.objects.order_by("-version")[0]
    return policy


def publish_policy(*, author: AbstractBaseUser, reason: str, **changes: Any) -> Policy:
    """Publish a new version: the current one with ``changes`` (fields of ``Policy``), for ``reason``.

    Raises ``NotAllowed`` without the permission, ``ValidationError`` for values that cannot hold.
    """
    if not author.has_perm(PUBLISH_POLICY):  # type: ignore[attr-defined]
        raise NotAllowed("Only a policy admin may publish a policy.")
    with transaction.atomic():
        current = current_policy()
        kept = (
            "review_threshold",
            "hold_threshold",
            "show_while_waiting",
            "show_in_review",
            "show_on_hold",
            "allow_declared_ai",
            "review_hours",
            "hold_hours",
            "grace_minutes",
            "bulk_cap",
            "second_look_percent",
            "wait_hours",
            "when_waited_out",
            "appeal_hours",
            "trusted_artist_bonus",
            "trusted_artist_decisions",
        )
        values = {name: getattr(current, name) for name in kept} | changes
        policy = Policy(version=current.version + 1, author=author, reason=reason, **values)  # type: ignore[misc]
        policy.full_clean()
        policy.save()
        events.log(
            "policy_published",
            actor=author,
            before={name: getattr(current, name) for name in kept},
            after={"version": policy.version, **{name: values[name] for name in kept}},
            reason=reason,
        )
    return policy
