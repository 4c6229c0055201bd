"""Starts the demo and stops it: the story of ``make demo``, top to bottom.

The demo has a database, uploads and a key of its own, under ``var/demo``; it never touches another database, whatever
``DATABASE_URL`` says, because it makes accounts whose passwords everybody knows.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import io
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Console
from rich.markup import escape

from marketplace.demo.house import DemoError, House

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE_DIR = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"

EPILOG = """environment:
  PORT=8000          the web server's port (on 127.0.0.1 only)
  PICTURES=/folder   show these pictures instead of the ones that the demo paints
  RESET=1            throw the demo's data away and start anew
  REDIS_URL=...      use this Redis or Valkey instead of an embedded one
  VAR_DIR=var        the demo's data live in VAR_DIR/demo
  DEMO_EXIT=1        end after the summary instead of serving until Ctrl-C (for tests)
"""


class Stopped(Exception):
    """Ctrl-C, or a polite request to end."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for."""

    port: int
    pictures: Path | None
    reset: bool
    exit_when_done: bool
    home: Path
    redis_url: str

    @property
    def address(self) -> str:
        """The site's address."""
        return f"http://{HOST}:{self.port}"


def main() -> int:
    """Run the demo. Returns 0 after Ctrl-C, 1 when it could not run; then one sentence says what to do."""
    console = Console(highlight=False, soft_wrap=True)
    with contextlib.suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    _listen()
    try:
        wishes = read_wishes()
        with _alone(wishes.home):
            run(wishes, console)
    except Stopped:
        console.print("\nStopped. Everything that the demo started has ended.")
        return 0
    except DemoError as error:
        console.print(f"\n[bold red]The demo cannot run.[/] {escape(str(error))}")
        return 1
    return 0


def read_wishes() -> Wishes:
    """Read the environment. Raises ``DemoError`` for a value that cannot be meant."""
    parser = argparse.ArgumentParser(
        prog="make demo",
        description="Starts the whole site on this machine and shows pictures going through it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise DemoError(f"PORT is {text!r}; give a number from 1 to 65535, such as PORT=8001.")
    folder = os.environ.get("PICTURES", "")
    pictures = Path(folder).expanduser().resolve() if folder else None
    if pictures is not None and not pictures.is_dir():
        raise DemoError(f"PICTURES is {folder}, which is no folder. Give the folder that your pictures are in.")
    return Wishes(
        port=int(text),
        pictures=pictures,
        reset=_is_on("RESET"),
        exit_when_done=_is_on("DEMO_EXIT"),
        home=Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve() / "demo",
        redis_url=os.environ.get("REDIS_URL", ""),
    )


def run(wishes: Wishes, console: Console) -> None:
    """Start everything, show what happens, serve until told to stop. Whatever happens, stop what was started."""
    _require_free(wishes.port)
    try:
        if wishes.reset:
            shutil.rmtree(wishes.home, ignore_errors=True)
        wishes.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="bm-") as sockets:  # short: a socket's path has some 100 characters
            address = Path(sockets) / "valkey.sock"
            _set_environment(wishes, address)
            house = House(logs=wishes.home / "logs", environment=os.environ)
            try:
                _open_house(wishes, house, address, console)
                _visit(wishes, house, console)
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # impatience must not leave processes behind
                house.stop()
                _listen()
    except OSError as error:
        raise DemoError(_of_the_machine(error)) from error


def _open_house(wishes: Wishes, house: House, address: Path, console: Console) -> None:
    python = sys.executable
    with console.status("Opening the house: database, broker, worker, web server …"):
        if not wishes.redis_url:
            house.start("broker", [python, "-m", "marketplace.demo.broker", str(address)])
        _prepare_site()
        _wait_for(address.exists if not wishes.redis_url else lambda: True, house, "the broker", 15)
        worker = "-m celery --app marketplace worker --beat --concurrency 2 --without-gossip --without-mingle"
        house.start("worker", [python, *worker.split(), "--loglevel", "INFO"])
        web = "-m gunicorn marketplace.wsgi --workers 2 --threads 4 --timeout 60 --graceful-timeout 5"
        options = ["--bind", f"{HOST}:{wishes.port}", "--access-logfile", str(house.log("access"))]
        house.start("web server", [python, *web.split(), *options, "--no-control-socket"])
        _wait_for(lambda: _is_serving(wishes.address), house, "the web server", 45)


def _visit(wishes: Wishes, house: House, console: Console) -> None:
    from marketplace.demo import report
    from marketplace.demo.show import offer_pictures, wait_for_screening

    offered = offer_pictures(wishes.address, wishes.pictures, wishes.home / "pictures", console, house.check)
    wait_for_screening(console, house.check)
    report.summary(wishes.address, offered, console)
    if wishes.exit_when_done:
        return
    console.print("\n[bold]Ctrl-C to stop.[/]")
    while True:
        time.sleep(0.5)
        house.check()


def _prepare_site() -> None:
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    from django.db import DatabaseError, connection

    from marketplace.demo.people import ensure_people

    try:
        call_command("check", stdout=io.StringIO())
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        ensure_people()
    except CommandError as error:
        raise DemoError(f"The site's own checks found a fault: {' '.join(str(error).split())}") from error
    except DatabaseError as error:
        raise DemoError(
            f"The demo's database does not open ({error}). `make demo RESET=1` starts with a new one."
        ) from error
    finally:
        connection.close()


def _set_environment(wishes: Wishes, address: Path) -> None:
    """Say to every process of the demo, this one included, where its data are."""
    from marketplace.keys import kept_secret

    for name in ("S3_BUCKET", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "HTTPS_PROXY_HEADER", "EMAIL_URL"):
        os.environ.pop(name, None)
    os.environ.update(
        {
            "VAR_DIR": str(wishes.home),
            "DATABASE_URL": f"sqlite:///{wishes.home / 'db.sqlite3'}",
            "REDIS_URL": wishes.redis_url or f"redis+socket://{address}",
            "SITE_URL": wishes.address,
            "DEBUG": "off",
            "HTTPS": "off",
            "SECRET_KEY": kept_secret(wishes.home / "secret-key"),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(BASE_DIR), os.environ.get("PYTHONPATH")])),
            "PYTHONUNBUFFERED": "1",
        }
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")


def _wait_for(condition: Any, house: House, what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        house.check()
        if time.monotonic() > deadline:
            raise DemoError(f"After {seconds:.0f} seconds {what} does not answer. Look into {house.logs}.")
        time.sleep(0.1)


def _is_serving(address: str) -> bool:
    from marketplace.demo.visitor import Visitor

    try:
        status, _ = Visitor(address, timeout=5).get("/healthz")
    except OSError:
        return False
    return status == 200


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise DemoError(f"Port {port} needs special rights. Choose one above 1023: make demo PORT=8000") from error
        except OSError as error:
            raise DemoError(
                f"Port {port} is in use by another program. Stop that one, or choose another: "
                f"make demo PORT={port + 1 if port < 65535 else 8001}"
            ) from error


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold a lock while the demo runs, so that a second one does not work in the same folder."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        lock = (home.parent / "demo.lock").open("w")
    except OSError as error:
        raise DemoError(_of_the_machine(error)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError("It is already running in another terminal. Stop it there with Ctrl-C.") from error
        yield


def _of_the_machine(error: OSError) -> str:
    import errno

    if error.errno == errno.ENOSPC:
        return "The disk is full. Free some space and run it again; nothing that was saved is lost."
    if error.errno in (errno.EACCES, errno.EROFS):
        return f"{error.filename or 'A file'} cannot be written. Run the demo as the user who owns this folder."
    return f"The machine refused something: {error}."


def _listen() -> None:
    """Turn Ctrl-C, ``kill`` and a closed terminal into ``Stopped``."""

    def stop(number: int, frame: object) -> NoReturn:
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _is_on(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "yes", "on", "true")
