"""How a person reads: their language and their time zone, as the host tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings as django_settings
from django.utils import translation
from django.utils.module_loading import import_string

from moderation.conf import settings

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def language_of(user: AbstractBaseUser | None) -> str:
    """Return the code of the language in which ``user`` is written to (``MODERATION["LANGUAGE_OF"]``)."""
    if user is not None and settings.LANGUAGE_OF:
        told: str = import_string(settings.LANGUAGE_OF)(user)
        if translation.check_for_language(told):
            return told
    return django_settings.LANGUAGE_CODE


def time_zone_of(user: AbstractBaseUser | None) -> ZoneInfo:
    """Return the zone in which ``user`` is told times (``MODERATION["TIME_ZONE_OF"]``)."""
    if user is not None and settings.TIME_ZONE_OF:
        told: str = import_string(settings.TIME_ZONE_OF)(user)
        try:
            return ZoneInfo(told)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            pass  # the host does not know, or knows one that this machine does not
    return ZoneInfo(django_settings.TIME_ZONE)
