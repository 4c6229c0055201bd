"""ScoreCount: how many stored scores lie where. What the policy page reads instead of the screenings themselves."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.models.screening import Ground

WINDOWS = (7, 30, 90)
"""The spans of days, each ending with the present one, for which sums are kept beside the single days."""


class Found(models.TextChoices):
    """What became of a work, as far as it tells whether the score was right."""

    HUMAN = "human", _("Found human-made")
    AI = "ai", _("Found AI-generated")
    OTHER = "other", _("Decided on another ground")
    OPEN = "open", _("Nobody decided")


class ScoreCount(models.Model):
    """Uploads of ``days`` days up to ``day``, by what a policy and a reader tell apart.

    ``counts`` has ``ml.operating.STEPS + 1`` numbers: how many scores lie in each thousandth. ``trusted`` says that
    the artist had the bonus of a clean record when the work was screened. Made by ``services.count_scores`` from the
    screenings; counting again gives the same.
    """

    day = models.DateField(_("day"))
    days = models.PositiveSmallIntegerField(_("days"), default=1)
    detector = models.ForeignKey("moderation.Detector", on_delete=models.CASCADE, related_name="+")
    category = models.CharField(_("category"), max_length=64, blank=True)
    ground = models.CharField(_("rests on"), max_length=16, choices=Ground)
    trusted = models.BooleanField(_("clean record"), default=False)
    found = models.CharField(_("found"), max_length=16, choices=Found)
    counts = models.JSONField(_("counts"), default=list)
    counted_at = models.DateTimeField(_("counted"))

    class Meta:
        verbose_name = _("count of scores")
        verbose_name_plural = _("counts of scores")
        constraints = [
            models.UniqueConstraint(
                fields=["days", "day", "detector", "category", "ground", "trusted", "found"],
                name="moderation_score_count_one_each",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} ({self.days}): {self.category or '-'}"
