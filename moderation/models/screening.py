"""Screening: one machine look at one artwork. The pending rows are the queue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from moderation.models.artwork import DeclaredOrigin
from moderation.models.policy import Band
from moderation.saying import SayingField


class ScreeningState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    RUNNING = "running", _("Being screened")
    DONE = "done", _("Screened")
    FAILED = "failed", _("Could not be screened")
    CANCELLED = "cancelled", _("No longer needed")


FINAL_STATES = (ScreeningState.DONE, ScreeningState.FAILED, ScreeningState.CANCELLED)
OPEN_STATES = (ScreeningState.PENDING, ScreeningState.RUNNING)


OF_THE_MACHINE = ("detector", "memory", "storage", "worker_lost")
"""Failures that are not the picture's fault; one picture may be unlucky, many mean that something is broken."""


class Purpose(models.TextChoices):
    UPLOAD = "upload", _("New upload")
    RESCREEN = "rescreen", _("Looked at again")
    REJUDGE = "rejudge", _("Judged again")


class Ground(models.TextChoices):
    """What a verdict rested on: all that a policy needs, besides the score, to judge the same look again."""

    SCORE = "score", _("The score alone")
    EVIDENCE = "evidence", _("Strong evidence")
    DECLARED = "declared", _("Declared as AI")
    APPROVED = "approved", _("Approved before")


class Priority(models.IntegerChoices):
    """Which work is claimed first; lower is sooner, so that uploads overtake a bulk rescan."""

    UPLOAD = 0, _("Upload")
    BULK = 10, _("Bulk")


class Screening(models.Model):
    """One look: asked for, claimed under a lease, and ended in a final state with a result or a failure."""

    artwork = models.ForeignKey("moderation.Artwork", on_delete=models.CASCADE, related_name="screenings")
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose, default=Purpose.UPLOAD)
    priority = models.SmallIntegerField(_("priority"), choices=Priority, default=Priority.UPLOAD)
    declared_origin = models.CharField(
        _("declared origin"),
        max_length=16,
        choices=DeclaredOrigin,
        default=DeclaredOrigin.UNSTATED,
        blank=True,
    )
    state = models.CharField(_("state"), max_length=16, choices=ScreeningState, default=ScreeningState.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    requested_at = models.DateTimeField(_("asked for"))
    not_before = models.DateTimeField(_("next try"), help_text=_("A failed try waits a little before the next."))
    lease_token = models.UUIDField(_("lease"), null=True, blank=True)
    lease_expires_at = models.DateTimeField(_("lease ends"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    detector = models.ForeignKey(
        "moderation.Detector", on_delete=models.PROTECT, null=True, blank=True, related_name="screenings"
    )
    policy = models.ForeignKey(
        "moderation.Policy", on_delete=models.PROTECT, null=True, blank=True, related_name="screenings"
    )
    p_ai = models.FloatField(
        _("score"),
        null=True,
        blank=True,
        help_text=_("Calibrated probability that the work is AI-generated."),
    )
    band = models.CharField(_("band"), max_length=16, choices=Band, blank=True)
    ground = models.CharField(_("rests on"), max_length=16, choices=Ground, default=Ground.SCORE)
    review_bonus = models.FloatField(
        _("added to the review threshold"), default=0, help_text=_("For a trusted artist, by the policy of that time.")
    )
    evidence = models.JSONField(_("evidence"), default=list, blank=True)
    failure_code = models.CharField(_("failure"), max_length=40, blank=True)
    failure_message = SayingField(_("what went wrong"), blank=True)

    class Meta:
        verbose_name = _("screening")
        verbose_name_plural = _("screenings")
        constraints = [
            models.UniqueConstraint(
                fields=["artwork"], condition=Q(state__in=OPEN_STATES), name="moderation_screening_one_open"
            ),
            models.UniqueConstraint(
                fields=["artwork", "detector", "policy", "declared_origin"],
                condition=Q(state=ScreeningState.DONE),
                name="moderation_screening_one_result",
            ),
            models.CheckConstraint(
                condition=Q(state=ScreeningState.RUNNING, lease_token__isnull=False, lease_expires_at__isnull=False)
                | (~Q(state=ScreeningState.RUNNING) & Q(lease_token__isnull=True, lease_expires_at__isnull=True)),
                name="moderation_screening_lease_while_running",
            ),
            models.CheckConstraint(
                condition=~Q(state=ScreeningState.DONE)
                | (Q(policy__isnull=False, detector__isnull=False, p_ai__isnull=False) & ~Q(band="")),
                name="moderation_screening_done_has_result",
            ),
            models.CheckConstraint(
                condition=~Q(state=ScreeningState.FAILED) | ~Q(failure_code=""),
                name="moderation_screening_failed_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(p_ai__isnull=True) | Q(p_ai__gte=0, p_ai__lte=1), name="moderation_screening_p_ai"
            ),
            models.CheckConstraint(
                condition=Q(state__in=FINAL_STATES, finished_at__isnull=False)
                | Q(state__in=OPEN_STATES, finished_at__isnull=True),
                name="moderation_screening_finished",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "requested_at", "id"],
                condition=Q(state=ScreeningState.PENDING),
                name="moderation_screening_queue",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(state=ScreeningState.RUNNING),
                name="moderation_screening_leases",
            ),
            models.Index(fields=["artwork", "-id"], name="moderation_screening_latest"),
            models.Index(
                fields=["finished_at"],
                condition=Q(state=ScreeningState.DONE),
                name="moderation_screening_done_at",
            ),
            models.Index(
                fields=["detector", "p_ai"],
                condition=Q(state=ScreeningState.DONE),
                name="moderation_screening_by_score",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.artwork}: {self.get_state_display()}"
