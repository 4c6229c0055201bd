"""A trained Keras model as a LiteRT file, with proof that it is the same function.

``TFLiteConverter.from_concrete_functions`` silently drops Keras 3 weights, hence the way over a SavedModel,
the check of the size and the comparison of outputs.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import backbones
from ml.calibration import apply
from ml.cards import Calibration

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from ml.recipes import Recipe

MAX_BYTES = 15 * 1024 * 1024
"""No artefact is larger: it is shipped in the repository and loaded by every worker."""
PARITY = 1e-4
_BYTES_A_WEIGHT = 4


class ExportError(RuntimeError):
    """The converted file is not the model that was trained."""


def to_litert(model: Any, recipe: Recipe) -> bytes:
    """Convert to LiteRT, float32, batch 1. Raises :class:`ExportError` if weights were lost or it grew too
    big.
    """
    import tensorflow as tf

    served = backbones.serving(model, recipe)
    shape = (1, *model.input.shape[1:])
    with tempfile.TemporaryDirectory() as folder:
        served.export(
            folder,
            format="tf_saved_model",
            verbose=False,
            input_signature=[tf.TensorSpec(shape, tf.float32, "pixels")],
        )
        content = bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
    weights = _BYTES_A_WEIGHT * model.count_params()
    # Folding BatchNorm into the convolutions saves a few per cent; more than that is missing weights.
    if not 0.9 * weights <= len(content) <= MAX_BYTES:
        raise ExportError(f"The file has {len(content)} bytes for {weights} bytes of weights.")
    return content


def largest_difference(model: Any, content: bytes, squares: npt.NDArray[np.uint8]) -> float:
    """Return the largest |difference| in probability between Keras and LiteRT over ``(n, size, size, 3)``."""
    from ml.runtime import runner

    run = runner(content)
    served = [float(run(pixels=square[None].astype(np.float32))["logit"].reshape(-1)[0]) for square in squares]
    trained = np.asarray(model.predict_on_batch(squares.astype(np.float32)))[:, 0]
    plain = Calibration()
    return float(np.abs(apply(plain, trained.astype(np.float64)) - apply(plain, np.array(served))).max())


def write_litert(model: Any, recipe: Recipe, path: Path, squares: npt.NDArray[np.uint8]) -> bytes:
    """Convert, compare on ``squares`` and write. Raises :class:`ExportError` if they differ by more than
    1e-4.
    """
    content = to_litert(model, recipe)
    difference = largest_difference(model, content, squares)
    if difference > PARITY:
        raise ExportError(f"Keras and LiteRT differ by {difference:.2g}.")
    path.write_bytes(content)
    return content
