from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from marketplace.models import Listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client


def _bomb() -> bytes:
    """A PNG of a few bytes whose header promises 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def _tiff() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "TIFF")
    return buffer.getvalue()


BAD_FILES: dict[str, bytes] = {
    "empty": b"",
    "text": b"this is no picture at all, just words" * 20,
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "torn png": b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
    "torn jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 40,
    "bomb": _bomb(),
    "tiff": _tiff(),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_a_kind_error_and_nothing_is_stored(
    name: str, as_artist: Client, form_data: Callable[..., dict[str, Any]]
) -> None:
    response = as_artist.post("/works/new", form_data(picture=BAD_FILES[name]))
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert list(errors) == ["picture"]
    sentence = errors["picture"][0]
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert "Exception" not in sentence
    assert sentence in response.content.decode().replace("&#x27;", "'")
    assert not Listing.objects.exists()
    assert not default_storage.exists("listings")


def test_a_file_past_the_limit_is_dropped_on_the_way_in(
    as_artist: Client, form_data: Callable[..., dict[str, Any]], paint: Callable[..., bytes], settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 100_000
    response = as_artist.post("/works/new", form_data(picture=paint(0.1) + b"\0" * 150_000))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["picture"]
    assert "larger than" in response.content.decode()
    assert response.context["form"]["title"].value() == "Low Tide"  # what was typed is still there


def test_a_request_past_all_reason_is_cut_off(
    as_artist: Client, form_data: Callable[..., dict[str, Any]], settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 10_000
    response = as_artist.post("/works/new", form_data(picture=b"\0" * 200_000))
    assert response.status_code == 422
    assert "larger than" in response.content.decode()
    assert not Listing.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("picture", None),
        ("title", ""),
        ("title", " "),
        ("title", "x" * 121),
        ("category", ""),
        ("category", "sculpture"),
        ("price", ""),
        ("price", "-1"),
        ("price", "much"),
        ("price", "1.005"),
        ("price", "1e9"),
        ("price", "NaN"),
        ("currency", "XXX"),
        ("declared_origin", None),
        ("declared_origin", "aliens"),
        ("description", "x" * 4001),
    ],
)
def test_a_wrong_field_is_named_beside_the_field(
    field: str, value: str | None, as_artist: Client, form_data: Callable[..., dict[str, Any]]
) -> None:
    response = as_artist.post("/works/new", form_data(**{field: value}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    page = response.content.decode()
    assert f'id="id_{field}_error"' in page
    if field != "declared_origin":
        assert 'aria-invalid="true"' in page
    assert not Listing.objects.exists()


def test_a_price_in_yen_has_no_decimals(as_artist: Client, form_data: Callable[..., dict[str, Any]]) -> None:
    response = as_artist.post("/works/new", form_data(currency="JPY", price="100.50"))
    assert list(response.context["form"].errors) == ["price"]
    assert as_artist.post("/works/new", form_data(currency="JPY", price="100.00")).status_code == 302


@pytest.mark.parametrize("is_there", [True, False])
def test_the_page_names_heic_only_where_it_can_be_read(
    is_there: bool, as_artist: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketplace.forms.available_formats", lambda: {"PNG": True, "HEIF": is_there})
    page = as_artist.get("/works/new").content.decode()
    assert ("AVIF or HEIC, up to" in page) is is_there
    assert f'data-formats="{"PNG HEIF" if is_there else "PNG"}"' in page
