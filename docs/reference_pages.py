"""Writes the reference from the code while the site is built: what is not in the code cannot stand in the docs.

MkDocs calls ``on_files`` (``hooks`` in mkdocs.yml). Nothing is kept, so nothing can be out of date; a setting, check,
command, signal or metric without a description fails ``tests/docs/test_reference.py``.
"""

from __future__ import annotations

import ast
import pkgutil
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "moderation"


@dataclass(frozen=True)
class Entry:
    """One thing of the reference: its name, what it is, and whatever else its table has columns for."""

    name: str
    about: str
    more: tuple[str, ...] = ()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the code (a hook of MkDocs)."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files


def setup() -> None:
    """Let the plugin be imported: with settings of its own where the process has none."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    if not settings.configured:
        apps = ["django.contrib.auth", "django.contrib.contenttypes", "moderation"]
        settings.configure(INSTALLED_APPS=apps, USE_TZ=True, SECRET_KEY="docs")  # noqa: S106 - nothing is served
        django.setup()


def plain(text: str) -> str:
    """Return a docstring as one line of Markdown."""
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def table(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [columns, tuple("---" for _column in columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


# --- Settings ------------------------------------------------------------------------------------------------------


def setting_entries() -> list[Entry]:
    """Return every key of ``MODERATION`` with its docstring, its type and its default."""
    tree = ast.parse((PLUGIN / "conf.py").read_text())
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "ModerationSettings")
    found = []
    for place, node in enumerate(body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.value is None:
            continue
        after = body[place + 1] if place + 1 < len(body) else None
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = str(after.value.value)
        found.append(Entry(node.target.id, plain(text), (ast.unparse(node.annotation), _value(node.value))))
    return found


def _value(node: ast.expr) -> str:
    """Return a default as a reader wants it: products worked out, long tuples one a line."""
    source = ast.unparse(node)
    if re.fullmatch(r"[\d_ *]+", source):
        number = 1
        for factor in source.split("*"):
            number *= int(factor)
        return f"`{number:_}`"
    if isinstance(node, ast.Tuple):
        return "<br>".join(f"`{ast.unparse(item)}`" for item in node.elts) or "`()`"
    return f"`{source}`"


def settings_page() -> str:
    """Return the page of the settings."""
    parts = [
        "# Settings\n\nOne dictionary in your settings: `MODERATION = {...}`. Every key has a default. `manage.py "
        "check` reports keys that it does not know and values that cannot hold ([checks](checks.md)).\n"
    ]
    parts += [
        f"## {entry.name}\n\n{entry.about}\n\nType `{entry.more[0]}`, default {entry.more[1]}\n"
        for entry in setting_entries()
    ]
    parts.append(
        "## Beside `MODERATION`\n\n"
        "| setting | what the plugin needs of it |\n| --- | --- |\n"
        '| `INSTALLED_APPS` | `"moderation"`, `"django_htmx"`, Django\'s auth, contenttypes, sessions, messages |\n'
        "| `CELERY_BEAT_SCHEDULE` | the entries of `moderation.conf.beat_schedule()` |\n"
        '| `STORAGES["moderation-private"]` | a storage that is never served, for files sent with appeals |\n'
        "| `LOGIN_URL` | where people sign in |\n"
        "| `TEMPLATES` | the context processors `request`, `auth` and `messages` |\n"
    )
    return "\n".join(parts)


# --- Checks --------------------------------------------------------------------------------------------------------


def check_entries() -> list[Entry]:
    """Return every system check of the plugin: id, what it says, level, hint."""
    found: dict[str, Entry] = {}
    for path in sorted(PLUGIN.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            words = {word.arg: word.value for word in node.keywords}
            name = words["id"].value if isinstance(words.get("id"), ast.Constant) else ""  # type: ignore[attr-defined]
            if node.func.id not in ("Error", "Warning") or not str(name).startswith("moderation."):
                continue
            said, hint = _text(node.args[0]), _text(words["hint"]) if "hint" in words else ""
            known = found.get(name)
            if known is not None:
                said, hint = f"{known.about}<br>{said}", known.more[1] or hint
            found[name] = Entry(name, said, (node.func.id.lower(), hint))
    return [found[name] for name in sorted(found)]


def _text(node: ast.expr) -> str:
    """Return a message as it is written, with … where a value stands."""
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        return re.sub(r"…(\W?…)+", "…", plain("".join(parts)))
    return plain(str(ast.literal_eval(node)))


def checks_page() -> str:
    """Return the page of the system checks."""
    parts = [
        "# Checks\n\n`manage.py check` (and `check --deploy`) sees these mistakes before they hurt. Ids are stable: "
        'silence one that you mean with `SILENCED_SYSTEM_CHECKS = ["moderation.W005"]`.\n'
    ]
    for entry in check_entries():
        level, hint = entry.more
        parts.append(f"## {entry.name}\n\n*{level.capitalize()}.* {entry.about}\n" + (f"\n{hint}\n" if hint else ""))
    return "\n".join(parts)


# --- Commands ------------------------------------------------------------------------------------------------------


def command_entries() -> list[Entry]:
    """Return every management command: what it does, and its options as ``--help`` shows them."""
    setup()
    from django.core.management import load_command_class

    usual = {"help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color"}
    found = []
    for module in pkgutil.iter_modules([str(PLUGIN / "management" / "commands")]):
        command = load_command_class("moderation", module.name)
        parser = command.create_parser("manage.py", module.name)
        own = [action for action in parser._actions if action.dest not in {*usual, "skip_checks"}]
        options = "\n".join(f"| `{_option(action)}` | {plain(str(action.help or ''))} |" for action in own)
        found.append(Entry(module.name, plain(str(command.help)), (options,)))
    return found


def _option(action: Any) -> str:
    name = max(action.option_strings, key=len, default=action.metavar or action.dest)
    takes = action.option_strings and action.nargs != 0
    return f"{name} {action.metavar or action.dest.upper()}" if takes else str(name)


def commands_page() -> str:
    """Return the page of the management commands."""
    parts = ["# Commands\n\nAll are safe to run again: a second run finds nothing left to do.\n"]
    for entry in command_entries():
        parts.append(f"## {entry.name}\n\n{entry.about}\n")
        if entry.more[0]:
            parts.append(f"| option | |\n| --- | --- |\n{entry.more[0]}\n")
    return "\n".join(parts)


# --- Signals -------------------------------------------------------------------------------------------------------


def signal_entries() -> list[Entry]:
    """Return every signal: when it is sent, and its arguments."""
    text = ast.get_docstring(ast.parse((PLUGIN / "signals.py").read_text())) or ""
    lines = re.findall(r"^``(\w+)``: ((?:``\w+``(?:, )?)+)\. (.+)$", text, re.MULTILINE)
    return [Entry(name, plain(about), (plain(arguments),)) for name, arguments, about in lines]


def signals_page() -> str:
    """Return the page of the signals."""
    rows = ((f"`{entry.name}`", entry.more[0], entry.about) for entry in signal_entries())
    return (
        "# Signals\n\nIn `moderation.signals`. Each is sent after the transaction that it tells of has committed, "
        "with keyword arguments only; a receiver that fails is logged and disturbs nobody.\n\n"
        "```python\nfrom moderation.signals import decided\n\n\n"
        "@receiver(decided)\ndef stop_the_press(*, artwork, decision, **kwargs):\n"
        '    if decision.action == "reject":\n        artwork.host_object.stop_printing()\n```\n\n'
        "`artwork.host_object` is your object (`None` once it is deleted), `artwork.field` the field's name. Take "
        "`**kwargs`: arguments may be added.\n\n" + table(("signal", "arguments", "when"), rows)
    )


# --- Metrics -------------------------------------------------------------------------------------------------------


def metric_entries() -> list[Entry]:
    """Return every metric: what it counts, its type, its labels."""
    found = []
    for node in ast.walk(ast.parse((PLUGIN / "metrics.py").read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) < 2:
            continue
        name, about = node.args[0], node.args[1]
        if not isinstance(name, ast.Constant) or not isinstance(about, ast.Constant):
            continue
        kind = "gauge" if node.func.id == "_gauge" else node.func.id.removesuffix("MetricFamily").lower()
        full = f"brushmark_{name.value}" if node.func.id == "_gauge" else str(name.value)
        labels = next((ast.literal_eval(word.value) for word in node.keywords if word.arg == "labels"), [])
        ending = "_total" if kind == "counter" else ""
        found.append(Entry(full + ending, plain(str(about.value)), (kind, ", ".join(f"`{one}`" for one in labels))))
    return sorted(found, key=lambda entry: entry.name)


def metrics_page() -> str:
    """Return the page of the metrics."""
    setup()
    from moderation.timing import STEPS

    rows = ((f"`{entry.name}`", entry.more[0], entry.more[1], entry.about) for entry in metric_entries())
    return (
        "# Metrics\n\nRead from the database when Prometheus asks ([how to set it up](../how-to/monitor.md)); the "
        "[runbook](../how-to/runbook.md) says what to do about them.\n\n"
        + table(("metric", "type", "labels", "what it is"), rows)
        + "\nThe steps of `brushmark_step_seconds`:\n\n"
        + table(("step", "what it is"), ((f"`{name}`", about) for name, about in STEPS.items()))
    )


PAGES: dict[str, Callable[[], str]] = {
    "reference/settings.md": settings_page,
    "reference/checks.md": checks_page,
    "reference/commands.md": commands_page,
    "reference/signals.md": signals_page,
    "reference/metrics.md": metrics_page,
}
