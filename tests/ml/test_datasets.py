"""Manifests are read strictly, and splits keep their promises."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ml.datasets import ManifestError, Picture, complement, digest, group_folds, paper_split, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


def crowd() -> list[Picture]:
    """Forty sources of very different sizes, twelve hundred pictures."""
    pictures = []
    for source in range(40):
        size = 5 + (source * 37) % 120
        pictures += [
            Picture(f"{source}/{index}.webp", source % 2 == 0, "anime", f"source {source}", novelai=source % 2 == 0)
            for index in range(size)
        ]
    return pictures


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_two_columns_are_enough(tmp_path: Path) -> None:
    pictures = read_manifest(write(tmp_path / "m.csv", "file,label\na.png,ai\nb.png,human\n"))
    assert [(one.file, one.is_ai, one.group) for one in pictures] == [("a.png", True, ""), ("b.png", False, "")]


def test_manifests_from_elsewhere_are_read_kindly(tmp_path: Path) -> None:
    text = "\ufefflabel,file,width,height\nAI ,a.png,512px,\nHuman,b.png,100,200\n"
    pictures = read_manifest(write(tmp_path / "m.csv", text))
    assert [(one.is_ai, one.width, one.height) for one in pictures] == [(True, 0, 0), (False, 100, 200)]


def test_what_a_manifest_may_not_say(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="label"):
        read_manifest(write(tmp_path / "a.csv", "file,kind\na.png,ai\n"))
    with pytest.raises(ManifestError, match="line 3"):
        read_manifest(write(tmp_path / "b.csv", "file,label\na.png,ai\nb.png,maybe\n"))


@pytest.mark.parametrize("folds", [3, 5])
def test_folds_hold_whole_sources_and_are_balanced(folds: int) -> None:
    pictures = crowd()
    parts = group_folds(pictures, folds)
    assert sorted(one.file for part in parts for one in part) == sorted(one.file for one in pictures)
    homes = Counter(group for part in parts for group in {one.group for one in part})
    assert set(homes.values()) == {1}
    for kind in (True, False):
        counts = [sum(one.is_ai is kind for one in part) for part in parts]
        assert max(counts) < 1.25 * min(counts)


def test_the_rest_shares_no_source_with_what_is_held_out() -> None:
    pictures = crowd()
    part = group_folds(pictures, 5)[2]
    rest = complement(pictures, part)
    assert len(rest) + len(part) == len(pictures)
    assert not {one.group for one in rest} & {one.group for one in part}


def test_pictures_without_a_source_are_sources_of_their_own() -> None:
    pictures = [Picture(f"{index}.png", index % 2 == 0) for index in range(20)]
    assert [len(part) for part in group_folds(pictures, 5)] == [4] * 5
    assert len(complement(pictures, pictures[:3])) == 17


def test_the_papers_split() -> None:
    train, test = paper_split(crowd(), seed=1)
    assert (len(train), len(test)) == (750, 250)
    assert sum(one.is_ai for one in train + test) == 500
    assert len({one.file for one in train + test}) == 1000
    assert paper_split(crowd(), seed=1) == (train, test)
    assert paper_split(crowd(), seed=2) != (train, test)
    with pytest.raises(ManifestError, match="500"):
        paper_split(crowd()[:300], seed=1)


def test_the_digest_is_of_the_set() -> None:
    pictures = crowd()
    assert digest(pictures) == digest(pictures[::-1])
    assert digest(pictures) != digest(pictures[1:])


@pytest.mark.art
def test_the_real_manifest(art_dir: Path) -> None:
    pictures = read_manifest(art_dir / "manifest.csv")
    assert Counter(one.is_ai for one in pictures) == {True: 1297, False: 1559}
    assert sum(one.novelai for one in pictures) == 568
    train, _ = paper_split(pictures, seed=0)
    assert len(train) == 750
