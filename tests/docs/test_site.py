"""The docs are built without a warning: every link leads somewhere, every page is in the contents."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_the_site_is_built_without_warnings(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment["NO_MKDOCS_2_WARNING"] = "1"  # about the tool's own future, not about these pages
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    settings = (tmp_path / "site" / "reference" / "settings.html").read_text()
    assert "LEASE_SECONDS" in settings
    assert "https://fonts." not in settings
