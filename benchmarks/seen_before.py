"""How long a search among N stored fingerprints takes, and what it finds. ``python -m benchmarks.seen_before``.

Without ``DATABASE_URL`` a throw-away SQLite, and a throw-away PostgreSQL where its programs are installed. The stored
hashes are random; with ``--art ../shared/art`` they are the labelled pictures' own with three bits in ten flipped at
random (hashes of real pictures share patterns, which makes the bands less even), and the recall of light edits and
the pairs of different sources that come close are counted on the pictures themselves.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.servers import postgresql, postgresql_programs

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from PIL import Image

SEED = 20240217
QUERIES = 300


def main() -> None:
    """Measure each database in a process of its own, then the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--art", type=Path, help="folder with the labelled pictures")
    parser.add_argument("--here", action="store_true", help="measure the database of DATABASE_URL")
    options = parser.parse_args()
    if options.here:
        measure(options.rows, options.art)
        return
    with tempfile.TemporaryDirectory() as folder:
        again(f"sqlite:///{folder}/db.sqlite3")
        if postgresql_programs():
            with postgresql() as url:
                again(url)
    if options.art:
        fidelity(options.art)


def again(url: str) -> None:
    """Run this program on the database at ``url``."""
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run(
        [sys.executable, "-m", "benchmarks.seen_before", "--here", *sys.argv[1:]], env=environment, check=True
    )


def measure(rows: int, art: Path | None) -> None:
    """Fill the database with ``rows`` fingerprints and search it."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from moderation.evidence.perceptual import Hashes
    from moderation.selectors.lookalikes import lookalikes

    call_command("migrate", verbosity=0)
    random = np.random.default_rng(SEED)
    stored = hashes(rows, art, random)
    fill(stored)
    wanted = [int(stored[n]) ^ 0b10110 for n in random.integers(0, rows, QUERIES)]  # three bits away from a stored one
    for phash in wanted[:30]:
        lookalikes(Hashes(phash, 0), before=rows + 1)
    server_before = server_seconds(connection)
    wall, cpu, found = time.perf_counter(), time.process_time(), 0
    for phash in wanted:
        found += bool(lookalikes(Hashes(phash, 0), before=rows + 1))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    server = server_seconds(connection) - server_before
    print(
        f"{connection.vendor:10} {rows:>9,} rows: {1000 * (cpu + server) / QUERIES:5.1f} ms CPU a search "
        f"({1000 * cpu / QUERIES:.1f} ours, {1000 * server / QUERIES:.1f} the server's), "
        f"{1000 * wall / QUERIES:.1f} ms in all; found {found} of {QUERIES}"
    )


def hashes(rows: int, art: Path | None, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return ``rows`` 64-bit hashes."""
    noise = random.random((rows, 64)) < (0.3 if art else 0.5)
    if art is None:
        return packed(noise)
    from moderation.evidence.perceptual import hashes_of

    real = np.array([hashes_of(np.asarray(picture)).phash for _group, picture in pictures(art, 500)], np.int64)
    bits = np.unpackbits(real[random.integers(0, len(real), rows)].astype(">i8").view(np.uint8)).reshape(rows, 64)
    return packed(bits.astype(bool) ^ noise)


def packed(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return rows of 64 bits as signed integers."""
    return np.packbits(bits, axis=1).view(">i8").ravel().astype(np.int64)


def fill(stored: npt.NDArray[np.int64]) -> None:
    """Write artworks and fingerprints straight into the tables."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection

    from moderation.models import Artwork, Fingerprint

    content_type = ContentType.objects.get(app_label="marketplace", model="listing")
    for start in range(0, len(stored), 20_000):
        part = range(start, min(start + 20_000, len(stored)))
        Artwork.objects.bulk_create(
            [Artwork(pk=n + 1, content_type=content_type, object_pk=str(n), field="picture") for n in part]
        )
        Fingerprint.objects.bulk_create([Fingerprint(artwork_id=n + 1, phash=int(stored[n]), dhash=0) for n in part])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def server_seconds(connection: object) -> float:
    """Return the CPU seconds that PostgreSQL's process for this connection has used; SQLite works in ours."""
    if connection.vendor != "postgresql":  # type: ignore[attr-defined]
        return 0.0
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pictures(art: Path, most: int | None = None) -> list[tuple[str, Image.Image]]:
    """Return (group, picture) of the labelled pictures, ``most`` of them drawn at random."""
    from PIL import Image

    rows = list(csv.DictReader((art / "manifest.csv").open()))
    if most is not None:
        rows = [rows[n] for n in np.random.default_rng(SEED).permutation(len(rows))[:most]]
    return [(row["group"], Image.open(art / row["file"]).convert("RGB")) for row in rows]


def fidelity(art: Path) -> None:
    """Count light edits that are found, and pairs of different sources that would be called the same."""
    from PIL import Image, ImageEnhance

    from moderation.evidence.perceptual import distance, hashes_of

    def encoded(picture: Image.Image, quality: int) -> Image.Image:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    def cropped(picture: Image.Image, share: float) -> Image.Image:
        x, y = int(picture.width * share), int(picture.height * share)
        return picture.crop((x, y, picture.width - x, picture.height - y))

    edits: dict[str, Callable[[Image.Image], Image.Image]] = {
        "JPEG 50": lambda picture: encoded(picture, 50),
        "half the size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
        "15 % brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.15),
        "colours at 70 %": lambda picture: ImageEnhance.Color(picture).enhance(0.7),
        "2 % cropped a side": lambda picture: cropped(picture, 0.02),
        "5 % cropped a side": lambda picture: cropped(picture, 0.05),
        "cropped, two thirds, JPEG 70": lambda picture: encoded(
            cropped(picture, 0.02).resize((picture.width * 2 // 3, picture.height * 2 // 3)), 70
        ),
    }
    sample = [(picture, hashes_of(np.asarray(picture))) for _group, picture in pictures(art, 300)]
    for name, edit in edits.items():
        found = sum(hashes.resembles(hashes_of(np.asarray(edit(picture)))) for picture, hashes in sample)
        print(f"{name:30} found {100 * found / len(sample):5.1f} %")
    everything = [(group, hashes_of(np.asarray(picture))) for group, picture in pictures(art)]
    pairs = close = same = 0
    for index, (group, one) in enumerate(everything):
        for other_group, other in everything[:index]:
            if group != other_group:
                pairs += 1
                if distance(one.phash, other.phash) <= 12:
                    close += 1
                    same += one.resembles(other)
    print(f"{pairs:,} pairs of different sources: {close} within 12 bits of the first hash, {same} called the same")


if __name__ == "__main__":
    main()
