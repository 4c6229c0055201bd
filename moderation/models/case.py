"""Case: what a person looks at."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from moderation.saying import SayingField


class CaseKind(models.TextChoices):
    SUSPECT = "suspect", _("Suspected AI work")
    UNSCREENED = "unscreened", _("Could not be screened")
    APPEAL = "appeal", _("Appeal")


class CaseState(models.TextChoices):
    OPEN = "open", _("Open")
    DECIDED = "decided", _("Decided")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Severity(models.IntegerChoices):
    """How urgent a case is: a hearing before all else, then what waits too long, then facts before guesses and hidden
    works before visible ones. Higher is sooner.
    """

    APPEAL = 50, _("Appeal")
    OVERDUE = 45, _("Waits too long")
    PROOF = 40, _("Proof in the file")
    THEFT = 35, _("Possible theft")
    HOLD = 30, _("Held")
    UNSCREENED = 25, _("Could not be screened")
    STRONG = 20, _("Strong evidence")
    REVIEW = 10, _("Review")


class Case(models.Model):
    """One question to a person about one artwork. ``version`` grows with each change that a decider must see."""

    artwork = models.ForeignKey("moderation.Artwork", on_delete=models.CASCADE, related_name="cases")
    screening = models.ForeignKey(
        "moderation.Screening", on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=CaseKind, default=CaseKind.SUSPECT)
    state = models.CharField(_("state"), max_length=16, choices=CaseState, default=CaseState.OPEN)
    severity = models.SmallIntegerField(_("severity"), choices=Severity)
    reason = SayingField(_("why a person is asked"))
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    due_at = models.DateTimeField(_("due"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("open at"),
    )
    held_until = models.DateTimeField(_("lease ends"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        permissions = [("decide_case", _("Can decide cases"))]
        constraints = [
            models.UniqueConstraint(
                fields=["artwork"], condition=Q(state=CaseState.OPEN), name="moderation_case_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state=CaseState.OPEN, closed_at__isnull=True)
                | (~Q(state=CaseState.OPEN) & Q(closed_at__isnull=False)),
                name="moderation_case_closed_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-severity", "due_at", "id"],
                condition=Q(state=CaseState.OPEN),
                name="moderation_case_queue",
            ),
            models.Index(fields=["-closed_at"], name="moderation_case_closed"),
        ]

    def __str__(self) -> str:
        return _("Case %(number)s: %(artwork)s") % {"number": self.pk, "artwork": self.artwork}

    def get_absolute_url(self) -> str:
        """Return the case's page."""
        return reverse("moderation:case", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Whether the case waits for a decision."""
        return self.state == CaseState.OPEN

    @property
    def is_overdue(self) -> bool:
        """Whether the policy's time limit has passed without a decision."""
        return self.is_open and self.due_at < timezone.now()
