"""The heads: what they read off, that their maps add up, and what a fitted one learns. Needs TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ml.recipes import Probe, Recipe
from tests.ml.pictures import painting

pytestmark = [
    pytest.mark.train,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]
SMALL = Recipe("mobilenet_v3_small", size=64, head="mean", clip=0)
HEADS = {
    "mean": SMALL,
    "statistics": replace(SMALL, head="statistics"),
    "clipped": replace(SMALL, head="statistics", clip=1.0),
}


def pictures(n: int = 6, size: int = 64) -> Any:
    return np.stack([np.asarray(painting(size, size, seed=seed)) for seed in range(n)]).astype(np.float32)


def shaken(recipe: Recipe) -> Any:
    """A model with random weights everywhere, also where training starts from zeros and ones."""
    import keras

    from ml import backbones
    from ml.training import quiet_tensorflow

    quiet_tensorflow()
    keras.utils.set_random_seed(5)
    model = backbones.build(recipe, None)
    rng = np.random.default_rng(5)
    for layer in model.layers:  # untrained, a picture's differences die out on the way through
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(rng.uniform(1.5, 3.0, layer.gamma.shape))
    reader = keras.Model(model.input, model.get_layer("features").output)
    numbers = np.asarray(reader.predict_on_batch(pictures()))
    scale = 1 / (numbers.std(0) + 1e-3 * np.abs(numbers).mean(0) + 1e-9)
    share = rng.uniform(0.5, 1.5, numbers.shape[1])
    model.get_layer("standard").set_weights([numbers.mean(0), scale, share])
    kernel, _ = model.get_layer("head").get_weights()
    model.get_layer("head").set_weights([rng.normal(0, 0.05, kernel.shape), np.array([0.3])])
    return model


@pytest.mark.parametrize("name", HEADS)
def test_the_map_adds_up_and_litert_agrees(name: str) -> None:
    from ml import backbones, export
    from ml.runtime import runner

    model = shaken(HEADS[name])
    out = backbones.serving(model, HEADS[name]).predict_on_batch(pictures())
    assert out["heat"].shape == (6, 2, 2)
    assert np.std(out["logit"]) > 0.01
    assert np.allclose(out["heat"].mean(axis=(1, 2)), out["logit"][:, 0], atol=2e-3)
    content = export.to_litert(model, HEADS[name])
    assert export.largest_difference(model, content, pictures().astype(np.uint8)) < export.PARITY
    assert runner(content)(pixels=pictures()[:1])["heat"].shape == (1, 2, 2)


def test_statistics_are_averages_and_spreads_of_every_depth() -> None:
    import keras

    from ml import backbones, heads

    def last_map(model: Any) -> Any:
        return model.get_layer(f"tap_{depthwise}_mean").input

    recipe = HEADS["statistics"]
    model = backbones.build(recipe, None)
    sizes = heads.tap_sizes(model)
    depthwise = sum(isinstance(layer, keras.layers.DepthwiseConv2D) for layer in model.layers)
    assert len(sizes) == depthwise + 1
    reader = keras.Model(model.input, [last_map(model), model.get_layer("features").output])
    last, numbers = (np.asarray(one) for one in reader.predict_on_batch(pictures()))
    channels = last.shape[-1]
    assert sizes[-1] == 2 * channels
    assert sum(sizes) == numbers.shape[1]
    assert np.allclose(numbers[:, -2 * channels : -channels], last.mean(axis=(1, 2)), atol=1e-4)
    assert np.allclose(numbers[:, -channels:], np.sqrt(last.var(axis=(1, 2)) + 1e-5), atol=1e-3)


def test_v2_is_read_where_it_rectifies_at_six() -> None:
    import keras

    from ml import backbones

    model = backbones.build(replace(HEADS["statistics"], backbone="mobilenet_v2"), None)
    names = {layer.name for layer in model.layers}
    taps = [model.get_layer(name).input for name in names if name.startswith("tap_") and name.endswith("_mean")]
    assert len(taps) == 19  # the first convolution, seventeen blocks, the last map
    behind = [tensor._keras_history.operation for tensor in taps]
    assert all(isinstance(layer, keras.layers.ReLU) and layer.max_value == 6 for layer in behind)


def test_a_fitted_head_tells_the_classes_and_leans_less_on_what_tells_sources_apart() -> None:
    from ml import backbones, heads

    model = backbones.build(SMALL, None)
    width = heads.tap_sizes(model)[0]
    rng = np.random.default_rng(1)
    groups = np.repeat([f"source {index}" for index in range(12)], 20)
    is_ai = np.arange(240) // 20 % 2 == 0
    features = rng.normal(0, 1, (240, width))
    features[:, 0] += 1.5 * is_ai  # holds for every source
    features[:, 1] += np.where(groups == "source 0", 6, 0)  # one source's own mark

    def weights(probe: Probe) -> Any:
        heads.fit(model, features, is_ai, list(groups), SMALL, probe)
        return model.get_layer("head").get_weights()[0][:, 0]

    loose, strict = weights(Probe(l2=1e-3, group_penalty=0)), weights(Probe(l2=1e-3, group_penalty=1.0))
    shift, scale, share = model.get_layer("standard").get_weights()
    logit = ((features - shift) * scale * share) @ strict
    assert (logit[is_ai].mean() - logit[~is_ai].mean()) > 0.5
    assert abs(strict[1]) / abs(strict[0]) < abs(loose[1]) / abs(loose[0])


def test_sizes_that_the_grid_does_not_divide_are_refused() -> None:
    from ml import backbones

    with pytest.raises(ValueError, match="multiple of 32"):
        backbones.build(replace(SMALL, size=100), None)
