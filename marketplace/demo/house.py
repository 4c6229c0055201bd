"""The demo's processes: each in its own process group, each with a log, all of them stopped whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PATIENCE = 8.0
"""Seconds that a process has to end by itself. The worker's unfinished pictures are not lost: their rows wait."""

_AN_ERROR = re.compile(r"[\w.]+(Error|Exception|ImproperlyConfigured): ")
"""How Python ends a traceback."""

LEASH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: end when the one who started us ends
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""On Linux a process is told to end even when the demo itself is killed and can stop nobody any more."""


class DemoError(Exception):
    """The demo cannot go on; ``str(error)`` is one sentence that says what to do."""


@dataclass(slots=True)
class House:
    """The processes that run, in the order in which they were started; they are stopped the other way round."""

    logs: Path
    environment: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process in a session of its own, so that Ctrl-C in the terminal reaches the demo alone."""
        self.logs.mkdir(parents=True, exist_ok=True)
        leash = [sys.executable, "-c", LEASH, str(os.getpid())] if sys.platform == "linux" else []
        with self.log(name).open("wb") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own programs
                [*leash, *command],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        """Return where the process's output goes."""
        return self.logs / f"{name}.log"

    def check(self) -> None:
        """Raise ``DemoError`` if a process has ended that should still run."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise DemoError(f"The {name} ended by itself. {self._last_words(name)}The whole log: {self.log(name)}")

    def stop(self) -> None:
        """End every process and everything it started: politely, then not."""
        for group in (["worker", "web server"], list(self.running)):
            processes = [self.running.pop(name) for name in group if name in self.running]
            for process in processes:
                _signal(process, signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE
            for process in processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.1, deadline - time.monotonic()))
                _signal(process, signal.SIGKILL)  # what it left behind in its group, even if it ended itself
                process.wait()
            for process in processes:
                _wait_for_group(process)

    def _last_words(self, name: str) -> str:
        """The log's first error, which tends to be the cause, or else its last line."""
        lines = self.log(name).read_text(errors="replace").strip().splitlines()
        words = next((line for line in lines if _AN_ERROR.match(line)), lines[-1] if lines else "")
        return f"Its last words: {words.strip()[:200]} " if words else ""


def _wait_for_group(process: subprocess.Popen[bytes], seconds: float = 2.0) -> None:
    """Wait until the last of the process's group is gone: what was killed takes a moment to die."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.02)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
