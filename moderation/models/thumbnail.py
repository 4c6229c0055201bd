"""Thumbnail: a small copy of an artwork, made by the worker that decodes the file anyway."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Thumbnail(models.Model):
    """A WebP of at most 640 px, so that lists need no originals and the web process decodes no upload.

    Kept in the database: it is born in the same transaction as the screening's result, is deleted with its artwork,
    and needs no second storage. About 10 to 40 KB a work. ``view`` is a larger copy, made only of formats that
    browsers do not show: people must be able to look at what they decide about, and buyers at what they buy.
    """

    artwork = models.OneToOneField(
        "moderation.Artwork", on_delete=models.CASCADE, related_name="thumbnail", primary_key=True
    )
    data = models.BinaryField(_("WebP"))
    view = models.BinaryField(_("WebP to look at"), null=True)
    width = models.PositiveSmallIntegerField(_("width"))
    height = models.PositiveSmallIntegerField(_("height"))
    source_type = models.CharField(
        _("stated source"),
        max_length=60,
        blank=True,
        help_text=_("What the original's own metadata says of its making, as IPTC's term."),
    )

    class Meta:
        verbose_name = _("thumbnail")
        verbose_name_plural = _("thumbnails")

    def __str__(self) -> str:
        return f"{self.artwork_id}: {self.width}x{self.height}"
