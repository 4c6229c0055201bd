"""A site is backed up as docs/operations.md says, lost, and restored: nothing is missing, and the log still holds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.e2e.site import Site
from tests.servers import postgresql, postgresql_programs

if TYPE_CHECKING:
    from pathlib import Path

FILL = """
from django.core.files.uploadedfile import SimpleUploadedFile
from marketplace.demo.people import ensure_people
from marketplace.models import Listing
from django.contrib.auth.models import User
from PIL import Image
import io
ensure_people()
artist = User.objects.filter(groups=None, is_staff=False).first()
for number in range(12):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (240 if number % 3 == 0 else 20, number, 0)).save(file, "PNG")
    Listing.objects.create(artist=artist, title=str(number), category="painting", price=1, declared_origin="handmade",
        picture=SimpleUploadedFile("p.png", file.getvalue()), picture_width=64, picture_height=48)
"""
LOOK = """
import hashlib, json
from django.apps import apps
from moderation.models import Artwork
rows = {model._meta.label: model._default_manager.count() for model in apps.get_models()}
whole = sum(hashlib.sha256(a.storage.open(a.file_name).read()).hexdigest() == a.digest for a in Artwork.objects.all())
print("LOOK", json.dumps({"rows": rows, "whole files": whole}))
"""


def look(site: Site) -> dict[str, object]:
    printed = site.manage("shell", "--no-imports", f"--command={LOOK}")
    found: dict[str, object] = json.loads(printed.split("LOOK ", 1)[1].splitlines()[0])
    return found


def fill(folder: Path, database: str) -> tuple[Site, str]:
    """Make a site with works, decisions to come and a sealed log; return it with the log's head."""
    folder.mkdir()
    extra = {"DATABASE_URL": database} if database else {}
    site = Site(folder, "memory://", classifier="tests.stubs.RedClassifier", extra=extra)
    site.manage("migrate", "--verbosity=0")
    site.manage("shell", "--no-imports", f"--command={FILL}")
    site.manage("sweep", "--work")
    site.manage("seal_log")
    head = next(line for line in site.manage("verify_log").splitlines() if line.startswith("Head: "))
    return site, head.removeprefix("Head: ")


def check(before: Site, found: dict[str, object], head: str, folder: Path, database: str) -> None:
    """Look at the restored site beside what the lost one had."""
    extra = {"DATABASE_URL": database} if database else {}
    restored = Site(folder, "memory://", classifier="tests.stubs.RedClassifier", extra=extra)
    assert look(restored) == found
    assert found["whole files"] == 12
    assert "0 wait for their seal" in restored.manage("verify_log", "--head", head)
    # The log goes on where it was, and the database still refuses to change it.
    restored.manage("shell", "--no-imports", f"--command={FILL.replace('str(number)', 'chr(65 + number)')}")
    restored.manage("sweep", "--work")
    restored.manage("seal_log")
    restored.manage("verify_log", "--head", head)


@pytest.mark.timeout(180)
def test_a_site_on_sqlite_comes_back_whole(tmp_path: Path) -> None:
    site, head = fill(tmp_path / "lost", "")
    found = look(site)
    new = tmp_path / "restored"
    new.mkdir()
    site.sql("VACUUM INTO ?", str(new / "db.sqlite3"))
    shutil.copytree(site.folder / "media", new / "media")
    shutil.rmtree(site.folder)
    check(site, found, head, new, "")


@pytest.mark.postgresql_server
@pytest.mark.timeout(180)
def test_a_site_on_postgresql_comes_back_whole(tmp_path: Path) -> None:
    programs = postgresql_programs()
    with postgresql() as old, postgresql() as empty:
        site, head = fill(tmp_path / "lost", old)
        found = look(site)
        dump = tmp_path / "site.dump"
        for command in (
            [f"{programs}/pg_dump", "--format=custom", f"--file={dump}", f"--dbname={_libpq(old)}"],
            [f"{programs}/pg_restore", "--exit-on-error", "--no-owner", f"--dbname={_libpq(empty)}", str(dump)],
        ):
            subprocess.run(command, check=True, env={**os.environ, "PGOPTIONS": ""}, capture_output=True)
        new = tmp_path / "restored"
        shutil.copytree(site.folder / "media", new / "media")
        shutil.rmtree(site.folder)
        check(site, found, head, new, empty)


def _libpq(url: str) -> str:
    return urlsplit(url)._replace(scheme="postgresql").geturl()
