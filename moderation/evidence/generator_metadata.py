"""Evidence: settings and names that image generators leave in a file's metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from moderation.evidence.base import Evidence, Strength
from moderation.evidence.generators import find_all
from moderation.evidence.sheet import sheet_of
from moderation.saying import say

if TYPE_CHECKING:
    from moderation.evidence.base import Subject

UNREADABLE = gettext_noop("Some of the file's metadata could not be read; the picture itself was screened.")
UNREADABLE_ARTIST = gettext_noop("Some of your file's metadata is damaged; that does not count against you.")


class GeneratorMetadata:
    """Reads PNG text, EXIF, XMP, comments and IPTC for the traces of generators, without decoding a pixel.

    ``proof`` where the settings of a generator stand in the file, ``strong`` where the file only claims a maker,
    ``hint`` for mere words. What could not be read becomes one ``unreadable_metadata`` finding.
    """

    name = "generator_metadata"
    version = 1

    def read(self, subject: Subject) -> list[Evidence]:
        """Return the traces found in ``subject``'s metadata."""
        sheet = sheet_of(subject)
        reader = f"{self.name}/{self.version}"
        findings = [found.evidence(reader) for found in find_all(sheet)]
        if sheet.problems:
            findings.append(
                Evidence(
                    kind="unreadable_metadata",
                    strength=Strength.HINT,
                    message=say(UNREADABLE),
                    artist_message=say(UNREADABLE_ARTIST),
                    reader=reader,
                    details={"problems": list(sheet.problems)},
                )
            )
        return findings
