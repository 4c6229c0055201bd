"""Roles and what they may do. The groups are made after each ``migrate``; a host may hand them out as it likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, router

if TYPE_CHECKING:
    from django.apps import AppConfig
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from moderation.models import Appeal, Artwork

DECIDE_CASE = "moderation.decide_case"
DECIDE_APPEAL = "moderation.decide_appeal"
PUBLISH_POLICY = "moderation.publish_policy"
SEE_FIGURES = "moderation.see_figures"
READ_AUDIT = "moderation.read_audit"

ROLES: dict[str, tuple[str, ...]] = {
    "Moderators": (DECIDE_CASE,),
    "Senior moderators": (DECIDE_CASE, DECIDE_APPEAL),
    "Policy admins": (PUBLISH_POLICY, SEE_FIGURES, READ_AUDIT),
    "Analysts": (SEE_FIGURES,),
    "Auditors": (SEE_FIGURES, READ_AUDIT),
}
"""The groups that ``migrate`` makes. An artist needs none: whoever is signed in may offer works and appeal."""


def ensure_roles(*, app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Make the groups and give them their permissions (a ``post_migrate`` receiver; adds, never takes away)."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.auth.models import Group, Permission

    if not router.allow_migrate_model(using, Group):
        return
    create_permissions(app_config, using=using, verbosity=0)  # ours may be asked before auth's own receiver
    for name, codes in ROLES.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        codenames = [code.partition(".")[2] for code in codes]
        group.permissions.add(
            *Permission.objects.using(using).filter(codename__in=codenames, content_type__app_label=app_config.label)
        )


def may_see_file(user: AbstractBaseUser | AnonymousUser, artwork: Artwork) -> bool:
    """Whether ``user`` may fetch the artwork's bytes: anyone once it is public, else its artist, moderators
    and policy admins (who see whom a threshold would meet).
    """
    if artwork.is_visible:
        return True
    return is_owner(user, artwork) or is_moderator(user) or is_policy_admin(user)


def is_owner(user: AbstractBaseUser | AnonymousUser, artwork: Artwork) -> bool:
    """Whether the artwork is the user's own."""
    return artwork.owner_id is not None and artwork.owner_id == user.pk


def is_moderator(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether ``user`` may open and decide cases (of others)."""
    return bool(user.is_active and user.has_perm(DECIDE_CASE))  # type: ignore[attr-defined]


def is_senior(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether ``user`` may decide what is left to senior moderators: escalations, appeals, second looks."""
    return is_moderator(user) and bool(user.has_perm(DECIDE_APPEAL))  # type: ignore[union-attr]


def may_see_figures(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether ``user`` may read figures, policies and what detectors do: nobody's name, and nothing to change."""
    return bool(user.is_active and (user.has_perm(SEE_FIGURES) or user.has_perm(PUBLISH_POLICY)))  # type: ignore[attr-defined]


def is_policy_admin(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether ``user`` may change the policy, and see what a change would do to which works."""
    return bool(user.is_active and user.has_perm(PUBLISH_POLICY))  # type: ignore[attr-defined]


def may_read_audit(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether ``user`` may read and export the whole log."""
    return bool(user.is_active and user.has_perm(READ_AUDIT))  # type: ignore[attr-defined]


def may_see_appeal(user: AbstractBaseUser | AnonymousUser, appeal: Appeal) -> bool:
    """Whether ``user`` may read an appeal and its files: its artist, and whoever may decide it."""
    if appeal.artist_id is not None and appeal.artist_id == user.pk:
        return True
    return may_decide_appeal(user, appeal)


def may_decide_appeal(user: AbstractBaseUser | AnonymousUser, appeal: Appeal) -> bool:
    """Whether ``user`` may decide ``appeal``: a senior moderator who neither took the decision nor made the work."""
    return is_senior(user) and user.pk not in (appeal.first_decider_id, appeal.artist_id, appeal.case.artwork.owner_id)
