"""The plugin where no extra is installed: it starts, checks, screens and serves its pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

PROGRAM = """
import pkgutil, sys

# A name that is None there imports as a package that is not installed.
sys.modules.update(dict.fromkeys(("boto3", "c2pa", "keras", "matplotlib", "pi_heif", "prometheus_client", "psd_tools",
                                  "sklearn", "storages", "tensorflow")))
import django
django.setup()
import moderation
for module in pkgutil.walk_packages(moderation.__path__, "moderation."):
    if ".migrations." not in module.name and module.name != "moderation.metrics":  # that one *is* the extra
        __import__(module.name)
import moderation.urls

from django.core.checks import run_checks
problems = [message.id for message in run_checks() if message.is_serious()]
assert not problems, problems

import io
from PIL import Image
from ml.artwork import read_artwork
from ml.cards import shipped_cards
from ml.runtime import load_detector
picture = io.BytesIO()
Image.linear_gradient("L").convert("RGB").save(picture, "PNG")
for card in shipped_cards():
    (score,) = load_detector(card.name).score([read_artwork(picture.getvalue())])
    assert 0 <= score <= 1, score
print("works")
"""


def test_it_starts_checks_and_scores(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "VAR_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "works"
