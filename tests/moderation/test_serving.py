"""What the processes load: no TensorFlow in the worker, no numeric library in the web process."""

from __future__ import annotations

import subprocess
import sys

import pytest

WEB = """
import marketplace.wsgi
from django.urls import get_resolver
from django.test import Client
get_resolver().url_patterns
assert Client(headers={"host": "localhost"}).get("/sign-in").status_code == 200
"""
WORKER = """
import marketplace.celery
from moderation.evidence.looking import readers
import moderation.tasks
moderation.tasks.load_detector()
readers()
"""


def loaded(program: str, *names: str) -> set[str]:
    """Return which of ``names`` a fresh process has imported after ``program``."""
    script = f"import os, django\ndjango.setup()\n{program}\nimport sys\nprint('LOADED', *sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "SECRET_KEY": "x", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    modules = next(line for line in done.stdout.splitlines() if line.startswith("LOADED")).split()
    return {name for name in names if name in modules}


@pytest.mark.parametrize(("program", "must"), [(WEB, set()), (WORKER, {"numpy", "ai_edge_litert"})])
def test_who_loads_what(program: str, must: set[str]) -> None:
    found = loaded(program, "tensorflow", "keras", "sklearn", "numpy", "ai_edge_litert")
    assert found == must
