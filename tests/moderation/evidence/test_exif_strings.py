"""EXIF strings in every byte order and character set, and directories that mean harm."""

from __future__ import annotations

import struct

import pytest

from moderation.evidence.containers.exif import read_exif, user_comment
from moderation.evidence.containers.marks import Collector, Marks
from tests.moderation.evidence import painting

TEXT = "a lighthouse, Steps: 20"


def read(block: bytes) -> Marks:
    collector = Collector("TEST")
    read_exif(block, collector)
    return collector.marks()


@pytest.mark.parametrize(
    "charset", ["UNICODE-BE", "UNICODE-LE", "UNICODE-BOM", "UNICODE-UTF8", "ASCII", "JIS", "UNDEFINED", "BARE"]
)
def test_user_comment_in_every_character_set(charset: str) -> None:
    assert user_comment(painting.comment(TEXT, charset)) == TEXT


@pytest.mark.parametrize("charset", ["UNICODE-BE", "UNICODE-LE", "UNICODE-BOM", "UNICODE-UTF8", "ASCII", "JIS"])
def test_user_comment_in_japanese(charset: str) -> None:
    text = "灯台の夕暮れ、高品質"
    assert user_comment(painting.comment(text, charset), "<" if charset == "UNICODE-LE" else ">") == text


@pytest.mark.parametrize("order", [">", "<"])
def test_byte_order_and_short_values(order: str) -> None:
    marks = read(painting.tiff([(painting.MAKE, 2, b"ab\x00"), (painting.MODEL, 2, b"a longer one\x00")], order))
    assert marks.exif == {"Make": "ab", "Model": "a longer one"}


def test_xp_comment_is_little_endian_utf16() -> None:
    assert read(painting.tiff([(0x9C9C, 1, "käse\x00".encode("utf-16-le"))])).exif == {"XPComment": "käse"}


def test_xmp_in_a_tiff_tag() -> None:
    assert read(painting.tiff([(0x02BC, 1, b"<x/>padded")])).xmp == (b"<x/>padded",)


def test_a_directory_that_points_at_itself_is_read_once() -> None:
    marks = read(painting.tiff([(painting.MAKE, 2, b"ab\x00")], private=8))
    assert marks.exif == {"Make": "ab"}
    assert marks.problems == ("an EXIF directory points at itself",)


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (b"MM\x00*" + struct.pack(">I", 2**31), "an EXIF directory lies outside its block"),
        (b"MM\x00*" + struct.pack(">IH", 8, 65_535) + bytes(12), "an EXIF directory has too many entries"),
        (b"II*\x00" + struct.pack("<IH", 8, 9), "an EXIF directory is cut short"),
        (b"MM\x00*" + struct.pack(">IHHHII", 8, 1, 0x9286, 7, 2**32 - 1, 26), "an EXIF text is larger than 1 MiB"),
        (b"MM\x00*" + struct.pack(">IHHHII", 8, 1, 0x9286, 7, 99, 2**32 - 1), "an EXIF text lies outside its block"),
        (b"XX*\x00aaaaaaaa", "the EXIF block has no TIFF header"),
    ],
)
def test_harmful_directories_are_problems(block: bytes, problem: str) -> None:
    assert problem in read(block).problems


def test_an_empty_block_is_no_problem() -> None:
    assert read(b"Exif\x00\x00" + bytes(40)).problems == ()
