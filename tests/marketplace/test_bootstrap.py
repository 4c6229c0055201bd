"""The setting up: what it does, and the one sentence for each thing that can be missing."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap() -> Any:
    """The script, loaded as a module (``tools/`` is no package)."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def commands(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been run; ``python -m venv`` leaves an empty ``bin/python``."""
    ran: list[list[str]] = []

    def run(command: list[str], doing: str) -> None:
        ran.append(command)
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()

    monkeypatch.setattr(bootstrap, "run", run)
    return ran


def test_the_first_run_makes_and_installs_and_the_second_does_nothing(
    bootstrap: Any, commands: list[list[str]], tmp_path: Path
) -> None:
    bootstrap.bootstrap("serve", tmp_path / "env")
    assert [("venv" in command, "install" in command) for command in commands] == [(True, False), (False, True)]
    assert commands[1][-1].endswith("requirements-serve.txt")
    commands.clear()
    bootstrap.bootstrap("serve", tmp_path / "env")
    assert commands == []


def test_the_full_set_serves_too_but_not_the_other_way_round(
    bootstrap: Any, commands: list[list[str]], tmp_path: Path
) -> None:
    bootstrap.bootstrap("full", tmp_path / "env")
    commands.clear()
    bootstrap.bootstrap("serve", tmp_path / "env")
    assert commands == []
    bootstrap.bootstrap("serve", tmp_path / "other")
    commands.clear()
    bootstrap.bootstrap("full", tmp_path / "other")
    assert commands[-1][-1].endswith("requirements.txt")


def test_other_pins_are_installed_anew(
    bootstrap: Any, commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.bootstrap("serve", tmp_path / "env")
    (tmp_path / "requirements-serve.txt").write_text("django==9\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    commands.clear()
    bootstrap.bootstrap("serve", tmp_path / "env")
    assert [command[-1] for command in commands] == [str(tmp_path / "requirements-serve.txt")]


def test_a_failed_installation_is_tried_again(
    bootstrap: Any, commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = bootstrap.run

    def no_network(command: list[str], doing: str) -> None:
        make(command, doing)
        if "install" in command:
            raise bootstrap.BootstrapError("no network")

    monkeypatch.setattr(bootstrap, "run", no_network)
    with pytest.raises(bootstrap.BootstrapError):
        bootstrap.bootstrap("serve", tmp_path / "env")
    monkeypatch.setattr(bootstrap, "run", make)
    commands.clear()
    bootstrap.bootstrap("serve", tmp_path / "env")
    assert len(commands) == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        (
            "WARNING: Retrying ... NewConnectionError('Failed to establish a new connection: [Errno -3] Temporary "
            "failure in name resolution')\nERROR: No matching distribution found for django==5.2.19",
            "package index cannot be reached",
        ),
        ("SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'", "certificate"),
        ("error: command 'gcc' failed: No such file or directory\nERROR: Failed building wheel for x", "C compiler"),
        ("fatal error: Python.h: No such file or directory", "C compiler"),
        ("ERROR: No matching distribution found for ai-edge-litert==2.3.0", "Use Python 3.11"),
        ("The virtual environment was not created successfully because ensurepip is not available.", "python3-venv"),
        ("No module named venv", "python3-venv"),
        ("[Errno 13] Permission denied: '/opt/brushmark/.venv'", "cannot be written"),
    ],
)
def test_each_failure_has_a_sentence_that_says_what_to_do(bootstrap: Any, said: str, told: str) -> None:
    sentence = bootstrap.sentence_for(said, "installing")
    assert told in sentence
    assert sentence.endswith(".")


def test_an_unknown_failure_points_at_the_lines_above(bootstrap: Any) -> None:
    assert bootstrap.sentence_for("kaboom", "installing x") == "installing x failed; the lines above say why."


def test_an_old_python_is_named(bootstrap: Any) -> None:
    with pytest.raises(bootstrap.BootstrapError, match=r"this is Python 3\.9, and Brushmark needs 3\.11 or later"):
        bootstrap.require_python((3, 9))


def test_a_disk_without_room_is_named(bootstrap: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: SimpleNamespace(free=2e8))
    with pytest.raises(bootstrap.BootstrapError, match=r"0\.2 GB free"):
        bootstrap.require_space(tmp_path, 1.0)


def _setup(tmp_path: Path, program: Callable[[Path], Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(tmp_path), ROOT / "tools" / "bootstrap.py", "serve", "--venv", tmp_path / "env", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_NO_INDEX": "",
            "PIP_RETRIES": "1",
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
        },
    )


def test_without_a_network_the_real_run_ends_in_one_sentence(tmp_path: Path) -> None:
    done = _setup(tmp_path, lambda _: Path(sys.executable))
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Cannot set up: the package index cannot be reached.")
    assert "Traceback" not in done.stderr


def test_without_the_venv_module_the_real_run_ends_in_one_sentence(tmp_path: Path) -> None:
    def python_without_venv(folder: Path) -> Path:
        script = folder / "python"
        script.write_text(
            f"#!{sys.executable}\nimport runpy, sys\nsys.executable = __file__\nsys.argv = sys.argv[1:]\n"
            "if sys.argv[:2] == ['-m', 'venv']:\n    sys.exit('No module named venv')\n"
            "runpy.run_path(sys.argv[0], run_name='__main__')\n"
        )
        script.chmod(0o755)
        return script

    done = _setup(tmp_path, python_without_venv)
    assert done.returncode == 1
    assert (
        done.stderr.strip().splitlines()[-1].startswith("Cannot set up: this Python cannot make virtual environments")
    )


def test_make_says_what_there_is_and_what_is_missing() -> None:
    shown = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True)
    assert all(f"make {target}" in shown.stdout for target in ("demo", "test", "lint", "requirements", "clean"))
    done = subprocess.run(
        ["make", "-C", ROOT, "demo", "PYTHON=no-such-python"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "no-such-python is not installed. Install Python 3.11" in done.stdout
