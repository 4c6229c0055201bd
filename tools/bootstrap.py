"""Makes the virtual environment and installs the pinned requirements: ``python3 tools/bootstrap.py serve|full``.

Runs on whatever Python the machine has (3.8 or later, standard library only), so that it can say what is missing. What
was installed is remembered by the hash of the requirements: a second run does nothing and is quick. Every failure ends
in one sentence that says what to do.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = {"serve": "requirements-serve.txt", "full": "requirements.txt"}
OLDEST = (3, 11)
FREE_GB = {"serve": 1.0, "full": 5.0}

# What pip or venv say -> what the person should do. The first that matches is told.
SENTENCES = (
    (("no space left on device",), "The disk is full. Free some space and run it again."),
    (
        (
            "temporary failure in name resolution",
            "failed to establish a new connection",
            "network is unreachable",
            "name or service not known",
            "nodename nor servname",
            "getaddrinfo failed",
            "read timed out",
            "connection to proxy",
            "proxyerror",
            "connection refused",
            "max retries exceeded",
        ),
        "The package index cannot be reached. Connect to the network (or set PIP_INDEX_URL or HTTPS_PROXY) and run "
        "it again; what was fetched already is kept.",
    ),
    (
        ("certificate_verify_failed", "certificate verify failed"),
        "The package index's certificate is not trusted here. Set PIP_CERT to your organisation's certificates.",
    ),
    (
        (
            "error: command 'gcc' failed",
            "error: command 'cc' failed",
            "command 'clang' failed",
            "unable to find vcvarsall",
            "microsoft visual c++",
            "no such file or directory: 'gcc'",
            "no such file or directory: 'cc'",
            "failed to build",
            "failed building wheel",
            "python.h: no such file",
        ),
        "A package had to be built here and the build failed. Install a C compiler and Python's headers (Debian, "
        "Ubuntu: apt install build-essential python3-dev; macOS: xcode-select --install) and run it again, or use a "
        "Python that the packages are built for, such as 3.11 or 3.12.",
    ),
    (
        ("no matching distribution found", "could not find a version"),
        "A pinned package is not offered for this Python or this machine. Use Python 3.11 or 3.12 (PYTHON=python3.11) "
        "on 64-bit Linux or macOS, with an index that has it.",
    ),
    (
        (
            "ensurepip is not available",
            "no module named venv",
            "no module named ensurepip",
            "returned non-zero exit status 1",
        ),
        "This Python cannot make virtual environments. Install the venv module (Debian, Ubuntu: apt install "
        "python3-venv) and run it again.",
    ),
    (("permission denied", "read-only file system"), "The project's folder cannot be written. Run it as its owner."),
)


class BootstrapError(Exception):
    """Setting up failed; ``str(error)`` is one sentence for the person at the terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Set up what is asked for. Returns 0, or 1 after one sentence on standard error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument(
        "what", choices=sorted(REQUIREMENTS), help="serve: what the site runs on; full: all, TensorFlow too"
    )
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    options = parser.parse_args(arguments)
    try:
        bootstrap(options.what, options.venv)
    except BootstrapError as error:
        sys.stderr.write(f"Cannot set up: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Run it again to go on from here.\n")
        return 130
    return 0


def bootstrap(what: str, venv: Path) -> None:
    """Make ``venv`` if need be and install the requirements of ``what`` ("serve" or "full") unless they are there."""
    require_python(sys.version_info[:2])
    requirements = ROOT / REQUIREMENTS[what]
    stamps = {name: venv / f".brushmark-{name}" for name in REQUIREMENTS}
    wanted = fingerprint(requirements)
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # "full" holds the very pins of "serve" and more, so either stamp will do for "serve".
    serves = fingerprint(ROOT / REQUIREMENTS["serve"])
    if python.exists() and (
        read(stamps[what]) == wanted or (what == "serve" and read(stamps["full"]).endswith(serves) and serves)
    ):
        return
    require_space(venv, FREE_GB[what])
    if not python.exists():
        say(f"Making the virtual environment in {shown(venv)}")
        run([sys.executable, "-m", "venv", "--clear", str(venv)], "making the virtual environment")
    say(f"Installing {REQUIREMENTS[what]} (the first time takes a few minutes)")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--progress-bar", "off"]
    run([*pip, "--requirement", str(requirements)], f"installing {REQUIREMENTS[what]}")
    for stamp in stamps.values():
        if stamp.exists():
            stamp.unlink()
    stamps[what].write_text(wanted + (serves if what == "full" else ""))


def require_python(version: tuple[int, ...]) -> None:
    """Raise ``BootstrapError`` if this Python is too old."""
    if tuple(version[:2]) < OLDEST:
        raise BootstrapError(
            f"this is Python {version[0]}.{version[1]}, and Brushmark needs {OLDEST[0]}.{OLDEST[1]} or later. "
            "Install one and name it: make demo PYTHON=python3.11"
        )


def require_space(venv: Path, gigabytes: float) -> None:
    """Raise ``BootstrapError`` if the disk has no room for the packages."""
    place = venv if venv.exists() else venv.parent
    free = shutil.disk_usage(str(place)).free / 1e9
    if free < gigabytes:
        raise BootstrapError(
            f"the packages need about {gigabytes:.0f} GB and {shown(place)} has {free:.1f} GB free. Free some space "
            "and run it again."
        )


def run(command: list[str], doing: str) -> None:
    """Run a command; on a terminal, name the package that is at work. Raises ``BootstrapError`` with what to do."""
    try:
        process = subprocess.Popen(  # noqa: S603 - our own Python
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
        )
    except OSError as error:
        raise BootstrapError(f"{doing} did not start ({error}).") from error
    said = []
    for line in process.stdout or ():
        said.append(line)
        if sys.stdout.isatty() and line.startswith(("Collecting ", "Installing ")):
            sys.stdout.write(f"\r\x1b[K  {line.split('(')[0].strip()[:70]}")
            sys.stdout.flush()
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[K")
    if process.wait() != 0:
        text = "".join(said)
        sys.stderr.write(text[-4000:])
        raise BootstrapError(sentence_for(text, doing))


def sentence_for(text: str, doing: str) -> str:
    """Return what to do about the failure whose output is ``text``."""
    low = text.lower()
    for marks, sentence in SENTENCES:
        if any(mark in low for mark in marks):
            return sentence[0].lower() + sentence[1:]
    return f"{doing} failed; the lines above say why."


def fingerprint(requirements: Path) -> str:
    """Return a hash of what is to be installed and of the Python that it is installed for."""
    try:
        text = requirements.read_bytes()
    except OSError as error:
        raise BootstrapError(f"{shown(requirements)} is missing. Is this a whole copy of the project?") from error
    return hashlib.sha256(text + f"{sys.version_info[0]}.{sys.version_info[1]}".encode()).hexdigest()


def read(path: Path) -> str:
    """Return a stamp's text, ``""`` if there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""


def shown(path: Path) -> str:
    """Return a path as it is told to people."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def say(text: str) -> None:
    """Tell what is being done."""
    sys.stdout.write(text + " ...\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
