"""Appeal: the artist's answer to a decision, what they send to support it, and what somebody else decided about it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.core.files.storage import Storage

MAX_TEXT = 2000
"""Characters that an appeal, and its reply, may have."""

MAX_LINK = 500


class Outcome(models.TextChoices):
    UPHELD = "upheld", _("The decision stands")
    OVERTURNED = "overturned", _("The decision is taken back")
    PARTLY = "partly", _("A label instead of removal")


class Appeal(models.Model):
    """One appeal against one decision. It is decided by a person other than the first decider, with a reply.

    ``first_decider`` is kept here (and not only on the decision) so that the database itself can refuse an answer
    by the same person. The answer is a decision of its own: ``answer``.
    """

    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    decision = models.OneToOneField("moderation.Decision", on_delete=models.PROTECT, related_name="appeal")
    case = models.OneToOneField("moderation.Case", on_delete=models.PROTECT, related_name="appeal")
    artist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    first_decider = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("what the artist says"), max_length=MAX_TEXT)
    link = models.URLField(_("link"), max_length=MAX_LINK, blank=True)
    filed_at = models.DateTimeField(_("filed"), default=timezone.now)

    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, blank=True)
    decider = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reply = models.TextField(_("reply to the artist"), max_length=MAX_TEXT, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer = models.OneToOneField(
        "moderation.Decision", on_delete=models.PROTECT, null=True, blank=True, related_name="answered_appeal"
    )

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="moderation_appeal_has_text"),
            models.CheckConstraint(
                condition=Q(decider__isnull=True) | ~Q(decider=F("first_decider")),
                name="moderation_appeal_another_decider",
            ),
            models.CheckConstraint(
                condition=Q(decider__isnull=True) | Q(artist__isnull=True) | ~Q(decider=F("artist")),
                name="moderation_appeal_not_own_work",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", reply="", decider__isnull=True, decided_at__isnull=True, answer__isnull=True)
                | (
                    Q(decider__isnull=False, decided_at__isnull=False, answer__isnull=False)
                    & ~Q(outcome="")
                    & ~Q(reply="")
                ),
                name="moderation_appeal_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(answer__isnull=True) | ~Q(answer=F("decision")),
                name="moderation_appeal_answer_is_another",
            ),
        ]
        indexes = [models.Index(fields=["artist", "-filed_at"], name="moderation_appeal_artist")]

    def __str__(self) -> str:
        return _("Appeal about %(artwork)s") % {"artwork": self.case.artwork}

    def get_absolute_url(self) -> str:
        """Return the page of the decision that is appealed against: the appeal is told there."""
        return reverse("moderation:decision", args=[self.decision.reference]) + "#appeal"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.outcome == ""

    @property
    def was_won(self) -> bool:
        """Whether the artist was right, wholly or in part."""
        return self.outcome in (Outcome.OVERTURNED, Outcome.PARTLY)


class FileKind(models.TextChoices):
    PICTURE = "picture", _("Picture")
    PSD = "psd", _("Photoshop file")
    KRA = "kra", _("Krita file")
    CLIP = "clip", _("Clip Studio Paint file")
    XCF = "xcf", _("GIMP file")
    PROCREATE = "procreate", _("Procreate file")
    VIDEO = "video", _("Video")


class SummaryState(models.TextChoices):
    PENDING = "pending", _("Being read")
    DONE = "done", _("Read")
    FAILED = "failed", _("Could not be read")


class AppealFile(models.Model):
    """A file that shows how a work was made. Private: for its artist and those who may decide the appeal, nobody else.

    ``file_name`` is the name in the private storage; it says nothing about the artist. When the file is deleted after
    its time, the row stays as a record that it was there.
    """

    appeal = models.ForeignKey(Appeal, on_delete=models.CASCADE, related_name="files")
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=FileKind)
    name = models.CharField(_("name"), max_length=120, help_text=_("As the artist's machine called it."))
    file_name = models.CharField(_("file"), max_length=200)
    size = models.PositiveBigIntegerField(_("bytes"))
    digest = models.CharField(_("SHA-256"), max_length=64)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    summary_state = models.CharField(_("summary"), max_length=16, choices=SummaryState, default=SummaryState.PENDING)
    summary = models.JSONField(_("what the file tells"), default=dict, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)

    class Meta:
        verbose_name = _("appeal file")
        verbose_name_plural = _("appeal files")
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(summary_state=SummaryState.PENDING),
                name="moderation_appeal_file_pending",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return where the file can be fetched by those who may."""
        return reverse("moderation:appeal_file", args=[self.reference])

    @property
    def storage(self) -> Storage:
        """The private storage. Raises ``NoPrivateStorage``."""
        from moderation.workfiles.storage import private_storage

        return private_storage()
