"""Small copies keep what the original or a person says of the work's making."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from moderation import services
from moderation.evidence.base import Subject
from moderation.evidence.content_credentials import ContentCredentials
from moderation.renditions import stated_source, with_source_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

GENERATED = "trainedAlgorithmicMedia"


def webp(size: tuple[int, int] = (33, 20), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, "WEBP", **options)
    return buffer.getvalue()


def xmp_of(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return bytes(picture.info.get("xmp", b""))


@pytest.mark.parametrize("options", [{}, {"lossless": True}])
@pytest.mark.parametrize("size", [(1, 1), (33, 20), (640, 3)])
def test_the_copy_opens_and_says_it(options: dict[str, Any], size: tuple[int, int]) -> None:
    plain = webp(size, **options)
    marked = with_source_type(plain, term=GENERATED)
    assert f"digitalsourcetype/{GENERATED}".encode() in xmp_of(marked)
    with Image.open(io.BytesIO(marked)) as picture, Image.open(io.BytesIO(plain)) as before:
        assert picture.size == size
        assert picture.convert("RGB").tobytes() == before.convert("RGB").tobytes()


def test_our_own_reader_finds_it() -> None:
    marked = with_source_type(webp(), term=GENERATED)
    found = ContentCredentials().read(Subject(data=marked, sha256=""))
    assert [finding.kind for finding in found] == ["trained-algorithmic-media"]


@pytest.mark.parametrize("data", [b"", b"RIFF", webp(exact=True, xmp=b"<x/>"), b"\x89PNG\r\n\x1a\n" + b"0" * 40])
def test_other_files_are_left_alone(data: bytes) -> None:
    assert with_source_type(data, term=GENERATED) == data
    assert with_source_type(webp(), term="") == webp()


def test_the_first_stated_source_counts() -> None:
    assert stated_source([{"kind": "a1111"}, {"kind": "trained-algorithmic-media"}]) == GENERATED
    assert stated_source([{"kind": "digital-creation"}]) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("declared", ["generated", "assisted", "handmade"])
def test_thumbnails_say_what_the_label_says(
    client: Client, make_listing: Callable[..., Any], artwork_of: Any, declared: str
) -> None:
    listing = make_listing(declared_origin=declared, score=0.1)
    services.screen_pending()
    answer = client.get(f"/moderation/artworks/{artwork_of(listing).reference}/thumbnail")
    term = {"generated": GENERATED, "assisted": "compositeWithTrainedAlgorithmicMedia", "handmade": ""}[declared]
    assert answer.status_code == 200
    assert (f"digitalsourcetype/{term}".encode() in xmp_of(answer.content)) is bool(term)


@pytest.mark.django_db
def test_what_the_original_states_is_carried_over(
    client: Client, make_listing: Callable[..., Any], artwork_of: Any
) -> None:
    stated = with_source_type(webp((64, 48)), term=GENERATED)
    listing = make_listing(data=stated)
    services.screen_pending()
    artwork = artwork_of(listing)
    assert artwork.thumbnail.source_type == GENERATED
    assert artwork.is_visible
    answer = client.get(f"/moderation/artworks/{artwork.reference}/thumbnail")
    assert GENERATED.encode() in xmp_of(answer.content)
