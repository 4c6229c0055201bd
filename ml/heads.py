"""What is read off a backbone, and the linear head on it. TensorFlow is imported when a function is called.

``mean``: the average of each channel of the last feature map, the usual head. ``statistics``: average and spread
of each channel after every depthwise convolution, from the first to the last. How a picture was made shows in
texture at many scales more than in what the deepest layer has left of it.

Both are taken from maps that were first averaged over the cells of one coarse grid (7 x 7 at 224 pixels), which
costs nothing and leaves, for each cell, how much it adds to the logit: the average and the spread of a channel are
sums over its cells, and the rest is linear. So the map of logits is exact, its mean being the logit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from ml.recipes import Probe, Recipe

    Floats = npt.NDArray[np.float64]

_EPSILON = 1e-5
"""Keeps the spread's slope finite where a channel is flat."""
_LBFGS_MEMORY = 20


@dataclass(frozen=True, slots=True)
class Tap:
    """One feature map on the grid: in each cell its average and, for its spread, the average squared distance
    from the mean of the whole map.
    """

    mean: Any
    square: Any
    channels: int


def attach(base: Any, recipe: Recipe) -> Any:
    """Return the logit ``(n, 1)`` of a backbone ``base`` that ends in its last feature map.

    Layers: ``features`` (all numbers read off), ``standard`` (:func:`standard_layer`), ``dropout``, ``head``.
    """
    import keras

    taps = _read_off(base, recipe)
    numbers = [number for tap in taps for number in _numbers(tap)]
    joined = keras.layers.Concatenate()(numbers) if len(numbers) > 1 else numbers[0]
    features = keras.layers.Activation("linear", name="features")(joined)
    standard = standard_layer(recipe.clip)(features)
    dropped = keras.layers.Dropout(recipe.dropout, name="dropout")(standard)
    # Zero weights: the first steps teach the head what the backbone sees instead of shaking the backbone.
    return keras.layers.Dense(1, kernel_initializer="zeros", dtype="float32", name="head")(dropped)


def _read_off(base: Any, recipe: Recipe) -> list[Tap]:
    """Return the taps of a backbone on the grid of its last map."""
    import keras

    maps = _maps(base) if recipe.head == "statistics" else [base.output]
    grid = int(base.output.shape[1])
    taps = []
    for index, tensor in enumerate(maps):
        cell = int(tensor.shape[1]) // grid
        mean = keras.layers.AveragePooling2D(cell, name=f"tap_{index}_mean")(tensor)
        square = None
        if recipe.head == "statistics":
            pool_square = keras.layers.AveragePooling2D(cell, name=f"tap_{index}_square")
            # About the mean: the difference of two large averages would leave noise where a channel is nearly flat.
            centred = tensor - keras.ops.mean(mean, axis=(1, 2), keepdims=True)
            square = pool_square(keras.ops.square(centred))
        taps.append(Tap(mean, square, int(tensor.shape[-1])))
    return taps


def standard_layer(clip: float) -> Any:
    """Return the layer ``standard``: ``clip((x - shift) * scale) * share``, ``clip`` standard deviations or none."""
    import keras

    class Standard(keras.layers.Layer):  # type: ignore[misc]
        def build(self, shape: tuple[int, ...]) -> None:
            for name, start in (("shift", "zeros"), ("scale", "ones"), ("share", "ones")):
                weight = self.add_weight(shape=shape[-1:], initializer=start, trainable=False, name=name)
                setattr(self, name, weight)

        def call(self, inputs: Any) -> Any:
            moved = (inputs - self.shift) * self.scale
            return (keras.ops.clip(moved, -clip, clip) if clip else moved) * self.share

    return Standard(name="standard")


def heat(model: Any, recipe: Recipe) -> Any:
    """Return ``(n, rows, columns)``: the logit that each cell of the grid speaks for; the mean is the logit."""
    from keras import ops

    shift, scale, share = model.get_layer("standard").get_weights()
    kernel, bias = model.get_layer("head").get_weights()
    kernel = kernel[:, 0] * share
    total, constant, at = 0.0, float(bias[0]), 0
    for tap in _taps_of(model):
        numbers = _numbers(tap)
        terms = []
        for number in numbers:
            part = slice(at, at + tap.channels)
            at += tap.channels
            weight, moved = kernel[part], (number - shift[part]) * scale[part]
            if recipe.clip:  # what is cut off no longer depends on the picture's parts
                inside = ops.cast(ops.abs(moved) < recipe.clip, "float32")
                constant += ops.sum((1 - inside) * weight * ops.clip(moved, -recipe.clip, recipe.clip), -1)
            else:
                inside = ops.ones_like(moved)
            constant -= ops.sum(inside * weight * scale[part] * shift[part], -1)
            terms.append(inside * weight * scale[part])
        total += ops.sum(tap.mean * terms[0][:, None, None], -1)
        if tap.square is not None:  # spread = mean of (square + epsilon) / spread
            slope = terms[1] / numbers[1]
            total += ops.sum((tap.square + _EPSILON) * slope[:, None, None], -1)
    return total + ops.reshape(constant, (-1, 1, 1))


def tap_sizes(model: Any) -> list[int]:
    """Return how many numbers each tap contributes, in the order of ``features``."""
    return [tap.channels * (1 if tap.square is None else 2) for tap in _taps_of(model)]


def fit(
    model: Any,
    features: Floats,
    is_ai: npt.NDArray[np.bool_],
    groups: Sequence[str],
    recipe: Recipe,
    probe: Probe,
) -> None:
    """Set the layers ``standard`` and ``head`` to the logistic regression that ``probe`` describes.

    ``features`` is ``(n, d)``. Every tap weighs the same whatever its number of channels; classes weigh the same;
    ``recipe.group_power`` and ``probe.group_penalty`` keep the head from leaning on what only tells sources apart.
    """
    from scipy.optimize import minimize

    shift, scale = features.mean(axis=0), 1 / (features.std(axis=0) + 1e-4)
    sizes = np.array(tap_sizes(model))
    share = np.repeat(1 / np.sqrt(sizes * len(sizes)), sizes)
    z = (features - shift) * scale
    z = ((z.clip(-recipe.clip, recipe.clip) if recipe.clip else z) * share).astype(np.float32)  # half the memory
    weights, between = _group_terms(z, is_ai, np.asarray(groups), recipe.group_power)
    target = np.where(is_ai, 1 - probe.label_smoothing / 2, probe.label_smoothing / 2)

    def loss(beta: Floats) -> tuple[float, Floats]:
        theta = beta[:-1]
        logit = z @ theta.astype(np.float32) + beta[-1]
        residual = weights * (1 / (1 + np.exp(-np.clip(logit, -50, 50))) - target)
        apart = between @ theta
        value = weights @ (np.logaddexp(0, logit) - target * logit)
        value += probe.l2 * theta @ theta + probe.group_penalty * apart @ apart
        slope = residual.astype(np.float32) @ z + 2 * probe.l2 * theta + 2 * probe.group_penalty * between.T @ apart
        return float(value), np.append(slope, residual.sum())

    options = {"maxiter": probe.iterations, "maxcor": _LBFGS_MEMORY}
    found = minimize(loss, np.zeros(z.shape[1] + 1), jac=True, method="L-BFGS-B", options=options)
    model.get_layer("standard").set_weights([shift, scale, share])
    model.get_layer("head").set_weights([found.x[:-1][:, None], found.x[-1:]])


def _group_terms(
    z: Floats, is_ai: npt.NDArray[np.bool_], groups: npt.NDArray[np.str_], group_power: float
) -> tuple[Floats, Floats]:
    """Return each picture's weight, and each source's distance from its class's mean (rows, weighted)."""
    weights = np.zeros(len(z))
    rows = []
    for kind in (True, False):
        places = np.flatnonzero(is_ai == kind)
        names, inverse, counts = np.unique(groups[places], return_inverse=True, return_counts=True)
        share = counts ** (1 - group_power)
        share = share / share.sum()
        weights[places] = 0.5 * share[inverse] / counts[inverse]
        means = np.stack([z[places[inverse == index]].mean(axis=0) for index in range(len(names))])
        rows.append((means - share @ means) * np.sqrt(share)[:, None])
    return weights, np.concatenate(rows)


def _taps_of(model: Any) -> list[Tap]:
    """Find again what :func:`attach` read off."""
    names = {layer.name for layer in model.layers}
    taps: list[Tap] = []
    while f"tap_{len(taps)}_mean" in names:
        mean, square = (f"tap_{len(taps)}_{what}" for what in ("mean", "square"))
        found = model.get_layer(mean).output
        taps.append(Tap(found, model.get_layer(square).output if square in names else None, int(found.shape[-1])))
    return taps


def _numbers(tap: Tap) -> list[Any]:
    from keras import ops

    mean = ops.mean(tap.mean, axis=(1, 2))
    if tap.square is None:
        return [mean]
    return [mean, ops.sqrt(ops.mean(tap.square, axis=(1, 2)) + _EPSILON)]


def _maps(base: Any) -> list[Any]:
    """Return the map after each depthwise convolution (normalised, rectified), V2's first one, and the last.

    Where the network itself rectifies there (V2 at 0 and 6, V3's first blocks at 0), that map is taken.
    """
    import keras

    maps = []
    for layer, behind, next_behind in zip(base.layers, base.layers[1:], base.layers[2:], strict=False):
        if layer.name == "Conv1_relu":
            maps.append(layer.output)
        elif isinstance(layer, keras.layers.DepthwiseConv2D):  # then its BatchNorm, then the activation
            rectified = isinstance(next_behind, keras.layers.ReLU)
            maps.append(next_behind.output if rectified else keras.ops.relu(behind.output))
    return [*maps, base.output]
