"""What screening adds to an upload's request: the same form sent with it and without it, turn by turn, in one run.

    python -m benchmarks.upload [--rounds 150]

Server time round Django's test client: the whole request with its transaction, its stored file and its message to a
real broker; the workers' part is not in it. "Without" empties the plugin's registry, so nothing of it runs. The
requests take turns, so whatever else the machine does hits both alike. On a SQLite file without ``DATABASE_URL``. The
exit code is 1 if screening adds more than 50 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from django.test import Client

MOST_MS = 50.0


def picture(seed: int) -> bytes:
    """Paint a JPEG of about a megabyte, each its own."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(seed).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((1600, 1200)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def upload(client: Client, data: bytes) -> float:
    """Send the form once and return the request's milliseconds."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    form: dict[str, Any] = {
        "title": "Low Tide",
        "category": "painting",
        "price": "120",
        "currency": "EUR",
        "description": "",
        "declared_origin": "handmade",
        "submission": str(uuid.uuid4()),
        "picture": SimpleUploadedFile("low tide.jpg", data, "image/jpeg"),
    }
    start = time.perf_counter()
    response = client.post("/works/new", form, headers={"Accept": "application/json"})
    passed = (time.perf_counter() - start) * 1000
    assert response.status_code == 201, response.content
    return passed


def main() -> int:
    """Send, compare, print; return the exit code."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from moderation import registry
    from moderation.models import Screening

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=150)
    rounds = parser.parse_args().rounds
    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(User.objects.create_user("artist"))
    full = dict(registry._registrations)
    files = [picture(seed) for seed in range(8)]
    took: dict[str, list[float]] = {"on": [], "off": []}
    for number in range(rounds + 5):
        for mode in ("on", "off") if number % 2 else ("off", "on"):
            registry._registrations.clear()
            registry._registrations.update(full if mode == "on" else {})
            # Trailing bytes make each file a new one, so that nothing is known about it from before.
            passed = upload(client, files[number % len(files)] + uuid.uuid4().bytes)
            if number >= 5:  # the first ones load what later ones find loaded
                took[mode].append(passed)
    assert Screening.objects.count() == rounds + 5, "screening was not asked for where it should have been"
    p95 = {mode: statistics.quantiles(values, n=20)[18] for mode, values in took.items()}
    for mode, values in took.items():
        print(f"screening {mode:3}: median {statistics.median(values):6.1f} ms, p95 {p95[mode]:6.1f} ms")
    added = p95["on"] - p95["off"]
    print(f"screening adds {added:.1f} ms at p95 ({rounds} uploads each of {len(files[0]) / 1e6:.1f} MB)")
    return int(added > MOST_MS)


if __name__ == "__main__":
    from tests.servers import valkey

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.e2e.settings")
    with tempfile.TemporaryDirectory(prefix="brushmark-bench-") as folder, valkey() as broker:
        os.environ |= {"VAR_DIR": folder, "REDIS_URL": broker, "SECRET_KEY": "for this run only"}
        os.environ |= {"HTTPS": "off", "LOG_LEVEL": "ERROR", "UPLOADS_PER_HOUR": "1000000"}
        Path(folder, "static").mkdir()
        os.environ.setdefault("ALLOWED_HOSTS", "testserver")
        django.setup()
        sys.exit(main())
