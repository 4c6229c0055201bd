"""The walkers find each mark where each container keeps it, within their budget."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib

import pytest
from PIL import Image

from moderation.evidence.containers import Marks, read_marks
from moderation.evidence.containers.marks import MAX_BLOCKS, MAX_TEXT, MAX_TEXTS
from tests.moderation.evidence import painting

XMP = painting.xmp("<dc:title>harbour</dc:title>")


def texts(marks: Marks) -> dict[str, str]:
    return {text.key: text.value for text in marks.texts}


@pytest.mark.parametrize("form", ["tEXt", "zTXt", "iTXt", "iTXt-z"])
def test_png_texts_of_every_form(form: str) -> None:
    marks = read_marks(
        painting.png({"Title": "harbour", "Author": "ä" if form.startswith("iTXt") else "a"}, form=form)
    )
    assert texts(marks) == {"Title": "harbour", "Author": "ä" if form.startswith("iTXt") else "a"}
    assert marks.problems == ()


def test_png_text_in_utf8_though_the_chunk_is_latin1() -> None:
    marks = read_marks(painting.png_with(painting.chunk(b"tEXt", "Title\x00港 ä".encode())))
    assert marks.text("title") == "港 ä"


def test_png_latin1_text() -> None:
    assert read_marks(painting.png_with(painting.chunk(b"tEXt", b"Title\x00na\xefve"))).text("Title") == "naïve"


def test_png_text_behind_the_pixels() -> None:
    plain = painting.png()
    late = plain[:-12] + painting.chunk(b"tEXt", b"Title\x00late") + plain[-12:]
    assert read_marks(late).text("Title") == "late"


def test_nothing_is_read_behind_the_end_of_a_png() -> None:
    assert read_marks(painting.png() + painting.chunk(b"tEXt", b"Title\x00beyond")).texts == ()


def test_png_exif_xmp_and_credentials() -> None:
    data = painting.png_with(
        painting.chunk(b"eXIf", painting.tiff([(painting.SOFTWARE, 2, b"Krita\x00")])),
        painting.chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + XMP),
        painting.chunk(b"caBX", painting.jumbf()),
    )
    marks = read_marks(data)
    assert marks.exif == {"Software": "Krita"}
    assert marks.xmp == (XMP,)
    assert marks.jumbf == painting.jumbf()


@pytest.mark.parametrize("name", ["exif", "APP1"])
def test_png_exif_in_a_raw_profile(name: str) -> None:
    block = b"Exif\x00\x00" + painting.tiff([(painting.SOFTWARE, 2, b"Krita\x00")])
    value = f"\n{name}\n{len(block):>8}\n{block.hex()}\n"
    assert read_marks(painting.png({f"Raw profile type {name}": value}, form="zTXt")).exif == {"Software": "Krita"}


def test_png_iptc_in_a_raw_profile() -> None:
    block = b"\x1c\x02\x6e\x00\x05Krita"
    value = f"\niptc\n{len(block):>8}\n{block.hex()}\n"
    assert read_marks(painting.png({"Raw profile type iptc": value})).text("iptc:Credit") == "Krita"


def test_png_of_an_animation_keeps_comfyui_texts_behind_the_first_frame() -> None:
    data = painting.png_with(painting.chunk(b"comf", b"prompt\x00{}"))
    assert read_marks(data).text("prompt") == "{}"


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"tEXt:" + b"x" * (MAX_TEXT + 1), "a tEXt chunk is larger than 1 MiB"),
        (b"zTXt:key\x00\x00" + zlib.compress(bytes(MAX_TEXT + 1)), "a compressed text is larger than 1 MiB"),
        (b"zTXt:key\x00\x00" + zlib.compress(bytes(200 << 20)), "a compressed text is larger than 1 MiB"),
        (b"zTXt:key\x00\x00garbage", "a compressed text is broken"),
        (b"zTXt:key\x00\x00" + zlib.compress(b"cut" * 99)[:-9], "a compressed text is cut short"),
        (b"zTXt:key\x00\x07", "a zTXt chunk is not readable"),
        (b"iTXt:key\x00\x01\x00\x00", "an iTXt chunk is not readable"),
        (b"tEXt:" + b"k" * 90, "a tEXt chunk has no keyword"),
        (b"eXIf:no tiff", "the EXIF block has no TIFF header"),
    ],
)
def test_png_marks_that_cannot_be_read_are_problems(payload: bytes, problem: str) -> None:
    kind, _, value = payload.partition(b":")
    data = painting.png_with(painting.chunk(kind, value), painting.chunk(b"tEXt", b"Title\x00still read"))
    marks = read_marks(data)
    assert marks.problems == (problem,)
    assert marks.text("Title") == "still read"


def test_a_bomb_is_not_inflated_beyond_the_limit() -> None:
    data = painting.png_with(painting.chunk(b"zTXt", b"key\x00\x00" + zlib.compress(bytes(200 << 20))))
    tracemalloc.start()
    try:
        read_marks(data)
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_TEXT
    finally:
        tracemalloc.stop()


def test_a_png_cut_inside_a_text_gives_what_there_is() -> None:
    data = painting.png_with(painting.chunk(b"tEXt", b"parameters\x00" + painting.INFOTEXT.encode()))
    marks = read_marks(data[:200])
    assert marks.text("parameters").startswith("a lighthouse")
    assert marks.problems == ("a tEXt chunk is cut short",)


def test_texts_are_counted_and_weighed() -> None:
    many = [painting.chunk(b"tEXt", b"key\x00value")] * (MAX_TEXTS + 9)
    assert len(read_marks(painting.png_with(*many)).texts) == MAX_TEXTS
    heavy = [painting.chunk(b"tEXt", b"key\x00" + bytes([65 + n]) * (MAX_TEXT - 9)) for n in range(12)]
    marks = read_marks(painting.png_with(*heavy))
    assert sum(len(text.value) for text in marks.texts) <= 8 << 20
    assert "the file carries more than 8 MiB of text" in marks.problems


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sI", 0, b"aaAa", 0) * (20 * 2**20 // 12),
        b"GIF89a" + bytes(7) + b"\x21\xf9" + b"\x01\x00" * (10 * 2**20),
        b"RIFF\xff\xff\xff\x00WEBP" + b"JUNK\x00\x00\x00\x00" * (20 * 2**20 // 8),
        b"\x00\x00\x00\x10ftypavif\x00\x00\x00\x00" + b"\x00\x00\x00\x08free" * (20 * 2**20 // 8),
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * (20 * 2**20 // 4),
        b"\xff\xd8" + b"\xff" * (20 * 2**20),
    ],
    ids=["png", "gif", "webp", "bmff", "jpeg", "jpeg-fill"],
)
def test_files_of_a_million_blocks_are_left_early(data: bytes) -> None:
    started = time.process_time()
    marks = read_marks(data)
    assert time.process_time() - started < 2
    assert "the file has too many blocks to look at all of them" in marks.problems
    assert len(data) // 12 > MAX_BLOCKS


def test_jpeg_by_pillow() -> None:
    exif = painting.exif({painting.SOFTWARE: "Krita"}, {painting.USER_COMMENT: painting.comment("käse")})
    data = painting.save(painting.picture(), "JPEG", exif=exif, xmp=XMP, comment=b"a note")
    marks = read_marks(data)
    assert marks.exif == {"Software": "Krita", "UserComment": "käse"}
    assert marks.xmp == (XMP,)
    assert marks.text("comment") == "a note"
    assert marks.problems == ()


def test_jpeg_extended_xmp_is_joined_by_offset() -> None:
    head, guid = b"http://ns.adobe.com/xmp/extension/\x00", b"0" * 32
    pieces = [
        (0xE1, head + guid + struct.pack(">II", len(XMP), start) + XMP[start:end])
        for start, end in ((100, len(XMP)), (0, 100))
    ]
    assert read_marks(painting.jpeg_with(*pieces)).xmp == (XMP,)
    assert read_marks(painting.jpeg_with(pieces[0])).problems == ("an XMP extension lacks a piece",)


def test_jpeg_credentials_in_pieces() -> None:
    store = painting.jumbf(payload=painting.box(b"free", b"x" * 500))
    head = store[:8]
    pieces = [
        (0xEB, b"JP" + b"\x02\x11" + struct.pack(">I", number) + head + part)
        for number, part in ((1, store[8:300]), (2, store[300:]))
    ]
    marks = read_marks(painting.jpeg_with(*pieces))
    assert marks.jumbf == store


def test_jumbf_that_is_no_c2pa_store_is_not_credentials() -> None:
    store = painting.jumbf(label=b"jpeg360").replace(b"c2pa", b"othr")
    assert read_marks(painting.jpeg_with((0xEB, b"JP\x00\x01\x00\x00\x00\x01" + store))).jumbf is None


def test_jpeg_iptc() -> None:
    datasets = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value
        for number, value in ((110, b"Made with Google AI"), (120, "Bär".encode()), (25, b"keyword"))
    )
    resources = (
        b"8BIM\x04\x25\x00\x00\x00\x00\x00\x01x\x00" + b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(datasets))
    )
    marks = read_marks(painting.jpeg_with((0xED, b"Photoshop 3.0\x00" + resources + datasets)))
    assert texts(marks) == {"iptc:Credit": "Made with Google AI", "iptc:Caption": "Bär"}


def test_webp_by_pillow() -> None:
    exif = painting.exif({painting.SOFTWARE: "Krita"}, {painting.USER_COMMENT: painting.comment("käse")})
    marks = read_marks(painting.save(painting.picture(), "WEBP", exif=exif, xmp=XMP))
    assert marks.exif == {"Software": "Krita", "UserComment": "käse"}
    assert marks.xmp == (XMP,)


def test_webp_exif_with_the_jpeg_prefix_and_credentials() -> None:
    block = b"Exif\x00\x00" + painting.tiff([(painting.SOFTWARE, 2, b"Krita\x00")], "<")
    marks = read_marks(painting.webp_with((b"EXIF", block), (b"C2PA", painting.jumbf())))
    assert marks.exif == {"Software": "Krita"}
    assert marks.jumbf == painting.jumbf()


def test_webp_chunks_of_odd_length_are_padded() -> None:
    block = painting.tiff([(painting.SOFTWARE, 2, b"Krita\x00")])
    assert read_marks(painting.webp_with((b"JUNK", b"odd"), (b"EXIF", block))).exif == {"Software": "Krita"}


def test_gif_by_pillow() -> None:
    long = "x" * 700
    assert read_marks(painting.save(painting.picture("P"), "GIF", comment=long.encode())).text("comment") == long


def test_gif_of_many_frames_with_a_comment_behind_them() -> None:
    frames = [painting.picture("P").rotate(angle) for angle in (0, 90, 180)]
    data = painting.save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    data = data[:-1] + b"\x21\xfe" + painting.sub_blocks(b"last word") + b";"
    marks = read_marks(data)
    assert marks.text("comment") == "last word"
    assert marks.problems == ()


def test_gif_xmp_and_credentials() -> None:
    tail = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
    data = painting.gif_with(
        b"\x21\xff\x0bXMP DataXMP" + XMP + tail,
        b"\x21\xff\x0bC2PA_GIF\x01\x00\x00" + painting.sub_blocks(painting.jumbf()),
        b"\x21\xfe" + painting.sub_blocks(b"behind"),
    )
    marks = read_marks(data)
    assert marks.xmp == (XMP,)
    assert marks.jumbf == painting.jumbf()
    assert marks.text("comment") == "behind"
    assert marks.problems == ()


def test_avif_by_pillow() -> None:
    exif = painting.exif({painting.SOFTWARE: "Krita"}, {painting.USER_COMMENT: painting.comment("käse")})
    marks = read_marks(painting.save(painting.picture(), "AVIF", exif=exif, xmp=XMP))
    assert marks.container == "BMFF"
    assert marks.exif == {"Software": "Krita", "UserComment": "käse"}
    assert marks.xmp == (XMP,)
    assert marks.problems == ()


@pytest.mark.parametrize("inline", [False, True])
def test_heif_items_in_the_file_and_inline(inline: bool) -> None:
    block = painting.tiff([(painting.SOFTWARE, 2, b"Krita\x00")])
    items = [
        (b"Exif", b"", struct.pack(">I", 6) + b"Exif\x00\x00" + block),
        (b"mime", b"application/rdf+xml", XMP),
        (b"mime", b"text/plain", b"not XMP"),
    ]
    uuid = painting.box(b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + painting.jumbf())
    marks = read_marks(painting.heif(items, uuid, inline=inline))
    assert marks.exif == {"Software": "Krita"}
    assert marks.xmp == (XMP,)
    assert marks.jumbf == painting.jumbf()
    assert marks.problems == ()


@pytest.mark.parametrize(
    "data", [b"", b"GIF", b"\x89PNG\r\n\x1a", b"BM" + bytes(100), b"<svg/>", b"\x00\x00\x00\x18ftypisom"]
)
def test_other_files_have_no_marks(data: bytes) -> None:
    assert read_marks(data) == Marks(container="")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_a_picture_without_marks_has_none_and_no_problem(kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(buffer, kind)
    marks = read_marks(buffer.getvalue())
    assert marks.container
    assert (marks.texts, marks.exif, marks.xmp, marks.jumbf, marks.problems) == ((), {}, (), None, ())
