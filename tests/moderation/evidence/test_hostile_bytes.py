"""Property tests: whatever the bytes, readers neither raise nor run away, and what they say can be stored."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moderation.evidence.base import EvidenceReader, Subject
from moderation.evidence.containers import read_marks
from moderation.evidence.containers.exif import read_exif, user_comment
from moderation.evidence.containers.iptc import read_iim
from moderation.evidence.containers.marks import MAX_TEXT, MAX_TEXTS, Collector
from moderation.evidence.content_credentials import ContentCredentials
from moderation.evidence.credentials import read_history
from moderation.evidence.generator_metadata import GeneratorMetadata
from moderation.evidence.generators import a1111, find_all
from moderation.evidence.novelai_stealth import NovelAIStealth
from moderation.evidence.sheet import Sheet
from moderation.evidence.text import plain
from moderation.evidence.xmp import Property, read_packets
from tests.moderation.evidence import painting

if TYPE_CHECKING:
    from collections.abc import Callable

READERS: tuple[EvidenceReader, ...] = (GeneratorMetadata(), NovelAIStealth(), ContentCredentials())
LIMIT = 2.0
"""CPU seconds that any one file may take on a slow machine."""

GRAPH = json.dumps(painting.GRAPH)
MAGICS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"RIFF\x00\x00\x01\x00WEBP",
    b"GIF89a",
    b"\x00\x00\x00\x14ftypavif\x00\x00\x00\x00mif1",
)
_XMP = painting.xmp(attributes='Iptc4xmpExt:DigitalSourceType="trainedAlgorithmicMedia"')
_BLOCK = painting.exif(
    {painting.MAKE: "workflow:" + GRAPH}, {painting.USER_COMMENT: painting.comment(painting.INFOTEXT)}
)
_IPTC = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x08\x1c\x02\x6e\x00\x03abc"
_TIFF = painting.tiff([(painting.MAKE, 2, b"abcdef")])
SEEDS = (
    painting.png({"parameters": painting.INFOTEXT, "prompt": GRAPH}, form="zTXt"),
    painting.png(painting.NOVELAI, form="iTXt-z"),
    painting.png_with(painting.chunk(b"caBX", painting.jumbf()), painting.chunk(b"eXIf", _TIFF)),
    painting.save(painting.stealth(painting.INFOTEXT), "PNG"),
    painting.save(painting.picture(), "JPEG", exif=_BLOCK, xmp=_XMP, comment=b"note"),
    painting.jpeg_with((0xEB, b"JP\x00\x01\x00\x00\x00\x01" + painting.jumbf()), (0xED, _IPTC)),
    painting.save(painting.picture(), "WEBP", exif=_BLOCK, xmp=_XMP),
    painting.save(painting.picture("P"), "GIF", comment=painting.INFOTEXT.encode()),
    painting.gif_with(b"\x21\xff\x0bXMP DataXMP" + _XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\x00"),
    painting.save(painting.picture(), "AVIF", exif=_BLOCK, xmp=_XMP),
    painting.heif([(b"Exif", b"", b"\x00\x00\x00\x00" + _TIFF)], inline=True),
)
quick = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def survives(data: bytes) -> None:
    started = time.process_time()
    marks = read_marks(data)
    assert len(marks.texts) <= MAX_TEXTS
    assert all(len(text.value) <= MAX_TEXT for text in marks.texts)
    for reader in READERS:
        for finding in reader.read(Subject(data=data, sha256="")):
            stored = json.dumps(finding.as_dict(), allow_nan=False)
            assert len(stored) < 100_000
            assert "\\u0000" not in stored, "PostgreSQL refuses zero bytes"
            assert stored.encode("utf-8")
            assert finding.message.endswith((".", ";"))
            assert "\n" not in finding.message
    assert time.process_time() - started < LIMIT


@quick
@given(st.sampled_from(MAGICS), st.binary(max_size=2_000))
def test_arbitrary_bytes_behind_every_magic(magic: bytes, rest: bytes) -> None:
    survives(magic + rest)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A real file with some bytes overwritten, cut out, doubled or cut off."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        action = draw(st.sampled_from(("set", "set", "huge", "delete", "double", "cut")))
        size = draw(st.integers(1, 64))
        if action == "set":
            data[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif action == "huge":
            data[at : at + 4] = draw(
                st.sampled_from((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x80\x00\x00\x00"))
            )
        elif action == "delete":
            del data[at : at + size]
        elif action == "double":
            data[at:at] = data[at : at + size]
        else:
            del data[at:]
    return bytes(data)


@settings(quick, max_examples=600)
@given(mutations())
def test_mutated_files(data: bytes) -> None:
    survives(data)


@quick
@given(st.binary(max_size=600), st.booleans())
def test_exif_and_iptc(block: bytes, little: bool) -> None:
    for read, head in (
        (read_exif, b"II*\x00" if little else b"MM\x00*"),
        (read_iim, b"8BIM"),
        (read_iim, b"\x1c\x02"),
    ):
        collector = Collector("TEST")
        read(head + block, collector)
        assert all(isinstance(value, str) for value in collector.exif.values())


@quick
@given(st.binary(max_size=300), st.sampled_from(["", "UNICODE-BE", "JIS", "ASCII"]))
def test_user_comments(value: bytes, charset: str) -> None:
    assert isinstance(user_comment((painting.comment("", charset) if charset else b"") + value), str)


words = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "Steps: 20, ",
            "Negative prompt: ",
            "\n",
            '"',
            "\\",
            "Seed: 1, ",
            "Sampler: x, ",
            ":" * 9,
            ", ",
            "Model: a, ",
            "{",
            "[",
            "Size: 5x5",
        ]
    ),
)


@settings(quick, max_examples=400)
@given(st.lists(words, max_size=40).map("".join))
def test_infotext(text: str) -> None:
    block = a1111.parse_infotext(text)
    if block is not None:
        assert len(block.settings) >= 2
        assert all(isinstance(value, str) for value in block.settings.values())


@pytest.mark.parametrize(
    "text",
    [
        "a " * 500_000,
        "Steps: 1, " * 100_000,
        "Steps: 1\n" * 100_000,
        "Steps: 1, " + "a" * 1_000_000,
        'Steps: 1, x: "' + "\\" * 1_000_000,
        "Negative prompt:" * 60_000 + "\nSteps: 1, Seed: 1, Size: 1x1",
        "Job ID: " * 100_000,
        " --ar" * 200_000,
        "prompt:" * 100_000,
        "{" * 1_000_000,
        "\n" * 1_000_000,
    ],
    ids=range(11),
)
def test_texts_that_would_hurt_a_careless_pattern(text: str) -> None:
    survives(
        painting.png({"parameters": text[:1_000_000], "Description": text[:1_000_000], "Dream": text[:1_000_000]})
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(
    [
        "prompt",
        "workflow",
        "class_type",
        "inputs",
        "nodes",
        "links",
        "seed",
        "steps",
        "model",
        "positive",
        "negative",
        "text",
        "1",
        "2",
        "Comment",
        "Software",
        "Source",
        "v4_prompt",
        "caption",
        "char_captions",
        "base_caption",
        "uc",
        "sampler",
        "signed_hash",
        "c",
        "image",
        "sui_image_params",
        "AIGC",
        "Label",
        "value",
        "base_model",
        "performance",
        "widgets_values",
        "type",
        "extra_pnginfo",
        "parameters",
    ]
)
known_objects = st.recursive(
    st.dictionaries(keys, json_values, max_size=6),
    lambda inner: st.dictionaries(keys, inner | json_values | st.lists(inner, max_size=3), max_size=6),
    max_leaves=10,
)
places = st.sampled_from(
    [
        "prompt",
        "workflow",
        "parameters",
        "Comment",
        "sd-metadata",
        "invokeai_metadata",
        "invokeai_graph",
        "AIGC",
        "UserComment",
        "sui_image_params",
    ]
)


@settings(quick, max_examples=400)
@given(st.dictionaries(places, known_objects, min_size=1, max_size=3))
def test_objects_of_any_shape_under_known_names(objects: dict[str, Any]) -> None:
    marks = read_marks(painting.png({key: json.dumps(value) for key, value in objects.items()}))
    for found in find_all(Sheet(marks, (), ())):
        json.dumps(found.evidence("test/1").as_dict(), allow_nan=False)


@quick
@given(
    st.lists(
        st.tuples(
            st.text(max_size=5),
            st.sampled_from(["UserComment", "description", "AIGC", "CreatorTool"]),
            st.text(max_size=50),
        )
    )
)
def test_xmp_properties_of_any_text(properties: list[tuple[str, str, str]]) -> None:
    sheet = Sheet(read_marks(b""), tuple(Property(*entry) for entry in properties), ())
    for found in find_all(sheet):
        json.dumps(found.evidence("test/1").as_dict(), allow_nan=False)


@quick
@given(
    st.lists(
        st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"<a x='{text}'>{text}</a>".encode()),
        max_size=3,
    )
)
def test_xmp_packets(packets: list[bytes]) -> None:
    properties, problems = read_packets(packets)
    assert len(properties) + len(problems) < 10_000


report_keys = st.sampled_from(
    [
        "manifests",
        "active_manifest",
        "assertions",
        "label",
        "data",
        "actions",
        "action",
        "digitalSourceType",
        "softwareAgent",
        "ingredients",
        "relationship",
        "validation_results",
        "activeManifest",
        "failure",
        "success",
        "code",
        "signature_info",
        "issuer",
        "claim_generator_info",
        "m",
    ]
)
report_words = st.sampled_from(
    ["m", "c2pa.actions", "c2pa.created", "parentOf", "trainedAlgorithmicMedia", "claimSignature.validated"]
)
reports = st.recursive(
    report_words | json_values,
    lambda inner: st.dictionaries(report_keys, inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=25,
)


@settings(quick, max_examples=400)
@given(st.dictionaries(report_keys, reports, max_size=6))
def test_reports_of_any_shape(report: dict[str, Any]) -> None:
    json.dumps(read_history(report).details(), allow_nan=False)


@quick
@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.text()), st.integers(1, 50))
def test_plain_text_is_bounded_and_clean(value: object, limit: int) -> None:
    text = plain(value, limit)
    assert len(text) <= limit
    assert not {char for char in text if ord(char) < 32 and char not in "\n\t"}
    text.encode("utf-8")


@pytest.mark.parametrize(
    "strip",
    [lambda data: data[:0], lambda data: data[::-1], lambda data: data * 3],
    ids=["empty", "reversed", "thrice"],
)
def test_odd_forms_of_whole_files(strip: Callable[[bytes], bytes]) -> None:
    for data in SEEDS:
        survives(strip(data))
    assert io.BytesIO(strip(SEEDS[0])) is not None
