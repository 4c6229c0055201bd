"""MobileNetV2 and MobileNetV3 with the detector's head. TensorFlow is imported when a function is called.

The input is ``(n, size, size, 3)`` float in 0..255 for every backbone, so serving need not know which it is.
The head is linear on the averaged feature map. That makes the class activation map exact: the head applied to
each place of the map gives a map of logits whose mean is the logit (Zhou et al. 2016), in the same pass.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import heads

if TYPE_CHECKING:
    from ml.recipes import Backbone, Recipe

BACKBONES_DIR = Path(__file__).parents[2] / "shared" / "backbones"
"""Where ImageNet weights are looked for: ``../shared/backbones`` beside the project."""

# For recipes that train them; Keras's 0.999 would leave the averages stale in a short fine-tuning.
_BATCHNORM_MOMENTUM = 0.9

BUILDERS = {
    "mobilenet_v2": ("MobileNetV2", {}),
    "mobilenet_v3_large": ("MobileNetV3Large", {}),
    "mobilenet_v3_large_minimalistic": ("MobileNetV3Large", {"minimalistic": True}),
    "mobilenet_v3_small": ("MobileNetV3Small", {}),
}


class WeightsMissing(FileNotFoundError):
    """The backbone's pretrained weights are neither on this machine nor to be fetched."""


def build(recipe: Recipe, weights: Path | str | None = BACKBONES_DIR) -> Any:
    """Return a Keras model ``pixels (n, size, size, 3) -> logit (n, 1)``.

    ``weights`` is a folder of ``<backbone>.weights.h5`` files, ``"imagenet"`` for Keras's own download, or ``None``
    for random ones. Raises :class:`WeightsMissing`.
    """
    import keras

    if recipe.size % 32:
        raise ValueError(f"a size must be a multiple of 32, not {recipe.size}")
    pixels = keras.Input((recipe.size, recipe.size, 3), name="pixels")
    base = _base(recipe.backbone, pixels, weights)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = _BATCHNORM_MOMENTUM
    return keras.Model(pixels, heads.attach(base, recipe), name=recipe.backbone)


def serving(model: Any, recipe: Recipe) -> Any:
    """Return the model that is exported: ``pixels -> {"logit": (n, 1), "heat": (n, rows, columns)}``."""
    import keras

    outputs = {"logit": model.output, "heat": heads.heat(model, recipe)}
    return keras.Model(model.input, outputs, name=f"{model.name}_serving")


def _base(backbone: Backbone, pixels: Any, weights: Path | str | None) -> Any:
    """Return the backbone up to its last feature map, from pixels in 0..255."""
    import keras

    name, extra = BUILDERS[backbone]
    builder = getattr(keras.applications, name)
    size = int(pixels.shape[1])
    # V3 rescales 0..255 itself; V2 wants -1..1.
    scaled = (
        keras.layers.Rescaling(1 / 127.5, offset=-1, name="scale")(pixels) if backbone == "mobilenet_v2" else pixels
    )
    body = builder(
        include_top=False,
        pooling=None,
        input_tensor=scaled,
        input_shape=(size, size, 3),
        weights="imagenet" if weights == "imagenet" else None,
        **extra,
    )
    base = keras.Model(pixels, body.output)
    if weights is not None and weights != "imagenet":
        _load(base, backbone, Path(weights), size)
    return base


def _load(base: Any, backbone: Backbone, folder: Path, size: int) -> None:
    import keras

    file = folder / f"{backbone}.weights.h5"
    if not file.exists():
        raise WeightsMissing(
            f"There are no pretrained weights at {file}. Name their folder with --backbones, "
            "or use --backbones imagenet where there is a network."
        )
    # The files hold a model without our rescaling layer: load them into their own shape, then copy by order.
    name, extra = BUILDERS[backbone]
    original = getattr(keras.applications, name)(
        weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3), **extra
    )
    original.load_weights(file)
    base.set_weights(original.get_weights())
