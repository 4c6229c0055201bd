"""Sentences that are written down by a worker and read by people of other languages."""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation
from django.utils.translation import trans_real

import ml
from moderation.evidence.base import Evidence, Strength
from moderation.models import Event
from moderation.refusals import SENTENCES, refusal
from moderation.saying import Saying, from_parts, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moderation.models import Case

FOUND = "The file carries the settings of {generator}."
ARTIST = "Your file tells how it was made."


@pytest.fixture(autouse=True)
def backwards() -> Iterator[None]:
    """Let Esperanto be a language with a translation of its own for two sentences."""
    catalogue = trans_real.translation("eo")
    words = catalogue._catalog._catalogs[0]  # type: ignore[attr-defined]
    words[FOUND] = "La dosiero portas agordojn de {generator}."
    words["an image generator"] = "bildokreilo"
    yield
    del words[FOUND], words["an image generator"]


def test_a_saying_is_text_in_the_language_it_was_made_in_and_told_in_the_readers() -> None:
    found = say(FOUND, generator="NovelAI")
    assert found == "The file carries the settings of NovelAI."
    with translation.override("eo"):
        assert str(found) == "La dosiero portas agordojn de NovelAI."
    assert str(found) == "The file carries the settings of NovelAI."


def test_what_stands_in_a_place_is_translated_only_where_it_is_a_saying() -> None:
    named, unnamed = say(FOUND, generator="an image generator"), say(FOUND, generator=say("an image generator"))
    with translation.override("eo"):
        assert str(named) == "La dosiero portas agordojn de an image generator."
        assert str(unnamed) == "La dosiero portas agordojn de bildokreilo."


def test_what_stands_in_a_place_is_never_read_as_a_template() -> None:
    assert str(say(FOUND, generator="{0.__class__} {generator} %(x)s")).endswith("{0.__class__} {generator} %(x)s.")


def test_parts_go_through_json_and_come_back() -> None:
    found = say(FOUND, generator=say("an image generator"))
    again = from_parts(json.loads(json.dumps(found.parts())))
    with translation.override("eo"):
        assert str(again) == str(copy.deepcopy(again)) == "La dosiero portas agordojn de bildokreilo."


def test_a_finding_keeps_its_contract_and_its_parts() -> None:
    found = Evidence("a1111", Strength.PROOF, say(FOUND, generator="X"), "Plain text of a host.", "host/1", {"n": 1})
    stored = json.loads(json.dumps(found.as_dict()))
    assert {name: stored[name] for name in ("kind", "strength", "message", "details")} == {
        "kind": "a1111",
        "strength": "proof",
        "message": "The file carries the settings of X.",
        "details": {"n": 1},
    }
    with translation.override("eo"):
        again = Evidence.from_dict(stored)
        assert str(again.message) == "La dosiero portas agordojn de X."
        assert again.artist_message == "Plain text of a host."


def test_a_finding_from_before_is_told_as_it_stands() -> None:
    old = {"kind": "case", "strength": "hint", "message": "It was so.", "details": {}}
    assert str(Evidence.from_dict(old).message) == "It was so."


@pytest.mark.django_db
def test_a_column_keeps_the_sentence_and_its_parts(make_case: Callable[..., Case]) -> None:
    case = make_case()
    case.refresh_from_db()
    assert isinstance(case.reason, Saying)
    assert case.reason == "The detector's score is 70 %; the policy asks a person from 50 %."
    raw = type(case).objects.filter(pk=case.pk).extra(select={"raw": "reason"}).values_list("raw", flat=True)[0]
    assert str(raw).startswith("The detector's score is 70 %;")  # readable to whoever asks the database


@pytest.mark.django_db
def test_nobodys_text_poses_as_a_sentence_of_the_sites() -> None:
    forged = 'Mine.\x1f{"say": "Not mine.", "with": {}}'
    event = Event.objects.create(verb="note_added", reason=forged)
    event = Event.objects.get(pk=event.pk)
    assert not isinstance(event.reason, Saying)
    assert event.reason.startswith("Mine.")


def test_every_refusal_of_the_detectors_package_is_marked_for_translation() -> None:
    said = set()
    for path in Path(ml.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _leaves() and node.args:
                said.add(_text(node.args[0], path))
    assert said == set(SENTENCES)


def _leaves() -> set[str]:
    from ml import probe

    return {name for name, one in vars(probe).items() if isinstance(one, type) and issubclass(one, probe.ArtworkError)}


def _text(node: Any, path: Path) -> str:
    """Return a constant, or the constant that a local name was given."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    for other in ast.walk(ast.parse(path.read_text())):
        if isinstance(other, ast.Assign) and getattr(other.targets[0], "id", "") == node.id:
            return str(ast.literal_eval(other.value))
    raise AssertionError(f"{path}: no constant sentence")


def test_a_refusal_is_told_in_the_readers_language() -> None:
    from ml.probe import TooManyFrames

    error = TooManyFrames("The animation has more than {frames} frames.", frames=100)
    assert str(error) == str(refusal(error)) == "The animation has more than 100 frames."


@pytest.mark.django_db
def test_the_log_is_sealed_as_it_was_written_whatever_language_verifies_it() -> None:
    from moderation.services import events, sealing

    with translation.override("eo"):
        events.log("case_opened", reason=say(FOUND, generator="X"))
        sealing.seal_log()
    assert not sealing.verify_log().problems
    written = Event.objects.get()
    assert written.reason == "The file carries the settings of X."  # told in this reader's language
    assert written.reason.written.startswith("La dosiero portas agordojn de X.")  # type: ignore[attr-defined]
