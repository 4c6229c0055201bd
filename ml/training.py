"""Transfer learning: one recipe, one set of pictures, one run folder. Resumable after every epoch.

A run folder holds ``run.json`` (recipe, seed, data), ``history.json``, ``curves.png``, ``weights.weights.h5``
and, while it is under way, ``checkpoint.npz``. A finished run of the same recipe, seed and data is not
trained again.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import backbones, datasets, heads
from ml.augment import augmented, rectangle
from ml.views import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.cards import View
    from ml.datasets import Picture
    from ml.recipes import Probe, Recipe

    Pixels = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float64]

WEIGHTS_FILE = "weights.weights.h5"
RUN_FILE = "run.json"
HISTORY_FILE = "history.json"
_CHECKPOINT = "checkpoint.npz"
_PREFETCH_WORKERS = 2


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


def quiet_tensorflow(threads: int = 2) -> None:
    """Start TensorFlow without its banner and on a fixed number of threads, unless it already runs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # its word for "already running"
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def train(
    recipe: Recipe,
    data: LabelledPixels,
    folder: Path,
    *,
    seed: int,
    validation: LabelledPixels | None = None,
    weights: Path | str | None = backbones.BACKBONES_DIR,
    say: Callable[[str], None] = print,
) -> Any:
    """Train by ``recipe`` and return the Keras model; everything random follows from ``seed``.

    ``validation`` is only watched (its loss and accuracy go into the history), never used to choose. ``say``
    gets a line of progress after each epoch.
    """
    quiet_tensorflow()
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    run = {
        "recipe": recipe.as_dict(),
        "seed": seed,
        "data": datasets.digest(data.pictures),
        "n": len(data.pictures),
    }
    run = json.loads(json.dumps(run))  # as it will be read back
    same = _read_json(folder / RUN_FILE) == run
    keras.utils.set_random_seed(seed)
    model = backbones.build(recipe, weights)
    if same and (folder / WEIGHTS_FILE).exists():
        model.load_weights(folder / WEIGHTS_FILE)
        say(f"{folder}: already trained")
        return model
    (folder / RUN_FILE).write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")

    steps = math.ceil(len(data.pictures) / recipe.batch)
    model.compile(optimizer=_optimiser(recipe, steps), loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.optimizer.build(model.trainable_variables)
    history = _restore(model, folder) if same else []
    if recipe.probe and not history:
        _fit_head(model, recipe, recipe.probe, data, seed)
        say(f"{folder.name}: head fitted on {len(data.pictures)} pictures")
    for epoch in range(len(history), recipe.epochs):
        started = time.monotonic()
        losses = [float(model.train_on_batch(x, y)) for x, y in _batches(recipe, data, seed, epoch, steps)]
        row = {"epoch": epoch + 1, "loss": float(np.mean(losses)), "seconds": time.monotonic() - started}
        history.append(row | (_watched(model, recipe, validation) if validation else {}))
        _checkpoint(model, history, folder)
        say(f"{folder.name}: " + ", ".join(f"{key} {value:.4g}" for key, value in history[-1].items()))
    if recipe.ema:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    model.save_weights(folder / WEIGHTS_FILE)
    (folder / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
    (folder / _CHECKPOINT).unlink(missing_ok=True)
    return model


def logits(model: Any, pixels: Sequence[Pixels], views: Sequence[View], batch: int = 64) -> Floats:
    """Return each picture's logit ``(n,)``, the mean over the squares of its views: what serving computes."""
    return _mean_outputs(model, pixels, views, batch)[:, 0]


def _mean_outputs(model: Any, pixels: Sequence[Pixels], views: Sequence[View], batch: int = 64) -> Floats:
    """Return ``(n, outputs)``, each picture's mean over the squares of its views."""
    return _outputs(model, [np.concatenate([cut(picture, view) for view in views]) for picture in pixels], batch)


def _outputs(model: Any, squares: Sequence[Pixels], batch: int = 64) -> Floats:
    """Return ``(n, outputs)``: each picture's mean over its squares ``(k, size, size, 3)``."""
    owner = np.repeat(np.arange(len(squares)), [len(some) for some in squares])
    stacked = np.concatenate(squares)
    parts = [
        np.asarray(model.predict_on_batch(stacked[at : at + batch].astype(np.float32)))
        for at in range(0, len(stacked), batch)
    ]
    values = np.concatenate(parts).astype(np.float64)
    total = np.zeros((len(squares), values.shape[1]))
    np.add.at(total, owner, values)
    return np.asarray(total / np.bincount(owner, minlength=len(squares))[:, None], np.float64)


def _fit_head(model: Any, recipe: Recipe, probe: Probe, data: LabelledPixels, seed: int) -> None:
    """Fit the head on what the backbone reads off each picture's views, and off augmented squares of it."""
    import keras

    reader = keras.Model(model.input, model.get_layer("features").output)
    groups = [picture.group or picture.file for picture in data.pictures]
    rows = [_mean_outputs(reader, data.pixels, recipe.views)]
    for copy in range(probe.copies):
        squares = [
            augmented(pixels, recipe.size, recipe.augment, np.random.default_rng([seed, copy, index]))[None]
            for index, pixels in enumerate(data.pixels)
        ]
        rows.append(_outputs(reader, squares))
    heads.fit(model, np.concatenate(rows), np.tile(data.is_ai, len(rows)), groups * len(rows), probe)


def _optimiser(recipe: Recipe, steps: int) -> Any:
    import keras

    total = steps * recipe.epochs
    warm = max(1, round(recipe.warmup * total))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, total - warm), warmup_target=recipe.learning_rate, warmup_steps=warm
    )
    return keras.optimizers.AdamW(
        schedule,
        weight_decay=recipe.weight_decay,
        clipnorm=1.0,
        use_ema=recipe.ema > 0,
        ema_momentum=recipe.ema or 0.99,
    )


def _batches(
    recipe: Recipe, data: LabelledPixels, seed: int, epoch: int, steps: int
) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """Yield one epoch of ``(squares (b, size, size, 3), targets (b, 1))``, made ahead in threads.

    Every picture has its own random stream, so the epoch is the same however the threads run and wherever a
    run was resumed.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.choice(len(data.pictures), steps * recipe.batch, p=draw_chances(recipe, data))
    smoothed = np.where(data.is_ai, 1 - recipe.label_smoothing, recipe.label_smoothing).astype(np.float32)

    def square(place: int) -> Pixels:
        stream = np.random.default_rng([seed, epoch, place])
        return augmented(data.pixels[order[place]], recipe.size, recipe.augment, stream)

    with ThreadPoolExecutor(_PREFETCH_WORKERS) as pool:
        ahead = [pool.submit(square, place) for place in range(min(len(order), 3 * recipe.batch))]
        for start in range(0, len(order), recipe.batch):
            x = np.stack([future.result() for future in ahead[: recipe.batch]]).astype(np.float32)
            del ahead[: recipe.batch]
            coming = range(start + 3 * recipe.batch, min(len(order), start + 4 * recipe.batch))
            ahead += [pool.submit(square, place) for place in coming]
            y = smoothed[order[start : start + recipe.batch]][:, None]
            yield mixed(x, y, recipe, rng) if rng.random() < recipe.augment.cutmix_chance else (x, y)


def draw_chances(recipe: Recipe, data: LabelledPixels) -> Floats:
    """Return each picture's chance to be drawn: both classes alike, small groups raised by
    ``group_power``.
    """
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
    mixed = x.copy()
    mixed[:, top : top + height, left : left + width] = x[partner, top : top + height, left : left + width]
    share = height * width / recipe.size**2
    return mixed, (y * (1 - share) + y[partner] * share).astype(np.float32)


def _watched(model: Any, recipe: Recipe, validation: LabelledPixels) -> dict[str, float]:
    z, is_ai = logits(model, validation.pixels, recipe.views), validation.is_ai
    loss = np.mean(np.logaddexp(0, np.where(is_ai, -z, z)))
    return {"val_loss": float(loss), "val_accuracy": float(np.mean((z >= 0) == is_ai))}


def _checkpoint(model: Any, history: list[dict[str, float]], folder: Path) -> None:
    values = [np.asarray(variable) for variable in (*model.weights, *model.optimizer.variables)]
    part = folder / f"part-{_CHECKPOINT}"
    np.savez(part, *values, history=np.array(json.dumps(history)))
    part.replace(folder / _CHECKPOINT)


def _restore(model: Any, folder: Path) -> list[dict[str, float]]:
    """Load the last epoch's state into the model and its optimiser; return the history up to it."""
    file = folder / _CHECKPOINT
    if not file.exists():
        return []
    with np.load(file, allow_pickle=False) as stored:
        for index, variable in enumerate((*model.weights, *model.optimizer.variables)):
            variable.assign(stored[f"arr_{index}"])
        history: list[dict[str, float]] = json.loads(str(stored["history"]))
    return history


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
