"""Reads a page of the docs as its reader would: writes the files it shows, runs the commands it names, in order.

A code block with a ``title`` is a file, or what is added to one ("(at the end)"); a ``console`` block holds commands
(``$ ...``) and what they print. The title of a ``console`` block says where it runs: "In a second terminal" goes on
beside the others, "A few seconds later" may be tried again for a while.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FENCE = re.compile(r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]*)")?\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
AT_THE_END = " (at the end)"
PATIENCE = 60


@dataclass
class Walkthrough:
    """One reader: a folder, an environment, and the terminals they have opened."""

    folder: Path
    environment: dict[str, str]
    terminals: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def follow(self, page: str, said: Mapping[str, str]) -> Iterator[str]:
        """Do what ``page`` says, block by block, yielding each block's text after it; ``said`` is replaced first."""
        for old, new in said.items():
            assert old in page, f"The page does not say {old!r} any more."
            page = page.replace(old, new)
        for block in FENCE.finditer(page):
            title, body = block["title"] or "", block["body"]
            if block["kind"] != "console":
                self._write(title, body)
            elif title.endswith("terminal"):
                self._open_terminal(body)
            else:
                self._run(body, patience=PATIENCE if title == "A few seconds later" else 0)
            yield body

    def close(self) -> None:
        """Close the terminals; what runs in them ends."""
        for process in reversed(self.terminals):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _write(self, title: str, body: str) -> None:
        assert title, f"A block of code that names no file:\n{body}"
        path = self.folder / title.removesuffix(AT_THE_END)
        path.parent.mkdir(parents=True, exist_ok=True)
        if title.endswith(AT_THE_END):
            with path.open("a") as file:
                file.write("\n" + body)
        else:
            path.write_text(body)

    def _open_terminal(self, body: str) -> None:
        (command,) = _commands(body)
        log = (self.folder / f"terminal-{len(self.terminals)}.log").open("wb")
        with log:
            self.terminals.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {command}"],
                    cwd=self.folder,
                    env=self.environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def _run(self, body: str, *, patience: float) -> None:
        for command, expected in _commands(body).items():
            if command.startswith("cd "):
                self.folder /= command.removeprefix("cd ")
                continue
            deadline = time.monotonic() + patience
            while (problem := self._try(command, expected)) and time.monotonic() < deadline:
                time.sleep(0.5)
            assert not problem, problem

    def _try(self, command: str, expected: list[str]) -> str:
        """Run one command; return what is wrong, if anything."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        missing = [line for line in expected if line not in printed.splitlines()]
        if done.returncode == 0 and not missing:
            return ""
        logs = "".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("terminal-*.log"))
        return f"$ {command}\nended with {done.returncode}, without {missing}:\n{printed}\n{logs}"


def _commands(body: str) -> dict[str, list[str]]:
    """Return each command of a console block with the lines that it is said to print."""
    found: dict[str, list[str]] = {}
    for line in body.splitlines():
        if line.startswith("$ "):
            found[line[2:]] = []
        elif line:
            found[next(reversed(found))].append(line)
    return found
