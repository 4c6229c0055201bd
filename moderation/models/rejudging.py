"""Rejudging: stored scores judged anew under a later policy, work by work, so that it can stop and go on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from moderation.saying import SayingField


class RejudgingState(models.TextChoices):
    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


class Rejudging(models.Model):
    """One run over the works that stand open. ``cursor`` is the last artwork that was looked at."""

    policy = models.ForeignKey("moderation.Policy", on_delete=models.PROTECT, related_name="rejudgings")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=16, choices=RejudgingState, default=RejudgingState.RUNNING)
    cursor = models.BigIntegerField(_("last work"), default=0)
    total = models.PositiveIntegerField(_("works to judge"), default=0)
    judged = models.PositiveIntegerField(_("judged"), default=0)
    cleared = models.PositiveIntegerField(_("cleared"), default=0)
    asked = models.PositiveIntegerField(_("put before a person"), default=0)
    moved = models.PositiveIntegerField(_("moved between review and hold"), default=0)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last step"), auto_now=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    remark = SayingField(_("remark"), blank=True)

    class Meta:
        verbose_name = _("judging again")
        verbose_name_plural = _("judging again")
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=RejudgingState.RUNNING), name="moderation_rejudging_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state=RejudgingState.RUNNING, ended_at__isnull=True)
                | (~Q(state=RejudgingState.RUNNING) & Q(ended_at__isnull=False)),
                name="moderation_rejudging_ended",
            ),
        ]

    def __str__(self) -> str:
        return _("Judging again under policy %(version)s") % {"version": self.policy.version}

    @property
    def is_running(self) -> bool:
        """Whether works are still being judged."""
        return self.state == RejudgingState.RUNNING

    @property
    def seen(self) -> int:
        """Works looked at so far, never more than ``total``: those that came later are under the policy anyway."""
        return min(self.judged, self.total)
