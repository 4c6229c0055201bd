from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

    from marketplace.models import Listing


@pytest.fixture
def pages(as_artist: Client, hang: Callable[..., Listing]) -> dict[str, Any]:
    """Each page of the site as its artist sees it, and the error pages."""
    listing = hang()
    paths = ["/", "/works", "/works/new", "/nowhere", "/?category=photograph", listing.get_absolute_url()]
    paths += [f"/works/{listing.public_id}/{action}" for action in ("edit", "delete")]
    found = {path: as_artist.get(path) for path in paths}
    as_artist.logout()
    found["/sign-in"] = as_artist.get("/sign-in")
    return found


def test_no_page_needs_an_inline_script_or_style(pages: dict[str, Any]) -> None:
    for path, response in pages.items():
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        page = response.content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), path


def test_every_page_can_be_walked_by_ear_and_keyboard(pages: dict[str, Any]) -> None:
    for path, response in pages.items():
        page = response.content.decode()
        assert 'lang="en"' in page, path
        assert page.count("<h1") == 1, path
        assert 'href="#main"' in page, path
        assert '<main id="main"' in page, path
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path
        for name in re.findall(r'<(?:input|select|textarea)(?![^>]*type="(?:hidden|radio)")[^>]*\sid="([^"]+)"', page):
            assert f'for="{name}"' in page, (path, name)
        assert all("alt=" in tag for tag in re.findall(r"<img[^>]*>", page)), path


def test_an_old_form_is_told_what_happened(artist: User) -> None:
    from django.test import Client as Browser

    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(artist)
    response = browser.post("/works/new", {"title": "x"})
    assert response.status_code == 403
    assert "open for too long" in response.content.decode()


def test_a_fault_of_ours_has_a_page_that_needs_nothing(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kwargs: Any) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("marketplace.selectors.gallery", broken)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    assert "unforeseen" not in response.content.decode()


def test_a_bad_request_has_a_page(client: Client, db: None, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["example.org"]
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400


def test_the_admin_lists_and_opens_a_listing(client: Client, admin_user: User, hang: Callable[..., Listing]) -> None:
    listing = hang()
    client.force_login(admin_user)
    assert listing.title in client.get("/admin/marketplace/listing/").content.decode()
    assert client.get(f"/admin/marketplace/listing/{listing.pk}/change/").status_code == 200
    assert client.get("/admin/marketplace/listing/add/").status_code == 403
