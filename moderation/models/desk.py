"""What moderators keep about cases and about their own way of working. Nothing here changes an artwork."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from moderation.models.decision import Action, ReasonCode


class CaseNote(models.Model):
    """An internal note on an artwork: colleagues read it, the artist never does. It stays when the case closes."""

    case = models.ForeignKey("moderation.Case", on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("note"), max_length=2000)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("internal note")
        verbose_name_plural = _("internal notes")
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="moderation_note_not_empty")]

    def __str__(self) -> str:
        return self.text[:80]


class Escalation(models.Model):
    """A case that a moderator passed to the senior moderators: from then on only they decide it."""

    case = models.OneToOneField("moderation.Case", on_delete=models.CASCADE, related_name="escalation")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("why"), max_length=500)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")

    def __str__(self) -> str:
        return f"{self.case}: {self.reason[:60]}"


class SkipReason(models.TextChoices):
    UNSURE = "unsure", _("I cannot tell")
    LANGUAGE = "language", _("I do not know this style or language")
    KNOW_ARTIST = "know_artist", _("I know the artist")
    UPSETTING = "upsetting", _("I would rather not look at this")
    LATER = "later", _("Later")


class Skip(models.Model):
    """A case that a moderator passed over: "Next" does not bring it to them again until ``until``."""

    case = models.ForeignKey("moderation.Case", on_delete=models.CASCADE, related_name="skips")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=16, choices=SkipReason)
    at = models.DateTimeField(_("at"), default=timezone.now)
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("skip")
        verbose_name_plural = _("skips")
        constraints = [models.UniqueConstraint(fields=["case", "moderator"], name="moderation_skip_one_each")]

    def __str__(self) -> str:
        return f"{self.moderator}: {self.get_reason_display()}"


class SavedView(models.Model):
    """A filter of the queue that a moderator keeps under a name. ``query`` is the URL's query string."""

    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("filter"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["moderator", "name"], name="moderation_view_one_a_name")]

    def __str__(self) -> str:
        return self.name


class Layout(models.TextChoices):
    LIST = "list", _("List")
    GRID = "grid", _("Grid")


class DeskPreferences(models.Model):
    """How one moderator likes to work."""

    moderator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    hide_score = models.BooleanField(
        _("Hide score and evidence until I have looked"),
        default=False,
        help_text=_("Look first, then uncover what the machine found: it keeps the first impression your own."),
    )
    blur = models.BooleanField(
        _("Blur pictures until I uncover them"), default=False, help_text=_("Nothing meets you unprepared.")
    )
    greyscale = models.BooleanField(
        _("Show pictures in greyscale"), default=False, help_text=_("Takes the edge off upsetting pictures.")
    )
    shortcuts = models.BooleanField(
        _("Keyboard shortcuts"),
        default=True,
        help_text=_("Single keys act while no field has the focus. Switch them off if you use speech input."),
    )
    layout = models.CharField(_("Queue as"), max_length=8, choices=Layout, default=Layout.LIST)

    class Meta:
        verbose_name = _("desk preferences")
        verbose_name_plural = _("desk preferences")

    def __str__(self) -> str:
        return str(self.moderator)


class DecisionBatch(models.Model):
    """Decisions that were made together, each of its own; kept so that one undo takes them all back."""

    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decisions = models.ManyToManyField("moderation.Decision", related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("batch of decisions")
        verbose_name_plural = _("batches of decisions")

    def __str__(self) -> str:
        return str(self.reference)


class SecondLook(models.Model):
    """A decided case drawn for a blind second look: somebody else judges it without knowing the outcome."""

    decision = models.OneToOneField("moderation.Decision", on_delete=models.CASCADE, related_name="second_look")
    drawn_at = models.DateTimeField(_("drawn"), default=timezone.now)
    looker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    looked_at = models.DateTimeField(_("looked"), null=True, blank=True)
    action = models.CharField(_("would have"), max_length=16, choices=Action, blank=True)
    reason_code = models.CharField(_("ground"), max_length=32, choices=ReasonCode, blank=True)
    remark = models.TextField(_("remark"), max_length=2000, blank=True)
    agrees = models.BooleanField(_("agrees with the decision"), null=True, blank=True)

    class Meta:
        verbose_name = _("second look")
        verbose_name_plural = _("second looks")
        constraints = [
            models.CheckConstraint(
                condition=Q(looked_at__isnull=True, looker__isnull=True, agrees__isnull=True, action="")
                | (Q(looked_at__isnull=False, looker__isnull=False, agrees__isnull=False) & ~Q(action="")),
                name="moderation_second_look_whole",
            )
        ]
        indexes = [
            models.Index(fields=["drawn_at"], condition=Q(looked_at__isnull=True), name="moderation_second_look_open")
        ]

    def __str__(self) -> str:
        return f"{self.decision}: {self.get_action_display() or '…'}"
