"""Bring the catalogues of all languages up to date with the code: ``make messages``. Needs gettext (xgettext, msgfmt).

A new language: ``python tools/messages.py fr``, then add it to ``LANGUAGES`` in the settings.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ("moderation", "marketplace")
"""The packages with a ``locale`` of their own; the site's templates belong to ``marketplace``."""
ELSEWHERE = ("ml", "tests", "tools", "benchmarks", "docs", "var", "build", "dist", "staticfiles", ".*")
"""Where nobody's words stand: what ``ml`` says is marked in ``moderation/refusals.py``."""


def arguments(*languages: str) -> list[str]:
    """Return the arguments of ``manage.py`` that collect the messages, for the languages there are or for these."""
    chosen = [f"--locale={language}" for language in languages] or ["--all"]
    # Files without lines, and no obsolete entries: a change of code changes no more of a catalogue than its words.
    return [
        "makemessages",
        *chosen,
        "--add-location=file",
        "--no-obsolete",
        "--no-wrap",
        *(f"--ignore={name}" for name in ELSEWHERE),
    ]


def main() -> None:
    """Collect, then compile."""
    from django.core.management import execute_from_command_line

    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    for package in CATALOGUES:
        (ROOT / package / "locale").mkdir(exist_ok=True)
    execute_from_command_line(["manage.py", *arguments(*sys.argv[1:])])
    for catalogue in ROOT.glob("*/locale/*/LC_MESSAGES/django.po"):
        lines = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
        # A date would change with every run, and conflict with everybody else's.
        catalogue.write_text("".join(line for line in lines if not line.startswith('"POT-')), encoding="utf-8")
    execute_from_command_line(["manage.py", "compilemessages", *(f"--ignore={name}" for name in ELSEWHERE)])


if __name__ == "__main__":
    main()
