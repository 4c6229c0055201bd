"""The one exception base of the plugin, with a named leaf for everything a caller may want to tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AbstractBaseUser


class ModerationError(Exception):
    """Base of all errors that the plugin raises. ``str(error)`` is a sentence for the person in front of it."""


class NotRegistered(ModerationError):
    """A model or field was named that no ``register()`` call mentioned."""


class NothingToScreen(ModerationError):
    """The host's object has no file in the registered field."""


class NotAllowed(ModerationError):
    """The person may not do this: they lack the permission, or the work is their own."""


class IncompleteDecision(ModerationError):
    """A restriction without reason, explanation or facts: no artist may be left guessing."""


class CaseConflict(ModerationError):
    """Somebody else was first. Carries who, what and when, so that nothing needs to be asked again."""

    def __init__(
        self,
        message: str,
        *,
        by: AbstractBaseUser | None = None,
        at: datetime | None = None,
        action: str = "",
    ) -> None:
        super().__init__(message)
        self.by = by
        self.at = at
        self.action = action


class TooLateToUndo(ModerationError):
    """The grace window is over, the notice may have left: a new decision is the way."""


class CannotAppeal(ModerationError):
    """This decision is not open to an appeal: too early, too late, appealed before, or replaced by a later one."""


class IncompleteAppeal(ModerationError):
    """An appeal, or its answer, that lacks something or has too much of it."""


class PolicyChanged(ModerationError):
    """The policy, or the draft, is not the one that the person saw: look again, then publish."""


class NoPrivateStorage(ModerationError):
    """The host names no storage for files that nobody else may see."""


class DetectorRefused(ModerationError):
    """A detector may not do this: the gate was not passed, or its files are not as they should be."""
