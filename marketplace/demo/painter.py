"""The demo's own pictures: painted here in code, so that the demo needs no collection and infringes nobody.

Most carry no mark. Some are saved the way picture generators save theirs, with a ``parameters`` text, so that there is
something to find: those texts are made up (no generator was used), and the demo says so.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from marketplace.demo import scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.random import Generator

USER_COMMENT, EXIF_IFD = 0x9286, 0x8769


@dataclass(frozen=True, slots=True)
class Painting:
    """One picture of the demo and what its artist says about it."""

    file: str
    title: str
    category: str
    price: str
    declared_origin: str
    paint: Callable[[Generator], Image.Image]
    description: str = ""
    parameters: str = ""
    """What a generator would have written into the file; empty for a picture without a mark."""


def _parameters(prompt: str, *, steps: int, seed: int, size: str, model: str) -> str:
    return (
        f"{prompt}\nNegative prompt: lowres, watermark, text\nSteps: {steps}, Sampler: DPM++ 2M Karras, CFG scale: 7, "
        f"Seed: {seed}, Size: {size}, Model hash: 6ce0161689, Model: {model}, Version: v1.9.4"
    )


PAINTINGS = (
    Painting(
        "ranges.jpg",
        "Seven Ridges, Morning",
        "painting",
        "480",
        "handmade",
        scenes.misty_ranges,
        "The valley fills up with light from behind. Painted from the hut above the last road.",
    ),
    Painting(
        "current.png",
        "Undertow",
        "drawing",
        "350",
        "handmade",
        scenes.ultramarine_flow,
        "Some three thousand strokes, one current.",
    ),
    Painting("bamboo.png", "Three Stalks in Rain", "drawing", "290", "handmade", scenes.ink_bamboo),
    Painting(
        "quarters.png",
        "Quarter Turns",
        "print",
        "160",
        "handmade",
        scenes.arcs_and_squares,
        "Five inks on a grid of thirty-six. Edition of forty.",
    ),
    Painting("city.png", "Last Tram", "illustration", "220", "handmade", scenes.night_city),
    Painting("dunes.jpg", "Wind at the End of the Day", "painting", "540", "handmade", scenes.dunes),
    Painting("orchard.webp", "Orchard, Set Down in Dots", "painting", "610", "handmade", scenes.orchard_in_dots),
    Painting(
        "marbled.png",
        "Combed Water",
        "print",
        "120",
        "assisted",
        scenes.marbled_paper,
        "A sketch came from a generator; the paper, the size and the comb were mine.",
    ),
    Painting(
        "nebula.png",
        "The Nursery",
        "digital",
        "90",
        "generated",
        scenes.nebula,
        parameters=_parameters(
            "nebula, stars being born, teal and magenta, highly detailed",
            steps=28,
            seed=814275113,
            size="1024x1024",
            model="cosmosDream_v3",
        ),
    ),
    Painting(
        "window.png",
        "East Window",
        "digital",
        "140",
        "handmade",
        scenes.stained_glass,
        parameters=_parameters(
            "stained glass window, rising sun, leadlight, masterpiece",
            steps=30,
            seed=2290617754,
            size="860x1180",
            model="vitrailXL_v10",
        ),
    ),
    Painting("chart.png", "A Bay That Is Not There", "illustration", "180", "handmade", scenes.tide_chart),
    Painting(
        "vase.jpg",
        "Market Flowers",
        "painting",
        "260",
        "handmade",
        scenes.vase,
        parameters=_parameters(
            "vase of flowers, gouache, flat colours, by a window",
            steps=24,
            seed=31337420,
            size="900x1120",
            model="gouacheMix_v2",
        ),
    ),
)


def paint_all(folder: Path) -> Iterator[tuple[Painting, Path]]:
    """Paint what is not yet in ``folder`` and yield each painting with its file, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    for painting in PAINTINGS:
        path = folder / painting.file
        if not path.exists():
            half = path.with_suffix(path.suffix + ".part")
            save(painting, half)
            half.replace(path)
        yield painting, path


def save(painting: Painting, path: Path) -> None:
    """Paint one picture and save it in the format of its own name. The same painting is the same bytes every time."""
    rng = np.random.default_rng(zlib.crc32(painting.file.encode()))
    image = painting.paint(rng)
    kind = painting.file.rpartition(".")[2]
    if kind == "png":
        text = PngInfo()
        if painting.parameters:
            text.add_text("parameters", painting.parameters)
        image.save(path, "PNG", pnginfo=text, compress_level=6)
    elif kind == "jpg":
        exif = Image.Exif()
        if painting.parameters:
            exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + painting.parameters.encode("utf-16-be")
        image.save(path, "JPEG", quality=90, exif=exif)
    else:
        image.save(path, "WEBP", quality=88)
