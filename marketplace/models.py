"""What the marketplace sells."""

from __future__ import annotations

import hashlib
import uuid
from decimal import Decimal
from pathlib import PurePosixPath

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def picture_path(listing: Listing, filename: str) -> str:
    """Return where a listing's picture is kept: a folder a listing, the file named by its own SHA-256.

    Different bytes never share a name, so a storage that overwrites (S3 by default) cannot put a new picture under
    the name of an approved one, and a decision made on the old bytes can still show them.
    """
    digest = hashlib.sha256()
    file = listing.picture.file
    file.seek(0)
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return f"{listing.picture_folder}/{digest.hexdigest()}{PurePosixPath(filename).suffix.lower()}"


class Category(models.TextChoices):
    """The kinds of work that the gallery sorts by."""

    PAINTING = "painting", _("Painting")
    DRAWING = "drawing", _("Drawing")
    DIGITAL = "digital", _("Digital")
    ILLUSTRATION = "illustration", _("Illustration")
    PHOTOGRAPH = "photograph", _("Photograph")
    PRINT = "print", _("Print")


class Origin(models.TextChoices):
    """The artist's own word on how the work came about. The values are the plugin's."""

    HANDMADE = "handmade", _("Made by hand")
    ASSISTED = "assisted", _("AI-assisted")
    GENERATED = "generated", _("AI-generated")


class Currency(models.TextChoices):
    """The currencies that prices are given in (ISO 4217)."""

    EUR = "EUR", _("EUR, euro")
    USD = "USD", _("USD, US dollar")
    GBP = "GBP", _("GBP, pound sterling")
    JPY = "JPY", _("JPY, yen")


class Listing(models.Model):
    """One work that an artist offers.

    Whether the public may see it is not stored here: that is the moderation app's to say
    (``moderation.selectors.visible``). ``withdrawn_at`` is the artist's own choice to take it off the walls.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    submission = models.UUIDField(
        _("submission"),
        default=uuid.uuid4,
        editable=False,
        help_text=_("Made with the empty form, so that the same form sent twice makes one listing."),
    )
    artist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="listings", verbose_name=_("artist")
    )
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"), max_length=4000, blank=True)
    category = models.CharField(_("category"), max_length=20, choices=Category)
    price = models.DecimalField(
        _("price"),
        max_digits=9,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1_000_000))],
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, default=Currency.EUR)
    declared_origin = models.CharField(_("how it was made"), max_length=20, choices=Origin)
    picture = models.ImageField(_("picture"), upload_to=picture_path, max_length=200)
    picture_width = models.PositiveIntegerField(_("picture width"), editable=False)
    picture_height = models.PositiveIntegerField(_("picture height"), editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["artist", "submission"], name="listing_submitted_once"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="listing_price_not_negative"),
            models.CheckConstraint(condition=models.Q(category__in=Category.values), name="listing_category_known"),
            models.CheckConstraint(condition=models.Q(currency__in=Currency.values), name="listing_currency_known"),
            models.CheckConstraint(condition=models.Q(declared_origin__in=Origin.values), name="listing_origin_known"),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="listing_newest"),
            models.Index(fields=["category", "-created_at", "-id"], name="listing_newest_in_category"),
            models.Index(fields=["artist", "-created_at", "-id"], name="listing_newest_of_artist"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the listing's page."""
        return reverse("listing", args=[self.public_id])

    @property
    def picture_folder(self) -> str:
        """The folder in the storage that holds this listing's pictures, past and present."""
        return f"listings/{self.public_id}"

    @property
    def is_withdrawn(self) -> bool:
        """Whether the artist has taken the work off the walls."""
        return self.withdrawn_at is not None


class Reader(models.Model):
    """How a person read the site last: the language and the time zone in which mails are written to them."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reader")
    language = models.CharField(_("language"), max_length=16)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("reader")
        verbose_name_plural = _("readers")

    def __str__(self) -> str:
        return f"{self.user}: {self.language}"
