"""The commands: what they print, what they change, how they exit."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from moderation import services
from moderation.models import Screening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def run(*arguments: Any, **options: Any) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, **options)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_screen_prints_a_line_of_json_a_file(
    tmp_path: Path, paint: Callable[..., bytes], red_classifier: None
) -> None:
    (tmp_path / "a.png").write_bytes(paint(0.1))
    (tmp_path / "b.png").write_bytes(paint(0.95))
    (tmp_path / "c.png").write_bytes(b"no picture at all")
    (tmp_path / "notes.txt").write_text("not looked at")
    code, out = run("screen", tmp_path, "--json")
    results = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [set(result) for result in results] == [
        {"path", "p_ai", "verdict", "detector", "error", "evidence"} for _result in results
    ]
    assert [result["verdict"] for result in results] == ["clear", "hold", None]
    assert results[2]["error"]
    assert [set(finding) for finding in results[0]["evidence"]] == [{"kind", "strength", "message", "details"}]


def test_screen_exits_0_when_nothing_is_flagged(tmp_path: Path, paint: Any, red_classifier: None) -> None:
    (tmp_path / "a.png").write_bytes(paint(0.1))
    code, out = run("screen", tmp_path)
    assert code == 0
    assert "1 looked at, 0 flagged." in out


def test_screen_shows_a_generators_own_words(tmp_path: Path, red_classifier: None) -> None:
    from PIL import Image, PngImagePlugin

    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a quiet lake\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64")
    Image.new("RGB", (64, 64)).save(tmp_path / "lake.png", pnginfo=text)
    code, out = run("screen", tmp_path / "lake.png", "--json")
    result = json.loads(out)
    assert (code, result["verdict"], result["p_ai"]) == (3, "review", 0.0)
    assert ("a1111", "proof") in [(finding["kind"], finding["strength"]) for finding in result["evidence"]]
    code, _out = run("screen", tmp_path / "lake.png", "--declared", "generated")
    assert code == 0


def test_screen_refuses_bad_use(tmp_path: Path, red_classifier: None) -> None:
    with pytest.raises(CommandError, match="No such file") as caught:
        call_command("screen", str(tmp_path / "nothing"))
    assert caught.value.returncode == 2


def test_screen_says_when_there_are_no_pictures(tmp_path: Path, red_classifier: None) -> None:
    assert run("screen", tmp_path) == (0, "No pictures found.\n")


@pytest.mark.django_db
def test_sweep_can_do_the_work_itself(make_listing: Callable[..., Any]) -> None:
    make_listing(score=0.1)
    code, out = run("sweep", "--work")
    assert code == 0
    assert "1 screened here." in out
    assert Screening.objects.get().state == "done"


@pytest.mark.django_db
def test_rescreen_says_how_many(make_listing: Callable[..., Any], admin_user: Any) -> None:
    make_listing(score=0.1)
    services.screen_pending()
    assert run("rescreen")[1] == "Nothing to do: everything is judged or decided.\n"
    services.publish_policy(author=admin_user, reason="Another", review_threshold=0.4)
    assert run("rescreen", "--limit", "5")[1] == "1 queued.\n"
