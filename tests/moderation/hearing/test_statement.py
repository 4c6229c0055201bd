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
from moderation.models.decision import RESTRICTING, RESTRICTING_REASONS, Automation
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
# Its closed lists, as its documentation and source name them (version 2, in force since July 2025).
ALLOWED = {
    "decision_visibility": {
        "DECISION_VISIBILITY_CONTENT_REMOVED",
        "DECISION_VISIBILITY_CONTENT_DISABLED",
        "DECISION_VISIBILITY_CONTENT_DEMOTED",
        "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED",
        "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED",
        "DECISION_VISIBILITY_CONTENT_LABELLED",
        "DECISION_VISIBILITY_OTHER",
    },
    "decision_ground": {"DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
    "incompatible_content_illegal": {"Yes", "No"},
    "content_type": {
        "CONTENT_TYPE_APP",
        "CONTENT_TYPE_AUDIO",
        "CONTENT_TYPE_IMAGE",
        "CONTENT_TYPE_PRODUCT",
        "CONTENT_TYPE_SYNTHETIC_MEDIA",
        "CONTENT_TYPE_TEXT",
        "CONTENT_TYPE_VIDEO",
        "CONTENT_TYPE_OTHER",
    },
    "category": {
        "STATEMENT_CATEGORY_ANIMAL_WELFARE",
        "STATEMENT_CATEGORY_CONSUMER_INFORMATION",
        "STATEMENT_CATEGORY_CYBER_VIOLENCE",
        "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN",
        "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH",
        "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE",
        "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
        "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY",
        "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        "STATEMENT_CATEGORY_SELF_HARM",
        "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS",
        "STATEMENT_CATEGORY_VIOLENCE",
    },
    "source_type": {
        "SOURCE_ARTICLE_16",
        "SOURCE_TRUSTED_FLAGGER",
        "SOURCE_TYPE_OTHER_NOTIFICATION",
        "SOURCE_VOLUNTARY",
    },
    "automated_detection": {"Yes", "No"},
    "automated_decision": {
        "AUTOMATED_DECISION_FULLY",
        "AUTOMATED_DECISION_PARTIALLY",
        "AUTOMATED_DECISION_NOT_AUTOMATED",
    },
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


@pytest.mark.parametrize("automation", Automation.values)
@pytest.mark.parametrize("reason", RESTRICTING_REASONS)
@pytest.mark.parametrize("action", RESTRICTING)
def test_every_value_of_a_closed_list_is_on_it(
    decided: Callable[..., Decision], action: str, reason: str, automation: str
) -> None:
    decision = decided(action=action, reason_code=reason)
    decision.automation = automation
    entry = database_entry(decision)
    for name, allowed in ALLOWED.items():
        value = entry[name]
        assert set(value if isinstance(value, list) else [value]) <= allowed, name
        assert isinstance(value, list) is (name in ("decision_visibility", "content_type")), name
    assert entry["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"  # whatever found it, a person decides
    assert entry["automated_detection"] == ("No" if automation == "none" else "Yes")


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
