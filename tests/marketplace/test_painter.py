from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from marketplace.demo.painter import EXIF_IFD, PAINTINGS, USER_COMMENT, Painting, paint_all, save
from marketplace.models import Category, Origin
from ml.probe import probe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every painting, painted once."""
    folder = tmp_path_factory.mktemp("studio")
    return {painting.file: path for painting, path in paint_all(folder)}


@pytest.mark.parametrize("painting", PAINTINGS, ids=lambda painting: painting.file)
def test_a_painting_is_a_picture_worth_looking_at(painting: Painting, studio: dict[str, Path]) -> None:
    path = studio[painting.file]
    header = probe(path)
    assert min(header.width, header.height) >= 700
    assert 20_000 < path.stat().st_size < 4_000_000
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    assert pixels.std() > 20  # neither blank nor a single tone
    assert len(np.unique(pixels.reshape(-1, 3) // 16, axis=0)) > 30
    assert painting.category in Category.values
    assert painting.declared_origin in Origin.values


def test_no_two_paintings_look_alike(studio: dict[str, Path]) -> None:
    small = {}
    for name, path in studio.items():
        with Image.open(path) as image:
            small[name] = np.asarray(image.convert("RGB").resize((16, 16)), dtype=float)
    names = list(small)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            assert np.abs(small[first] - small[second]).mean() > 12, (first, second)


@pytest.mark.parametrize("file", ["quarters.png", "vase.jpg", "orchard.webp"])
def test_the_same_painting_is_the_same_bytes(file: str, studio: dict[str, Path], tmp_path: Path) -> None:
    painting = next(painting for painting in PAINTINGS if painting.file == file)
    save(painting, tmp_path / file)
    assert (tmp_path / file).read_bytes() == studio[file].read_bytes()


def test_some_carry_a_generators_text_and_the_others_nothing(studio: dict[str, Path]) -> None:
    found = {}
    for name, path in studio.items():
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            comment = image.getexif().get_ifd(EXIF_IFD).get(USER_COMMENT, b"")
            found[name] = image.info.get("parameters", "") or comment[8:].decode("utf-16-be")
    assert found == {painting.file: painting.parameters for painting in PAINTINGS}
    marked = [painting for painting in PAINTINGS if painting.parameters]
    assert {painting.declared_origin for painting in marked} == {"generated", "handmade"}
    assert any(painting.file.endswith(".jpg") for painting in marked)


def test_what_is_painted_is_not_painted_again(studio: dict[str, Path]) -> None:
    folder = next(iter(studio.values())).parent
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(list(paint_all(folder))) == len(PAINTINGS)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
