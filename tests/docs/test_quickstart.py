"""The quickstart does what it says, line by line, in a fresh project with a virtual environment of its own."""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlencode

import pytest

from tests.docs.walkthrough import Walkthrough
from tests.servers import free_port, valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
QUICKSTART = PROJECT / "docs" / "tutorial" / "quickstart.md"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what pip builds from, so that nothing is left in the tree."""
    copy = tmp_path / "checkout"
    for package in ("moderation", "ml"):
        shutil.copytree(PROJECT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, copy)
    return copy


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Walkthrough]:
    """Somebody with a new virtual environment, who finds this machine's packages in it instead of the network."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (library,) = venv.glob("lib/python*/site-packages")
    (library / "this-machine.pth").write_text("\n".join(site.getsitepackages()))
    desk = tmp_path / "desk"
    desk.mkdir()
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "VAR_DIR", "DATABASE_URL")
    }
    path = os.pathsep.join((str(venv / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]))
    settings = {"PATH": path, "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHONUNBUFFERED": "1"}
    walkthrough = Walkthrough(desk, {**plain, **settings})
    yield walkthrough
    walkthrough.close()


class Browser:
    """Opens pages, keeps cookies, signs in at the admin's form."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, path: str, data: dict[str, str] | None = None) -> str:
        """Return the page under ``path``, as soon as the server is there."""
        deadline = time.monotonic() + 30
        while True:
            try:
                body = urlencode(data).encode() if data else None
                with self.opener.open(self.origin + path, body) as answer:
                    return str(answer.read().decode())
            except URLError as error:
                if hasattr(error, "code") or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def sign_in(self, name: str, password: str, path: str) -> str:
        """Sign in on the way to ``path``, and return that page."""
        form = self.open(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token, form
        fields = {"csrfmiddlewaretoken": token[1], "username": name, "password": password, "next": path}
        return self.open(f"/admin/login/?next={path}", fields)


@pytest.mark.timeout(300)
def test_the_quickstart_works_as_written(reader: Walkthrough, checkout: Path, tmp_path: Path) -> None:
    port = free_port()
    with valkey() as broker:
        said = {
            "/path/to/brushmark": str(checkout),
            "127.0.0.1:8000": f"127.0.0.1:{port}",
            "redis://127.0.0.1:6379/0": broker,
        }
        browser = Browser(f"http://127.0.0.1:{port}")
        for body in reader.follow(QUICKSTART.read_text(), said):
            if "pip install" in body:
                assert list((tmp_path / "venv").glob("lib/*/site-packages/moderation/templates"))
            if "runserver" in body:  # "Open ...: the Robot is shown"
                assert "Robot (AI-generated)" in browser.open("/")
                desk = browser.sign_in("mo", "brush", "/moderation/")
                assert "Review queue" in desk
                assert "Fox" in desk
        assert "Owl" in browser.open("/moderation/")
        reader.close()
        reader.terminals.clear()
