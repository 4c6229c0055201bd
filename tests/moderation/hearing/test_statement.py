"""The statement of reasons: the same on page, in the mail and in the export, and in the export's required shape."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from moderation.models import Decision, ReasonCode
from moderation.statement import RULES, database_entry, statement_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

# The API's own rules for the fields that we fill (its validation of a new statement, version 2).
REQUIRED = {
    "decision_visibility",
    "decision_ground",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "content_type",
    "category",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
}
LONGEST = {"incompatible_content_ground": 500, "incompatible_content_explanation": 2000, "decision_facts": 5000}


def test_every_ground_names_its_rule() -> None:
    assert set(RULES) == set(ReasonCode)


@pytest.mark.parametrize(
    ("action", "visibility"),
    [("reject", "DECISION_VISIBILITY_CONTENT_DISABLED"), ("label", "DECISION_VISIBILITY_CONTENT_LABELLED")],
)
def test_the_entry_has_the_databases_shape(
    decided: Callable[..., Decision], settings: Any, action: str, visibility: str
) -> None:
    settings.MODERATION = {**settings.MODERATION, "RULES_URL": "https://art.example/rules"}
    entry = database_entry(decided(action=action, explanation="x" * 4000))
    assert set(entry) == {*REQUIRED, "incompatible_content_illegal", "decision_ground_reference_url"}
    assert entry["decision_visibility"] == [visibility]
    assert entry["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert entry["content_type"] == ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_SYNTHETIC_MEDIA"]
    assert (entry["automated_detection"], entry["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_NOT_AUTOMATED")
    for name, limit in LONGEST.items():
        assert 0 < len(entry[name]) <= limit
    for name in ("content_date", "application_date"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry[name])
    assert re.fullmatch(r"[a-zA-Z0-9-_]+", entry["puid"])
    json.dumps(entry)


def test_a_copy_is_no_synthetic_picture(decided: Callable[..., Decision]) -> None:
    entry = database_entry(decided(reason_code="copied"))
    assert entry["category"] == "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    assert entry["content_type"] == ["CONTENT_TYPE_IMAGE"]


def test_the_entry_names_nobody(decided: Callable[..., Decision], artist: Any) -> None:
    decision = decided(
        work={"title": "Portrait of Mia Berg"},
        explanation="“Portrait of Mia Berg” by artist shows three hands. Portrait of Mia Berg!",
    )
    entry = json.dumps(database_entry(decision))
    assert "Mia Berg" not in entry
    assert artist.username not in entry
    assert "three hands" in entry


def test_an_approval_states_nothing(decided: Callable[..., Decision]) -> None:
    with pytest.raises(ValueError, match="restricts nothing"):
        database_entry(decided(action="approve", reason_code="human_made"))


def test_what_the_machines_did_in_words(decided: Callable[..., Decision]) -> None:
    decision = decided()
    decision.facts = [
        {**decision.facts[0]},
        {"kind": "hint", "strength": "hint", "artist_message": "A weak sign.", "reader": "hints/1", "details": {}},
        {"kind": "a1111", "strength": "proof", "artist_message": "The file names a generator.", "reader": "marks/2"},
    ]
    statement = statement_of(decision)
    assert list(statement.facts) == ["The file names a generator.", "A weak sign."]
    words = " ".join(statement.automation)
    assert "stub, version 1" in words
    assert "hints/1, marks/2" in words
    assert "similar to AI-generated pictures. It can be wrong." in words
    assert statement.automation[-1].endswith("no machine did.")
    assert "95" not in words  # words, no number to play against


def test_the_command_prints_final_restrictions(decided: Callable[..., Decision], capsys: Any, moderator: Any) -> None:
    final = decided()
    decided(action="approve", reason_code="human_made")
    decided(final=False)
    old = decided()
    Decision.objects.filter(pk=old.pk).update(decided_at=timezone.now() - timedelta(days=40))
    call_command("export_statements")
    (line,) = capsys.readouterr().out.splitlines()
    assert [entry["puid"] for entry in json.loads(line)["statements"]] == [str(old.reference), str(final.reference)]
    call_command("export_statements", "--since", f"{timezone.now() - timedelta(days=2):%Y-%m-%d}")
    (line,) = capsys.readouterr().out.splitlines()
    assert [entry["puid"] for entry in json.loads(line)["statements"]] == [str(final.reference)]
    call_command("export_statements", "--until", f"{timezone.now() - timedelta(days=50):%Y-%m-%d}")
    assert capsys.readouterr().out == ""
    for nonsense in ("yesterday", "2026-13-45"):
        with pytest.raises(CommandError, match="no day"):
            call_command("export_statements", "--since", nonsense)
