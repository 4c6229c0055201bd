"""Real files: every mark that is listed is found, nobody's picture is taken for a generator's."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from moderation.evidence.base import Evidence, Strength, Subject
from moderation.evidence.content_credentials import ContentCredentials
from moderation.evidence.generator_metadata import GeneratorMetadata
from moderation.evidence.novelai_stealth import NovelAIStealth

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.art

READERS = (GeneratorMetadata(), NovelAIStealth(), ContentCredentials())


def read(data: bytes) -> list[Evidence]:
    return [finding for reader in READERS for finding in reader.read(Subject(data=data, sha256=""))]


def kinds(data: bytes) -> set[str]:
    return {finding.kind for finding in read(data)}


def test_every_listed_mark_is_found(provenance_dir: Path) -> None:
    missed = {}
    with (provenance_dir / "list.csv").open() as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        left = set(row["marks"].split()) - kinds((provenance_dir / row["file"]).read_bytes())
        if left:
            missed[row["file"]] = left
    assert len(rows) >= 26
    assert missed == {}


def test_settings_of_real_generators_are_named(provenance_dir: Path) -> None:
    """Where a file has settings, the finding is a proof and names a seed; claims and drawings are neither."""
    without_settings = {"novelai-LlmKira-33.png", "comfyui-ltdrdata-21.png", "comfyui-wyrde-22.png"}
    seen = 0
    for path in sorted(provenance_dir.glob("*.*")):
        for finding in read(path.read_bytes()) if path.suffix != ".csv" else []:
            if finding.kind in {"a1111", "comfyui", "novelai", "novelai-stealth"}:
                seen += 1
                assert (finding.strength == Strength.PROOF) == (path.name not in without_settings), path.name
                assert bool(finding.details.get("seed")) == (path.name not in without_settings), path.name
    assert seen >= 19


def test_hidden_settings_survive_the_loss_of_all_texts(provenance_dir: Path) -> None:
    path = next(provenance_dir.glob("novelai+novelai-stealth*"))
    with Image.open(path) as image:
        pixels = image.copy()
    pixels.info = {}
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True})):
        buffer = io.BytesIO()
        pixels.save(buffer, kind, **options)
        assert kinds(buffer.getvalue()) == {"novelai-stealth"}


def test_no_mark_in_original_files_of_people(provenance_dir: Path) -> None:
    paths = sorted((provenance_dir / "clean").iterdir())
    assert len(paths) >= 40
    assert {path.name: kinds(path.read_bytes()) for path in paths if read(path.read_bytes())} == {}


def test_no_mark_in_the_labelled_pictures_of_people(art_dir: Path) -> None:
    with (art_dir / "manifest.csv").open() as table:
        human = [row["file"] for row in csv.DictReader(table) if row["label"] == "human"]
    assert len(human) > 500
    found = {name: kinds(data) for name in human[::7] if read(data := (art_dir / name).read_bytes())}
    assert found == {}


def test_every_cut_of_a_real_file_is_survived(provenance_dir: Path) -> None:
    for path in sorted(provenance_dir.glob("*.*"))[::3]:
        data = path.read_bytes()
        for length in {0, 1, 7, 33, 60, 100, 1_000, len(data) // 2, len(data) - 1}:
            read(data[:length])
