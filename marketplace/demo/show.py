"""What the demo's artist does: offers the pictures through the upload page, and waits until they were looked at."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from marketplace.demo.house import DemoError
from marketplace.demo.painter import PAINTINGS, paint_all
from marketplace.demo.people import ARTIST
from marketplace.demo.visitor import Refused, Visitor
from marketplace.models import Listing
from ml.probe import ArtworkError, probe
from moderation.models import Artwork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console

STALLED_SECONDS = 180


@dataclass(slots=True)
class Offered:
    """What became of the pictures on their way in."""

    is_painted: bool
    new: int = 0
    known: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Name and reason of each file that was not taken."""


def offer_pictures(
    address: str, folder: Path | None, studio: Path, console: Console, check: Callable[[], None]
) -> Offered:
    """Offer what is not in the database yet, each through the real upload page over HTTP.

    ``folder`` holds the user's own pictures; without it the demo paints into ``studio``. ``check`` raises when a
    process of the demo has ended.
    """
    offered = Offered(is_painted=folder is None)
    works = list(_own_works(folder, offered)) if folder else None
    visitor = Visitor(address)
    try:
        visitor.sign_in(ARTIST.name, ARTIST.password)
    except Refused as error:
        raise DemoError(
            f"The artist cannot sign in: {error} If you changed their password, `make demo RESET=1` starts anew."
        ) from error
    with _progress(console, "Offering the pictures through the upload page …") as progress:
        task = progress.add_task("Offering the pictures", total=len(works) if works is not None else len(PAINTINGS))
        for path, fields in works if works is not None else _paintings(studio):
            check()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if Listing.objects.filter(artist__username=ARTIST.name, picture__contains=digest).exists():
                offered.known += 1
            else:
                try:
                    visitor.offer(path, fields)
                    offered.new += 1
                except Refused as error:
                    offered.skipped.append((path.name, str(error)))
            progress.advance(task)
    if not offered.new and not offered.known:
        raise DemoError(f"There is no picture in {folder} that can be shown: PNG, JPEG, WebP, GIF or AVIF.")
    for name, reason in offered.skipped[:5]:
        console.print(f"  skipped [bold]{escape(name)}[/]: {escape(reason)}")
    if len(offered.skipped) > 5:
        console.print(f"  … and {len(offered.skipped) - 5} more files that are no pictures.")
    return offered


def wait_for_screening(console: Console, check: Callable[[], None]) -> None:
    """Show the progress until nothing waits. Raises ``DemoError`` when nothing moves for some minutes."""
    with _progress(console, "Waiting until they are screened …") as progress:
        task = progress.add_task("Screening them", total=None)
        waiting, moved_at = -1, time.monotonic()
        while True:
            check()
            counts = Artwork.objects.filter(is_current=True).aggregate(
                all=Count("pk"), waiting=Count("pk", filter=Q(standing="waiting"))
            )
            progress.update(task, total=counts["all"], completed=counts["all"] - counts["waiting"])
            if not counts["waiting"]:
                return
            if counts["waiting"] != waiting:
                waiting, moved_at = counts["waiting"], time.monotonic()
            elif time.monotonic() - moved_at > STALLED_SECONDS:
                raise DemoError(
                    f"{waiting} pictures still wait and nothing has moved for {STALLED_SECONDS // 60} minutes. "
                    "The worker's log says why; run it again to go on from here."
                )
            time.sleep(0.25)


def _paintings(studio: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    for painting, path in paint_all(studio):
        yield (
            path,
            {
                "title": painting.title,
                "category": painting.category,
                "price": painting.price,
                "currency": "EUR",
                "description": painting.description,
                "declared_origin": painting.declared_origin,
            },
        )


def _own_works(folder: Path, offered: Offered) -> Iterator[tuple[Path, dict[str, str]]]:
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            probe(path)
        except ArtworkError as error:
            offered.skipped.append((path.name, str(error)))
            continue
        except OSError as error:
            offered.skipped.append((path.name, error.strerror or "It cannot be read."))
            continue
        title = path.stem.replace("_", " ").strip()[:120] or "Untitled"
        yield (
            path,
            {
                "title": title,
                "category": "digital",
                "price": "100",
                "currency": "EUR",
                "description": "",
                "declared_origin": "handmade",
            },
        )


def _progress(console: Console, sentence: str) -> Progress:
    """A bar where there is a terminal to draw on; in a log, one sentence."""
    if not console.is_terminal:
        console.print(sentence)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
