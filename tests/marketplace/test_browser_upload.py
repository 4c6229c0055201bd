"""Several works offered at once, in a real browser: cards, errors, progress, retries, access."""

from __future__ import annotations

import base64
import io
import mimetypes
import re
import struct
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from marketplace.models import Listing
from moderation.models import Artwork
from tests.marketplace.browsing import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.contrib.auth.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TORN = b"\x89PNG\r\n\x1a\n" + b"\0" * 40  # a picture to the browser's quick look, not to the server


def ispe(width: int, height: int) -> bytes:
    """Write the box in which a HEIF file keeps the size of one of its pictures."""
    return b"\0\0\0\x14ispe\0\0\0\0" + struct.pack(">II", width, height)


def look(page: Any, data: bytes) -> Any:
    """Return what the page's script reads from the file: format, width and height."""
    sign_in(page)
    page.goto("/works/new")
    return page.evaluate(
        """async (data) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            return brushmarkPicture.look(new File([bytes], "picture"));
        }""",
        base64.b64encode(data).decode(),
    )


@pytest.fixture
def files(tmp_path: Path, paint: Callable[..., bytes]) -> list[Path]:
    """Two pictures and one file that only pretends."""
    contents = {
        "low_tide.png": paint(0.1, seed=1, size=(640, 480)),
        "notes.png": b"these are only words" * 9,
        "high-tide.jpg": paint(0.1, seed=2, size=(300, 500), kind="JPEG"),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return [tmp_path / name for name in contents]


def drop(page: Any, selector: str, paths: list[Path]) -> None:
    """Let the files fall on the element, as a mouse would."""
    sent = [(path.name, base64.b64encode(path.read_bytes()).decode(), mimetypes.guess_type(path)[0]) for path in paths]
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, data, type] of files) {
                const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name, { type }));
            }
            return transfer;
        }""",
        sent,
    )
    page.dispatch_event(selector, "drop", {"dataTransfer": transfer})


def share(page: Any) -> None:
    """Say for all of them what they are, what they cost and how they were made."""
    page.select_option("#all_category", "painting")
    page.fill("#all_price", "120")
    page.check("#all_declared_origin_0")


def states(page: Any) -> list[str]:
    return list(page.eval_on_selector_all(".site-card", "cards => cards.map((card) => card.dataset.state)"))


@pytest.fixture
def offering(open_browser: Callable[..., Any], artist: User, red_classifier: None) -> Callable[..., Any]:
    """Return an opener of the upload page: ``offering(files)`` lets them fall on it."""

    def start(paths: list[Path], **options: Any) -> Any:
        page = open_browser(**options)
        sign_in(page)
        page.goto("/works/new")
        drop(page, "[data-drop]", paths)
        expect(page.locator(".site-card[data-state=checking]")).to_have_count(0)
        return page

    return start


def test_three_files_are_dropped_and_the_broken_one_harms_nobody(
    offering: Callable[..., Any], files: list[Path]
) -> None:
    page = offering(files)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    assert states(page) == ["ready", "wrong", "ready"]
    assert "not a picture in a format we know" in page.inner_text(".site-card >> nth=1")
    assert "notes.png cannot be offered" in page.inner_text("[data-log]")  # read out
    assert "640 × 480" in page.inner_text(".site-card >> nth=0")
    assert "300 × 500" in page.inner_text(".site-card >> nth=2")
    page.wait_for_selector(".site-card >> nth=2 >> [data-preview]:visible")
    assert page.inner_text(":focus") == "Works chosen: 3"

    page.click("[data-offer-all]")  # nothing said yet: nothing is sent
    page.wait_for_selector("[data-status]:has-text('Arrived: 0 of 3')")
    assert "Give a price." in page.inner_text(".site-card >> nth=0")
    assert page.get_attribute("#card1_price", "aria-describedby") == "card1_price_error"
    assert page.get_attribute(":focus", "id") == "card1_category"
    assert sent == []

    share(page)
    assert "Give a price." not in page.inner_text(".site-card >> nth=0")
    page.fill("#card3_title", "High Tide")
    page.select_option("#card3_category", "print")
    page.fill("#card3_price", "80.50")
    page.check("#card3_declared_origin_2")
    page.evaluate("() => { const all = document.querySelector('[data-offer-all]'); all.click(); all.click(); }")
    page.wait_for_selector("[data-status]:has-text('Arrived: 2 of 3')")
    assert states(page) == ["done", "wrong", "done"]
    assert "“High Tide” has arrived (€80.50)" in page.inner_text("[data-log]")
    assert page.is_visible("[data-offer-all]")
    page.click(".site-card >> nth=1 >> [data-remove]")
    assert page.inner_text("[data-count]") == "Works chosen: 2"
    assert not page.is_visible("[data-offer-all]")  # nothing is left to offer

    assert len(sent) == 2
    kept = {work.title: (work.category, str(work.price), work.declared_origin) for work in Listing.objects.all()}
    assert kept == {
        "low tide": ("painting", "120.00", "handmade"),
        "High Tide": ("print", "80.50", "generated"),
    }
    assert Artwork.objects.filter(screenings__state="pending").count() == 2
    page.click("[data-listing] >> nth=0")
    page.wait_for_url("**/art/*")
    assert "Waiting for screening" in page.inner_text("main")


def test_what_the_server_refuses_is_said_on_its_card_and_the_rest_goes_on(
    offering: Callable[..., Any], files: list[Path]
) -> None:
    files[1].write_bytes(TORN)
    page = offering(files)
    assert states(page) == ["ready", "ready", "ready"]
    share(page)
    page.click("[data-offer-all]")
    page.wait_for_selector("[data-status]:has-text('Arrived: 2 of 3')")
    assert states(page) == ["done", "failed", "done"]
    assert "damaged" in page.inner_text(".site-card >> nth=1 >> [data-problems]")
    assert page.inner_text(".site-card >> nth=1 >> [data-send]") == "Try again"
    assert Listing.objects.count() == 2


def test_a_lost_answer_and_a_retry_make_one_listing(offering: Callable[..., Any], files: list[Path]) -> None:
    page = offering([files[0], files[2]])
    share(page)
    lost: list[str] = []

    def lose_the_first(route: Any) -> None:
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch()  # the site takes it, the answer never comes back
        route.abort("connectionreset")

    page.route("**/works/new", lose_the_first)
    page.click("[data-offer-all]")
    page.wait_for_selector("[data-status]:has-text('Arrived: 1 of 2')")
    assert sorted(states(page)) == ["done", "failed"]
    assert "Nothing is lost" in page.inner_text(".site-card[data-state=failed]")
    assert Listing.objects.count() == 2
    page.click(".site-card[data-state=failed] [data-send]")
    expect(page.locator(".site-card[data-state=done]")).to_have_count(2)
    assert Listing.objects.count() == Artwork.objects.count() == 2


def test_signing_in_again_elsewhere_lets_the_cards_go_on(offering: Callable[..., Any], files: list[Path]) -> None:
    page = offering([files[0], files[2]])
    share(page)
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.click("[data-offer-all]")
    page.wait_for_selector("[data-status]:has-text('Arrived: 0 of 2')")
    assert "You are signed out" in page.inner_text(".site-card >> nth=0")
    assert [cookie["name"] for cookie in cookies if cookie["name"] == "sessionid"] == ["sessionid"]
    other = page.context.new_page()
    sign_in(other)  # which also changes the token that guards forms
    page.click("[data-offer-all]")
    page.wait_for_selector("[data-status]:has-text('All your works have arrived: 2.')")
    assert page.inner_text(":focus") == "My works"
    assert Listing.objects.count() == 2


def test_more_files_join_and_a_picture_too_many_can_go(offering: Callable[..., Any], files: list[Path]) -> None:
    page = offering([files[0], files[2]])
    share(page)
    page.set_input_files("#batch-more", files[0])
    expect(page.locator(".site-card[data-state=ready]")).to_have_count(3)
    assert page.input_value("#card3_price") == "120"  # what is said for all holds for it too
    page.click(".site-card >> nth=0 >> [data-remove]")
    assert page.evaluate("document.activeElement.closest('.site-card').querySelector('h3').id") == "card2_name"
    page.click(".site-card >> nth=0 >> [data-remove]")
    page.click(".site-card >> nth=0 >> [data-remove]")
    assert page.is_visible("[data-single]")


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("PNG", "RGB", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "CMYK", {"progressive": True}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGB", {"lossless": True}),
        ("WEBP", "RGBA", {}),
        ("GIF", "P", {}),
        ("AVIF", "RGB", {}),
    ],
)
def test_the_browser_reads_each_formats_size_as_the_server_does(
    name: str, mode: str, options: dict[str, Any], open_browser: Callable[..., Any], artist: User
) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (321, 123)).save(buffer, name, **options)
    assert look(open_browser(), buffer.getvalue()) == {"format": name, "width": 321, "height": 123}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + ispe(320, 240) + ispe(4032, 3024), ("HEIF", 4032, 3024)),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 40, ("", 0, 0)),
        (b"\xff\xd8\xff\xe0" + b"\0" * 40, ("JPEG", 0, 0)),
        (b"\xff\xd8\xff\xe0\xff\xff" + b"\0" * 40, ("JPEG", 0, 0)),
        (b"GIF89a\x01\x00", ("", 0, 0)),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 4, ("WEBP", 0, 0)),
        (TORN, ("PNG", 0, 0)),
        (b"", ("", 0, 0)),
    ],
)
def test_odd_files_are_no_riddle_to_the_browser(
    data: bytes, found: tuple[str, int, int], open_browser: Callable[..., Any], artist: User
) -> None:
    assert tuple(look(open_browser(), data).values()) == found


def test_too_many_pixels_are_said_before_anything_is_sent(
    open_browser: Callable[..., Any], artist: User, tmp_path: Path
) -> None:
    Image.new("1", (8000, 7000)).save(tmp_path / "vast.png")
    page = open_browser()
    sign_in(page)
    page.goto("/works/new")
    page.set_input_files("#id_picture", tmp_path / "vast.png")
    page.wait_for_selector("[data-problem]:has-text('more than 50 megapixels')")
    assert page.evaluate("document.querySelector('#id_picture').files.length") == 0


def test_a_work_can_be_called_back_while_it_travels(offering: Callable[..., Any], files: list[Path]) -> None:
    page = offering([files[0], files[2]])
    share(page)
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/works/new", hold_the_first)
    page.click("[data-offer-all]")
    expect(page.locator(".site-card[data-state=sending]")).to_have_count(1)
    page.click(".site-card >> nth=0 >> [data-remove]")
    page.wait_for_selector("[data-status]:has-text('All your works have arrived: 1.')")
    assert [listing.title for listing in Listing.objects.all()] == ["high tide"]


def test_a_file_that_misses_its_place_does_not_open_instead_of_the_page(
    offering: Callable[..., Any], files: list[Path]
) -> None:
    page = offering([files[0], files[2]])
    kept = page.evaluate(
        """() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["x"], "x.png"));
            const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
            document.querySelector("footer").dispatchEvent(drop);
            return drop.defaultPrevented;
        }"""
    )
    assert kept
    assert len(states(page)) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_files_are_dragged_in_from_the_desktop(
    count: int, open_browser: Callable[..., Any], artist: User, files: list[Path]
) -> None:
    page = open_browser()
    sign_in(page)
    page.goto("/works/new")
    box = page.locator("[data-drop]").bounding_box()
    files[1].write_bytes(files[0].read_bytes() + b"\0")
    dragged = {"items": [], "files": [str(path) for path in files[:count]], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)

    def drag(kind: str) -> None:
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        devtools.send("Input.dispatchDragEvent", {"type": kind, "data": dragged, **place})

    drag("dragEnter")
    drag("dragOver")
    expect(page.locator("[data-drop][data-over]")).to_have_count(1)  # it shows where they may fall
    drag("drop")
    expect(page.locator("[data-drop][data-over]")).to_have_count(0)
    if count == 1:
        expect(page.locator("[data-drop-name]")).to_contain_text("low_tide.png")
        expect(page.locator("[data-preview]:visible")).to_have_count(1)
    else:
        expect(page.locator(".site-card[data-state=ready]")).to_have_count(3)
        expect(page.locator(".site-card [data-preview]:visible")).to_have_count(3)


def test_each_file_tells_how_far_it_is(offering: Callable[..., Any], tmp_path: Path) -> None:
    files = [tmp_path / "one.png", tmp_path / "two.png"]
    for file in files:
        Image.effect_noise((500, 500), 90).save(file)
    page = offering(files)
    share(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 60_000}
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", slow)
    page.click("[data-offer-all]")
    under_way = re.compile(r"Sending: [1-9]\d? %")
    expect(page.locator("[data-word]").nth(0)).to_have_text(under_way, timeout=20_000)
    assert page.locator(".site-card >> nth=0 >> progress").evaluate("bar => bar.value > 0 && bar.value < 100")
    expect(page.locator("[data-word]").nth(1)).to_have_text("")
    expect(page.locator("[data-word]").nth(1)).to_have_text(under_way, timeout=60_000)
    devtools.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    page.wait_for_selector("[data-status]:has-text('All your works have arrived: 2.')")


def test_progress_is_shown_while_a_work_travels(offering: Callable[..., Any], files: list[Path]) -> None:
    page = offering([files[0], files[2]])
    share(page)
    held: list[Any] = []
    page.route("**/works/new", lambda route: held.append(route) if route.request.method == "POST" else None)
    page.click("[data-offer-all]")
    expect(page.locator(".site-card[data-state=sending]")).to_have_count(1)
    assert page.is_visible(".site-card >> nth=0 >> [data-progress]")
    assert page.is_disabled("#card1_title")
    assert page.is_enabled("#card2_title")  # the next one can still be changed
    page.dispatch_event("[data-offer-all]", "click")  # again, impatiently
    page.fill("#card2_title", "Changed Meanwhile")
    assert len(held) == 1
    held.pop().continue_()
    expect(page.locator(".site-card[data-state=done]")).to_have_count(1)
    for _ in range(100):
        if held:
            break
        page.wait_for_timeout(50)
    held.pop().continue_()
    page.wait_for_selector("[data-status]:has-text('All your works have arrived: 2.')")
    assert sorted(Listing.objects.values_list("title", flat=True)) == ["Changed Meanwhile", "low tide"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_cards_are_within_everyones_reach(theme: str, offering: Callable[..., Any], files: list[Path]) -> None:
    page = offering(files, color_scheme=theme, viewport={"width": 360, "height": 740}, bypass_csp=True)
    page.click("[data-offer-all]")
    page.wait_for_selector("[data-status]:has-text('Arrived: 0 of 3')")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["target"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ends = """() => [document.activeElement, document.querySelector(".site-batch__end")].map(
        (element) => element.getBoundingClientRect())"""
    focused, bar = page.evaluate(ends)
    assert focused["bottom"] <= bar["top"]  # the bar at the bottom covers no field that has the focus
    share(page)
    page.click("[data-offer-all]")
    page.wait_for_selector("[data-status]:has-text('Arrived: 2 of 3')")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["target"]) for one in found] == []
