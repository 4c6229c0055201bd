"""The gate: what a header says, and every way in which a file is refused before it is decoded."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ml import probe
from ml.probe import Header, Limits, available_formats, read_bounded
from tests import heic
from tests.ml.pictures import encoded, painting, png_announcing, with_chunk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_header_of_each_format(kind: str) -> None:
    header = probe.probe(encoded(painting(50, 64), kind))
    assert header == Header(kind, 50, 64, 1, probe.MIME_TYPES[kind])


def test_header_of_heic() -> None:
    assert available_formats()["HEIF"]
    assert probe.probe(heic.PICTURE) == Header("HEIF", *heic.SIZE, 1, "image/heif")
    assert refusal(heic.PICTURE, Limits(max_pixels=320 * 240 - 1)) == "too_many_pixels"


def test_bytes_path_and_file_give_the_same_header(tmp_path: Path) -> None:
    data = encoded(painting(50, 64))
    path = tmp_path / "named.jpg"  # the name lies; the bytes count
    path.write_bytes(data)
    with path.open("rb") as file:
        assert probe.probe(data) == probe.probe(path) == probe.probe(file)


def test_a_file_object_is_put_back_where_it_was() -> None:
    file = io.BytesIO(b"head" + encoded(painting(50, 64)))
    file.seek(4)
    probe.probe(file)
    assert file.tell() == 4


def test_an_mpo_photo_counts_as_a_jpeg() -> None:
    data = encoded(painting(50, 64), "MPO", save_all=True, append_images=[painting(50, 64, seed=2)])
    assert probe.probe(data).format == "JPEG"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_frames_are_counted(kind: str) -> None:
    frames = [painting(20, 24, seed=seed) for seed in range(5)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert probe.probe(data).frames == 5


def refusal(data: bytes, limits: Limits = probe.DEFAULT_LIMITS) -> str:
    with pytest.raises(probe.ArtworkError) as caught:
        probe.probe(data, limits)
    message = str(caught.value)
    assert message.endswith("."), message
    assert message[0].isupper(), message
    return caught.value.code


def test_what_is_no_picture() -> None:
    assert refusal(b"") == "empty"
    assert refusal(b"MZ\x90\0" + b"\0" * 500) == "not_a_picture"
    assert refusal(b"<html><body>picture.png</body></html>") == "not_a_picture"
    assert refusal(b"%PDF-1.7 ...") == "not_a_picture"


@pytest.mark.parametrize("kind", ["TIFF", "BMP"])
def test_other_picture_formats_are_named_as_such(kind: str) -> None:
    assert refusal(encoded(painting(20, 20), kind)) == "unsupported_format"
    assert refusal(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>') == "unsupported_format"


def test_too_many_bytes_are_not_even_read() -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.asked += size
            return b"x" * size

    source = Endless()
    with pytest.raises(probe.TooManyBytes):
        read_bounded(source, Limits(max_bytes=1000))  # type: ignore[arg-type]
    assert source.asked == 1001


def test_limits_hold_at_their_edge() -> None:
    data = encoded(painting(40, 50))
    assert probe.probe(data, Limits(max_bytes=len(data), max_pixels=2000)).width == 40
    assert refusal(data, Limits(max_bytes=len(data) - 1)) == "too_many_bytes"
    assert refusal(data, Limits(max_pixels=1999)) == "too_many_pixels"


@pytest.mark.parametrize("side", [8_000, 12_000, 50_000, 2**31 - 1])
def test_pixel_bombs(side: int) -> None:
    # 8,000 is Pillow's silence, 12,000 its warning, 50,000 its error: one answer from us.
    assert refusal(png_announcing(side, side)) == "too_many_pixels"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_too_many_frames(kind: str) -> None:
    frames = [painting(8, 8, seed=seed) for seed in range(6)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert refusal(data, Limits(max_frames=5)) == "too_many_frames"


def test_a_header_without_pixels() -> None:
    assert refusal(png_announcing(0, 10)) == "damaged"


def test_a_broken_header_is_damaged() -> None:
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "AVIF"):
        assert refusal(encoded(painting(40, 40), kind)[:14]) == "damaged", kind


def test_without_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    monkeypatch.setattr(Image, "OPEN", {key: value for key, value in Image.OPEN.items() if key != "HEIF"})
    assert refusal(heic.PICTURE) == "decoder_missing"


def test_big_text_and_profiles_do_not_stop_a_picture() -> None:
    png = encoded(painting(40, 50))
    for kind, body in (
        (b"tEXt", b"parameters\0" + b"masterpiece, " * 400_000),
        (b"zTXt", b"parameters\0\0" + _deflated(30_000_000)),
        (b"iCCP", b"profile\0\0" + _deflated(30_000_000)),
        (b"eXIf", b"MM\0*" + b"\xff" * 2_000_000),
    ):
        assert probe.probe(with_chunk(png, kind, body)).height == 50, kind


def _deflated(length: int) -> bytes:
    import zlib

    return zlib.compress(b"\0" * length)


def test_the_gate_needs_no_numpy() -> None:
    code = "import sys, ml.probe, ml.cards; sys.exit(any(m in sys.modules for m in ('numpy', 'tensorflow', 'django')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
