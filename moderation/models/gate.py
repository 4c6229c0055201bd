"""GateCheck: the questions put to a detector before it may act. RegressionWork: a work that it must not get wrong."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from moderation.saying import SayingField


class GateState(models.TextChoices):
    WAITING = "waiting", _("Waiting for a worker")
    RUNNING = "running", _("Being checked")
    PASSED = "passed", _("Passed")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Could not be checked")


OPEN_GATE = (GateState.WAITING, GateState.RUNNING)


class GateCheck(models.Model):
    """One run of the gate: ``detector`` against the one that was active (``against``), on the site's labelled works.

    The row is the queue: a worker takes it under a lease, stores the scores as it goes and, killed, goes on there.
    """

    detector = models.ForeignKey("moderation.Detector", on_delete=models.CASCADE, related_name="gate_checks")
    against = models.ForeignKey("moderation.Detector", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=16, choices=GateState, default=GateState.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    lease_expires_at = models.DateTimeField(_("lease ends"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    done = models.PositiveIntegerField(_("works looked at"), default=0)
    total = models.PositiveIntegerField(_("works to look at"), default=0)
    scores = models.JSONField(
        _("scores"), default=dict, blank=True, help_text=_("Both scores and the truth, by the work's number.")
    )
    findings = models.JSONField(_("findings"), default=list, blank=True)
    problem = SayingField(_("what went wrong"), blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("gate check")
        verbose_name_plural = _("gate checks")
        constraints = [
            models.UniqueConstraint(
                fields=["detector"], condition=Q(state__in=OPEN_GATE), name="moderation_gate_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_GATE, finished_at__isnull=True)
                | (~Q(state__in=OPEN_GATE) & Q(finished_at__isnull=False)),
                name="moderation_gate_finished",
            ),
        ]
        indexes = [models.Index(fields=["detector", "-id"], name="moderation_gate_latest")]

    def __str__(self) -> str:
        return f"{self.detector}: {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        """Whether a worker has it, or is to take it."""
        return self.state in OPEN_GATE


class RegressionWork(models.Model):
    """A work whose verdict was wrong once. Every detector is asked about it at the gate; none is trained on it."""

    artwork = models.OneToOneField("moderation.Artwork", on_delete=models.CASCADE, related_name="regression")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("work of the regression set")
        verbose_name_plural = _("works of the regression set")

    def __str__(self) -> str:
        return str(self.artwork)
