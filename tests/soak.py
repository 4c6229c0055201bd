"""Load for a long time, on the real parts and the shipped detector: no error, nothing that grows, nothing left behind.

``python -m tests.soak minutes 120``: artists upload, visitors look, a moderator decides.
``python -m tests.soak pictures 5000``: that many pictures through one worker process.

A line is printed each tenth of the way; the last says what was found, and the exit code whether it holds: less than
50 MB of growth after the first tenth, no error in a log, no more files or connections than then, no lease left.
"""

from __future__ import annotations

import logging
import os
import random
import re
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.chaos.world import World

GROWTH_MB = 50
DETECTOR = "moderation.evidence.classifier.ShippedDetector"
FILL = """
import io
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from marketplace.models import Listing
from tests.soak import painted
artist = User.objects.get(username="{artist}")
for number in range({first}, {last}):
    Listing.objects.create(artist=artist, title=str(number), category="painting", price=1, declared_origin="handmade",
        picture=SimpleUploadedFile("p.jpg", painted(number)), picture_width=900, picture_height=700)
"""


def painted(number: int) -> bytes:
    """Paint a picture of some size that no other number has."""
    import io

    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(number).integers(0, 255, (70, 90, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((900, 700)).save(buffer, ("JPEG", "PNG", "WEBP")[number % 3])
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a site holds at one moment."""

    memory_mb: float
    files: int
    connections: int
    screened: int
    waiting: int
    processes: int

    def __str__(self) -> str:
        return (
            f"worker {self.memory_mb:6.1f} MB, {self.files:3} files, {self.connections:2} connections,"
            f" {self.screened:5} screened, {self.waiting:4} waiting"
        )


@dataclass
class Soak:
    """One site under load, and the readings that were taken of it."""

    world: World
    readings: list[Reading] = field(default_factory=list)

    def read(self) -> Reading:
        """Take a reading, keep and print it."""
        group = self.world.site.house.running["worker"].pid
        processes = [entry for entry in Path("/proc").glob("[0-9]*") if _group_of(entry) == group]
        with self.world.sql() as ask:
            reading = Reading(
                memory_mb=sum(_rss_kb(entry) for entry in processes) / 1024,
                files=sum(len(list((entry / "fd").iterdir())) for entry in processes),
                connections=ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"),
                screened=ask("SELECT count(*) FROM moderation_screening WHERE state = 'done'"),
                waiting=ask("SELECT count(*) FROM moderation_screening WHERE state = 'pending'"),
                processes=len(processes),
            )
        self.readings.append(reading)
        print(f"{time.strftime('%H:%M:%S')}  {reading}", flush=True)
        return reading

    def verdict(self) -> list[str]:
        """Say what does not hold."""
        first, last = self.readings[1], self.readings[-1]
        logs = "".join(path.read_text(errors="replace") for path in (self.world.site.folder / "logs").glob("*.log"))
        errors = re.findall(r"^.*(?: ERROR | CRITICAL |Traceback).*$", logs, re.MULTILINE)
        with self.world.sql() as ask:
            leases = ask("SELECT count(*) FROM moderation_screening WHERE lease_token IS NOT NULL")
        faults = {name: times for name, times in self.world.faults().items() if times and self.world.uploads}
        found = {
            f"grew by {last.memory_mb - first.memory_mb:.1f} MB": last.memory_mb - first.memory_mb > GROWTH_MB,
            f"{last.files - first.files} more files": last.files > first.files + 5,
            f"{last.connections - first.connections} more connections": last.connections > first.connections + 3,
            f"{len(errors)} errors, the first: {errors[:1]}": bool(errors),
            f"{leases} leases left": leases > 0,
            f"faults: {faults}": bool(faults),
        }
        print(f"growth after the first tenth: {last.memory_mb - first.memory_mb:+.1f} MB")
        return [sentence for sentence, is_so in found.items() if is_so]


def mixed(soak: Soak, minutes: float) -> None:
    """Let artists upload, visitors look and a moderator decide for ``minutes``."""
    over, problems = Event(), []

    def guarded(work: Any) -> None:
        try:
            while not over.is_set():
                work()
        except Exception as error:
            problems.append(error)
            raise

    threads = [Thread(target=guarded, args=[work], daemon=True) for work in _people(soak.world, over)]
    for thread in threads:
        thread.start()
    soak.read()
    for _tenth in range(10):
        over.wait(minutes * 6)
        soak.read()
    over.set()
    for thread in threads:
        thread.join(60)
    if problems:
        raise problems[0]
    soak.world.settle(600)
    soak.read()


def _people(world: World, over: Event) -> list[Any]:
    from marketplace.demo.visitor import Visitor
    from tests.e2e.site import PEOPLE_BY_ROLE

    guest, moderator = Visitor(world.site.url), Visitor(world.site.url)
    moderator.sign_in(PEOPLE_BY_ROLE["moderator"].name, PEOPLE_BY_ROLE["moderator"].password)

    def upload() -> None:
        world.upload(4)
        over.wait(1)

    def look() -> None:
        for path in ("/", "/?made=people", "/sign-in", "/healthz"):
            assert guest.get(path)[0] == 200, path
        over.wait(0.5)

    def decide() -> None:
        assert moderator.get("/moderation/")[0] == 200
        with world.sql() as ask:
            case = ask("SELECT id FROM moderation_case WHERE state = 'open' ORDER BY random() LIMIT 1")
            version = ask(f"SELECT version FROM moderation_case WHERE id = {case}") if case else 0
        if case:
            _decide(moderator, case, version)
        over.wait(1)

    return [upload, look, decide]


def _decide(moderator: Any, case: int, version: int) -> None:
    from marketplace.demo.visitor import _multipart, _Page

    _status, text = moderator.get(f"/moderation/cases/{case}/")
    page = _Page()
    page.feed(text)
    choice = random.choice(["approve:human_made", "reject:other"])
    fields = {
        "csrfmiddlewaretoken": page.hidden["csrfmiddlewaretoken"],
        "version": str(version),
        "choice": choice,
        "seen": "anatomy",
        "explanation": "Looked at under load.",
        "stay": "1",
    }
    body, kind = _multipart(fields, None)
    address = f"{moderator.base}/moderation/cases/{case}/decide"
    headers = {"Content-Type": kind, "Referer": address}
    status, _text = moderator._send(urllib.request.Request(address, data=body, headers=headers))
    assert status in (302, 409), f"deciding answered {status}"


def pictures(soak: Soak, count: int) -> None:
    """Send ``count`` pictures through the one worker."""
    from tests.e2e.site import PEOPLE_BY_ROLE

    soak.read()
    for tenth in range(10):
        first, last = count * tenth // 10, count * (tenth + 1) // 10
        program = FILL.format(artist=PEOPLE_BY_ROLE["artist"].name, first=first, last=last)
        soak.world.site.manage("shell", "--no-imports", f"--command={program}")
        soak.world.uploads = last
        soak.world.settle(3600)
        soak.read()


def _group_of(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _rss_kb(entry: Path) -> int:
    """Return the process's own memory: what it shares with its parent counts once, there."""
    text = (entry / "smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])  # type: ignore[index]


def main(what: str, amount: float) -> int:
    """Run one of the two and say whether it holds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    logging.disable(logging.ERROR)
    from tests.chaos.world import world

    with (
        tempfile.TemporaryDirectory(prefix="bm-soak-") as folder,
        world(Path(folder), CHAOS_CLASSIFIER=DETECTOR, WORKER_CONCURRENCY="1") as site,
    ):
        soak = Soak(site)
        if what == "minutes":
            mixed(soak, amount)
        else:
            pictures(soak, int(amount))
        problems = soak.verdict()
    print("It holds." if not problems else f"It does not hold: {'; '.join(problems)}")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
