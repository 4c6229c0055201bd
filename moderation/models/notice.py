"""Notice: the message by which the artist learns of a decision, or of a moderator's question."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from moderation.models.artwork import Artwork
    from moderation.models.case import Case
    from moderation.models.question import Question


class NoticeState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be sent")
    SENT = "sent", _("Sent")
    NO_ADDRESS = "no_address", _("The artist has no address")
    FAILED = "failed", _("Could not be sent")


class Notice(models.Model):
    """One message, about one decision that can no longer be undone or about one question that waits for an answer.

    A sender claims the row before it writes to the mail server: it counts the attempt and moves ``next_try_at`` on,
    so that no two senders write at once and a killed one is followed by another.
    """

    decision = models.OneToOneField(
        "moderation.Decision", on_delete=models.PROTECT, null=True, blank=True, related_name="notice"
    )
    question = models.OneToOneField(
        "moderation.Question", on_delete=models.CASCADE, null=True, blank=True, related_name="notice"
    )
    state = models.CharField(_("state"), max_length=16, choices=NoticeState, default=NoticeState.WAITING)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)
    address = models.EmailField(_("sent to"), max_length=254, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    problem = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=NoticeState.SENT, sent_at__isnull=False)
                | (~Q(state=NoticeState.SENT) & Q(sent_at__isnull=True)),
                name="moderation_notice_sent_at",
            ),
            models.CheckConstraint(
                condition=Q(decision__isnull=False, question__isnull=True)
                | Q(decision__isnull=True, question__isnull=False),
                name="moderation_notice_about_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(state=NoticeState.WAITING), name="moderation_notice_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision or self.question}: {self.get_state_display()}"

    @property
    def case(self) -> Case:
        """The case that the decision or the question belongs to."""
        about = self.decision if self.decision is not None else cast("Question", self.question)
        return about.case

    @property
    def artwork(self) -> Artwork:
        """The work that it is about."""
        return self.case.artwork
