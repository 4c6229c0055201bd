"""What every answer of a production site carries; and that Django's own deployment check has nothing to say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

    from marketplace.models import Listing

ROOT = Path(__file__).resolve().parents[2]


def test_the_deployment_check_is_clean(tmp_path: Path) -> None:
    """As a site is really run: key, host and address given, HTTPS on."""
    production = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path),
        "SECRET_KEY": "k" * 30 + "0123456789-abcdefghij-klmnopqrst",
        "ALLOWED_HOSTS": "art.example",
        "SITE_URL": "https://art.example",
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"],
        cwd=ROOT,
        env=production,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("path", ["/", "/art/{public}", "/sign-in", "/nowhere", "/works", "{file}"])
def test_every_answer_carries_the_headers(
    path: str, client: Client, settings: Any, artist: User, hang: Callable[..., Listing], artwork_of: Any
) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    listing = hang()
    names = {"public": listing.public_id, "file": f"/moderation/artworks/{artwork_of(listing).reference}/file"}
    client.force_login(artist)
    response = client.get(path.format(**names), secure=True)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    if response.streaming:
        response.getvalue()


def test_the_cookies_are_for_this_site_alone(client: Client, artist: User, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client.get("/sign-in", secure=True)
    client.post("/sign-in", {"username": "artist", "password": "brush"}, secure=True)
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["samesite"], bool(cookie["secure"]), bool(cookie["httponly"])) == ("Lax", True, True), name


def test_signing_in_gives_a_session_that_nobody_could_have_planted(client: Client, artist: User) -> None:
    client.get("/sign-in")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key or ""
    client.post("/sign-in", {"username": "artist", "password": "brush"})
    assert client.cookies["sessionid"].value != session.session_key
