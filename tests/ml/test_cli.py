"""``python -m ml``: what goes in, what comes out, and the exit codes that scripts rely on."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from ml.cards import ARTEFACTS, DEFAULT_DETECTOR, read_card
from ml.cli import main
from tests.ml.pictures import encoded, painting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, a torn one, a text file, a hidden picture, a picture in a folder."""
    (tmp_path / "inner").mkdir()
    for name in ("a.png", "inner/b.PNG", ".hidden.png"):
        (tmp_path / name).write_bytes(encoded(painting(300, 320, seed=len(name))))
    (tmp_path / "torn.png").write_bytes(encoded(painting(300, 320))[:2000])
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    return tmp_path


@pytest.fixture
def always(tmp_path: Path) -> Path:
    """A folder with a detector that flags whatever it sees."""
    return _with_thresholds(tmp_path / "always", 0.0)


@pytest.fixture
def never(tmp_path: Path) -> Path:
    """A folder with a detector that flags nothing."""
    return _with_thresholds(tmp_path / "never", 1.0)


def _with_thresholds(directory: Path, threshold: float) -> Path:
    target = Path(shutil.copytree(ARTEFACTS / DEFAULT_DETECTOR, directory / DEFAULT_DETECTOR))
    raw = json.loads((target / "card.json").read_text(encoding="utf-8"))
    raw["thresholds"] |= {"review": threshold, "hold": threshold}
    (target / "card.json").write_text(json.dumps(raw), encoding="utf-8")
    return directory


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_lines(folder: Path, never: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(folder / "a.png"), str(folder / "inner"), str(folder / "torn.png"), str(folder / "notes.txt")]
    assert main(["score", *files, "--json", "--artefacts", str(never)]) == 0
    found = rows(capsys)
    assert [Path(str(row["path"])).name for row in found] == ["a.png", "b.PNG", "torn.png", "notes.txt"]
    assert all(row.keys() == {"path", "p_ai", "verdict", "detector", "error"} for row in found)
    for row in found[:2]:
        assert 0 < float(str(row["p_ai"])) < 1
        assert (row["verdict"], row["detector"], row["error"]) == ("clear", DEFAULT_DETECTOR, None)
    for row in found[2:]:
        assert (row["p_ai"], row["verdict"]) == (None, None)
        assert str(row["error"]).startswith("The file is")


def test_folders_are_walked_without_what_is_hidden_or_no_picture(
    folder: Path, always: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(folder), "--json", "--artefacts", str(always)]) == 3
    names = [Path(str(row["path"])).name for row in rows(capsys) if row["error"] is None]
    assert names == ["a.png", "b.PNG"]


def test_text(folder: Path, always: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(folder / "a.png"), str(folder / "torn.png"), "--artefacts", str(always)]) == 3
    out, err = capsys.readouterr()
    assert "hold" in out.splitlines()[0]
    assert "damaged" in out.splitlines()[1]
    assert "1 flagged, 1 could not be read" in err


def test_bad_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(folder / "nothing.png")]) == 2
    assert main(["score", str(folder), "--detector", "nobody"]) == 2
    with pytest.raises(SystemExit, match="2"):
        main(["score"])
    assert "no detector card" in capsys.readouterr().err


def manifest(folder: Path, **columns: str) -> Path:
    path = folder / "some.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", *columns))
        for name, label in (("a.png", "ai"), ("inner/b.PNG", "human"), ("torn.png", "human"), ("gone.png", "ai")):
            writer.writerow((name, label, *columns.values()))
    return path


def test_evaluate_any_manifest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "figures.json"
    command = ["evaluate", "--detector", DEFAULT_DETECTOR, "--root", str(folder), "--json", str(out)]
    assert main([*command, "--manifest", str(manifest(folder))]) == 0
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert (figures["n"], figures["detector"]) == (2, DEFAULT_DETECTOR)
    assert {row["file"] for row in figures["unreadable"]} == {"torn.png", "gone.png"}
    overall = figures["overall"]
    assert (overall["n_ai"], overall["n_human"]) == (1, 1)
    assert set(overall["recall_at_fpr"]) == {"0.005", "0.01", "0.02", "0.05"}
    assert set(overall["at_threshold"]) == {"0.5", "review", "hold"}
    assert figures["by"] == {"group": {}, "format": {}, "domain": {}}

    assert main([*command, "--manifest", str(manifest(folder, group="mia", format="PNG", domain="anime"))]) == 0
    by = json.loads(out.read_text(encoding="utf-8"))["by"]
    assert [list(by[name]) for name in ("group", "format", "domain")] == [["mia"], ["PNG"], ["anime"]]


def test_evaluate_bad_manifests(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.csv").write_text("name,label\n", encoding="utf-8")
    assert main(["evaluate", "--manifest", str(folder / "bad.csv"), "--root", str(folder)]) == 2
    assert main(["evaluate", "--manifest", str(folder / "none.csv"), "--root", str(folder)]) == 2
    assert "lacks the column(s) file" in capsys.readouterr().err


def test_explain(folder: Path) -> None:
    out = folder / "overlay.png"
    assert main(["explain", str(folder / "a.png"), "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert main(["explain", str(folder / "torn.png"), "--out", str(out)]) == 2


def test_promote_copies_a_candidate_that_is_no_worse(folder: Path, never: Path) -> None:
    candidate = _with_thresholds(folder / "candidate", 1.0) / DEFAULT_DETECTOR
    raw = json.loads((candidate / "card.json").read_text(encoding="utf-8"))
    (candidate / "card.json").write_text(json.dumps(raw | {"summary": "the new one"}), encoding="utf-8")
    path = manifest(folder)
    path.write_text("file,label\na.png,ai\ninner/b.PNG,human\n", encoding="utf-8")
    command = ["promote", str(candidate), "--manifest", str(path), "--artefacts", str(never)]
    assert main(command) == 0
    assert read_card(never / DEFAULT_DETECTOR).summary == "the new one"

    raw["thresholds"] |= {"review": 0.0, "hold": 0.0}  # flags everybody
    (candidate / "card.json").write_text(json.dumps(raw), encoding="utf-8")
    assert main(command) == 1
    assert read_card(never / DEFAULT_DETECTOR).summary == "the new one"


def test_the_model_card_is_made_from_the_shipped_cards(tmp_path: Path) -> None:
    out = tmp_path / "card.md"
    assert main(["card", "--out", str(out)]) == 0
    committed = Path(__file__).parents[2] / "docs" / "model-card.md"
    assert out.read_text(encoding="utf-8") == committed.read_text(encoding="utf-8"), "run `python -m ml card`"
