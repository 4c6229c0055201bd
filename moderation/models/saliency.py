"""Saliency: where the detector looked, for the cases that people look at."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Saliency(models.Model):
    """The picture with the parts in colour that raised the score, as WebP. Made by the worker for flagged works only,
    so that the web process needs neither pixels nor a model.
    """

    screening = models.OneToOneField(
        "moderation.Screening", on_delete=models.CASCADE, related_name="saliency", primary_key=True
    )
    data = models.BinaryField(_("WebP"))

    class Meta:
        verbose_name = _("saliency")
        verbose_name_plural = _("saliencies")

    def __str__(self) -> str:
        return str(self.screening_id)
