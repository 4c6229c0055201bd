"""Decision: what a person decided about exactly these bytes, and the statement of reasons that goes with it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    APPROVE = "approve", _("Approve")
    LABEL = "label", _("Label as AI-generated")
    REJECT = "reject", _("Reject")


RESTRICTING = (Action.LABEL, Action.REJECT)


class ReasonCode(models.TextChoices):
    """The ground of a decision. A restriction needs one of the second group."""

    HUMAN_MADE = "human_made", _("The work is made by a person")
    DECLARED = "declared", _("The artist declared how it was made")
    UNDECLARED_AI = "undeclared_ai", _("AI-generated work declared as made by hand")
    GENERATOR_MARKS = "generator_marks", _("The file carries a generator's own marks")
    COPIED = "copied", _("The work is a copy of somebody else's")
    UNREADABLE = "unreadable", _("The file cannot be opened, so it cannot be offered")
    OTHER = "other", _("Another reason, explained in the text")


APPROVING_REASONS = (ReasonCode.HUMAN_MADE, ReasonCode.DECLARED, ReasonCode.OTHER)
RESTRICTING_REASONS = (
    ReasonCode.UNDECLARED_AI,
    ReasonCode.GENERATOR_MARKS,
    ReasonCode.COPIED,
    ReasonCode.UNREADABLE,
    ReasonCode.OTHER,
)


class Automation(models.TextChoices):
    """How far machines were involved, as a statement of reasons must say (EU DSA art. 17(3)(c))."""

    NONE = "none", _("No automated means")
    DETECTION = "detection", _("Found by automated means, decided by a person")


class Decision(models.Model):
    """A person's word on one artwork's exact bytes. Only ``undone_at`` and ``undone_by`` are ever written later.

    The restricting actions carry a complete statement of reasons; the database refuses them without.
    """

    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey("moderation.Case", on_delete=models.PROTECT, related_name="decisions")
    artwork = models.ForeignKey("moderation.Artwork", on_delete=models.PROTECT, related_name="decisions")
    digest = models.CharField(_("SHA-256"), max_length=64, blank=True)
    decider = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    artist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    action = models.CharField(_("action"), max_length=16, choices=Action)
    reason_code = models.CharField(_("ground"), max_length=32, choices=ReasonCode)
    explanation = models.TextField(_("explanation to the artist"), blank=True)
    facts = models.JSONField(_("facts"), default=list, blank=True)
    before = models.JSONField(
        _("before"),
        default=dict,
        help_text=_("The artwork's standing, visibility and label before, for undo."),
    )
    automation = models.CharField(
        _("automated means"), max_length=16, choices=Automation, default=Automation.DETECTION
    )
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)
    notice_due_at = models.DateTimeField(_("notice leaves"))
    appeal_until = models.DateTimeField(_("open to appeal until"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        permissions = [("decide_appeal", _("Can decide appeals and escalations"))]
        constraints = [
            models.CheckConstraint(
                condition=~Q(action__in=RESTRICTING)
                | (
                    Q(reason_code__in=RESTRICTING_REASONS, appeal_until__isnull=False)
                    & ~Q(explanation="")
                    & ~Q(facts=[])
                ),
                name="moderation_decision_statement_of_reasons",
            ),
            models.CheckConstraint(
                condition=Q(artist__isnull=True) | ~Q(artist=F("decider")),
                name="moderation_decision_not_own_work",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="moderation_decision_undone_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(undone_at__isnull=True), name="moderation_decision_one_in_force"
            ),
        ]
        indexes = [models.Index(fields=["-decided_at"], name="moderation_decision_recent")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.artwork}"

    @property
    def is_restriction(self) -> bool:
        """Whether the decision costs the artist something."""
        return self.action in RESTRICTING

    @property
    def may_be_undone(self) -> bool:
        """Whether the grace window is still open."""
        return self.undone_at is None and timezone.now() < self.notice_due_at
