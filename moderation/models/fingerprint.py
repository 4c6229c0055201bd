"""Fingerprint: what an artwork looks like, indexed so that a light edit of it is found among millions."""

from __future__ import annotations

from django.db import models
from django.db.models import F
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

BANDS = ((0, 16), (16, 16), (32, 16), (48, 16))
"""Lowest bit and width of each part of the hash that has an index of its own.

Of four parts of two hashes that differ in at most seven bits, one differs in at most one (pigeonhole). So all
neighbours within seven bits are among the rows that share a part, or a part with one bit flipped: 68 look-ups, and
about a thousand rows in a million. Of those at eight bits all but the evenly spread are there too (24 in 25).
"""


def _band(number: int) -> models.GeneratedField:
    low, width = BANDS[number]
    part = F("phash").bitrightshift(low).bitand((1 << width) - 1)
    return models.GeneratedField(
        expression=Cast(part, models.IntegerField()), output_field=models.IntegerField(), db_persist=True
    )


class Fingerprint(models.Model):
    """The two hashes of one artwork (see ``evidence/perceptual.py``); the database derives the bands."""

    artwork = models.OneToOneField(
        "moderation.Artwork", on_delete=models.CASCADE, primary_key=True, related_name="fingerprint"
    )
    phash = models.BigIntegerField(_("look"))
    dhash = models.BigIntegerField(_("gradients"))
    band0 = _band(0)
    band1 = _band(1)
    band2 = _band(2)
    band3 = _band(3)

    class Meta:
        verbose_name = _("fingerprint")
        verbose_name_plural = _("fingerprints")
        # Each index holds all that a search reads, so the table itself is not touched.
        indexes = [
            models.Index(fields=[f"band{n}", "phash", "dhash", "artwork"], name=f"moderation_look_band{n}")
            for n in range(len(BANDS))
        ]

    def __str__(self) -> str:
        return f"{self.phash:x}"
