"""Detector: one version of the model that scores pictures, as it was found on disk."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Detector(models.Model):
    """A detector version that has scored at least one picture here; its card goes with it."""

    name = models.CharField(_("name"), max_length=100)
    version = models.CharField(_("version"), max_length=64, help_text=_("From the artefact's SHA-256."))
    card = models.JSONField(_("card"), default=dict, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    class Meta:
        verbose_name = _("detector")
        verbose_name_plural = _("detectors")
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="moderation_detector_version")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
