"""What a working file is, and what it tells; and that none of them hurts."""

from __future__ import annotations

import io
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moderation.models import FileKind
from moderation.workfiles.kinds import HEAD, clean_name, kind_of
from moderation.workfiles.summaries import summarise
from moderation.workfiles.summary import PROBLEMS, Unreadable
from tests import heic
from tests.moderation.hearing import workfiles

if TYPE_CHECKING:
    from collections.abc import Callable


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[305] = "Paint 9"
    exif[306] = "2026:03:01 09:30:00"
    Image.new("RGB", (32, 24), (200, 10, 10)).save(buffer, kind, exif=exif)
    return buffer.getvalue()


SAMPLES: dict[str, tuple[FileKind, Callable[[], bytes]]] = {
    "a.png": (FileKind.PICTURE, lambda: picture("PNG")),
    "a.jpg": (FileKind.PICTURE, lambda: picture("JPEG")),
    "a.webp": (FileKind.PICTURE, lambda: picture("WEBP")),
    "a.gif": (FileKind.PICTURE, lambda: picture("GIF")),
    "a.avif": (FileKind.PICTURE, lambda: picture("AVIF")),
    "a.heic": (FileKind.PICTURE, lambda: heic.PICTURE),
    "a.psd": (FileKind.PSD, workfiles.photoshop),
    "a.kra": (FileKind.KRA, workfiles.krita),
    "a.clip": (FileKind.CLIP, workfiles.clip_studio),
    "a.xcf": (FileKind.XCF, workfiles.gimp),
    "a.procreate": (FileKind.PROCREATE, workfiles.procreate),
    "a.mp4": (FileKind.VIDEO, workfiles.video),
    "a.mov": (FileKind.VIDEO, lambda: workfiles.video(brand=b"qt  ")),
    "a.webm": (FileKind.VIDEO, workfiles.webm),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_first_bytes_tell_the_kind(name: str) -> None:
    kind, make = SAMPLES[name]
    lying = name if kind == FileKind.PROCREATE else "holiday.txt"
    assert kind_of(make()[:HEAD], lying) == kind


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"MZ\x90\x00" + bytes(60), "sketch.png"),
        (b"#!/bin/sh\nrm -rf /\n", "sketch.jpg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "sketch.png"),
        (b"<html><script>alert(1)</script>", "sketch.webp"),
        (b"%PDF-1.7\n", "sketch.psd"),
        (b"PK\x03\x04" + bytes(60), "sketch.kra"),
        (b"PK\x03\x04" + bytes(60), "sketch.zip"),
        (b"II*\x00" + bytes(60), "sketch.tiff"),
        (b"BM" + bytes(60), "sketch.png"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x88matroska" + bytes(60), "sketch.webm"),
        (b"", "sketch.png"),
    ],
)
def test_what_is_not_accepted(data: bytes, name: str) -> None:
    assert kind_of(data, name) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\mia\\work.PNG", "work.png"),
        ("a\r\nContent-Type: text/html.png", "aContent-Type textthml.png"),
        ("絵.jpeg", "絵.jpeg"),
        ("...", "picture.png"),
        ("x" * 300 + ".png", "x" * 100 + ".png"),
        ("movie.exe", "movie.png"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    cleaned = clean_name(given, FileKind.PICTURE)
    if "\r" in given:
        assert cleaned.isprintable()
        assert not set(cleaned) & set("/:\\")
    else:
        assert cleaned == kept


def tell(name: str, data: bytes | None = None) -> dict[str, Any]:
    kind, make = SAMPLES[name]
    return summarise(io.BytesIO(make() if data is None else data), kind).as_dict()


def test_a_picture_tells_size_program_and_date() -> None:
    told = tell("a.jpg")
    assert (told["width"], told["height"], told["program"]) == (32, 24, "Paint 9")
    assert told["changed"] == "2026:03:01 09:30:00"


def test_a_telephones_picture_tells_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (tell("a.heic")["width"], tell("a.heic")["height"]) == heic.SIZE
    monkeypatch.setitem(sys.modules, "pi_heif", None)  # without the extra it is kept all the same
    monkeypatch.setattr(Image, "OPEN", {name: how for name, how in Image.OPEN.items() if name != "HEIF"})
    assert tell("a.heic") == {"problem": "no_reader"}


def test_a_large_picture_is_not_called_damaged() -> None:
    large = picture("PNG") + bytes(21 * 1024 * 1024)  # more than a work may have, less than an appeal's file
    assert (tell("a.png", large)["width"], tell("a.png", large)["height"]) == (32, 24)
    vast = io.BytesIO()
    Image.new("1", (8000, 7000)).save(vast, "PNG")
    with pytest.raises(Unreadable) as caught:
        tell("a.png", vast.getvalue())
    assert caught.value.code == "too_much_inside"


def test_a_photoshop_file_tells_its_layers() -> None:
    told = tell("a.psd")
    assert (told["width"], told["height"], told["depth"], told["layers"], told["groups"]) == (64, 48, 8, 2, 0)
    assert told["layer_names"] == ["Stroke 0", "Stroke 1"]


def test_without_psd_tools_its_header_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    data = workfiles.photoshop()
    monkeypatch.setitem(__import__("sys").modules, "psd_tools", None)
    assert tell("a.psd", data) == {"width": 64, "height": 48, "depth": 8, "problem": "no_reader"}


def test_a_krita_file_tells_layers_and_time() -> None:
    told = tell("a.kra")
    assert (told["width"], told["height"], told["layers"], told["groups"]) == (800, 600, 3, 1)
    assert told["program"] == "Krita 5.2.2"
    assert (told["saved_times"], told["worked_seconds"]) == (41, 7260)
    assert told["created"] == "2026-03-01T09:00:00"
    assert told["layer_names"] == ["Figure", "Layer 0", "Layer 1", "Layer 2"]


def test_a_procreate_file_tells_strokes_and_recording() -> None:
    told = tell("a.procreate")
    assert (told["width"], told["height"], told["layers"]) == (1640, 2360, 2)
    assert (told["strokes"], told["recordings"]) == (1234, 3)
    assert told["layer_names"] == ["Inks", "Colour"]


@pytest.mark.parametrize("version", [2, 10, 11, 20])
def test_a_gimp_file_tells_its_layers(version: int) -> None:
    told = tell("a.xcf", workfiles.gimp(version=version))
    assert (told["width"], told["height"], told["layers"]) == (320, 240, 2)
    assert told["layer_names"] == ["Background", "Lines"]


@pytest.mark.parametrize("wide", [False, True])
def test_a_recording_tells_its_length(wide: bool) -> None:
    told = tell("a.mp4", workfiles.video(wide=wide))
    assert told["seconds"] == 754
    assert told["created"].startswith("2024-05-")


@pytest.mark.parametrize("name", ["a.clip", "a.webm"])
def test_what_is_only_recognised_says_so(name: str) -> None:
    assert tell(name)["problem"] == "no_reader"


def bomb() -> bytes:
    """A Krita file whose main document unpacks to 50 MB."""
    return workfiles.krita(xml=b"<DOC>" + b" " * 50_000_000 + b"</DOC>")


def crowd() -> bytes:
    """An archive with more members than anybody paints layers."""
    buffer = io.BytesIO(workfiles.krita())
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(20_001):
            archive.writestr(f"x/{number}", b"")
    return buffer.getvalue()


BILLION = b"""<?xml version="1.0"?><!DOCTYPE DOC [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><DOC>&c;</DOC>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE DOC [<!ENTITY a SYSTEM "file:///etc/passwd">]><DOC>&a;</DOC>"""


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (bomb, "too_much_inside"),
        (crowd, "too_much_inside"),
        (lambda: workfiles.krita(xml=BILLION), "damaged"),
        (lambda: workfiles.krita(xml=OUTSIDE), "damaged"),
        (lambda: workfiles.krita(xml=b"<DOC/>"), "not_what_it_says"),
        (lambda: workfiles.krita()[:-40], "damaged"),
    ],
)
def test_hostile_archives_are_refused_within_bounds(make: Callable[[], bytes], code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        tell("a.kra", make())
    assert caught.value.code == code
    assert code in PROBLEMS


def test_a_zip_that_is_no_procreate_file() -> None:
    with pytest.raises(Unreadable) as caught:
        tell("a.procreate", workfiles.krita())
    assert caught.value.code == "not_what_it_says"


def test_a_broken_procreate_document_still_tells_the_recording() -> None:
    told = tell("a.procreate", workfiles.procreate(document=b"bplist00 broken"))
    assert told == {"program": "Procreate", "recordings": 3, "problem": "damaged"}


def what_comes_of(data: bytes, kind: FileKind) -> str:
    """Return "told" where the file tells something (bounded), else the code that says why not."""
    try:
        told = summarise(io.BytesIO(data), kind).as_dict()
    except Unreadable as error:
        return error.code
    return "told" if len(told.get("layer_names", [])) <= 40 else "too many names"


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_off_files_end_in_words(name: str) -> None:
    kind, make = SAMPLES[name]
    whole = make()
    for length in {0, 1, 8, 20, 30, len(whole) // 2, len(whole) - 1}:
        assert what_comes_of(whole[:length], kind) in ("told", *PROBLEMS)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_broken_bytes_end_in_words(data: st.DataObject) -> None:
    kind, make = SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))]
    broken = bytearray(make())
    for _flip in range(data.draw(st.integers(1, 12))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    assert what_comes_of(bytes(broken), kind) in ("told", *PROBLEMS)
