"""Policy: two thresholds and what follows from them. A published version never changes."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ml.operating import on_grid
from moderation.saying import SayingField


class Band(models.TextChoices):
    """What a screening comes to, mildest first."""

    CLEAR = "clear", _("Clear")
    REVIEW = "review", _("Review")
    HOLD = "hold", _("Hold")


class WaitedOut(models.TextChoices):
    """What follows when a work has waited as long as the policy allows."""

    ASK = "ask", _("A person is called")
    SHOW = "show", _("It is shown")


ABOUT = ("id", "version", "overrides", "author", "approver", "reason", "published_at")
"""Fields that say something about a version; every other field is a rule."""

SITE_ONLY = ("bulk_cap", "trusted_artist_bonus", "trusted_artist_decisions", "needs_second_person")
"""Rules that no category can have of its own: they are about the desk or about artists, not about a work."""


class Policy(models.Model):
    """One published version of the rules by which screenings are judged.

    Scores at or above ``review_threshold`` go to a person while the work may be public; at or above
    ``hold_threshold`` the work waits for that person. Neither restricts anything for good: only a decision does.
    Thresholds lie on the grid of ``ml.operating``: what is counted in advance is then exactly what follows.

    The fields are the site's default; ``overrides`` holds what a category has of its own, and ``within`` says what
    holds there.
    """

    version = models.PositiveIntegerField(_("version"), unique=True)
    review_threshold = models.FloatField(_("review from"))
    hold_threshold = models.FloatField(_("hold from"))
    show_while_waiting = models.BooleanField(_("public before screening"), default=False)
    show_in_review = models.BooleanField(_("public while in review"), default=True)
    show_on_hold = models.BooleanField(_("public while on hold"), default=False)
    allow_declared_ai = models.BooleanField(
        _("declared AI works are welcome"),
        default=True,
        help_text=_("An honest declaration gets a label instead of a case."),
    )
    review_hours = models.PositiveIntegerField(_("hours to decide a review"), default=72)
    hold_hours = models.PositiveIntegerField(_("hours to decide a hold"), default=24)
    grace_minutes = models.PositiveIntegerField(_("minutes to undo a decision"), default=5)
    bulk_cap = models.PositiveSmallIntegerField(_("most cases decided at once"), default=50)
    second_look_percent = models.PositiveSmallIntegerField(
        _("second looks"),
        default=5,
        help_text=_("Of 100 decided cases, so many are shown to a senior moderator again, without the outcome."),
    )
    wait_hours = models.PositiveIntegerField(
        _("hours a work may wait for its screening"),
        default=24,
        help_text=_("After that, as after the hours to decide, it is shown or a person is called."),
    )
    when_waited_out = models.CharField(
        _("when a work has waited too long"), max_length=8, choices=WaitedOut, default=WaitedOut.ASK
    )
    answer_hours = models.PositiveIntegerField(
        _("hours an artist has to answer a question"),
        default=72,
        help_text=_("Until then the case waits, unless the answer comes earlier."),
    )
    appeal_hours = models.PositiveIntegerField(_("hours to decide an appeal"), default=168)
    trusted_artist_bonus = models.FloatField(
        _("added to the review threshold of trusted artists"),
        default=0,
        help_text=_(
            "0 is off. Only the score's threshold moves, never above the hold threshold: what the file itself tells"
            " still counts."
        ),
    )
    trusted_artist_decisions = models.PositiveSmallIntegerField(
        _("approved works that make an artist trusted"),
        default=5,
        help_text=_("Approved by a person, and none of the artist's works restricted."),
    )
    needs_second_person = models.BooleanField(
        _("a second person publishes"),
        default=False,
        help_text=_("Whoever wrote a change cannot publish it: another policy admin does."),
    )
    overrides = models.JSONField(
        _("categories' own rules"),
        default=dict,
        blank=True,
        help_text=_("Category, then rule, then value; what is not named is inherited."),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("second person"),
    )
    reason = SayingField(_("reason"), blank=True)
    published_at = models.DateTimeField(_("published"), auto_now_add=True)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        permissions = [("publish_policy", _("Can publish a policy"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(review_threshold__gte=0)
                & Q(review_threshold__lte=F("hold_threshold"))
                & Q(hold_threshold__lte=1),
                name="moderation_policy_thresholds_ordered",
            ),
            models.CheckConstraint(
                condition=Q(second_look_percent__lte=100), name="moderation_policy_second_look_percent"
            ),
            models.CheckConstraint(
                condition=Q(trusted_artist_bonus__gte=0, trusted_artist_bonus__lte=1, trusted_artist_decisions__gte=1),
                name="moderation_policy_trusted_artists",
            ),
        ]

    def __str__(self) -> str:
        return _("Policy %(version)s") % {"version": self.version}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new version; a published one is immutable."""
        if not self._state.adding:
            raise TypeError("A published policy never changes: publish a new version.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: screenings name the version that judged them."""
        raise TypeError("A published policy is never deleted.")

    def clean(self) -> None:
        """Take thresholds up to the grid, and hold every category to what the site's own rules must hold to."""
        self._to_grid()
        cleaned: dict[str, dict[str, Any]] = {}
        for category, own in dict(self.overrides).items():
            for name in own:
                if name not in self.rules() or name in SITE_ONLY:
                    raise ValidationError(
                        _("“%(rule)s” is not a rule that a category can have."), params={"rule": name}
                    )
            try:
                there = self._with(own)
                there.clean_fields(exclude=ABOUT)
                there._to_grid()
                there.validate_constraints(exclude=ABOUT)
            except ValidationError as error:
                raise ValidationError(
                    [f"{category}: {message}" for message in error.messages], code="category"
                ) from error
            if own:
                cleaned[category] = {name: getattr(there, name) for name in own}
        self.overrides = cleaned

    @classmethod
    def rules(cls) -> list[str]:
        """Return the names of all rules, in the order of the fields."""
        return [field.name for field in cls._meta.concrete_fields if field.name not in ABOUT]

    @classmethod
    def label_of(cls, rule: str) -> str:
        """Return the words for a rule; its name where it is none (any more)."""
        try:
            return str(cls._meta.get_field(rule).verbose_name)  # type: ignore[union-attr]
        except FieldDoesNotExist:
            return rule

    def values(self) -> dict[str, Any]:
        """Return the site's rules by name."""
        return {name: getattr(self, name) for name in self.rules()}

    def within(self, category: str) -> Policy:
        """Return what holds for works of ``category``: this policy with the category's own rules in place."""
        own = self.overrides.get(category)
        return self._with(own) if own else self

    def scopes(self, prefix: str = "artwork__") -> list[tuple[Policy, Q]]:
        """Return what holds where: each policy with the condition for its works, the site's default first."""
        name = f"{prefix}category"
        own = sorted(self.overrides)
        rest = ~Q(**{f"{name}__in": own}) if own else Q()
        return [(self, rest), *((self.within(category), Q(**{name: category})) for category in own)]

    def _with(self, own: dict[str, Any]) -> Policy:
        there = copy.copy(self)
        for name, value in own.items():
            setattr(there, name, value)
        return there

    def _to_grid(self) -> None:
        for name in ("review_threshold", "hold_threshold", "trusted_artist_bonus"):
            if 0 <= getattr(self, name) <= 1:  # what cannot hold is left for the constraints to refuse
                setattr(self, name, on_grid(getattr(self, name)))

    @property
    def grace(self) -> timedelta:
        """How long a decision may be undone before its notice leaves."""
        return timedelta(minutes=self.grace_minutes)

    def time_limit(self, band: str) -> timedelta:
        """How long a case of ``band`` may stay open."""
        return timedelta(hours=self.hold_hours if band == Band.HOLD else self.review_hours)

    def shows(self, band: str) -> bool:
        """Whether a work of ``band`` is public while a person has not decided yet."""
        return {Band.REVIEW: self.show_in_review, Band.HOLD: self.show_on_hold}.get(Band(band), True)
