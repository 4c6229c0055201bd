"""Files made to break a reader: every one is read or refused with a clear message, none crashes it."""

from __future__ import annotations

import io
import random
import zlib

import numpy as np
import pytest
from PIL import Image

from ml.artwork import read_artwork
from ml.containers import exif_orientation, gif_frames, sniff
from ml.probe import ArtworkError, probe
from tests.ml.pictures import encoded, painting, png_announcing, png_chunk, with_chunk

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")


def outcome(data: bytes) -> str:
    """Read a file; anything but a picture or an :class:`ArtworkError` fails the test."""
    try:
        artwork = read_artwork(data)
    except ArtworkError as error:
        return error.code if str(error).endswith(".") else "no sentence"
    assert artwork.pixels.ndim == 3
    assert artwork.pixels.shape[2] == 3
    return "read"


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bytes(kind: str) -> None:
    whole = encoded(painting(90, 120), kind)
    dice = random.Random(f"flip {kind}")
    outcomes = set()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.choice([1, 3, 20])):
            data[dice.randrange(len(data) if dice.random() < 0.5 else min(200, len(data)))] = dice.randrange(256)
        outcomes.add(outcome(bytes(data)))
    assert {"read", "damaged"} <= outcomes
    assert "no sentence" not in outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_near_the_start(kind: str) -> None:
    whole = encoded(painting(90, 120), kind, exif=Image.Exif().tobytes() if kind != "GIF" else b"")
    assert all(outcome(whole[:length]) != "read" for length in range(min(200, len(whole) - 20)))


@pytest.mark.parametrize("kind", KINDS)
def test_spliced_files(kind: str) -> None:
    whole = encoded(painting(90, 120), kind)
    for other in KINDS:
        rest = encoded(painting(60, 60, seed=2), other)
        outcome(whole[: len(whole) // 2] + rest)
        # What a viewer shows counts: the first picture, whatever is hidden behind it.
        assert outcome(whole + rest) == "read"
        assert probe(whole + rest).width == 90


def test_a_liar_is_taken_by_its_bytes_or_refused() -> None:
    assert outcome(b"\x89PNG\r\n\x1a\n" + encoded(painting(90, 120), "JPEG")) == "damaged"
    assert outcome(b"GIF89a" + b"\xff" * 3000) in ("damaged", "too_many_pixels")
    assert outcome(b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 100) == "damaged"
    assert outcome(b"\0\0\0\x1cftypavif" + b"avif" * 400) == "damaged"


def test_a_picture_that_announces_more_than_it_holds() -> None:
    assert outcome(png_announcing(6000, 6000)) == "damaged"


def test_a_compressed_bomb_inside_the_pixels() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000)
    png = encoded(painting(30, 30))
    start = png.index(b"IDAT") - 4
    assert outcome(png[:start] + png_chunk(b"IDAT", bomb) + png_chunk(b"IEND", b"")) in ("read", "damaged")


def test_a_chunk_that_claims_four_gigabytes() -> None:
    png = encoded(painting(30, 30))
    torn = png[:33] + b"\xff\xff\xff\xfftEXt" + png[33:]
    assert outcome(torn) == "damaged"


def test_thousands_of_tiny_chunks_and_frames_are_walked_quickly() -> None:
    png = encoded(painting(30, 30))
    assert outcome(png[:33] + png_chunk(b"tEXt", b"a\0b") * 200_000 + png[33:]) == "read"
    gif = encoded(painting(30, 30), "GIF")
    frame = b"\x2c" + b"\0\0\0\0\x01\0\x01\0\0" + b"\x02\x02\x44\x01\0"
    assert outcome(gif[:-1] + frame * 500_000 + b";") == "too_many_frames"
    assert gif_frames(gif[:-1] + frame * 500_000, 100) == 101


def test_jpeg_segments_that_lie() -> None:
    jpeg = encoded(painting(90, 120), "JPEG")
    for lie in (
        b"\xff\xe1\xff\xff",
        b"\xff\xe1\0\0",
        b"\xff\xff\xff\xff",
        b"\xff\xe2\0\x06MPF\0",
        b"\xff\xd8\xff\xd8",
    ):
        assert outcome(jpeg[:2] + lie + jpeg[2:]) in ("read", "damaged"), lie
    nested = b"\xff\xe1" + (2 + 6 + 8).to_bytes(2, "big") + b"Exif\0\0" + b"II*\0\xff\xff\xff\x7f"
    assert outcome(jpeg[:2] + nested * 1000 + jpeg[2:]) == "read"


def test_exif_blocks_that_lie() -> None:
    good = Image.Exif()
    good[0x0112] = 6
    block = good.tobytes()
    assert exif_orientation(block) == 6
    dice = random.Random("exif")
    for _ in range(2000):
        data = bytearray(block)
        data[dice.randrange(len(data))] = dice.randrange(256)
        assert 1 <= exif_orientation(bytes(data[: dice.randrange(len(data) + 1)])) <= 8


def test_orientation_in_jpegs_and_its_thumbnail_does_not_count() -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    turned = read_artwork(encoded(painting(600, 400), "JPEG", quality=95, exif=tags)).pixels
    upright = read_artwork(encoded(painting(600, 400).transpose(Image.Transpose.ROTATE_270), "JPEG", quality=95))
    assert np.abs(turned.astype(int) - upright.pixels).mean() < 2


def test_xmp_orientation_is_ignored_as_browsers_do() -> None:
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation='6'/></x:xmpmeta>"
    jpeg = encoded(painting(600, 400), "JPEG")
    segment = b"\xff\xe1" + (2 + len(xmp)).to_bytes(2, "big") + xmp
    assert read_artwork(jpeg[:2] + segment + jpeg[2:]).pixels.shape[:2] == (384, 576)
    png = with_chunk(encoded(painting(600, 400)), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    assert read_artwork(png).pixels.shape[:2] == (384, 576)


def test_a_file_object_that_cannot_seek() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert read_artwork(Pipe(encoded(painting(90, 120)))).header.width == 90


def test_sniffing_needs_no_more_than_is_there() -> None:
    for length in range(16):
        assert sniff(b"\0\0\0\x1cftypavif"[:length]) in (None, "AVIF")
