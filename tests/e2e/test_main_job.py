"""The main job in a browser, on real pictures: upload, screening, queue, rejection, undo, and each page follows."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.art, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest) -> dict[str, Path]:
    """A real AI picture that the shipped detector flags, and a real human one that it clears."""
    from ml.artwork import read_artwork
    from ml.cards import DEFAULT_DETECTOR, verdict
    from ml.runtime import load_detector

    art: Path = request.getfixturevalue("art_dir")
    detector = load_detector(DEFAULT_DETECTOR)
    found: dict[str, Path] = {}
    with (art / "manifest.csv").open() as manifest:
        for row in csv.DictReader(manifest):
            if row["domain"] != "anime" or row["label"] in found:
                continue
            p_ai = detector.score([read_artwork(art / row["file"])])[0]
            if verdict(p_ai, detector.card) == {"ai": "hold", "human": "clear"}[row["label"]]:
                found[row["label"]] = art / row["file"]
            if len(found) == 2:
                return found
    raise AssertionError(f"The shipped detector tells no pair of pictures apart: {found}")


def offer(page: Any, picture: Path, title: str) -> None:
    page.goto("/works/new")
    page.locator("input[type=file]").set_input_files(picture)
    page.get_by_label("Title").fill(title)
    page.get_by_label("Category").select_option("illustration")
    page.get_by_label("Price", exact=True).fill("40")
    page.get_by_text("Made by hand").click()
    page.get_by_role("button", name="Offer").click()
    page.wait_for_url("**/works*")


def titles(page: Any, path: str) -> str:
    page.goto(path)
    return str(page.locator("main").inner_text())


def test_upload_screen_reject_undo(
    site: Callable[..., Site], sign_in: Callable[..., Any], pair: dict[str, Path]
) -> None:
    shop = site()
    artist, moderator, visitor = sign_in(shop, "artist"), sign_in(shop, "moderator"), sign_in(shop)
    offer(artist, pair["human"], "By my hand")
    offer(artist, pair["ai"], "By a machine")

    # The artist's page follows by itself, without reloading.
    own = artist.locator("main")
    own.get_by_text("Cleared", exact=True).wait_for(timeout=60_000)
    own.get_by_text("In review, not yet public").wait_for(timeout=60_000)
    gallery = titles(visitor, "/")
    assert "By my hand" in gallery
    assert "By a machine" not in gallery

    # The suspect is in the queue; the cleared one is not.
    queue = titles(moderator, "/moderation/")
    assert "By a machine" in queue
    assert "By my hand" not in queue
    moderator.get_by_role("link", name="By a machine").first.click()
    moderator.locator("fieldset[data-action=reject] .bm-pick").first.click()
    moderator.locator("fieldset.bm-decide__seen .bm-pick").first.click()
    moderator.get_by_label("To the artist").fill("The hair melts into the collar, and both hands have six fingers.")
    moderator.get_by_role("button", name="Decide, next case").click()
    moderator.get_by_role("button", name="Undo").wait_for()

    own.get_by_text("Rejected", exact=True).wait_for(timeout=20_000)
    assert "both hands have six fingers" in titles(artist, "/works")
    assert "By a machine" not in titles(visitor, "/")

    moderator.get_by_role("button", name="Undo").click()
    moderator.wait_for_load_state()
    assert "By a machine" in titles(moderator, "/moderation/")
    artist.goto("/works")
    own.get_by_text("In review, not yet public").wait_for()

    # Decided the other way this time, it becomes public.
    moderator.get_by_role("link", name="By a machine").first.click()
    moderator.locator("fieldset[data-action=approve] .bm-pick").first.click()
    moderator.get_by_role("button", name="Decide, next case").click()
    moderator.get_by_role("button", name="Undo").wait_for()
    own.get_by_text("Approved", exact=True).wait_for(timeout=20_000)
    assert "By a machine" in titles(visitor, "/")
