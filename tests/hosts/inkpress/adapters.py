"""What the shop brings to the plugin by dotted path, and what it does when people have decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moderation.evidence.base import Evidence, Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.evidence.base import Subject
    from moderation.models import Artwork, Decision
    from tests.hosts.inkpress.models import Design, Member

SAMPLE = b"inkpress sample sheet"


class SampleSheet:
    """Evidence of the shop's own kind: its sample sheets are marked, and must not be sold."""

    name = "sample_sheet"
    version = 1

    def read(self, subject: Subject) -> Iterator[Evidence]:
        """Find the mark in the file's bytes."""
        if SAMPLE in subject.data:
            yield Evidence(
                kind="sample_sheet",
                strength=Strength.STRONG,
                message="This is one of our own sample sheets.",
                artist_message="The picture carries the mark of our sample sheets.",
                reader=f"{self.name}/{self.version}",
            )


def origin_of(design: Design) -> str:
    """Return the plugin's word for how the design was made."""
    return {"hand": "handmade", "prompt": "generated"}[design.made_by]


def language_of(member: Member) -> str:
    """Return the language that the member reads."""
    return member.language


def stop_the_press(*, artwork: Artwork, decision: Decision, **kwargs: Any) -> None:
    """Print no design of which a person rejected a picture."""
    design: Any = artwork.host_object
    if decision.action == "reject" and design is not None:
        design.is_printing = False
        design.save(update_fields=["is_printing"])
