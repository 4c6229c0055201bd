"""Detector: one version of the model that scores pictures, as it was found on disk, and what it does on this site."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DetectorStatus(models.TextChoices):
    """What a detector does on this site. Only a canary's and the active one's scores have consequences."""

    CANDIDATE = "candidate", _("Candidate")
    SHADOW = "shadow", _("Shadow")
    CANARY = "canary", _("Canary")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


RUNNING = (DetectorStatus.ACTIVE, DetectorStatus.CANARY, DetectorStatus.SHADOW)
"""Which detectors look at new works."""


class FilesState(models.TextChoices):
    """What was found at the last look on disk."""

    UNKNOWN = "unknown", _("Not looked at yet")
    INTACT = "intact", _("Intact")
    ALTERED = "altered", _("Altered")
    MISSING = "missing", _("Not found")


class Detector(models.Model):
    """A detector version that was found on disk or has scored a picture here; its card goes with it."""

    name = models.CharField(_("name"), max_length=100)
    version = models.CharField(_("version"), max_length=64, help_text=_("From the artefact's SHA-256."))
    card = models.JSONField(_("card"), default=dict, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    status = models.CharField(
        _("status"), max_length=16, choices=DetectorStatus, default=DetectorStatus.CANDIDATE, db_index=True
    )
    canary_percent = models.PositiveSmallIntegerField(
        _("share of works"), default=0, help_text=_("Of 100 works, so many are scored by the canary.")
    )
    activated_at = models.DateTimeField(_("active since"), null=True, blank=True)
    replaced = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("took the place of"),
        help_text=_("Where one click leads back to."),
    )
    files = models.CharField(_("files"), max_length=16, choices=FilesState, default=FilesState.UNKNOWN)
    files_problem = models.TextField(_("what is wrong with the files"), blank=True)
    files_checked_at = models.DateTimeField(_("files looked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("detector")
        verbose_name_plural = _("detectors")
        permissions = [("see_figures", _("Can see figures, policies and detectors"))]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="moderation_detector_version"),
            models.UniqueConstraint(
                fields=["status"], condition=Q(status=DetectorStatus.ACTIVE), name="moderation_detector_one_active"
            ),
            models.UniqueConstraint(
                fields=["status"], condition=Q(status=DetectorStatus.CANARY), name="moderation_detector_one_canary"
            ),
            models.CheckConstraint(
                condition=Q(status=DetectorStatus.CANARY, canary_percent__gte=1, canary_percent__lte=99)
                | (~Q(status=DetectorStatus.CANARY) & Q(canary_percent=0)),
                name="moderation_detector_canary_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class ShadowScore(models.Model):
    """What a detector that does not act said of a work. Only comparisons read it: it never has consequences."""

    artwork = models.ForeignKey("moderation.Artwork", on_delete=models.CASCADE, related_name="shadow_scores")
    detector = models.ForeignKey("moderation.Detector", on_delete=models.CASCADE, related_name="shadow_scores")
    p_ai = models.FloatField(_("score"), help_text=_("Calibrated probability that the work is AI-generated."))
    at = models.DateTimeField(_("at"), auto_now=True)

    class Meta:
        verbose_name = _("shadow score")
        verbose_name_plural = _("shadow scores")
        constraints = [
            models.UniqueConstraint(fields=["artwork", "detector"], name="moderation_shadow_score_one_each"),
            models.CheckConstraint(condition=Q(p_ai__gte=0, p_ai__lte=1), name="moderation_shadow_score_p_ai"),
        ]
        indexes = [models.Index(fields=["detector", "-at"], name="moderation_shadow_recent")]

    def __str__(self) -> str:
        return f"{self.detector}: {self.artwork}"
