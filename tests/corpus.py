"""Files made to hurt: bombs, truncations, polyglots, liars. ``python -m tests.corpus FOLDER`` writes them out.

Each is a name, its bytes and what must become of it: ``read``, or the code of an ``ml.probe.ArtworkError``; several
where decoders may honestly differ (``damaged|read``).
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from tests.ml.pictures import encoded, painting, png_announcing, png_chunk, with_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
Hostile = tuple[str, bytes, str]


def corpus() -> Iterator[Hostile]:
    """Yield every file."""
    yield from bombs()
    yield from metadata_bombs()
    yield from truncations()
    yield from polyglots_and_liars()
    yield from odd_shapes_and_modes()
    yield from broken_metadata()


def bombs() -> Iterator[Hostile]:
    """Small files that promise, or unpack to, very much."""
    png, jpeg, gif, webp, avif = (encoded(painting(90, 120), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "AVIF"))
    yield "bomb.png", png_announcing(60_000, 60_000), "too_many_pixels"
    frame = jpeg.index(b"\xff\xc0") + 5
    yield "bomb.jpg", jpeg[:frame] + struct.pack(">HH", 65_500, 65_500) + jpeg[frame + 4 :], "too_many_pixels"
    yield "bomb.gif", gif[:6] + struct.pack("<HH", 65_535, 65_535) + gif[10:], "too_many_pixels|read"
    at = webp.index(b"\x9d\x01\x2a") + 3
    yield "bomb.webp", webp[:at] + struct.pack("<HH", 16_383, 16_383) + webp[at + 4 :], "too_many_pixels"
    at = avif.index(b"ispe") + 8
    yield "bomb.avif", avif[:at] + struct.pack(">II", 60_000, 60_000) + avif[at + 8 :], "too_many_pixels|damaged"
    start = png.index(b"IDAT") - 4
    rows = png_chunk(b"IDAT", zlib.compress(b"\0" * 200_000_000, 9)) + png_chunk(b"IEND", b"")
    yield "inflates-to-200-MB.png", png[:start] + rows, "read|damaged"
    yield "as-large-as-allowed.png", encoded(Image.new("RGB", (7000, 7000), "red")), "read"
    yield "as-large-as-allowed.jpg", encoded(Image.new("RGB", (7000, 7000), "red"), "JPEG"), "read"
    yield "as-large-as-allowed.webp", encoded(Image.new("RGB", (7000, 7000), "red"), "WEBP", method=0), "read"
    yield "21-MB.png", png + b"\0" * (21 * 1024 * 1024), "too_many_bytes"


def metadata_bombs() -> Iterator[Hostile]:
    """Chunks and profiles that unpack to very much, or are very many."""
    png, zeros = encoded(painting(90, 120)), zlib.compress(b"\0" * 150_000_000, 9)
    yield "text-of-150-MB.png", with_chunk(png, b"zTXt", b"parameters\0\0" + zeros), "read"
    yield "international-text.png", with_chunk(png, b"iTXt", b"parameters\0\1\0\0\0" + zeros), "read"
    yield "profile-of-150-MB.png", with_chunk(png, b"iCCP", b"icc\0\0" + zeros), "read"
    yield "exif-of-5-MB.png", with_chunk(png, b"eXIf", b"II*\0\x08\0\0\0" + b"\xff" * 5_000_000), "read"
    yield "chunks.png", png[:33] + png_chunk(b"tEXt", b"a\0b") * 300_000 + png[33:], "read"
    yield "claims-4-GB.png", png[:33] + b"\xff\xff\xff\xfftEXt" + png[33:], "damaged"
    jpeg = encoded(painting(90, 120), "JPEG")
    profile = b"".join(
        b"\xff\xe2" + struct.pack(">H", 65_533) + b"ICC_PROFILE\0" + bytes([part, 255]) + b"\xff" * 65_517
        for part in range(1, 256)
    )
    yield "profile-of-16-MB.jpg", jpeg[:2] + profile + jpeg[2:], "read"
    xmp = b"http://ns.adobe.com/xap/1.0/\0"
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    laughs = b'<!DOCTYPE x [<!ENTITY e0 "ha">' + entities + b"]><x:xmpmeta>&e11;</x:xmpmeta>"
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(xmp + laughs)) + xmp + laughs
    yield "billion-laughs.jpg", jpeg[:2] + segment + jpeg[2:], "read"


def truncations() -> Iterator[Hostile]:
    """Every format, cut off at every hundredth of its length."""
    for kind in KINDS:
        whole = encoded(painting(220, 260), kind)
        for percent in range(100):
            name = f"cut-at-{percent:02}.{kind.lower()}"
            yield name, whole[: len(whole) * percent // 100], "empty|not_a_picture|unsupported_format|damaged|read"


def polyglots_and_liars() -> Iterator[Hostile]:
    """Files that are two things at once, or not what they say."""
    png, jpeg, gif = (encoded(painting(90, 120), kind) for kind in ("PNG", "JPEG", "GIF"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("run.exe", b"MZ" + b"\0" * 500)
    html = b"<html><script>alert(document.cookie)</script></html>"
    yield "zip-behind.png", png + packed.getvalue(), "read"
    yield "zip-in-a-chunk.png", with_chunk(png, b"zIPp", packed.getvalue()), "read"
    yield "script-behind.gif", gif + html, "read"
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(html)) + html
    yield "page-in-a-comment.jpg", jpeg[:2] + comment + jpeg[2:], "read"
    yield "pdf-first.jpg", b"%PDF-1.7\n" + jpeg, "not_a_picture|unsupported_format|damaged"
    yield "jpeg-as.png", jpeg, "read"
    yield "png-behind-a-jpeg.jpg", jpeg + png, "read"
    yield "signature-only.png", b"\x89PNG\r\n\x1a\n" + jpeg, "damaged"
    yield (
        "svg-as.png",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "not_a_picture|unsupported_format",
    )
    yield "page-as.png", b"<!DOCTYPE html>" + html, "not_a_picture|unsupported_format"
    yield "program-as.png", b"MZ" + b"\x90" * 4000, "not_a_picture|unsupported_format"
    yield "empty.png", b"", "empty"
    yield "noise.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 100, "damaged"
    yield "tiff-as.jpg", encoded(painting(60, 60), "TIFF"), "unsupported_format"


def odd_shapes_and_modes() -> Iterator[Hostile]:
    """Pictures that are whole, yet seldom met."""
    yield "50000x1.png", encoded(Image.new("RGB", (50_000, 1), "blue")), "read"
    yield "1x50000.png", encoded(Image.new("RGB", (1, 50_000), "blue")), "read"
    yield "1x1.gif", encoded(Image.new("P", (1, 1)), "GIF"), "read"
    yield "cmyk.jpg", encoded(painting(90, 120).convert("CMYK"), "JPEG"), "read"
    yield "16-bit.png", encoded(painting(90, 120).convert("I;16")), "read"
    yield "one-bit.png", encoded(painting(90, 120).convert("1")), "read"
    yield "see-through.png", encoded(painting(90, 120).convert("RGBA")), "read"
    gif, frame = encoded(painting(30, 30), "GIF"), b"\x2c" + b"\0\0\0\0\x01\0\x01\0\0" + b"\x02\x02\x44\x01\0"
    yield "10000-frames.gif", gif[:-1] + frame * 10_000 + b";", "too_many_frames"
    frames = [Image.new("L", (8, 8), n % 256) for n in range(1500)]
    save: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    yield "1500-frames.webp", encoded(frames[0], "WEBP", method=0, **save), "too_many_frames"
    yield "1500-frames.png", encoded(frames[0], "PNG", **save), "too_many_frames|read"


def broken_metadata() -> Iterator[Hostile]:
    """Blocks of EXIF that lie, go in circles, or carry what a page must not show."""
    jpeg = encoded(painting(90, 120), "JPEG")

    def with_exif(block: bytes) -> bytes:
        body = b"Exif\0\0" + block
        return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + jpeg[2:]

    loop = b"II*\0\x08\0\0\0" + b"\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    yield "goes-in-circles.jpg", with_exif(loop), "read"
    yield "far-away.jpg", with_exif(b"II*\0\xff\xff\xff\x7f"), "read"
    huge = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x010E, 2, 0xFFFFFFFF, 26) + b"\0\0\0\0"
    yield "endless-text.jpg", with_exif(huge), "read"
    tags = Image.Exif()
    tags[0x010E] = "<script>alert(document.cookie)</script>"
    tags[0x0131] = "Stable Diffusion <img src=x onerror=alert(1)>"
    yield "script-in-exif.jpg", encoded(painting(90, 120), "JPEG", exif=tags), "read"
    tags[0x0112] = 99
    yield "no-such-orientation.jpg", encoded(painting(90, 120), "JPEG", exif=tags), "read"
    flipped = bytearray(tags.tobytes())
    flipped[10:14] = b"\xff\xff\xff\xff"
    yield "torn-exif.jpg", with_exif(bytes(flipped).removeprefix(b"Exif\0\0")), "read"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for file_name, content, _outcome in corpus():
        (target / file_name).write_bytes(content)
