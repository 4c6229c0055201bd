"""Going on from a shipped file: what its head reads, how it is written back, and how far a few pictures move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ml import continuing
from ml.artwork import read_artwork
from ml.cards import ARTEFACTS, ArtefactError, read_card, read_members
from ml.cli import main
from ml.runtime import load_detector, runner
from tests.ml.pictures import encoded, painting

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

NAME = "mobilenet_v2"


@pytest.fixture(scope="module")
def content() -> bytes:
    """A shipped network's file."""
    return read_members(read_card(ARTEFACTS / NAME))[0]


@pytest.fixture(scope="module")
def squares() -> npt.NDArray[np.uint8]:
    """Two pictures as the network gets them."""
    rng = np.random.default_rng(5)
    return rng.integers(0, 255, (2, 224, 224, 3), np.uint8)


def test_what_is_read_off_gives_the_very_logit(content: bytes, squares: npt.NDArray[np.uint8]) -> None:
    head, run = continuing.find_head(content), runner(content)
    served = [float(run(pixels=one[None].astype(np.float32))["logit"].reshape(-1)[0]) for one in squares]
    assert continuing.read_off(content, squares) @ head.kernel + head.bias == pytest.approx(served, abs=1e-3)


def test_another_head_is_written_into_the_same_file_with_its_map(
    content: bytes, squares: npt.NDArray[np.uint8]
) -> None:
    head = continuing.find_head(content)
    rng = np.random.default_rng(1)
    kernel = (head.kernel * rng.uniform(0.5, 1.5, head.kernel.size)).astype(np.float32)
    changed = continuing.with_head(content, kernel, -0.75)
    continuing.check(changed, squares)
    found = continuing.find_head(changed)
    assert np.array_equal(found.kernel, kernel)
    assert found.bias == np.float32(-0.75)
    assert len(changed) == len(content)
    differing = np.flatnonzero(np.frombuffer(changed, np.uint8) != np.frombuffer(content, np.uint8))
    assert len(differing) <= 4 * (2 * kernel.size + 2)  # the weights, their slices for the map, and the bias
    assert continuing.with_head(changed, head.kernel, float(head.bias)) == content


def test_a_map_that_does_not_fit_the_logit_is_refused(content: bytes, squares: npt.NDArray[np.uint8]) -> None:
    """As if one slice had been missed: the score would move and the picture of where it looked would not."""
    head = continuing.find_head(content)
    missed = continuing.with_head(content, head.kernel * 2, float(head.bias))
    broken = bytearray(missed)
    small = min(head.kernels, key=lambda one: continuing._floats(_model(content), one[0]).size)
    view = continuing._floats(_model(broken), small[0])
    view[:] = view + 10
    with pytest.raises(ArtefactError, match="does not fit"):
        continuing.check(bytes(broken), squares)


def _model(content: bytes | bytearray) -> object:
    from ai_edge_litert import schema_py_generated as schema

    return schema.Model.GetRootAs(content, 0)


def test_a_strong_pull_holds_the_head_and_a_weak_one_lets_it_learn() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, 40)).astype(np.float32)
    is_ai = z[:, 0] > 0
    head = continuing.Head(0, np.zeros(40, np.float32), np.float32(0), (), (), np.ones(40))
    place, everything, weights = continuing.room(head, z), np.arange(60), np.ones(60)
    held = continuing.fit(place, everything, is_ai, weights, 1e3)
    free = continuing.fit(place, everything, is_ai, weights, 1e-3)
    assert np.abs(held).max() < 1e-3
    assert ((continuing.moved(place, free) > 0) == is_ai).all()


def test_the_room_of_the_pictures_is_where_the_whole_fit_ends_too() -> None:
    """Fitted in all 30 directions by another solver, the head ends where the 8 pictures' room says."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(3)
    z, share = rng.normal(size=(8, 30)).astype(np.float32), rng.uniform(0.5, 2, 30)
    is_ai, weights, pull = rng.random(8) > 0.5, np.full(8, 1 / 8), 0.05
    head = continuing.Head(0, rng.normal(size=30).astype(np.float32), np.float32(0.3), (), (), share)
    place = continuing.room(head, z)
    move = continuing.fit(place, np.arange(8), is_ai, weights, pull)

    def loss(delta: npt.NDArray[np.float64]) -> float:
        logit = z @ (head.kernel + share * delta[:-1]) + head.bias + delta[-1]
        return float(weights @ (np.logaddexp(0, logit) - is_ai * logit) + pull * delta @ delta)

    whole = minimize(loss, np.zeros(31), method="BFGS").x
    assert place.back @ move[:-1] == pytest.approx(share * whole[:-1], abs=1e-4)
    assert move[-1] == pytest.approx(whole[-1], abs=1e-4)


def test_a_file_without_such_a_head_is_refused() -> None:
    with pytest.raises(ArtefactError, match="no LiteRT file"):
        continuing.find_head(b"\0" * 64)


def test_the_command_writes_a_candidate_that_serves(tmp_path: Path) -> None:
    lines = ["file,label,group"]
    for place in range(4):
        kind = "ai" if place % 2 else "human"
        (tmp_path / f"{place}.png").write_bytes(encoded(painting(300, 300 + place)))
        lines.append(f"{place}.png,{kind},g{place}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = tmp_path / "found" / "next"
    assert main(["train", "--init", NAME, "--manifest", str(tmp_path / "manifest.csv"), "--out", str(out)]) == 0
    old, new = load_detector(NAME), load_detector("next", tmp_path / "found")
    assert new.card.version != old.card.version
    assert new.card.training["continues"]["version"] == old.card.version
    assert "not measured anew" in new.card.thresholds["measured_on"]
    assert new.card.calibration == old.card.calibration
    work = read_artwork(encoded(painting(400, 500)))
    assert new.score([work])[0] == pytest.approx(old.score([work])[0], abs=0.2)  # four pictures move it little


def test_one_class_alone_teaches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.png").write_bytes(encoded(painting(300, 300)))
    (tmp_path / "manifest.csv").write_text("file,label\na.png,ai\n", encoding="utf-8")
    out = tmp_path / "out"
    assert main(["train", "--init", NAME, "--manifest", str(tmp_path / "manifest.csv"), "--out", str(out)]) == 2
    assert "both classes" in capsys.readouterr().err
    assert not out.exists()
