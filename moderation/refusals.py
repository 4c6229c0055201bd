"""Why a file cannot be read, for people of any language: the sentences of ``ml``, which knows no catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from moderation.saying import Saying, say

if TYPE_CHECKING:
    from ml.probe import ArtworkError

SENTENCES = (
    _("The file is empty."),
    _("The file is larger than {megabytes} MB."),
    _("The file is damaged: its header cannot be read."),
    _("The file is damaged: it has no pixels."),
    _("The file is damaged: it ends too early or its pixels cannot be decoded."),
    _("This format is not accepted. Save the picture as PNG, JPEG or WebP."),
    _("The file is not a picture in a format we know (PNG, JPEG, WebP, GIF, AVIF, HEIC)."),
    _("{format} pictures cannot be read here. Save the picture as PNG, JPEG or WebP."),
    _("The animation has more than {frames} frames."),
    _("The picture has more than {megapixels} megapixels."),
)
"""Every template that ``ml`` raises an ``ArtworkError`` with; marked here for translation, compared by a test."""


def refusal(error: ArtworkError) -> Saying:
    """Return the sentence of ``error``, to be told in the reader's language."""
    return say(error.template, **error.places)
