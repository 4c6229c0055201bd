"""A whole site for one test: web server, worker and broker as real processes over a database of their own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketplace.demo.house import House
from marketplace.demo.people import PEOPLE
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parents[2]
PEOPLE_BY_ROLE = {person.role: person for person in PEOPLE}


@dataclass
class Site:
    """One site in ``folder``; ``start`` brings everything up, ``stop`` takes everything down."""

    folder: Path
    broker: str
    classifier: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    """Environment variables beyond the embedded default: another database, another broker, a bucket."""
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        classifier = {"E2E_CLASSIFIER": self.classifier} if self.classifier else {}
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
            "VAR_DIR": str(self.folder),
            "REDIS_URL": self.broker,
            "SECRET_KEY": "for this test only",
            "HTTPS": "off",
            "WORKER_CONCURRENCY": "1",
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            **classifier,
            **self.extra,
        }
        self.house = House(self.folder / "logs", self.environment)

    @property
    def url(self) -> str:
        """The site's address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Make the database and the demo's people, then start worker and web server."""
        self.manage("migrate", "--verbosity=0")
        self.manage("shell", "--command=from marketplace.demo.people import ensure_people; ensure_people()")
        self.start_worker()
        bind = f"127.0.0.1:{self.port}"
        self.house.start(
            "web server",
            [sys.executable, "-m", "gunicorn", "--bind", bind, "--threads", "4", "marketplace.wsgi:application"],
        )
        self.wait_for(self._answers, "the web server")

    def start_worker(self) -> None:
        """Start a worker with its beat."""
        schedule = str(self.folder / "beat")
        command = ["-m", "celery", "--app", "marketplace", "worker", "--beat", "--schedule", schedule, "-l", "info"]
        self.house.start("worker", [sys.executable, *command])

    def kill_worker(self) -> None:
        """SIGKILL the worker and every process it forked."""
        process = self.house.running.pop("worker")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Stop every process."""
        self.house.stop()

    def manage(self, *arguments: str) -> str:
        """Run a management command in the site's environment and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement on the site's SQLite database, beside its processes."""
        with sqlite3.connect(self.folder / "db.sqlite3", timeout=20) as database:
            rows = database.execute(query, values).fetchall()
        database.close()
        return rows

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
        """Wait until ``condition`` holds; fail with the processes' logs."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.house.check()
            if condition():
                return
            time.sleep(0.1)
        logs = "\n".join(path.read_text(errors="replace")[-3000:] for path in (self.folder / "logs").glob("*.log"))
        raise AssertionError(f"Waited {seconds} s in vain for {what}.\n{logs}")

    def count(self, model: str, **conditions: str) -> int:
        """Count rows of one of the plugin's models, on whatever database the site has."""
        program = (
            f"from moderation.models import {model}; print('COUNT', {model}.objects.filter(**{conditions}).count())"
        )
        lines = self.manage("shell", "--no-imports", f"--command={program}").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("COUNT")))

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
