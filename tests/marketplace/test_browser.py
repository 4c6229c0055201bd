"""The site's pages in a real browser: what the little script does, both themes, narrow screens, access."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from marketplace.models import Listing
from moderation import services
from tests.marketplace.browsing import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.contrib.auth.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def picture(tmp_path: Path, paint: Callable[..., bytes]) -> Path:
    """A picture on the artist's disk."""
    path = tmp_path / "low tide.png"
    path.write_bytes(paint(0.1, size=(640, 480)))
    return path


def _fill(page: Any, picture: Path) -> None:
    page.set_input_files("#id_picture", picture)
    page.fill("#id_title", "Low Tide")
    page.select_option("#id_category", "painting")
    page.fill("#id_price", "120")
    page.check("input[value=handmade]")


def test_a_work_is_offered_with_a_preview_and_once(
    open_browser: Callable[..., Any], artist: User, red_classifier: None, picture: Path
) -> None:
    page = open_browser()
    sign_in(page)
    page.goto("/works/new")
    assert not page.is_visible("[data-preview]")
    _fill(page, picture)
    page.wait_for_selector("[data-preview]")
    assert "640 × 480" in page.inner_text("[data-drop-name]")
    assert "low tide.png" in page.inner_text("[data-drop-name]")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    button = page.evaluate(
        """() => {
            const form = document.querySelector("form[data-once]");
            form.requestSubmit();
            form.requestSubmit();  // the second click of a double click
            return form.querySelector("[data-busy]").textContent;
        }"""
    )
    assert button == "Sending …"
    page.wait_for_url("**/works")
    assert "has arrived" in page.inner_text("main")
    assert len(sent) == 1
    assert Listing.objects.count() == 1
    page.wait_for_selector("text=Waiting for screening")
    services.screen_pending()
    page.wait_for_selector(".bm-chip--cleared", timeout=15_000)  # without reloading


def test_a_file_that_is_too_large_is_refused_unsent(
    open_browser: Callable[..., Any], artist: User, tmp_path: Path, picture: Path
) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    page = open_browser()
    sign_in(page)
    page.goto("/works/new")
    page.set_input_files("#id_picture", large)
    page.wait_for_selector("[data-problem]:has-text('larger than 20.0')")
    assert page.evaluate("document.querySelector('#id_picture').files.length") == 0
    page.set_input_files("#id_picture", picture)
    page.wait_for_selector("[data-preview]")
    assert not page.is_visible("[data-problem]")


def test_a_form_with_a_gap_is_not_sent_and_keeps_its_picture(
    open_browser: Callable[..., Any], artist: User, red_classifier: None, picture: Path
) -> None:
    page = open_browser()
    sign_in(page)
    page.goto("/works/new")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.click("text=Offer this work")
    expect(page.locator("#id_picture_error")).to_have_text("Choose the picture of your work.")
    _fill(page, picture)
    page.fill("#id_title", "")
    page.click("text=Offer this work")
    expect(page.locator(".bm-field__error:visible")).to_have_text(["Give your work a title."])
    assert page.get_attribute(":focus", "id") == "id_title"
    assert sent == []
    page.fill("#id_title", "Low Tide")
    assert not page.is_visible(".bm-field__error")
    page.click("text=Offer this work")
    page.wait_for_url("**/works")
    assert len(sent) == Listing.objects.count() == 1


def test_without_scripts_a_work_is_offered_and_a_series_marked(
    open_browser: Callable[..., Any], artist: User, red_classifier: None, picture: Path
) -> None:
    page = open_browser(java_script_enabled=False)
    sign_in(page)
    page.goto("/works/new")
    assert page.get_attribute("#id_picture", "multiple") is None  # the form takes one
    _fill(page, picture)
    page.click("text=Offer this work")
    page.wait_for_url("**/works")
    assert "has arrived" in page.inner_text("main")
    page.check("text=Choose Low Tide")
    page.select_option("#series-origin", "generated")
    page.click("text=Mark the chosen works")
    page.wait_for_selector("text=1 work is now marked")
    assert Listing.objects.get().declared_origin == "generated"


def test_a_series_is_chosen_with_one_click(
    open_browser: Callable[..., Any], artist: User, make_listing: Callable[..., Listing]
) -> None:
    for _ in range(3):
        make_listing()
    page = open_browser()
    sign_in(page)
    page.click("text=Choose all on this page")
    page.uncheck("text=Choose Work 2")
    page.select_option("#series-origin", "assisted")
    page.click("text=Mark the chosen works")
    page.wait_for_selector("text=2 works are now marked “AI-assisted”")
    marked = Listing.objects.order_by("pk").values_list("declared_origin", flat=True)
    assert list(marked) == ["assisted", "handmade", "assisted"]


def test_dates_stand_in_the_readers_zone_from_the_first_page_on(
    open_browser: Callable[..., Any], artist: User, make_listing: Callable[..., Listing]
) -> None:
    import datetime

    make_listing(created_at=datetime.datetime(2026, 1, 5, 14, 30, tzinfo=datetime.UTC))
    page = open_browser(timezone_id="Asia/Tokyo", locale="en-US")
    sign_in(page)
    assert "11:30" in page.inner_text("time >> nth=0")
    page.context.clear_cookies(name="tz")
    page.reload()  # the server cannot know the zone: the script puts it right
    assert re.search(r"11:30\s*PM", page.inner_text("time >> nth=0"))


def test_the_theme_is_kept_and_never_flashes(open_browser: Callable[..., Any]) -> None:
    page = open_browser(color_scheme="light")
    page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("button:has-text('Dark')")
    dark = page.evaluate(ground)
    assert dark != light
    assert page.get_attribute("button:has-text('Dark')", "aria-pressed") == "true"
    page.goto("/")
    assert page.evaluate(ground) == dark
    html = page.request.get("/").text()
    assert 'data-theme="dark"' in html.split("<head>")[0]  # it is in the first bytes, before any script
    page.click("button:has-text('Auto')")
    assert page.evaluate(ground) == light


def test_more_works_come_without_leaving_the_page(
    open_browser: Callable[..., Any], make_listing: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "marketplace.selectors.gallery.__kwdefaults__", {"category": "", "made": "", "cursor": "", "size": 2}
    )
    for _ in range(3):
        make_listing()
    services.screen_pending()
    page = open_browser()
    page.goto("/")
    assert page.locator(".site-work").count() == 2
    page.click("text=Show more works")
    expect(page.locator(".site-work")).to_have_count(3)
    assert page.url.endswith("/")
    assert not page.is_visible("text=Show more works")


def test_the_keyboard_gets_to_the_content_first(open_browser: Callable[..., Any]) -> None:
    page = open_browser()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.inner_text(":focus") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_within_everyones_reach(
    theme: str, open_browser: Callable[..., Any], artist: User, make_listing: Callable[..., Listing]
) -> None:
    listing, labelled = make_listing(), make_listing(declared_origin="generated", description="Words.\n\nMore words.")
    make_listing(score=0.95)
    services.screen_pending()
    make_listing()
    page = open_browser(color_scheme=theme, viewport={"width": 360, "height": 740}, bypass_csp=True)
    sign_in(page)
    paths = [
        "/",
        "/?category=print",
        "/?made=generated",
        labelled.get_absolute_url(),
        "/works",
        "/works/new",
        "/nowhere",
    ]
    paths += [f"/works/{listing.public_id}/{action}" for action in ("edit", "delete")]
    for path in [*paths, "errors", "/sign-in"]:
        if path == "errors":
            page.goto("/works/new")
            page.evaluate("document.querySelector('form[data-single]').submit()")  # past what the script asks first
            page.wait_for_selector("[role=alert]:visible")
        else:
            if path == "/sign-in":
                page.click("text=Sign out")
            page.goto(path)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in found] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
