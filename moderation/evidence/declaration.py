"""The artist's own word against the other findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from moderation.evidence.base import Evidence, Strength
from moderation.saying import say

if TYPE_CHECKING:
    from collections.abc import Sequence

READER = "declaration/1"


def mismatch(declared_origin: str, findings: Sequence[Evidence]) -> list[Evidence]:
    """Return a finding when a work declared as made by hand carries proof of the contrary, else nothing."""
    proofs = [finding for finding in findings if finding.strength == Strength.PROOF]
    if declared_origin != "handmade" or not proofs:
        return []
    kinds = ", ".join(dict.fromkeys(finding.kind for finding in proofs))
    return [
        Evidence(
            kind="declaration",
            strength=Strength.STRONG,
            message=say(
                _("The work is declared as made by hand, yet the file says otherwise ({kinds})."), kinds=kinds
            ),
            artist_message=say(_("You declared this work as made by hand, but the file carries a generator's marks.")),
            reader=READER,
            details={"declared": declared_origin, "against": kinds},
        )
    ]
