"""Transfer learning: one recipe, one set of pictures, one run folder. Resumable after every round.

First the head is fitted on what the frozen backbone reads off (a minute), then both are fine-tuned gently from
there: a head that starts from nothing would shake the backbone out of what it knows (Kumar et al. 2022).

A run folder holds ``run.json`` (recipe, seed, data), ``history.json``, ``weights.weights.h5`` and, while it is
under way, ``checkpoint.npz``. A finished run of the same recipe, seed and data is not trained again.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import backbones, datasets, heads
from ml.augment import augmented
from ml.feeding import LabelledPixels, batches
from ml.views import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.cards import View
    from ml.recipes import Probe, Recipe

    Pixels = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float64]

WEIGHTS_FILE = "weights.weights.h5"
RUN_FILE = "run.json"
HISTORY_FILE = "history.json"
_CHECKPOINT = "checkpoint.npz"
_ROUND = 1000
"""About so many pictures between two lines of progress, and two checkpoints."""
_LARGEST_GRADIENT = 5.0
_READ_AT_ONCE = 256


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
    memory: dict[Any, Any] | None = None,
    say: Callable[[str], None] = print,
) -> Any:
    """Train by ``recipe`` and return the Keras model; everything random follows from ``seed``.

    ``validation`` is only watched (its loss and accuracy go into the history), never used to choose. ``memory``
    keeps what a probe reads off a picture for further calls. ``say`` gets a line of progress after each round.
    """
    quiet_tensorflow()
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    run = {"recipe": recipe.as_dict(), "seed": seed, "data": datasets.digest(data.pictures), "n": len(data.pictures)}
    run = json.loads(json.dumps(run))  # as it will be read back
    same = _read_json(folder / RUN_FILE) == run
    keras.utils.set_random_seed(seed)
    model = backbones.build(recipe, weights)
    if same and (folder / WEIGHTS_FILE).exists():
        model.load_weights(folder / WEIGHTS_FILE)
        say(f"{folder}: already trained")
        return model
    (folder / RUN_FILE).write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")

    tuner = _FineTuner(model, recipe)
    history = _restore(tuner, folder) if same else []
    if recipe.probe and not history:
        _fit_head(model, recipe, recipe.probe, data, seed, {} if memory is None else memory)
        say(f"{folder}: head fitted on {len(data.pictures)} pictures")
    for turn, steps in list(enumerate(_rounds(recipe)))[len(history) :]:
        started = time.monotonic()
        losses = [tuner.step(x, y) for x, y in batches(recipe, data, seed, turn, steps)]
        seen = sum(_rounds(recipe)[: turn + 1]) * recipe.batch
        row = {"seen": seen, "loss": float(np.mean(losses)), "seconds": time.monotonic() - started}
        history.append(row | (_watched(model, recipe, validation) if validation else {}))
        _checkpoint(tuner, history, folder)
        say(f"{folder}: " + ", ".join(f"{key} {value:.4g}" for key, value in history[-1].items()))
    tuner.finish()
    model.save_weights(folder / WEIGHTS_FILE)
    (folder / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
    (folder / _CHECKPOINT).unlink(missing_ok=True)
    return model


def logits(model: Any, pixels: Sequence[Pixels], views: Sequence[View], batch: int = 64) -> Floats:
    """Return each picture's logit ``(n,)``, the mean over the squares of its views: what serving computes."""
    squares = [np.concatenate([cut(picture, view) for view in views]) for picture in pixels]
    return _outputs(model, squares, batch)[:, 0].astype(np.float64)


class _FineTuner:
    """The model, its two optimisers (backbone and head), and one compiled step."""

    def __init__(self, model: Any, recipe: Recipe) -> None:
        import keras

        self.model, self.recipe = model, recipe
        if recipe.frozen_until:
            for layer in model.layers[: 1 + model.layers.index(model.get_layer(recipe.frozen_until))]:
                layer.trainable = False
        self._body = keras.Model(model.input, model.get_layer("features").output)
        self._variables = (self._body.trainable_variables, model.get_layer("head").trainable_variables)
        total = max(1, sum(_rounds(recipe)))
        rates = ((recipe.learning_rate, recipe.weight_decay), (recipe.head_rate, 0.0))
        self.optimisers = [
            keras.optimizers.AdamW(
                _schedule(rate, total, recipe.warmup),
                weight_decay=decay,
                use_ema=recipe.ema > 0,
                ema_momentum=recipe.ema or 0.99,
            )
            for rate, decay in rates
        ]
        for optimiser, variables in zip(self.optimisers, self._variables, strict=True):
            optimiser.build(variables)
        self._compiled: Any = None

    def step(self, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> float:
        """Learn from one batch and return its loss."""
        import tensorflow as tf

        if self._compiled is None:
            self._compiled = tf.function(self._step, reduce_retracing=True)
        return float(self._compiled(tf.constant(x), tf.constant(y)))

    def finish(self) -> None:
        """Put the moving averages in the weights' place."""
        if self.recipe.ema and self.recipe.passes:
            for optimiser, variables in zip(self.optimisers, self._variables, strict=True):
                optimiser.finalize_variable_values(variables)

    def state(self) -> list[Any]:
        """Return all variables that a resumed run needs, in a fixed order."""
        return [*self.model.weights, *(variable for one in self.optimisers for variable in one.variables)]

    def _step(self, x: Any, y: Any) -> Any:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            features = self._body(x, training=not self.recipe.steady_batchnorm)
            dropped = self.model.get_layer("dropout")(self.model.get_layer("standard")(features), training=True)
            loss = tf.reduce_mean(
                tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=self.model.get_layer("head")(dropped))
            )
        body, head = self._variables
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, [*body, *head]), _LARGEST_GRADIENT)
        self.optimisers[0].apply(gradients[: len(body)], body)
        self.optimisers[1].apply(gradients[len(body) :], head)
        return loss


def _rounds(recipe: Recipe) -> list[int]:
    """Return the number of steps of each round."""
    steps = math.ceil(recipe.passes / recipe.batch)
    count = max(1, round(recipe.passes / _ROUND)) if steps else 0
    return [steps * (index + 1) // count - steps * index // count for index in range(count)]


def _schedule(rate: float, total: int, warmup: float) -> Any:
    """Return a cosine from ``rate`` to zero over ``total`` steps, rising over the first ``warmup`` of them."""
    import keras
    from keras import ops

    class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            at = ops.cast(step, "float32")
            rise = ops.minimum(1.0, (at + 1) / max(1.0, warmup * total))
            return rate * rise * 0.5 * (1 + ops.cos(math.pi * at / total))

    return Schedule()


def _fit_head(
    model: Any, recipe: Recipe, probe: Probe, data: LabelledPixels, seed: int, memory: dict[Any, Any]
) -> None:
    """Fit the head on what the untrained backbone reads off each picture's views, and off augmented squares.

    That depends on the picture alone, so ``memory`` keeps it from one fold to the next.
    """
    import keras

    reader = keras.Model(model.input, model.get_layer("features").output)
    fixed = (recipe.backbone, recipe.size, recipe.head, recipe.views, recipe.augment, seed)
    rows = []
    for copy in range(1 + probe.copies):
        wanted = [(fixed, copy, picture.file) for picture in data.pictures]
        missing = [index for index, key in enumerate(wanted) if key not in memory]
        for at in range(0, len(missing), _READ_AT_ONCE):
            some = missing[at : at + _READ_AT_ONCE]
            squares = [_squares(recipe, data, index, copy, seed) for index in some]
            memory.update(zip([wanted[index] for index in some], _outputs(reader, squares), strict=True))
        rows += [memory[key] for key in wanted]
    groups = [picture.group or picture.file for picture in data.pictures]
    times = 1 + probe.copies
    heads.fit(model, np.stack(rows), np.tile(data.is_ai, times), groups * times, recipe, probe)


def _squares(recipe: Recipe, data: LabelledPixels, index: int, copy: int, seed: int) -> Pixels:
    """Return a picture's views as they serve (copy 0), or one augmented square."""
    pixels = data.pixels[index]
    if copy == 0:
        return np.concatenate([cut(pixels, view) for view in recipe.views])
    stream = np.random.default_rng([seed, copy, zlib.crc32(data.pictures[index].file.encode())])
    return augmented(pixels, recipe.size, recipe.augment, stream)[None]


def _outputs(model: Any, squares: Sequence[Pixels], batch: int = 64) -> npt.NDArray[np.float32]:
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
    return np.asarray(total / np.bincount(owner, minlength=len(squares))[:, None], np.float32)


def _watched(model: Any, recipe: Recipe, validation: LabelledPixels) -> dict[str, float]:
    z, is_ai = logits(model, validation.pixels, recipe.views), validation.is_ai
    loss = np.mean(np.logaddexp(0, np.where(is_ai, -z, z)))
    return {"val_loss": float(loss), "val_accuracy": float(np.mean((z >= 0) == is_ai))}


def _checkpoint(tuner: _FineTuner, history: list[dict[str, float]], folder: Path) -> None:
    part = folder / f"part-{_CHECKPOINT}"
    np.savez(part, *(np.asarray(one) for one in tuner.state()), history=np.array(json.dumps(history)))
    part.replace(folder / _CHECKPOINT)


def _restore(tuner: _FineTuner, folder: Path) -> list[dict[str, float]]:
    """Load the last round's state into the model and its optimisers; return the history up to it."""
    file = folder / _CHECKPOINT
    if not file.exists():
        return []
    with np.load(file, allow_pickle=False) as stored:
        for index, variable in enumerate(tuner.state()):
            variable.assign(stored[f"arr_{index}"])
        history: list[dict[str, float]] = json.loads(str(stored["history"]))
    return history


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
