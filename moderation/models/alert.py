"""Alert: a figure that crossed its bound in one week."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Watched(models.TextChoices):
    """What is watched, week by week."""

    DRIFT = "drift", _("Scores drift")
    FLAGGED = "flagged", _("Works flagged")
    OVERTURNED = "overturned", _("Flags that people overturned")
    AGREEMENT = "agreement", _("Blind second looks that agree")


class Alert(models.Model):
    """Raised once for a figure, detector, category and week; mailed once."""

    kind = models.CharField(_("what"), max_length=16, choices=Watched)
    detector = models.ForeignKey("moderation.Detector", on_delete=models.CASCADE, related_name="+")
    category = models.CharField(_("category"), max_length=64, blank=True, help_text=_("Empty for all together."))
    week = models.DateField(_("week"), help_text=_("Its Monday."))
    value = models.FloatField(_("value"))
    bound = models.FloatField(_("bound"))
    number = models.PositiveIntegerField(_("of so many"))
    raised_at = models.DateTimeField(_("raised"), auto_now_add=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-week", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "detector", "category", "week"], name="moderation_alert_once_a_week"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.detector}, {self.week}"
