"""What the network is shown while it is fine-tuned: which pictures, how altered, in which batches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import datasets
from ml.augment import augmented, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.datasets import Picture
    from ml.recipes import Recipe

    Pixels = npt.NDArray[np.uint8]
    Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]

_WORKERS = 2
_BATCHES_AHEAD = 3


@dataclass(frozen=True, slots=True)
class LabelledPixels:
    """Pictures with their decoded pixels, in the same order."""

    pictures: Sequence[Picture]
    pixels: Sequence[Pixels]

    @classmethod
    def load(cls, pictures: Sequence[Picture], root: Path) -> LabelledPixels:
        """Decode the pictures below ``root``."""
        return cls(pictures, datasets.load_pixels(pictures, root))

    def select(self, wanted: Sequence[Picture]) -> LabelledPixels:
        """Return the pictures of ``wanted``, in its order."""
        where = {picture.file: index for index, picture in enumerate(self.pictures)}
        return LabelledPixels(wanted, [self.pixels[where[picture.file]] for picture in wanted])

    @property
    def is_ai(self) -> npt.NDArray[np.bool_]:
        """``(n,)``: true where a picture is AI-generated."""
        return datasets.labels(self.pictures)


def batches(recipe: Recipe, data: LabelledPixels, seed: int, turn: int, count: int) -> Iterator[Batch]:
    """Yield ``count`` batches of ``(squares (b, size, size, 3), targets (b, 1))``, made ahead in threads.

    Every square has its own random stream, so a ``turn`` is the same however the threads run and wherever a run
    was resumed.
    """
    rng = np.random.default_rng([seed, turn])
    order = rng.choice(len(data.pictures), count * recipe.batch, p=draw_chances(recipe, data))
    half = recipe.label_smoothing / 2
    smoothed = np.where(data.is_ai, 1 - half, half).astype(np.float32)

    def square(place: int) -> Pixels:
        stream = np.random.default_rng([seed, turn, place])
        return augmented(data.pixels[order[place]], recipe.size, recipe.augment, stream)

    with ThreadPoolExecutor(_WORKERS) as pool:
        ahead = [pool.submit(square, place) for place in range(min(len(order), _BATCHES_AHEAD * recipe.batch))]
        for start in range(0, len(order), recipe.batch):
            x = np.stack([future.result() for future in ahead[: recipe.batch]]).astype(np.float32)
            del ahead[: recipe.batch]
            next_start = start + _BATCHES_AHEAD * recipe.batch
            ahead += [pool.submit(square, place) for place in range(next_start, min(len(order), next_start + len(x)))]
            y = smoothed[order[start : start + recipe.batch]][:, None]
            yield mixed(x, y, recipe, rng) if rng.random() < recipe.augment.cutmix_chance else (x, y)


def draw_chances(recipe: Recipe, data: LabelledPixels) -> npt.NDArray[np.float64]:
    """Return each picture's chance to be drawn: both classes alike, small groups raised by ``group_power``."""
    groups = np.array([picture.group or picture.file for picture in data.pictures])
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    chances = counts[inverse] ** -float(recipe.group_power)
    is_ai = data.is_ai
    for kind in (is_ai, ~is_ai):
        chances[kind] /= max(chances[kind].sum(), 1e-12)
    return np.asarray(chances / chances.sum(), np.float64)


def mixed(x: Any, y: Any, recipe: Recipe, rng: np.random.Generator) -> tuple[Any, Any]:
    """Paste a rectangle of one picture of the batch into another; the target follows the area (CutMix)."""
    partner = rng.permutation(len(x))
    top, left, height, width = rectangle(recipe.size, float(rng.uniform(0.1, 0.5)), rng)
    pasted = x.copy()
    pasted[:, top : top + height, left : left + width] = x[partner, top : top + height, left : left + width]
    share = height * width / recipe.size**2
    return pasted, (y * (1 - share) + y[partner] * share).astype(np.float32)
