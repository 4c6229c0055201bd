"""Artwork: the exact bytes of one picture of one host object, and where they stand."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.core.files.storage import Storage


class Standing(models.TextChoices):
    """Where an artwork stands, in the artist's words. The last but one group is a person's word."""

    WAITING = "waiting", _("Waiting for screening")
    CLEARED = "cleared", _("Cleared")
    IN_REVIEW = "in_review", _("In review")
    HELD = "held", _("In review, not yet public")
    APPROVED = "approved", _("Approved")
    LABELLED = "labelled", _("Labelled as AI-generated")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


DECIDED = (Standing.APPROVED, Standing.LABELLED, Standing.REJECTED)
"""Standings that only a person gives, and that no machine changes."""

RESTRICTED = (Standing.LABELLED, Standing.REJECTED)
"""Standings that cost the artist something: each rests on a decision."""


class DeclaredOrigin(models.TextChoices):
    """What the artist says about how the work was made."""

    UNSTATED = "", _("Not stated")
    HANDMADE = "handmade", _("Made by hand")
    ASSISTED = "assisted", _("AI-assisted")
    GENERATED = "generated", _("AI-generated")


class Label(models.TextChoices):
    """What buyers are told about a work."""

    NONE = "", _("No label")
    ASSISTED = "ai_assisted", _("AI-assisted")
    GENERATED = "ai_generated", _("AI-generated")


LABEL_OF_ORIGIN: dict[str, Label] = {
    DeclaredOrigin.ASSISTED: Label.ASSISTED,
    DeclaredOrigin.GENERATED: Label.GENERATED,
}


class Artwork(models.Model):
    """The record of the exact bytes of one registered picture.

    A host object whose picture is replaced has several: one is current, an approved older one may still be the
    one that is shown. Screenings, cases and decisions hang on this row, hence on the bytes.
    """

    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_pk = models.CharField(_("object"), max_length=64)
    host_object = GenericForeignKey("content_type", "object_pk")
    field = models.CharField(_("field"), max_length=64)
    file_name = models.CharField(_("file"), max_length=500)
    digest = models.CharField(
        _("SHA-256"), max_length=64, blank=True, help_text=_("Empty until the file could be read once.")
    )
    size = models.PositiveBigIntegerField(_("bytes"), default=0)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="artworks",
        verbose_name=_("artist"),
    )
    title = models.CharField(_("title"), max_length=200, blank=True)
    category = models.CharField(_("category"), max_length=64, blank=True)
    declared_origin = models.CharField(
        _("declared origin"),
        max_length=16,
        choices=DeclaredOrigin,
        default=DeclaredOrigin.UNSTATED,
        blank=True,
    )

    standing = models.CharField(_("standing"), max_length=16, choices=Standing, default=Standing.WAITING)
    is_current = models.BooleanField(_("current"), default=True)
    is_visible = models.BooleanField(_("visible to the public"), default=False)
    ai_label = models.CharField(_("label"), max_length=16, choices=Label, default=Label.NONE, blank=True)
    decision = models.ForeignKey(
        "moderation.Decision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decision in force"),
    )
    created_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("artwork")
        verbose_name_plural = _("artworks")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_pk", "field", "digest"],
                condition=~Q(digest=""),
                name="moderation_artwork_one_per_bytes",
            ),
            models.UniqueConstraint(
                fields=["content_type", "object_pk", "field"],
                condition=Q(is_current=True),
                name="moderation_artwork_one_current",
            ),
            models.CheckConstraint(
                condition=~Q(standing__in=RESTRICTED) | Q(decision__isnull=False),
                name="moderation_artwork_only_people_restrict",
            ),
            models.CheckConstraint(
                condition=~Q(standing__in=(Standing.REJECTED, Standing.WITHDRAWN)) | Q(is_visible=False),
                name="moderation_artwork_rejected_is_hidden",
            ),
        ]
        indexes = [
            models.Index(
                fields=["content_type", "object_pk"],
                condition=Q(is_visible=True),
                name="moderation_artwork_visible",
            ),
            models.Index(fields=["digest"], name="moderation_artwork_digest"),
            models.Index(fields=["owner", "-created_at"], name="moderation_artwork_owner"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.reference)

    def get_absolute_url(self) -> str:
        """Return the page on which the artist follows this work."""
        return reverse("moderation:artwork", args=[self.reference])

    @property
    def is_decided(self) -> bool:
        """Whether a person's decision is in force."""
        return self.standing in DECIDED

    @property
    def storage(self) -> Storage:
        """The host's storage that holds the file. Raises ``NotRegistered``."""
        from moderation.registry import registration_of_artwork

        return registration_of_artwork(self).storage
