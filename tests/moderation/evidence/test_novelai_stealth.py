"""Hidden settings are found with every text chunk stripped, and a picture without them costs next to nothing."""

from __future__ import annotations

import io
import json
import time

import numpy as np
import pytest
from PIL import Image

from moderation.evidence import novelai_stealth
from moderation.evidence.base import Evidence, EvidenceReader, Strength, Subject
from moderation.evidence.novelai_stealth import NovelAIStealth
from tests.moderation.evidence import painting
from tests.moderation.evidence.painting import save, stealth

NOVELAI = json.dumps(painting.NOVELAI)


def read(data: bytes) -> list[Evidence]:
    return NovelAIStealth().read(Subject(data=data, sha256=""))


def test_the_reader_keeps_the_interface() -> None:
    assert isinstance(NovelAIStealth(), EvidenceReader)


@pytest.mark.parametrize("mode", ["alpha", "rgb"])
@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("size", [(64, 160), (90, 120), (400, 30), (5000, 2), (333, 121)])
def test_every_form_in_pictures_of_every_shape(mode: str, compressed: bool, size: tuple[int, int]) -> None:
    [finding] = read(save(stealth(NOVELAI, mode=mode, compressed=compressed, size=size), "PNG"))
    assert (finding.kind, finding.strength) == ("novelai-stealth", Strength.PROOF)
    assert finding.message == (
        "Hidden in the lowest bits of the pixels are the settings of NovelAI: "
        "model NovelAI Diffusion V4 37442FCA, seed 99."
    )
    assert finding.details["prompt"] == "1girl, lighthouse"
    assert finding.details["where"] == f"lowest bits of {mode}"


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, None])
def test_every_filter_of_a_png_row_is_undone(kind: int | None) -> None:
    hidden = stealth(NOVELAI, size=(64, 160))
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (160, 64, 4), np.uint8)
    pixels[..., 3] = np.asarray(hidden)[..., 3]
    kinds = [row % 5 if kind is None else kind for row in range(160)]
    data = painting.filtered_png(pixels, kinds)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels), "Pillow reads the same pixels"
    assert [finding.kind for finding in read(data)] == ["novelai-stealth"]


def test_lossless_webp_keeps_the_bits() -> None:
    assert [finding.kind for finding in read(save(stealth(NOVELAI), "WEBP", lossless=True, exact=True))] == [
        "novelai-stealth"
    ]


def test_web_ui_settings() -> None:
    [finding] = read(save(stealth(painting.INFOTEXT), "PNG"))
    assert (finding.kind, finding.details["seed"]) == ("a1111-stealth", "1234567")
    assert "Stable Diffusion web UI" in finding.message


def test_comfyui_settings() -> None:
    text = json.dumps({"prompt": json.dumps(painting.GRAPH), "workflow": json.dumps(painting.WORKFLOW)})
    [finding] = read(save(stealth(text), "PNG"))
    assert (finding.kind, finding.details["seed"]) == ("comfyui-stealth", "42")


def test_other_text_behind_the_word_is_kept() -> None:
    [finding] = read(save(stealth("made by a machine"), "PNG"))
    assert (finding.kind, finding.details["raw"]) == ("novelai-stealth", "made by a machine")


@pytest.mark.parametrize("mode", ["alpha", "rgb"])
def test_a_word_with_nothing_readable_behind_it(mode: str) -> None:
    word = {"alpha": b"stealth_pngcomp", "rgb": b"stealth_rgbcomp"}[mode]
    image = stealth("not gzip at all", mode=mode, compressed=False, word=word)
    [finding] = read(save(image, "PNG"))
    assert finding.strength == Strength.STRONG
    assert "cannot be read" in finding.message


def test_a_length_beyond_the_picture() -> None:
    image = stealth("x", compressed=False, word=b"stealth_pnginfo\xff\xff\xff\xff")
    [finding] = read(save(image, "PNG"))
    assert finding.strength == Strength.STRONG


def test_a_bomb_behind_the_word_stays_small() -> None:
    image = stealth("\x00" * (64 << 20), size=(512, 2048))
    started = time.process_time()
    [finding] = read(save(image, "PNG"))
    assert "cannot be read" in finding.message
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "image",
    [
        painting.picture("RGBA", (64, 160)),
        painting.picture("RGB", (64, 160)),
        painting.picture("RGBA", (3, 3)),
        painting.picture("RGB", (1, 1)),
        painting.picture("L", (64, 160)),
        painting.picture("P", (64, 160)),
        painting.picture("LA", (64, 160)),
        painting.picture("I;16", (64, 160)),
    ],
    ids=lambda image: f"{image.mode}-{image.size}",
)
def test_ordinary_pictures_hide_nothing(image: Image.Image) -> None:
    assert read(save(image, "PNG")) == []


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP", "AVIF"])
def test_other_formats_hide_nothing(kind: str) -> None:
    assert read(save(painting.picture("P" if kind == "GIF" else "RGB"), kind)) == []


def test_a_transparent_webp_hides_nothing() -> None:
    image = painting.picture("RGBA", (64, 160))
    image.putalpha(Image.linear_gradient("L").resize((64, 160)))
    assert read(save(image, "WEBP", lossless=True)) == []


def test_a_picture_cut_after_the_word() -> None:
    data = save(stealth(NOVELAI), "PNG")
    for length in range(0, len(data), 97):
        assert {finding.kind for finding in read(data[:length])} <= {"novelai-stealth"}


@pytest.mark.parametrize(("kind", "size"), [("PNG", (64, 160)), ("PNG", (400, 30)), ("WEBP", (64, 160))])
def test_a_picture_beyond_the_limit_is_not_decoded(
    monkeypatch: pytest.MonkeyPatch, kind: str, size: tuple[int, int]
) -> None:
    data = save(stealth(NOVELAI, size=size), kind, lossless=True, exact=True)
    assert read(data)
    monkeypatch.setattr(novelai_stealth, "MAX_PIXELS", size[0] * size[1] - 1)
    assert read(data) == []


def test_a_large_opaque_picture_costs_next_to_nothing() -> None:
    rng = np.random.default_rng(0)
    data = save(Image.fromarray(rng.integers(0, 256, (1500, 1500, 4), np.uint8)), "PNG", compress_level=1)
    assert len(data) > 6_000_000
    started = time.process_time()
    for _ in range(20):
        assert read(data) == []
    assert (time.process_time() - started) / 20 < 0.005
