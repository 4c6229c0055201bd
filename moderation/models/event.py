"""Event: the append-only log of everything that changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class EventQuerySet(models.QuerySet["Event"]):
    """A query set that can add and read, and nothing else."""

    def update(self, **kwargs: Any) -> int:
        """Refuse: history does not change."""
        raise TypeError("Events are append-only: they cannot be changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: history does not vanish."""
        raise TypeError("Events are append-only: they cannot be deleted.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        """Refuse: history does not change."""
        raise TypeError("Events are append-only: they cannot be changed.")


class Event(models.Model):
    """One change: who (nobody = the machine), what, before, after, why."""

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
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["artwork", "id"], name="moderation_event_artwork")]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append; an event that is already stored cannot be saved again."""
        if not self._state.adding:
            raise TypeError("Events are append-only: they cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: history does not vanish."""
        raise TypeError("Events are append-only: they cannot be deleted.")
