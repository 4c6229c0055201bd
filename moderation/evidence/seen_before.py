"""Evidence: the same picture, or a light edit of it, among the artworks that were recorded earlier.

Three findings. ``possible_theft``: the earlier one belongs to another artist. ``seen_restricted``: a person rejected
or labelled it. ``seen_approved``: a person approved it for the same artist; that speaks for the work.
Outside the site (``manage.py screen``) there is no history to look into, and nothing is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from moderation.evidence import perceptual
from moderation.evidence.base import Evidence, Strength
from moderation.models import Artwork, Standing
from moderation.models.artwork import RESTRICTED
from moderation.saying import Saying, say
from moderation.selectors.lookalikes import lookalikes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moderation.evidence.base import Subject

MEMO = "hashes"
THEFT = "possible_theft"
RESTRICTED_BEFORE = "seen_restricted"
APPROVED_BEFORE = "seen_approved"
SHOWN = 5
"""How many earlier works a finding names."""
_OUTCOMES = {
    Standing.LABELLED: _("A person already decided about the same picture: “{title}” was labelled."),
    Standing.REJECTED: _("A person already decided about the same picture: “{title}” was rejected."),
}


@dataclass(frozen=True, slots=True)
class _Match:
    artwork: Artwork
    is_same_file: bool

    def as_dict(self) -> dict[str, object]:
        return {
            "artwork": str(self.artwork.reference),
            "title": self.artwork.title,
            "standing": self.artwork.standing,
            "same_file": self.is_same_file,
            "recorded": self.artwork.created_at.isoformat(),
        }


class SeenBefore:
    """Compares a file's digest and hashes with those of earlier artworks."""

    name = "seen_before"
    version = 1

    def read(self, subject: Subject) -> list[Evidence]:
        """Return what earlier works say about this one."""
        if subject.artwork is None or subject.artwork_id is None:
            return []
        hashes = perceptual.hashes_of(subject.artwork.pixels)
        subject.memo[MEMO] = hashes
        mirrored = perceptual.hashes_of(perceptual.mirrored(subject.artwork.pixels))
        ids = {*lookalikes(hashes, before=subject.artwork_id), *lookalikes(mirrored, before=subject.artwork_id)}
        return self._findings(subject, self._matches(subject, subject.artwork_id, ids))

    def _matches(self, subject: Subject, artwork_id: int, ids: set[int]) -> list[_Match]:
        """Return earlier works of the same looks or bytes, same bytes first, older versions of this work left out."""
        itself = Artwork.objects.filter(pk=artwork_id).values("content_type", "object_pk", "field").get()
        earlier = (
            Artwork.objects.filter(Q(pk__in=ids) | Q(digest=subject.sha256), pk__lt=artwork_id)
            .exclude(**itself)
            .order_by("pk")[:50]
        )
        matches = [_Match(artwork, artwork.digest == subject.sha256) for artwork in earlier]
        return sorted(matches, key=lambda match: not match.is_same_file)

    def _findings(self, subject: Subject, matches: Sequence[_Match]) -> list[Evidence]:
        own = [match for match in matches if match.artwork.owner_id == subject.owner_id]
        others = [match for match in matches if match not in own]
        restricted = [match for match in matches if match.artwork.standing in RESTRICTED]
        stolen = [match for match in others if match.artwork.standing not in (Standing.REJECTED, Standing.WITHDRAWN)]
        approved = [match for match in own if match.artwork.standing == Standing.APPROVED]
        found = []
        if stolen:
            message = say(
                _("It looks the same as “{title}”, which another artist uploaded earlier.")
                if len(stolen) == 1
                else _("It looks the same as “{title}” and other works that other artists uploaded earlier."),
                title=stolen[0].artwork.title,
            )
            artist_message = say(_("Your picture looks the same as one that somebody else uploaded before you."))
            found.append(self._evidence(THEFT, Strength.STRONG, message, artist_message, stolen))
        if restricted:
            message = say(_OUTCOMES[Standing(restricted[0].artwork.standing)], title=restricted[0].artwork.title)
            artist_message = say(_("The same picture was decided about before."))
            found.append(self._evidence(RESTRICTED_BEFORE, Strength.STRONG, message, artist_message, restricted))
        if approved:
            message = say(
                _("A person already approved the same picture by this artist: “{title}”."),
                title=approved[0].artwork.title,
            )
            artist_message = say(_("The same picture of yours was approved before."))
            found.append(self._evidence(APPROVED_BEFORE, Strength.HINT, message, artist_message, approved))
        return found

    def _evidence(
        self, kind: str, strength: Strength, message: Saying, artist_message: Saying, matches: Sequence[_Match]
    ) -> Evidence:
        return Evidence(
            kind=kind,
            strength=strength,
            message=message,
            artist_message=artist_message,
            reader=f"{self.name}/{self.version}",
            details={"matches": [match.as_dict() for match in matches[:SHOWN]], "count": len(matches)},
        )
