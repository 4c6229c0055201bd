"""One decode: the same picture gives the same pixels however it was stored."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from ml.artwork import SHORT_SIDE, normalise, read_artwork, read_view
from ml.probe import Damaged
from tests import heic
from tests.ml.pictures import encoded, grey_painting, painting, with_chunk

ORIENTATION = 0x0112
# How a picture must be stored so that each EXIF orientation brings it upright again.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def exif(orientation: object) -> bytes:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags.tobytes()


@pytest.mark.parametrize("orientation", list(STORED_AS))
@pytest.mark.parametrize("size", [(500, 640), (301, 997)])
def test_orientations(orientation: int, size: tuple[int, int]) -> None:
    upright = painting(*size)
    method = STORED_AS[orientation]
    stored = upright if method is None else upright.transpose(method)
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        data = encoded(stored, kind, exif=exif(orientation), **options)
        assert np.array_equal(read_artwork(data).pixels, read_artwork(encoded(upright)).pixels), kind


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_a_senseless_orientation_is_ignored(orientation: int) -> None:
    data = encoded(painting(), exif=exif(orientation))
    assert np.array_equal(read_artwork(data).pixels, read_artwork(encoded(painting())).pixels)


def same_as_rgb(stored: Image.Image, rgb: Image.Image, kind: str = "PNG", **options: object) -> None:
    got = read_artwork(encoded(stored, kind, **options)).pixels
    assert got.dtype == np.uint8
    assert np.array_equal(got, read_artwork(encoded(rgb)).pixels)


def test_grey_modes() -> None:
    grey = grey_painting()
    rgb = grey.convert("RGB")
    same_as_rgb(grey, rgb)
    same_as_rgb(grey.convert("LA"), rgb)
    for factor in (256, 257):  # both ways of widening 8 bits to 16
        deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * factor)
        assert deep.mode == "I;16"
        same_as_rgb(deep, rgb)


def test_one_bit() -> None:
    bitmap = grey_painting().point(lambda value: 255 * (value > 120)).convert("1")
    same_as_rgb(bitmap, bitmap.convert("RGB"))


def test_palettes() -> None:
    palette = painting().quantize(64)
    same_as_rgb(palette, palette.convert("RGB"))
    same_as_rgb(palette, palette.convert("RGB"), "GIF")
    assert np.array_equal(normalise(palette.convert("PA")), normalise(palette.convert("RGB")))


def test_opaque_alpha_changes_nothing() -> None:
    same_as_rgb(painting().convert("RGBA"), painting())


def test_alpha_lies_on_white() -> None:
    layered = painting().convert("RGBA")
    layered.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 500).astype(np.uint8), (640, 1))))
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    same_as_rgb(layered, ground)
    same_as_rgb(layered, ground, "WEBP", lossless=True, exact=True)


def test_colour_under_full_transparency_does_not_count() -> None:
    blank = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    assert (read_artwork(encoded(blank)).pixels == 255).all()


def test_transparent_palette_entries_and_key_colours() -> None:
    palette = painting().quantize(16)
    hidden = palette.copy()
    ground = palette.convert("RGB")
    ground.paste("white", mask=Image.fromarray(255 * (np.asarray(palette) == 3).astype(np.uint8)))
    same_as_rgb(hidden, ground, transparency=3)

    key = painting(400, 400)
    key.paste((1, 2, 3), (50, 50, 200, 200))
    ground = key.copy()
    ground.paste("white", (50, 50, 200, 200))
    same_as_rgb(key, ground, transparency=(1, 2, 3))


def test_cmyk() -> None:
    inks = painting().convert("CMYK")
    assert np.array_equal(normalise(inks.copy()), normalise(inks.convert("RGB")))
    jpeg = encoded(inks, "JPEG", quality=95, subsampling=0)
    difference = read_artwork(jpeg).pixels.astype(int) - read_artwork(encoded(painting())).pixels
    assert np.abs(difference).mean() < 3


def test_colour_profiles_are_applied_after_which_they_no_longer_matter() -> None:
    srgb = ImageCms.createProfile("sRGB")
    lab_like = ImageCms.ImageCmsProfile(srgb).tobytes()
    same_as_rgb(painting(), painting(), icc_profile=lab_like)  # sRGB itself: nothing to do

    wide = linear_profile()
    plain, converted = read_artwork(encoded(painting())), read_artwork(encoded(painting(), icc_profile=wide))
    difference = converted.pixels.astype(int) - plain.pixels
    assert difference.mean() > 10  # linear light shown as sRGB is brighter


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 128, b"\xff" * 4000])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    same_as_rgb(painting(), painting(), icc_profile=profile)
    same_as_rgb(grey_painting(), grey_painting().convert("RGB"), icc_profile=profile)


def test_an_animation_counts_by_its_first_frame() -> None:
    frames = [painting(200, 200, seed=seed) for seed in range(3)]
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert np.array_equal(read_artwork(data).pixels, read_artwork(encoded(frames[0])).pixels), kind


def test_the_form_of_the_training_set() -> None:
    assert read_artwork(encoded(painting(1000, 1200))).pixels.shape == (461, SHORT_SIDE, 3)
    assert read_artwork(encoded(painting(900, 100))).pixels.shape == (100, 200, 3)
    assert read_artwork(encoded(painting(500, 2000))).pixels.shape == (2 * SHORT_SIDE, SHORT_SIDE, 3)
    assert read_artwork(encoded(painting(30, 40))).pixels.shape == (40, 30, 3)
    assert read_artwork(encoded(painting(1, 1))).pixels.shape == (1, 1, 3)
    assert read_artwork(encoded(painting(1, 300))).pixels.shape == (2, 1, 3)


def test_a_long_picture_is_cut_to_its_middle() -> None:
    image = Image.new("RGB", (300, 100), "black")
    image.paste("white", (50, 0, 250, 100))
    assert (read_artwork(encoded(image)).pixels == 255).all()


def test_draft_decoding_of_a_big_jpeg_is_close_to_a_full_decode() -> None:
    big = painting(2000, 2800)
    data = encoded(big, "JPEG", quality=92)
    full = Image.open(io.BytesIO(data)).resize((384, 538), Image.Resampling.LANCZOS)
    difference = read_artwork(data).pixels.astype(int) - np.asarray(full)
    assert np.abs(difference).mean() < 1.0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_truncated_files_are_damaged(kind: str, kept: float) -> None:
    data = encoded(painting(), kind)
    with pytest.raises(Damaged):
        read_artwork(data[: int(len(data) * kept)])


def test_text_and_broken_exif_do_not_touch_the_pixels() -> None:
    png = encoded(painting())
    expected = read_artwork(png).pixels
    for kind, body in (
        (b"tEXt", b"parameters\0" + b"1girl, " * 1_000_000),
        (b"iCCP", b"no zlib stream"),
        (b"eXIf", b"MM\0*\0\0\0\x08" + struct.pack(">H", 65535) + b"\xff" * 100),
        (b"acTL", b"\0\0"),
    ):
        assert np.array_equal(read_artwork(with_chunk(png, kind, body)).pixels, expected), kind


def linear_profile() -> bytes:
    """An RGB profile with sRGB's primaries and a gamma of one: sRGB's own with its curves replaced."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for index in range(count):
        at = 132 + 12 * index
        tag, offset, _ = struct.unpack(">4sII", data[at : at + 12])
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            data[offset : offset + 12] = struct.pack(">4sII", b"curv", 0, 0)
            data[at + 8 : at + 12] = struct.pack(">I", 12)
        if tag == b"desc":
            start = bytes(data).find("sRGB".encode("utf-16-be"), offset)
            data[start : start + 8] = "line".encode("utf-16-be")
    return bytes(data)


def test_a_heic_picture_is_decoded() -> None:
    pixels = read_artwork(heic.PICTURE).pixels
    assert pixels.shape == (240, 320, 3)
    assert np.abs(pixels[10, 10].astype(int) - heic.SEA).max() <= 2
    assert np.abs(pixels[-10, -10].astype(int) - heic.SAND).max() <= 2
    with pytest.raises(Damaged):
        read_artwork(heic.PICTURE[:400])


def test_a_view_is_the_whole_picture_upright() -> None:
    upright = painting(900, 300)  # longer than the detector's crop
    view = read_view(encoded(upright.transpose(Image.Transpose.ROTATE_90), "WEBP", lossless=True, exif=exif(6)), 600)
    assert (view.mode, view.size) == ("RGB", (600, 200))
    expected = upright.resize((600, 200), Image.Resampling.LANCZOS)
    assert np.abs(np.asarray(view).astype(int) - np.asarray(expected)).mean() < 1
    assert read_view(encoded(upright), 2048).size == (900, 300)  # never larger than it is
    with pytest.raises(Damaged):
        read_view(encoded(upright)[:-200], 600)
