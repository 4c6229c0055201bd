"""Whole sites and signed-in browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.site import PEOPLE_BY_ROLE, Site
from tests.servers import valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Return a starter of sites: ``site(classifier="tests.stubs.RedClassifier")``; stopped after the test."""
    sites: list[Site] = []
    with valkey() as broker:

        def start(**options: Any) -> Site:
            one = Site(tmp_path / f"site{len(sites)}", broker, **options)
            one.folder.mkdir()
            sites.append(one)
            one.start()
            return one

        try:
            yield start
        finally:
            for one in sites:
                one.stop()


@pytest.fixture
def sign_in(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Return a maker of pages: ``sign_in(site, "artist")`` is a browser of its own, signed in with that role."""
    contexts: list[Any] = []

    def start(site: Site, role: str = "", **options: Any) -> Any:
        context = chromium.new_context(base_url=site.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if role:
            person = PEOPLE_BY_ROLE[role]
            page.goto("/sign-in")
            page.get_by_label("Name").fill(person.name)
            page.get_by_label("Password").fill(person.password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/works**" if role == "artist" else "**")
        return page

    yield start
    for context in contexts:
        context.close()
