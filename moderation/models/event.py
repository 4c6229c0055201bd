"""Event: the append-only log of everything that changed. Seal: the chain of hashes over it."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.saying import SayingField

_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class AppendOnlyQuerySet(models.QuerySet[_Row]):
    """A query set that can add and read, and nothing else. (The database refuses too: migration ``0010_seal``.)"""

    def update(self, **kwargs: Any) -> int:
        """Refuse: history does not change."""
        raise TypeError("Events are append-only: they cannot be changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: history does not vanish."""
        raise TypeError("Events are append-only: they cannot be deleted.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        """Refuse: history does not change."""
        raise TypeError("Events are append-only: they cannot be changed.")


class AppendOnly(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append; a row that is already stored cannot be saved again."""
        if not self._state.adding:
            raise TypeError("Events are append-only: they cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: history does not vanish."""
        raise TypeError("Events are append-only: they cannot be deleted.")


class Event(AppendOnly):
    """One change: who (nobody = the machine), what, before, after, why.

    ``before``, ``after`` and ``reason`` hold keys, codes and the words of moderators, never what an artist wrote: an
    artist's words can be deleted where they stand, and the log need not be touched for it.
    """

    verb = models.CharField(_("verb"), max_length=40)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    artwork = models.ForeignKey(
        "moderation.Artwork", on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    case = models.ForeignKey("moderation.Case", on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)
    reason = SayingField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    objects: models.Manager[Event] = AppendOnlyQuerySet["Event"].as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        permissions = [("read_audit", _("Can read the whole log"))]
        indexes = [models.Index(fields=["artwork", "id"], name="moderation_event_artwork")]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"


class Seal(AppendOnly):
    """One link of the chain: a digest over the previous link's digest and one event.

    Whoever writes an event does not wait for the chain: events are sealed a little later, in the order in which the
    sealer found them committed (``services/sealing.py``). ``position`` counts from 1 without gaps.
    """

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, related_name="seal")
    position = models.PositiveBigIntegerField(_("position"), unique=True)
    digest = models.CharField(_("SHA-256"), max_length=64)

    objects: models.Manager[Seal] = AppendOnlyQuerySet["Seal"].as_manager()

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"
