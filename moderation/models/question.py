"""Question: what a moderator asks the artist before deciding, and the answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Question(models.Model):
    """One question about one case. While it is open the case is parked: "Next" leaves it out until ``wait_until``."""

    case = models.ForeignKey("moderation.Case", on_delete=models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("question"), max_length=1000)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    wait_until = models.DateTimeField(_("waits until"))
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("question to the artist")
        verbose_name_plural = _("questions to artists")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(answered_at__isnull=True), name="moderation_question_one_open"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="moderation_question_not_empty"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="moderation_question_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]
