"""Members, their studios, and designs to be printed on shirts."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.files.storage import storages
from django.db import models

if TYPE_CHECKING:
    from django.core.files.storage import Storage


class MemberManager(BaseUserManager["Member"]):
    """Makes members."""

    def create_member(self, email: str, password: str) -> Member:
        """Return a new member."""
        member = self.model(email=self.normalize_email(email))
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser, PermissionsMixin):
    """Somebody with an address: no user name, no first or last name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    language = models.CharField(max_length=8, default="en")
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    objects = MemberManager()

    def __str__(self) -> str:
        return self.email.partition("@")[0]


class Studio(models.Model):
    """Who sells."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


def shelf() -> Storage:
    """The storage of the pictures."""
    return storages["shelf"]


class Design(models.Model):
    """A shirt: a picture on the front, perhaps another on the back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    studio = models.ForeignKey(Studio, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    made_by = models.CharField(max_length=8, choices=[("hand", "Hand"), ("prompt", "Prompt")], default="hand")
    front = models.ImageField(storage=shelf)
    back = models.ImageField(storage=shelf, blank=True)
    is_printing = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name
