"""What is shipped: every artefact loads, says what its card says, and refuses to be anything else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ml import golden
from ml.artwork import read_artwork
from ml.cards import ARTEFACTS, DEFAULT_DETECTOR, Card, read_card, shipped_cards, verdict
from ml.runtime import ArtefactError, Detector, load_detector
from tests.ml.pictures import encoded, painting

NAMES = [card.name for card in shipped_cards()]
MAX_BYTES = 15 * 1024 * 1024
MAX_COST = 3.0
# A pass at 224 pixels in passes of a plain MobileNetV2, the dearer head counted in (LiteRT, one thread).
PASS_COST = {"mobilenet_v2": 1.25, "mobilenet_v3_large_minimalistic": 0.8, "mobilenet_v3_small": 0.33}


@pytest.fixture(scope="module", params=NAMES)
def detector(request: pytest.FixtureRequest) -> Detector:
    return load_detector(request.param)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the default detector's folder, to be tampered with."""
    return Path(shutil.copytree(ARTEFACTS / DEFAULT_DETECTOR, tmp_path / "copy"))


def test_one_of_each_family_is_shipped() -> None:
    backbones = {member.backbone for card in shipped_cards() for member in card.members}
    assert "mobilenet_v2" in backbones
    assert any(name.startswith("mobilenet_v3") for name in backbones)
    assert NAMES[0] == DEFAULT_DETECTOR


def test_golden_scores(detector: Detector) -> None:
    assert golden.largest_difference(detector) < golden.TOLERANCE


def test_artefacts_are_small_and_cheap(detector: Detector) -> None:
    card = detector.card
    assert all((card.directory / member.file).stat().st_size <= MAX_BYTES for member in card.members)
    cost = sum(
        PASS_COST[member.backbone] * view.count * (view.size / 224) ** 2
        for member in card.members
        for view in member.views
    )
    assert cost <= MAX_COST


def test_the_card_holds_what_others_read(detector: Detector) -> None:
    raw = json.loads(detector.card.path.read_text(encoding="utf-8"))
    assert raw["sha256"] == detector.card.sha256
    assert raw["version"] == detector.card.version
    assert [rung["max_fpr"] for rung in raw["thresholds"]["ladder"]] == [0.005, 0.01, 0.02, 0.05]
    assert raw["thresholds"]["review"] == detector.card.threshold_for(0.02)
    assert raw["thresholds"]["hold"] == detector.card.threshold_for(0.005)
    thresholds = [rung["threshold"] for rung in raw["thresholds"]["ladder"]]
    assert thresholds == sorted(thresholds, reverse=True)
    for rung in raw["thresholds"]["ladder"]:
        assert rung["fpr"] <= rung["max_fpr"]
        for name in ("fpr", "recall"):
            low, high = rung[f"{name}_interval"]
            assert low <= rung[name] <= high
    with pytest.raises(KeyError):
        detector.card.threshold_for(0.3)


def test_verdicts_follow_the_thresholds(detector: Detector) -> None:
    card = detector.card
    assert verdict(0.0, card) == "clear"
    assert verdict(card.review_threshold, card) == "review"
    assert verdict(np.nextafter(card.review_threshold, 0), card) == "clear"
    assert verdict(card.hold_threshold, card) == "hold"
    assert verdict(np.nextafter(card.hold_threshold, 0), card) == "review"


def test_a_score_depends_on_the_picture_alone(detector: Detector) -> None:
    artworks = [read_artwork(encoded(painting(400, 500, seed=seed))) for seed in range(3)]
    together = detector.score(artworks)
    assert together == [detector.score([artwork])[0] for artwork in artworks]
    assert detector.score(artworks[::-1]) == together[::-1]
    assert all(0 < p < 1 for p in together)
    assert detector.score([]) == []


def test_tiny_and_long_pictures_are_scored(detector: Detector) -> None:
    for size in ((1, 1), (1, 900), (3000, 10), (16, 16)):
        assert 0 < detector.score([read_artwork(encoded(painting(*size)))])[0] < 1


def test_threads_share_a_detector(detector: Detector) -> None:
    artworks = [read_artwork(encoded(painting(400, 500, seed=seed))) for seed in range(4)]
    expected = detector.score(artworks)
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        found[number] = detector.score(artworks)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(4)] == [expected] * 4


def test_the_map_of_logits_adds_up_to_the_logit(detector: Detector) -> None:
    for _, readings in detector.readings(read_artwork(encoded(painting(400, 500)))):
        for reading in readings:
            assert reading.heat.mean() == pytest.approx(reading.logit, abs=1e-4)


def test_an_altered_file_is_refused(copy: Path) -> None:
    model = next(copy.glob("*.tflite"))
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match="does not match"):
        load_detector("copy", copy.parent)


def test_a_missing_file_is_refused(copy: Path) -> None:
    next(copy.glob("*.tflite")).unlink()
    with pytest.raises(ArtefactError, match="lacks its file"):
        load_detector("copy", copy.parent)
    with pytest.raises(ArtefactError, match="no detector card"):
        load_detector("nobody", copy.parent)


def test_a_file_that_is_no_model_is_refused(copy: Path) -> None:
    import hashlib

    model = next(copy.glob("*.tflite"))
    model.write_bytes(b"not a model")
    raw = json.loads((copy / "card.json").read_text(encoding="utf-8"))
    raw["members"] = raw["members"][:1]
    raw["members"][0]["file"] = model.name
    raw["sha256"] = raw["members"][0]["sha256"] = hashlib.sha256(b"not a model").hexdigest()
    (copy / "card.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ArtefactError, match="cannot load"):
        load_detector("copy", copy.parent)


def changed(copy: Path, **values: object) -> Card:
    raw = json.loads((copy / "card.json").read_text(encoding="utf-8"))
    (copy / "card.json").write_text(json.dumps(raw | values), encoding="utf-8")
    return read_card(copy)


def test_another_preprocessing_is_refused(copy: Path) -> None:
    changed(copy, preprocess_version=999)
    with pytest.raises(ArtefactError, match="preprocessing 999"):
        load_detector("copy", copy.parent)


def test_a_version_changes_with_whatever_a_score_depends_on(copy: Path) -> None:
    before = read_card(copy)
    assert changed(copy, summary="other words", metrics={}).version == before.version
    slope = before.calibration.slope * 1.01
    assert changed(copy, calibration={"slope": slope, "intercept": 0.0}).version != before.version


@pytest.mark.parametrize(
    "values",
    [
        {"thresholds": {"review": 0.9, "hold": 0.5, "ladder": []}},
        {"calibration": {"slope": -1.0, "intercept": 0.0}},
        {"members": []},
        {"members": [{"file": "../x", "backbone": "", "sha256": "", "views": [], "weight": 1}]},
        {"metrics": None, "thresholds": None},
    ],
    ids=str,
)
def test_a_card_that_contradicts_itself_is_refused(copy: Path, values: dict[str, object]) -> None:
    with pytest.raises(ArtefactError, match="incomplete"):
        changed(copy, **values)


def test_a_torn_card_is_refused(copy: Path) -> None:
    (copy / "card.json").write_text('{"name": "co', encoding="utf-8")
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_card(copy)
    (copy / "golden.json").write_text('{"sky": 1}', encoding="utf-8")


def test_golden_scores_notice_another_model(copy: Path) -> None:
    (copy / "golden.json").write_text(json.dumps(dict.fromkeys(golden.artworks(), 99.0)), encoding="utf-8")
    assert golden.largest_difference(load_detector("copy", copy.parent)) > 1
    (copy / "golden.json").write_text('{"sky": 1}', encoding="utf-8")
    with pytest.raises(ArtefactError, match="other pictures"):
        golden.largest_difference(load_detector("copy", copy.parent))
    (copy / "golden.json").unlink()
    with pytest.raises(ArtefactError, match="cannot be read"):
        golden.largest_difference(load_detector("copy", copy.parent))


def test_serving_never_imports_tensorflow(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(encoded(painting()))
    code = f"""
import sys
import ml.pipeline, ml.saliency, ml.cli
from pathlib import Path
from ml.runtime import load_detector
assert ml.cli.main(["score", {str(picture)!r}, "--json"]) in (0, 3)
ml.saliency.overlay_png(load_detector(), ml.artwork.read_artwork(Path({str(picture)!r})))
heavy = [name for name in ("tensorflow", "keras", "django", "sklearn", "matplotlib", "scipy") if name in sys.modules]
sys.exit(", ".join(heavy) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
