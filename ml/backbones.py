"""MobileNetV2 and MobileNetV3 with the detector's head. TensorFlow is imported when a function is called.

The input is ``(n, size, size, 3)`` float in 0..255 for every backbone, so serving need not know which it is.
The head is linear on the averaged feature map. That makes the class activation map exact: the head applied to
each place of the map gives a map of logits whose mean is the logit (Zhou et al. 2016), in the same pass.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml.recipes import Backbone, Recipe

BACKBONES_DIR = Path(__file__).parents[2] / "shared" / "backbones"
"""Where ImageNet weights are looked for: ``../shared/backbones`` beside the project."""

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

    ``weights`` is a folder of ``<backbone>.weights.h5`` files, ``"imagenet"`` for Keras's own download, or
    ``None`` for random ones. Raises :class:`WeightsMissing`.
    """
    import keras

    pixels = keras.Input((recipe.size, recipe.size, 3), name="pixels")
    base = _base(recipe.backbone, pixels, weights)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = recipe.batchnorm_momentum
    dropped = keras.layers.Dropout(recipe.dropout, name="dropout")(base.output)
    # Zero weights: the first steps teach the head what the backbone sees instead of shaking the backbone.
    head = keras.layers.Dense(1, kernel_initializer="zeros", dtype="float32", name="head")
    return keras.Model(pixels, head(dropped), name=recipe.backbone)


def serving(model: Any) -> Any:
    """Return the model that is exported: ``pixels -> {"logit": (n, 1), "heat": (n, rows, columns)}``.

    ``heat`` holds the logit that each place of the feature map speaks for; its mean is the logit.
    """
    import keras

    feature_map = next(layer for layer in model.layers if layer.name == "features").input
    head = model.get_layer("head")
    kernel, bias = head.get_weights()
    places = keras.layers.Conv2D(1, 1, name="places")
    heat = keras.layers.Reshape(feature_map.shape[1:3], name="heat")(places(feature_map))
    places.set_weights([kernel[None, None], bias])
    return keras.Model(model.input, {"logit": model.output, "heat": heat}, name=f"{model.name}_serving")


def _base(backbone: Backbone, pixels: Any, weights: Path | str | None) -> Any:
    """Return the backbone up to its averaged features, the averaging layer being named ``features``."""
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
    averaged = keras.layers.GlobalAveragePooling2D(name="features")(body.output)
    base = keras.Model(pixels, averaged)
    if weights is not None and weights != "imagenet":
        _load(base, backbone, Path(weights), builder, extra, size)
    return base


def _load(base: Any, backbone: Backbone, folder: Path, builder: Any, extra: dict[str, Any], size: int) -> None:
    file = folder / f"{backbone}.weights.h5"
    if not file.exists():
        raise WeightsMissing(
            f"There are no pretrained weights at {file}. Name their folder with --backbones, "
            "or use --backbones imagenet where there is a network."
        )
    # The files hold a model without our rescaling layer: load them into their own shape, then copy by order.
    original = builder(weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3), **extra)
    original.load_weights(file)
    base.set_weights(original.get_weights())
