"""What `pip install .` brings to another site: everything that a page, a worker or a `migrate` there will open."""

from __future__ import annotations

import shutil
import subprocess
import sys
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from email.message import Message

PROJECT = Path(__file__).resolve().parents[2]
EXTRAS = {"c2pa", "heif", "metrics", "psd", "s3", "train"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel, built from a copy so that nothing is left in the tree, without asking the network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for package in ("moderation", "ml"):
        shutil.copytree(PROJECT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return ZipFile(next(folder.glob("brushmark-*.whl")))


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile) -> Message:
    """What the index and pip read."""
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_string(wheel.read(name).decode())


def test_every_file_of_both_packages_is_in_it(wheel: ZipFile) -> None:
    wanted = {
        str(path.relative_to(PROJECT))
        for package in ("moderation", "ml")
        for path in (PROJECT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"moderation/py.typed", "ml/py.typed", "moderation/migrations/0001_initial.py"} <= wanted
    assert {"moderation/templates/moderation/queue.html", "moderation/static/moderation/base.css"} <= wanted
    assert any(name.endswith(".tflite") for name in wanted)
    wanted |= {f"{name.removesuffix('.po')}.mo" for name in wanted if name.endswith(".po")}  # what Django reads
    assert wanted - set(wheel.namelist()) == set()


def test_nothing_of_the_example_site_or_the_tests_is(wheel: ZipFile) -> None:
    folders = {name.split("/")[0] for name in wheel.namelist()}
    assert folders == {"moderation", "ml", next(name for name in folders if name.endswith(".dist-info"))}


def test_the_licence_travels_along(wheel: ZipFile, metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    (name,) = [name for name in wheel.namelist() if name.endswith("/licenses/LICENSE")]
    assert b"Apache License" in wheel.read(name)


def test_what_only_some_need_is_an_extra(metadata: Message) -> None:
    assert set(metadata.get_all("Provides-Extra", [])) == EXTRAS
    needs = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    plain = {need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})}
    train = {need.name for need in needs if need.marker and need.marker.evaluate({"extra": "train"})} - plain
    assert "tensorflow" in train
    assert {"django", "celery", "ai-edge-litert", "pillow"} <= plain
    assert plain.isdisjoint({"tensorflow", "scikit-learn", "matplotlib", "c2pa-python", "pi-heif", "psd-tools"})
    assert plain.isdisjoint({"django-storages", "prometheus-client", "gunicorn", "psycopg"})
