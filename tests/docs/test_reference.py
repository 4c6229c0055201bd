"""The reference names everything that there is, with a word about it, and nothing that there is not."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from django.core.management import get_commands
from django.dispatch import Signal
from django.template.loader import get_template
from django.test.signals import template_rendered
from prometheus_client.parser import text_string_to_metric_families

from moderation import services, signals
from moderation.conf import ModerationSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from moderation.models import Case

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The module that writes the reference."""
    spec = importlib.util.spec_from_file_location("reference_pages", DOCS / "reference_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["reference_pages"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def told(entries: list[Any], page: str) -> set[str]:
    """Return the names of the entries, each of which must stand on the page with something said about it."""
    for entry in entries:
        assert entry.about.strip(), f"{entry.name} is not described."
        assert entry.name in page
        assert entry.about in page
    return {entry.name for entry in entries}


def test_every_setting(reference: ModuleType) -> None:
    names = told(reference.setting_entries(), reference.settings_page())
    assert names == {item.name for item in dataclasses.fields(ModerationSettings)}


def test_every_check(reference: ModuleType) -> None:
    sources = "".join(path.read_text() for path in (PROJECT / "moderation").rglob("*.py"))
    known = set(re.findall(r'id="(moderation\.[EW]\d+)"', sources))
    assert told(reference.check_entries(), reference.checks_page()) == known
    assert "moderation.E001" in known


def test_every_command_with_its_options(reference: ModuleType) -> None:
    page = reference.commands_page()
    own = {path.stem for path in (PROJECT / "moderation/management/commands").glob("[!_]*.py")}
    assert told(reference.command_entries(), page) == own
    assert own <= set(get_commands())
    assert "--work" in page
    assert "| |" not in page.replace("| option | |", ""), "An option has no help text."


def test_every_signal(reference: ModuleType) -> None:
    own = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    assert told(reference.signal_entries(), reference.signals_page()) == own


@pytest.fixture
def exposed(db: None, make_case: Callable[..., Case], moderator: Any) -> set[str]:
    """The names of all samples, on a site where a bit of everything has happened."""
    from moderation.metrics import exposition
    from moderation.services import pulse

    case = make_case()
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    pulse.beat()
    families = list(text_string_to_metric_families(exposition().decode()))
    return {sample.name for family in families for sample in family.samples}


def test_every_metric(reference: ModuleType, exposed: set[str]) -> None:
    names = told(reference.metric_entries(), reference.metrics_page())
    plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed}
    assert plain <= names
    assert names - plain <= {"brushmark_screening_failures_total"}  # nothing has failed here


def metrics_in(text: str) -> set[str]:
    return set(re.findall(r"\bbrushmark_\w+", text))


def test_the_rules_and_the_dashboard_name_metrics_that_there_are(exposed: set[str]) -> None:
    there = {*exposed, "brushmark_screening_failures_total"}
    rules = yaml.safe_load((DOCS / "operate/alerts.yaml").read_text())["groups"][0]["rules"]
    assert metrics_in(" ".join(rule["expr"] for rule in rules)) <= there
    board = json.loads((DOCS / "operate/dashboard.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert metrics_in(" ".join(expressions)) <= there
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) > 10


def test_every_alert_stands_in_the_runbook_and_no_other() -> None:
    rules = yaml.safe_load((DOCS / "operate/alerts.yaml").read_text())["groups"][0]["rules"]
    headings = re.findall(r"^## (Brushmark\w+)$", (DOCS / "how-to/runbook.md").read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in rules]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)


# --- Templates -----------------------------------------------------------------------------------------------------


def documented() -> Iterator[tuple[list[str], set[str], set[str]]]:
    """Yield templates that share a section of the page, with the blocks and the variables promised there."""
    names: list[str] = []
    page = (DOCS / "reference/templates.md").read_text()
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        name, _line, text = section.partition("\n")
        names.append(name.strip())
        if not text.strip():
            continue
        rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
        blocks = set(rows) if "| block |" in text else set()
        yield names, blocks, set(rows) - blocks
        names = []


def test_templates_that_may_be_overridden_are_there_with_their_blocks() -> None:
    for names, blocks, _variables in documented():
        for name in names:
            template = get_template(name)
            if blocks:
                source = (PROJECT / "moderation/templates" / name).read_text()
                assert set(re.findall(r"{% block (\w+)", source)) == blocks
            assert template is not None


@pytest.mark.django_db
def test_templates_get_the_variables_that_are_promised(
    make_case: Callable[..., Case], moderator: Any, client: Any, artist: Any
) -> None:
    from moderation.services.notices import message_of, question_message

    seen: dict[str, set[str]] = {}

    def note(sender: Any, template: Any, context: Any, **kwargs: Any) -> None:
        given = context.flatten() if hasattr(context, "flatten") else dict(context)
        seen.setdefault(template.name, set()).update(map(str, given))

    template_rendered.connect(note)
    try:
        case = make_case()
        question = services.ask_artist(case=case, moderator=moderator, text="Which brushes?", version=case.version)
        question_message(question, artist.email)
        case.refresh_from_db()
        decision = services.decide(
            case=case,
            decider=moderator,
            action="reject",
            reason_code="undeclared_ai",
            explanation="Three hands on one arm.",
            version=case.version,
        )
        message_of(decision, artist.email)
        client.force_login(artist)
        client.get(case.artwork.get_absolute_url())
    finally:
        template_rendered.disconnect(note)
    for names, blocks, variables in documented():
        if not blocks:
            for name in names:
                assert variables <= seen[name], name
