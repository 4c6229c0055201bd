"""The roles are made by ``migrate`` and what they may see follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group

from moderation.permissions import ROLES, ensure_roles, is_moderator, may_see_file

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def test_roles_have_their_permissions() -> None:
    for name, codes in ROLES.items():
        group = Group.objects.get(name=name)
        assert {f"moderation.{code}" for code in group.permissions.values_list("codename", flat=True)} == set(codes)


def test_migrating_again_adds_nothing_and_takes_nothing_away() -> None:
    group = Group.objects.get(name="Moderators")
    group.permissions.clear()
    ensure_roles(app_config=apps.get_app_config("moderation"))
    assert group.permissions.count() == len(ROLES["Moderators"])
    assert Group.objects.count() == len(ROLES)


def test_who_may_fetch_the_bytes(
    make_listing: Callable[..., Any], artwork_of: Any, artist: Any, other_artist: Any, moderator: Any
) -> None:
    artwork = artwork_of(make_listing())
    everyone = (artist, moderator, other_artist, AnonymousUser())
    assert [may_see_file(user, artwork) for user in everyone] == [True, True, False, False]
    artwork.is_visible = True
    assert all(may_see_file(user, artwork) for user in everyone)


def test_a_deactivated_moderator_is_none(moderator: Any) -> None:
    moderator.is_active = False
    assert not is_moderator(moderator)
