"""Coverage-guided fuzzing of the evidence readers and of the header probe: ``make fuzz`` (atheris, where it runs).

The corpus is what the property tests paint: one file of every container with every kind of mark. A find is written
to the current folder by libFuzzer; ``python -m tests.fuzz.readers FILE`` runs it again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import atheris

with atheris.instrument_imports(include=["moderation.evidence", "ml.probe", "ml.containers"]):
    import django

    django.setup()
    from ml.probe import ArtworkError, probe
    from tests.moderation.evidence.test_hostile_bytes import SEEDS, survives


def one_file(data: bytes) -> None:
    """Whatever the bytes: readers do not raise and stay in bounds, and the probe raises its own errors alone."""
    survives(data)
    with contextlib.suppress(ArtworkError):
        probe(data)


def main() -> None:
    """Fuzz from the painted corpus; arguments are libFuzzer's (``-runs=100000``, ``-max_total_time=600``)."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        arguments = [*sys.argv, "-max_len=60000", "-rss_limit_mb=2048", "-timeout=20"]
        files = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
        atheris.Setup(arguments if files else [*arguments, corpus], one_file)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
