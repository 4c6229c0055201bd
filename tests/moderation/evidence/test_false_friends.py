"""Nobody else is taken for a generator, and texts stay data."""

from __future__ import annotations

import json
import struct

import pytest

from moderation.evidence import sheet
from moderation.evidence.base import Strength, Subject
from moderation.evidence.containers import read_marks
from moderation.evidence.content_credentials import ContentCredentials
from moderation.evidence.generator_metadata import GeneratorMetadata
from tests.moderation.evidence import painting
from tests.moderation.evidence.painting import (
    ARTIST,
    IMAGE_DESCRIPTION,
    MAKE,
    MODEL,
    SOFTWARE,
    png,
    with_exif,
)
from tests.moderation.evidence.reading import only, read, user_comment, xmp_in

GRAPH, WORKFLOW = json.dumps(painting.GRAPH), json.dumps(painting.WORKFLOW)


@pytest.mark.parametrize(
    "data",
    [
        png(),
        png({"Software": "Adobe Photoshop 25.0", "Comment": "Created with GIMP", "Title": "Fireflies at night"}),
        png({"parameters": "width=3, height=4"}),
        png({"prompt": "Draw a tree from memory (art school, week 3)"}),
        png({"workflow": "sketch, ink, colour"}),
        png({"workflow": '{"steps": ["sketch", "ink"]}'}),
        png({"Comment": '{"layers": 12, "brush": "oil"}'}),
        png({"Description": "Steps: 3 thumbnails first. Size: A4, Version: final"}),
        png({"Notes": "Steps: 3, Size: A4, Version: final"}),
        png({"Description": "made with --love and --patience"}),
        png({"Comment": "exported with --fast --raw --test"}),
        png({"Copyright": "Mia. Not to be used to train Midjourney or Stable Diffusion. No AI."}),
        png({"Description": "No AI: drawn by hand, not with Midjourney"}),
        with_exif("JPEG", {SOFTWARE: "Krita", ARTIST: "Firefly", MAKE: "Canon", MODEL: "Canon EOS R5"}),
        with_exif("JPEG", {ARTIST: "Grok the Ogre", IMAGE_DESCRIPTION: "An ideogram in ink"}),
        user_comment("JPEG", "a walk by the sea"),
        xmp_in("JPEG", "<dc:title>Leonardo</dc:title>", 'xmp:CreatorTool="Procreate"'),
        painting.save(painting.picture("P"), "GIF", comment=b"Created with ezgif.com"),
    ],
)
def test_people_are_not_taken_for_generators(data: bytes) -> None:
    assert read(data) == {}


def test_words_in_a_description_are_a_hint_and_no_more() -> None:
    finding = only(png({"Description": "a study after a picture from Midjourney"}))
    assert (finding.kind, finding.strength) == ("midjourney", Strength.HINT)


def test_hostile_texts_stay_plain_and_short() -> None:
    short = "x\u202e\x07\x1b[31m{facts}{0}%s<script>"
    evil = short + "y" * 100_000
    text = f"{evil}\nNegative prompt: {evil}\nSteps: 20, Sampler: Euler, Seed: 1, Model: {short}"
    finding = only(png({"parameters": text}, form="iTXt"))
    assert len(json.dumps(finding.as_dict())) < 25_000
    shown = [finding.message, finding.artist_message, *map(str, finding.details.values())]
    assert not {char for value in shown for char in value if char in "\u202e\x07\x1b"}
    assert "{facts}" in finding.message, "braces in a name are not filled in"
    assert len(finding.message) < 250


def test_absurd_numbers() -> None:
    graph = json.dumps(painting.GRAPH).replace("42", "9" * 5_000)
    assert read(png({"prompt": graph})) == {}
    settings = {**painting.NOVELAI_COMMENT, "seed": float("nan"), "steps": float("inf"), "width": -1}
    assert "seed" not in only(png({"Software": "NovelAI", "Comment": json.dumps(settings)})).details


def test_deep_nesting_is_only_text() -> None:
    deep = '{"prompt":' * 100_000
    assert read(png({"prompt": deep, "workflow": "[" * 200_000, "Comment": deep, "parameters": deep})) == {}


def test_metadata_that_cannot_be_read_is_said_once() -> None:
    data = painting.png_with(
        painting.chunk(b"zTXt", b"a\x00\x00broken"),
        painting.chunk(b"eXIf", b"broken"),
        painting.chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00<x:xmpmeta"),
        painting.chunk(b"tEXt", b"parameters\x00" + painting.INFOTEXT.encode()),
    )
    findings = read(data)
    assert set(findings) == {"a1111", "unreadable_metadata"}
    finding = findings["unreadable_metadata"]
    assert finding.strength == Strength.HINT
    assert finding.details["problems"] == [
        "a compressed text is broken",
        "the EXIF block has no TIFF header",
        "an XMP packet is not well-formed XML",
    ]


@pytest.mark.parametrize(
    "packet",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<a>" * 200_000,
        b"\xff\xfe\x00",
    ],
    ids=["entity", "external", "encoding", "deep", "bytes"],
)
def test_harmful_xmp_is_unreadable(packet: bytes) -> None:
    chunk = painting.chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + packet)
    assert set(read(painting.png_with(chunk))) == {"unreadable_metadata"}


def test_deep_but_closed_xmp_is_read_to_a_limit() -> None:
    packet = b"<a xmlns='n'>" + b"<b>" * 50_000 + b"</b>" * 50_000 + b"</a>"
    assert read(painting.png_with(painting.chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + packet))) == {}


def test_readers_of_one_subject_share_one_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    monkeypatch.setattr(sheet, "read_marks", lambda data: parsed.append(data) or read_marks(data))
    subject = Subject(data=png({"parameters": painting.INFOTEXT}), sha256="")
    for reader in (GeneratorMetadata(), ContentCredentials()):
        list(reader.read(subject))
    assert len(parsed) == 1


def test_a_second_file_is_not_answered_from_the_first() -> None:
    reader = GeneratorMetadata()
    first, second = png({"parameters": painting.INFOTEXT}), png()
    assert reader.read(Subject(data=first, sha256="same"))
    assert reader.read(Subject(data=second, sha256="same")) == []
    assert struct.unpack(">I", second[8:12]) == (13,)
