"""Real training, small: networks from random weights on painted pictures. Needs TensorFlow."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from ml import datasets, protocols, recipes, robustness
from ml.artwork import read_artwork
from ml.augment import augmented
from ml.cards import View
from ml.feeding import LabelledPixels, draw_chances, mixed
from ml.recipes import Augment, Plan, Recipe, recipe_from_dict
from ml.runtime import load_detector
from tests.ml.pictures import painting

if TYPE_CHECKING:
    from pathlib import Path

# NumPy 2's word to Keras 3 and TensorFlow 2.21, whose code it is.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

QUICK = Recipe("mobilenet_v3_small", size=64, views=(View("whole", 64),), passes=32, batch=8)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty-two paintings of eight sources; the AI ones have a cold cast that anybody can learn."""
    folder = tmp_path_factory.mktemp("art")
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", "domain", "group", "what", "format", "width", "height", "bytes"))
        for index in range(32):
            source, is_ai = index % 8, index % 2 == 0
            pixels = np.asarray(painting(120, 100, seed=index)).astype(float)
            pixels *= (0.4, 0.8, 1.0) if is_ai else (1.0, 0.8, 0.4)
            name = f"{index}.webp"
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name, quality=82)
            domain = "other" if source == 7 else "anime"
            label = "ai" if is_ai else "human"
            writer.writerow((name, label, domain, f"source {source}", "painted", "PNG", 120, 100, 5000 + index))
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def data(manifest: Path) -> LabelledPixels:
    return LabelledPixels.load(datasets.read_manifest(manifest), manifest.parent)


def test_a_square_follows_its_random_stream_alone() -> None:
    pixels = np.asarray(painting(384, 500))
    everything = Augment(
        rescale_chance=1, reencode_chance=1, kernel_chance=1, blur_chance=1, colour_chance=1, noise_chance=1
    )
    one, again, other = (augmented(pixels, 224, everything, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (224, 224, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("size", [(1, 1), (384, 768), (30, 400), (100, 60)])
def test_any_picture_can_be_augmented(size: tuple[int, int]) -> None:
    pixels = np.asarray(painting(*size))
    for seed in range(30):
        assert augmented(pixels, 64, Augment(), np.random.default_rng(seed)).shape == (64, 64, 3)


def test_draws_are_balanced_by_class_and_lifted_for_small_sources(data: LabelledPixels) -> None:
    uneven = data.select([*data.pictures[:8:2], *data.pictures[1::2]])
    for power in (0.0, 0.5, 1.0):
        chances = draw_chances(replace(QUICK, group_power=power), uneven)
        assert chances[uneven.is_ai].sum() == pytest.approx(0.5)
    pictures = [datasets.Picture(f"{i}", False, group="big" if i < 90 else "small") for i in range(100)]
    crowd = LabelledPixels([*pictures, datasets.Picture("ai", True)], [])
    small = {power: draw_chances(replace(QUICK, group_power=power), crowd)[95] for power in (0.0, 0.5, 1.0)}
    assert small[0.0] == pytest.approx(0.5 / 100)
    assert small[1.0] == pytest.approx(0.5 / 20)
    assert small[0.0] < small[0.5] < small[1.0]


def test_cutmix_targets_follow_the_area() -> None:
    x = np.stack([np.full((64, 64, 3), value, np.float32) for value in (0, 255)] * 4)
    y = np.array([[0.0], [1.0]] * 4, np.float32)
    for seed in range(5):
        pasted, target = mixed(x, y, QUICK, np.random.default_rng(seed))
        assert np.allclose(pasted.mean(axis=(1, 2, 3)) / 255, target[:, 0], atol=1e-3)


def test_recipes_survive_a_trip_through_json() -> None:
    recipe = replace(QUICK, views=(View("whole"), View("grid", 224, 384, 2)), augment=Augment(cutmix_chance=0.3))
    assert recipe_from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


@pytest.mark.train
@pytest.mark.timeout(900)
def test_training_is_resumed_where_it_stopped(data: LabelledPixels, tmp_path: Path) -> None:
    from ml.training import logits, train

    class Interrupted(Exception):
        pass

    def stop(line: str) -> None:
        if "seen" in line:
            raise Interrupted(line)

    recipe = replace(QUICK, passes=3000, batch=128)
    whole = train(recipe, data, tmp_path / "whole", seed=3, weights=None, say=str)
    with pytest.raises(Interrupted):
        train(recipe, data, tmp_path / "parts", seed=3, weights=None, say=stop)
    lines: list[str] = []
    parts = train(recipe, data, tmp_path / "parts", seed=3, weights=None, validation=data, say=lines.append)
    assert [line.split(",")[0] for line in lines] == [
        f"{tmp_path / 'parts'}: seen 2048",
        f"{tmp_path / 'parts'}: seen 3072",
    ]
    expected, got = (logits(model, data.pixels, recipe.views) for model in (whole, parts))
    assert np.allclose(expected, got, atol=1e-2)
    history = json.loads((tmp_path / "parts" / "history.json").read_text(encoding="utf-8"))
    assert [row["seen"] for row in history] == [1024, 2048, 3072]
    assert "val_accuracy" in history[2]
    again: list[str] = []
    train(recipe, data, tmp_path / "parts", seed=3, weights=None, say=again.append)
    assert "already trained" in again[0]
    assert not (tmp_path / "parts" / "checkpoint.npz").exists()


@pytest.mark.train
@pytest.mark.timeout(900)
def test_the_whole_road_from_manifest_to_detector(data: LabelledPixels, manifest: Path, tmp_path: Path) -> None:
    plan = Plan("small", (replace(QUICK, views=(View("whole", 64), View("grid", 64, 80, 2))),), (1.0,))
    run = protocols.unseen(plan, data, tmp_path / "unseen", folds=2, weights=None, say=str)
    assert set(run.fold) == {0, 1}
    for name in ("metrics.json", "metrics.md", "scores.csv", "roc.png", "reliability.png", "confusion.png"):
        assert (tmp_path / "unseen" / name).stat().st_size > 100, name
    loaded = protocols.UnseenRun.load(tmp_path / "unseen", datasets.read_manifest(manifest))
    assert np.allclose(loaded.p, run.p)
    held_out = [index for index, fold in enumerate(run.fold) if fold == 0]
    again = run.detector(0).score([read_artwork(manifest.parent / run.pictures[index].file) for index in held_out])
    assert np.allclose(again, run.p[held_out], atol=1e-6)

    figures = robustness.tiers(loaded, manifest.parent, tmp_path / "tiers", str)
    assert set(figures["hard"]["by_kind"]) >= {"noise", "blur"}
    figures = robustness.controls(loaded, manifest.parent, tmp_path / "controls", sample=4, say=str)
    assert figures["format_shift"]["PNG"]["max_abs"] == 0
    assert 0 <= figures["blind"]["by source"]["accuracy"] <= 1
    figures = robustness.domain(loaded, tmp_path / "domain")
    assert figures["by_medium"]["other: painted"]["n_human"] == 4
    files = sorted(manifest.parent.glob("?.webp"))
    detector = load_detector("detector", protocols.fold_folder(tmp_path / "unseen", 0))
    assert robustness.originals(detector, files, tmp_path / "originals")["n"] == len(files)


@pytest.mark.train
def test_a_paper_run_fills_its_folder(
    data: LabelledPixels, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = data.pictures
    monkeypatch.setattr(datasets, "paper_split", lambda *_: (list(pictures[:24]), list(pictures[24:])))
    metrics = protocols.paper_run(QUICK, pictures, manifest.parent, tmp_path, seed=0, weights=None, say=str)
    assert metrics["ours"]["recall_n"] + metrics["ours"]["fpr_n"] == 8
    assert metrics["paper_convention"]["recall"] == 1 - metrics["ours"]["fpr"]
    for name in ("curves.png", "confusion.png", "weights.weights.h5", "metrics.md", "run.json"):
        assert (tmp_path / name).stat().st_size > 50, name
    summary = protocols.paper_summary("mobilenet_v3", [metrics, metrics])
    assert summary["accuracy_sd"] == 0
    assert "0.972" in protocols.paper_table({"mobilenet_v3": summary})


@pytest.mark.train
@pytest.mark.parametrize("backbone", ["mobilenet_v2", "mobilenet_v3_large_minimalistic", "mobilenet_v3_small"])
def test_pretrained_weights_are_those_of_the_file(backbone: recipes.Backbone) -> None:
    import keras

    from ml import backbones
    from ml.training import quiet_tensorflow

    if not backbones.BACKBONES_DIR.exists():
        pytest.skip("needs the pretrained weights in ../shared/backbones")
    quiet_tensorflow()
    ours = backbones.build(Recipe(backbone, head="mean"))
    name, extra = backbones.BUILDERS[backbone]
    plain = getattr(keras.applications, name)(
        weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3), **extra
    )
    plain.load_weights(backbones.BACKBONES_DIR / f"{backbone}.weights.h5")
    x = np.asarray(painting(224, 224))[None].astype(np.float32)
    features = keras.Model(ours.input, ours.get_layer("features").output).predict_on_batch(x)
    expected = plain.predict_on_batch(x / 127.5 - 1 if backbone == "mobilenet_v2" else x)
    assert np.allclose(features, expected, atol=1e-5)
    assert np.abs(features).max() > 0.1


@pytest.mark.train
def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    from ml import backbones

    with pytest.raises(backbones.WeightsMissing, match="--backbones"):
        backbones.build(QUICK, tmp_path)


@pytest.mark.train
@pytest.mark.art
@pytest.mark.parametrize("backbone", ["mobilenet_v2", "mobilenet_v3_large_minimalistic"])
def test_keras_and_litert_agree_on_real_pictures(backbone: recipes.Backbone, art_dir: Path) -> None:
    from ml import backbones, export
    from ml.training import quiet_tensorflow
    from ml.views import cut

    quiet_tensorflow()
    recipe = Recipe(backbone)
    model = backbones.build(recipe)
    kernel, bias = model.get_layer("head").get_weights()
    rng = np.random.default_rng(0)
    model.get_layer("head").set_weights([rng.normal(0, 0.1, kernel.shape), bias])
    pictures = datasets.read_manifest(art_dir / "manifest.csv")[::57][:50]
    squares = np.concatenate([cut(pixels, View("whole")) for pixels in datasets.load_pixels(pictures, art_dir)])
    assert len(squares) == 50
    assert export.largest_difference(model, export.to_litert(model, recipe), squares) < export.PARITY
