"""Which rules hold, and publishing new ones: a draft, perhaps a second person, a new version with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ml.operating import on_grid
from moderation.errors import NotAllowed, PolicyChanged
from moderation.evidence.classifier import default_classifier
from moderation.models import Policy, PolicyDraft
from moderation.permissions import is_policy_admin
from moderation.saying import say
from moderation.services import events

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import AbstractBaseUser

    from moderation.models import Case


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that differs between two policies. ``None`` on a side: the category inherits it there.

    ``category`` is empty for the site's own rules.
    """

    category: str
    rule: str
    before: Any
    after: Any

    @property
    def label(self) -> str:
        """The rule in words."""
        return Policy.label_of(self.rule)


def current_policy() -> Policy:
    """Return the policy in force. The first one comes from the detector's card: its author is nobody."""
    policy = Policy.objects.order_by("-version").first()
    return policy if policy is not None else _first_policy()


def policy_of(case: Case) -> Policy:
    """Return the policy by which the case's work was judged, as it holds in the work's category."""
    judged = case.screening.policy if case.screening else None
    return (judged or current_policy()).within(case.artwork.category)


def differences(before: Policy, after: Policy) -> list[Change]:
    """Return what differs, the site's rules first, then category by category."""
    old, new = before.values(), after.values()
    found = [Change("", rule, old[rule], new[rule]) for rule in new if old[rule] != new[rule]]
    for category in sorted({*before.overrides, *after.overrides}):
        own_before, own_after = before.overrides.get(category, {}), after.overrides.get(category, {})
        found += [
            Change(category, rule, own_before.get(rule), own_after.get(rule))
            for rule in new
            if own_before.get(rule) != own_after.get(rule)
        ]
    return found


def _first_policy() -> Policy:
    card = default_classifier().card
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                version=1,
                review_threshold=on_grid(card.review_threshold),
                hold_threshold=on_grid(card.hold_threshold),
                reason=say(gettext_noop("The defaults on the card of the detector {detector}."), detector=card.name),
            )
            events.log("policy_published", after={"version": 1})
    except IntegrityError:  # another process was first
        return Policy.objects.order_by("-version")[0]
    return policy


def publish_policy(
    *,
    author: AbstractBaseUser,
    reason: str,
    approver: AbstractBaseUser | None = None,
    seen_version: int | None = None,
    **changes: Any,
) -> Policy:
    """Publish a new version: the current one with ``changes`` (rules of ``Policy``, ``overrides``), for ``reason``.

    ``approver`` is the second person, where the policy in force asks for one. Raises ``NotAllowed`` without the
    permission or that person, ``PolicyChanged`` when ``seen_version`` is not in force any more, ``ValidationError``
    for values that cannot hold.
    """
    for person in filter(None, (author, approver)):
        _check_policy_admin(person)
    with transaction.atomic():
        current = current_policy()
        if seen_version not in (None, current.version):
            raise _overtaken(current)
        if current.needs_second_person and (approver is None or approver.pk == author.pk):
            raise NotAllowed(_("The policy asks for a second person: another policy admin publishes this."))
        values = {**current.values(), "overrides": current.overrides, **changes}
        policy = Policy(
            version=current.version + 1,
            author=author,  # type: ignore[misc]
            approver=approver if approver is not None and approver.pk != author.pk else None,
            reason=reason.strip(),
            **values,
        )
        policy.full_clean(validate_unique=False)
        try:
            with transaction.atomic():
                policy.save()
        except IntegrityError as error:  # somebody else published this very moment
            raise _overtaken(current_policy()) from error
        events.log(
            "policy_published",
            actor=approver or author,
            before={"version": current.version, **current.values(), "overrides": current.overrides},
            after={
                "version": policy.version,
                **policy.values(),
                "overrides": policy.overrides,
                **({"author": author.pk} if policy.approver_id else {}),
            },
            reason=reason,
        )
    return policy


def save_draft(*, author: AbstractBaseUser, rules: Policy, reason: str = "") -> PolicyDraft:
    """Keep ``rules`` (a policy that is not stored) as the draft of ``author``. Nothing is judged by it.

    Raises ``NotAllowed``, or ``ValidationError`` for values that cannot hold.
    """
    _check_policy_admin(author)
    rules.full_clean(exclude=["version", "author", "approver"], validate_unique=False)
    with transaction.atomic():
        current = current_policy()
        earlier = PolicyDraft.objects.select_for_update().filter(author=author.pk).first()
        before = earlier.as_policy() if earlier is not None else current
        draft, _new = PolicyDraft.objects.update_or_create(
            author_id=author.pk,
            defaults={
                "base": current,
                "values": rules.values(),
                "overrides": rules.overrides,
                "reason": reason.strip(),
            },
        )
        changed = differences(before, rules)
        if changed:
            events.log(
                "policy_drafted",
                actor=author,
                before={"rules": _listed(changed, "before")},
                after={"rules": _listed(changed, "after")},
                reason=reason,
            )
    return draft


def drop_draft(*, draft: PolicyDraft, actor: AbstractBaseUser) -> None:
    """Throw the draft away: its author's word, or another policy admin's where a second person publishes."""
    _check_policy_admin(actor)
    with transaction.atomic():
        events.log("policy_draft_dropped", actor=actor, before={"author": draft.author_id}, reason=draft.reason)
        draft.delete()


def publish_draft(*, draft: PolicyDraft, publisher: AbstractBaseUser, seen: str, reason: str = "") -> Policy:
    """Publish ``draft`` as the new version and end it. ``seen`` is the ``stamp`` that the publisher looked at.

    Raises ``NotAllowed``, ``PolicyChanged`` (the policy or the draft is not the one that was seen) and
    ``ValidationError`` (values that cannot hold).
    """
    with transaction.atomic():
        locked = PolicyDraft.objects.select_for_update().select_related("base", "author").filter(pk=draft.pk).first()
        if locked is None or stamp(locked, current_policy()) != seen:
            raise PolicyChanged(_("The policy or the draft changed since you opened it: look again, then publish."))
        rules = locked.as_policy()
        policy = publish_policy(
            author=locked.author,
            approver=publisher if publisher.pk != locked.author_id else None,
            reason=reason or locked.reason,
            overrides=rules.overrides,
            **rules.values(),
        )
        locked.delete()
    return policy


def return_to(*, earlier: Policy, author: AbstractBaseUser, reason: str, seen_version: int) -> Policy | PolicyDraft:
    """Publish a new version equal to an ``earlier`` one; a draft of it where a second person publishes."""
    if current_policy().needs_second_person:
        return save_draft(author=author, rules=_copy_of(earlier), reason=reason)
    return publish_policy(
        author=author, reason=reason, seen_version=seen_version, overrides=earlier.overrides, **earlier.values()
    )


def stamp(draft: PolicyDraft, current: Policy) -> str:
    """Return what changes whenever the draft, or the policy that it would replace, does."""
    return f"{current.version}-{draft.updated_at.timestamp():.6f}"


def _copy_of(policy: Policy) -> Policy:
    return Policy(version=0, overrides=policy.overrides, **policy.values())


def _check_policy_admin(person: AbstractBaseUser) -> None:
    if not is_policy_admin(person):
        raise NotAllowed(_("Only a policy admin may publish a policy."))


def _overtaken(current: Policy) -> PolicyChanged:
    sentence = _("Policy %(version)s was published meanwhile: look again, then publish.")
    return PolicyChanged(sentence % {"version": current.version})


def _listed(changes: list[Change], side: str) -> list[Mapping[str, Any]]:
    return [{"category": one.category, "rule": one.rule, "value": getattr(one, side)} for one in changes]
