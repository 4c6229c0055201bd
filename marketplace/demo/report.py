"""What the demo says in the end: what was cleared, what was flagged and why, where to look, who to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from rich.markup import escape
from rich.table import Table

from marketplace.demo.people import PEOPLE
from moderation.models import Artwork, Case

if TYPE_CHECKING:
    from rich.console import Console

    from marketplace.demo.show import Offered

MOST_ROWS = 40
STYLES = {"cleared": "green", "approved": "green", "in_review": "yellow", "held": "yellow", "rejected": "red"}


def summary(address: str, offered: Offered, console: Console) -> None:
    """Print the table of works, the addresses and the logins."""
    artworks = list(Artwork.objects.filter(is_current=True).order_by("pk"))
    cases = {case.artwork_id: case for case in Case.objects.filter(artwork__in=artworks, state="open")}
    cleared = sum(artwork.standing in ("cleared", "approved") for artwork in artworks)
    others = len(artworks) - cleared - len(cases)
    counts = f"{cleared} cleared, {len(cases)} flagged" + (f", {others} decided otherwise" if others else "")
    console.print()
    if offered.is_painted:
        console.print(
            "The demo painted these pictures itself, in code. Three were saved with the text that picture generators "
            "write into their files, so that there is something to find; no generator was used."
        )
    if not offered.new:
        console.print("Nothing new to offer: these are the works from before (`make demo RESET=1` starts anew).")
    shown = sorted(artworks, key=lambda artwork: artwork.pk not in cases)[:MOST_ROWS]
    table = Table(title=f"{len(artworks)} {'work' if len(artworks) == 1 else 'works'}: {counts}")
    for heading in ("Work", "Standing", "Label for buyers", "What the moderator is told"):
        table.add_column(heading, overflow="fold")
    for artwork in shown:
        case = cases.get(artwork.pk)
        style = STYLES.get(artwork.standing, "")
        table.add_row(
            escape(artwork.title),
            f"[{style}]{artwork.get_standing_display()}[/]" if style else artwork.get_standing_display(),
            artwork.get_ai_label_display() if artwork.ai_label else "",
            escape(case.reason) if case else "",
        )
    console.print(table)
    if len(artworks) > len(shown):
        console.print(f"… and {len(artworks) - len(shown)} more.")

    places = Table.grid(padding=(0, 2))
    for name, view in (("Gallery", "gallery"), ("My works", "my_works"), ("Review queue", "moderation:queue")):
        places.add_row(name, address + reverse(view))
    places.add_row("Admin", address + reverse("admin:index"))
    console.print()
    console.print(places)
    logins = Table(title="Sign in as", title_justify="left")
    for heading in ("Role", "Name", "Password"):
        logins.add_column(heading)
    for person in PEOPLE:
        logins.add_row(person.role, person.name, person.password)
    console.print()
    console.print(logins)
