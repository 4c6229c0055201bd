"""The demo's people. Their passwords are printed: they open a site that only this machine can reach."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.db import transaction


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the demo and what it is there for."""

    name: str
    first_name: str
    last_name: str
    role: str
    password: str
    groups: tuple[str, ...] = ()
    is_admin: bool = False


ARTIST = Person("mira", "Mira", "Okafor", "artist", "paint-and-see")
PEOPLE = (
    ARTIST,
    Person("tomas", "Tomas", "Lindqvist", "moderator", "look-twice", ("Moderators",)),
    Person("sato", "Yui", "Sato", "senior moderator", "second-look", ("Senior moderators",)),
    Person("admin", "Ada", "Keller", "admin", "all-the-keys", ("Senior moderators", "Policy admins"), is_admin=True),
)


@transaction.atomic
def ensure_people() -> None:
    """Make the accounts that are missing. One that exists keeps what it has, its password included."""
    for person in PEOPLE:
        user, is_new = User.objects.get_or_create(
            username=person.name,
            defaults={
                "first_name": person.first_name,
                "last_name": person.last_name,
                "is_staff": person.is_admin,
                "is_superuser": person.is_admin,
            },
        )
        if is_new:
            user.set_password(person.password)
            user.save(update_fields=["password"])
            user.groups.add(*Group.objects.filter(name__in=person.groups))
