"""Squares: the right ones, of the right size, from any picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.cards import View
from ml.views import cut, spread
from tests.ml.pictures import painting


@pytest.mark.parametrize("size", [(384, 540), (540, 384), (384, 768), (1, 2), (90, 40), (384, 384)])
@pytest.mark.parametrize(
    "view", [View("whole", 64), View("centre", 64, 72), View("grid", 64, 96, 3), View("grid", 64, 80, 5)], ids=str
)
def test_shape(size: tuple[int, int], view: View) -> None:
    squares = cut(np.asarray(painting(*size)), view)
    assert squares.shape == (view.count if view.kind == "grid" else 1, 64, 64, 3)
    assert squares.dtype == np.uint8


def test_whole_is_the_whole_picture_resized_with_antialiasing() -> None:
    pixels = np.asarray(painting(384, 540))
    expected = Image.fromarray(pixels).resize((224, 224), Image.Resampling.BICUBIC)
    assert np.array_equal(cut(pixels, View("whole"))[0], np.asarray(expected))


def test_centre_is_the_middle() -> None:
    pixels = np.zeros((300, 100, 3), np.uint8)
    pixels[100:200] = 200
    assert (cut(pixels, View("centre", 100, 100)) == 200).all()


@pytest.mark.parametrize("shape", [(700, 384), (384, 700), (384, 384)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_spread_stays_inside_reaches_both_ends_and_repeats_nothing(shape: tuple[int, int], count: int) -> None:
    corners = spread(shape, 224, count)
    assert len(corners) == count
    assert all(0 <= top <= shape[0] - 224 and 0 <= left <= shape[1] - 224 for top, left in corners)
    assert len(set(corners)) == count
    if count > 1:
        along = [corner[0 if shape[0] >= shape[1] else 1] for corner in corners]
        assert {min(along), max(along)} == {0, max(shape) - 224}


def test_squares_of_a_grid_are_native_pixels() -> None:
    pixels = np.asarray(painting(384, 384))
    top, left = spread(pixels.shape, 224, 4)[3]
    assert np.array_equal(cut(pixels, View("grid", 224, 384, 4))[3], pixels[top : top + 224, left : left + 224])
