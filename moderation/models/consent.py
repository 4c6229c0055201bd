"""TrainingConsent: an artist's word on whether detectors may learn from their works."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class TrainingConsent(models.Model):
    """What an artist last said. Who never said anything is asked by ``MODERATION["TRAINING_CONSENT"]``."""

    artist = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    allowed = models.BooleanField(_("detectors may learn from my works"))
    at = models.DateTimeField(_("said"), auto_now=True)

    class Meta:
        verbose_name = _("consent to training")
        verbose_name_plural = _("consents to training")

    def __str__(self) -> str:
        return f"{self.artist}: {self.allowed}"
