"""Runs the tests on every Python and Django that is promised, on SQLite and PostgreSQL: ``nox``, or ``nox --list``.

``nox -s "tests-3.12(django='6.0', database='sqlite')" -- tests/hosts`` runs one of them on some tests. An interpreter
that this machine lacks is reported as skipped. Warnings are errors everywhere (``filterwarnings`` in pyproject.toml).
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"  # dependency groups
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"

PYTHONS = ("3.11", "3.12", "3.13")
DJANGOS = ("5.2", "6.0", "6.1")
ON_DJANGO_5_ONLY = ("3.11",)
"""Django 6 asks for Python 3.12."""

# TensorFlow trains detectors and never serves them: the matrix leaves it, and the browser, to `make test`.
LEFT_OUT = "not browser and not train and not postgresql_server"

PROJECT = nox.project.load_toml("pyproject.toml")
# The example site pins the Django that it ships with; here each session brings its own.
SITE = [need for need in PROJECT["dependency-groups"]["site"] if not need.startswith("django>")]

# pyenv's interpreters count as present, whichever of them is the chosen one.
_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
for _version in PYTHONS:
    for _folder in sorted(_pyenv.glob(f"{_version}.*/bin")):
        os.environ["PATH"] = os.pathsep.join((str(_folder), os.environ["PATH"]))


@nox.session(python=PYTHONS)
@nox.parametrize("database", ("sqlite", "postgresql"))
@nox.parametrize("django", DJANGOS)
def tests(session: nox.Session, django: str, database: str) -> None:
    """Run the tests on one Python, one Django, one database."""
    if django != "5.2" and session.python in ON_DJANGO_5_ONLY:
        session.skip(f"Django {django} does not run on Python {session.python}")
    session.install(
        ".[c2pa,heif,metrics,psd,s3]", *nox.project.dependency_groups(PROJECT, "test"), *SITE, f"django~={django}.0"
    )
    session.run("python", "-m", "pip", "uninstall", "--yes", "--quiet", "brushmark")  # the tests run on the tree
    command = ["python", "-m", "pytest", "-m", LEFT_OUT, *session.posargs]
    if database == "postgresql":
        command = ["python", "-m", "tests.servers", "postgresql", "--", *command]
    session.run(*command)
