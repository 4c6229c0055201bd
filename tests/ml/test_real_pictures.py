"""The shipped detectors on real pictures from ``../shared``: what holds whatever the artefact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from ml import datasets, robustness
from ml.artwork import read_artwork
from ml.cards import shipped_cards
from ml.evaluation import auroc, evaluate
from ml.runtime import load_detector
from ml.spoil import TIERS, saved, spoiled

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.art
NAMES = [card.name for card in shipped_cards()]
LARGEST_FORMAT_SHIFT = 0.02
LARGEST_ORIGINAL_DIFFERENCE = 0.03


@pytest.fixture(scope="module")
def some(art_dir: Path) -> list[datasets.Picture]:
    """Sixty pictures of the field, spread over the sources."""
    field = [one for one in datasets.read_manifest(art_dir / "manifest.csv") if one.domain == "anime"]
    return field[:: len(field) // 60][:60]


@pytest.mark.parametrize("name", NAMES)
def test_a_score_does_not_move_with_format_alone(name: str, some: list[datasets.Picture], art_dir: Path) -> None:
    detector = load_detector(name)
    images = [Image.fromarray(read_artwork(art_dir / one.file).pixels) for one in some]
    p = {
        kind: np.array([detector.score([read_artwork(saved(image, kind, **options))])[0] for image in images])
        for kind, options in robustness.FORMATS.items()
    }
    for kind in ("JPEG", "WEBP"):
        assert abs((p[kind] - p["PNG"]).mean()) <= LARGEST_FORMAT_SHIFT, kind


@pytest.mark.parametrize("name", NAMES)
def test_originals_and_their_copies_agree(name: str, provenance_dir: Path, art_dir: Path, tmp_path: Path) -> None:
    files = robustness.read_list(provenance_dir)
    copies = robustness.matching_copies(files, datasets.read_manifest(art_dir / "manifest.csv"), art_dir)
    assert len(copies) > 30
    figures = robustness.originals(load_detector(name), files, tmp_path, copies)
    assert figures["n"] == len(files)
    assert figures["mean_abs_difference"] <= LARGEST_ORIGINAL_DIFFERENCE


@pytest.mark.parametrize("name", NAMES)
def test_the_classes_are_told_apart(name: str, some: list[datasets.Picture], art_dir: Path) -> None:
    p = np.array(load_detector(name).score([read_artwork(art_dir / one.file) for one in some]))
    area = auroc(p, datasets.labels(some))
    assert area is not None
    assert area > 0.85


@pytest.mark.parametrize("name", [card.name for card in shipped_cards() if "manifest" in card.metrics])
def test_evaluating_again_gives_the_figures_of_the_card(name: str, art_dir: Path) -> None:
    detector = load_detector(name)
    edge = [one for one in datasets.read_manifest(art_dir / "manifest.csv") if one.domain == "edge"]
    measured = evaluate(detector, edge, art_dir)["overall"]
    stated = detector.card.metrics["manifest"]["by_domain"]["edge"]
    assert measured["n_human"] == stated["n_human"]
    assert measured["accuracy"] == pytest.approx(stated["accuracy"], abs=0.01)
    for step in ("review", "hold"):
        assert measured["at_threshold"][step]["fpr"] == pytest.approx(stated["at_threshold"][step]["fpr"], abs=0.01)


def test_every_original_is_read(provenance_dir: Path) -> None:
    for file in robustness.read_list(provenance_dir):
        artwork = read_artwork(file)
        assert min(artwork.pixels.shape[:2]) <= 384
        assert max(artwork.pixels.shape[:2]) <= 2 * min(artwork.pixels.shape[:2])


def test_spoilers_make_readable_pictures_that_look_alike(some: list[datasets.Picture], art_dir: Path) -> None:
    pixels = read_artwork(art_dir / some[0].file).pixels
    small = np.asarray(Image.fromarray(pixels).resize((16, 16), Image.Resampling.BOX)).astype(int)
    for tier, spoilers in TIERS.items():
        for kind, spoiler in spoilers.items():
            data = spoiled(pixels, spoiler, np.random.default_rng(1))
            assert data == spoiled(pixels, spoiler, np.random.default_rng(1)), kind
            after = Image.fromarray(read_artwork(data).pixels).resize((16, 16), Image.Resampling.BOX)
            difference = np.abs(np.asarray(after).astype(int) - small).mean()
            assert difference < (0.5 if tier == "clean" else 60), kind
            assert tier == "clean" or difference > 0, kind
