"""Each format that is promised goes the whole way: the form, the worker, the buyers' page."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import expect

from marketplace.models import Listing
from moderation import services
from moderation.models import Artwork
from tests import heic
from tests.marketplace.browsing import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.contrib.auth.models import User

SEA = Image.new("RGB", heic.SIZE, heic.SEA)
FIRE = Image.new("RGB", heic.SIZE, (250, 60, 40))


def encoded(kind: str) -> bytes:
    """Return a calm picture of that kind; a GIF goes on with a second frame that would be held."""
    if kind == "HEIF":
        return heic.PICTURE
    buffer = io.BytesIO()
    SEA.save(buffer, kind, **({"save_all": True, "append_images": [FIRE]} if kind == "GIF" else {}))
    return buffer.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF"])
def test_a_work_of_each_format_is_taken_screened_and_shown(
    kind: str, as_artist: Client, form_data: Callable[..., dict[str, Any]]
) -> None:
    data = encoded(kind)
    assert as_artist.post("/works/new", form_data(picture=data)).status_code == 302
    listing = Listing.objects.get()
    assert (listing.picture_width, listing.picture_height) == heic.SIZE
    assert services.screen_pending() == 1
    artwork = Artwork.objects.get()
    assert artwork.standing == "cleared"  # by its first frame
    assert artwork.screenings.get().p_ai == pytest.approx(0.1, abs=0.03)

    buyer = Client()
    assert f"/moderation/artworks/{artwork.reference}/file" in buyer.get(listing.get_absolute_url()).content.decode()
    for part, at_most in (("file", 2048), ("thumbnail", 640)):
        answer = buyer.get(f"/moderation/artworks/{artwork.reference}/{part}")
        assert answer["Content-Type"] != "image/heic"  # browsers would show a broken picture
        with Image.open(io.BytesIO(b"".join(answer))) as shown:
            assert shown.size == heic.SIZE
            assert max(shown.size) <= at_most
            red, green, blue = shown.convert("RGB").getpixel((10, 10))  # type: ignore[misc]
        assert max(abs(red - 20), abs(green - 90), abs(blue - 140)) < 12
    original = buyer.get(f"/moderation/artworks/{artwork.reference}/file?original")
    assert b"".join(original) == data


@pytest.mark.django_db
def test_a_labelled_heic_says_so_in_the_copy_that_buyers_see(
    as_artist: Client, form_data: Callable[..., dict[str, Any]]
) -> None:
    as_artist.post("/works/new", form_data(picture=heic.PICTURE, declared_origin="generated"))
    services.screen_pending()
    answer = Client().get(f"/moderation/artworks/{Artwork.objects.get().reference}/file")
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert b"trainedAlgorithmicMedia" in shown.info["xmp"]
        assert shown.size == heic.SIZE


@pytest.fixture
def without_heic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the extra ``heif`` away."""
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    monkeypatch.setattr(Image, "OPEN", {name: how for name, how in Image.OPEN.items() if name != "HEIF"})


@pytest.mark.django_db
def test_without_the_extra_a_heic_is_refused_with_a_way_out(
    without_heic: None, as_artist: Client, form_data: Callable[..., dict[str, Any]]
) -> None:
    page = as_artist.get("/works/new").content.decode()
    assert "HEIC" not in page
    assert "image/heic" not in page  # a telephone then sends a JPEG of its own accord
    response = as_artist.post("/works/new", form_data(picture=heic.PICTURE))
    assert response.context["form"].errors["picture"] == [
        "HEIC pictures cannot be read here. Save the picture as PNG, JPEG or WebP."
    ]
    assert not Listing.objects.exists()


@pytest.mark.django_db
def test_a_heic_that_came_before_the_extra_was_taken_away_ends_before_a_person(
    as_artist: Client, form_data: Callable[..., dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    as_artist.post("/works/new", form_data(picture=heic.PICTURE))
    request.getfixturevalue("without_heic")
    services.screen_pending()
    artwork = Artwork.objects.get()
    assert (artwork.standing, artwork.cases.get().kind) == ("held", "unscreened")


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A telephone's picture."""
    path = tmp_path / "IMG_2041.HEIC"
    path.write_bytes(heic.PICTURE)
    return path


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_heic_is_offered_in_the_browser_and_seen_by_buyers(
    open_browser: Callable[..., Any], artist: User, red_classifier: None, photograph: Path
) -> None:
    page = open_browser()
    sign_in(page)
    page.goto("/works/new")
    page.set_input_files("#id_picture", photograph)
    expect(page.locator("[data-drop-name]")).to_contain_text("320 × 240")
    expect(page.locator("[data-preview]")).to_be_hidden()  # this browser cannot, and says nothing wrong
    page.fill("#id_title", "Sea")
    page.select_option("#id_category", "photograph")
    page.fill("#id_price", "120")
    page.check("input[value=handmade]")
    page.click("text=Offer this work")
    page.wait_for_url("**/works")
    services.screen_pending()
    buyer = open_browser()
    buyer.goto("/")
    buyer.click("text=Sea")
    picture = buyer.locator("img[itemprop=image]")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_without_the_extra_the_browser_says_so_before_anything_is_sent(
    without_heic: None, open_browser: Callable[..., Any], artist: User, photograph: Path
) -> None:
    page = open_browser()
    sign_in(page)
    page.goto("/works/new")
    page.set_input_files("#id_picture", photograph)
    expect(page.locator("[data-problem]:visible")).to_have_text(
        "Pictures in this format cannot be read here. Save the picture as PNG, JPEG or WebP."
    )
    assert page.evaluate("document.querySelector('#id_picture').files.length") == 0
