"""The demo as a person runs it: real processes, a real Valkey, a real worker, uploads over HTTP."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from marketplace.demo.house import DemoError, House
from marketplace.demo.painter import PAINTINGS
from marketplace.demo.visitor import Refused, Visitor
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]


def _environment(var: Path, **wishes: str) -> dict[str, str]:
    unwanted = ("REDIS_URL", "DATABASE_URL", "PICTURES", "RESET", "DEMO_EXIT", "PORT")
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {
        **inherited,
        "VAR_DIR": str(var),
        "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
        "E2E_CLASSIFIER": "tests.stubs.RedClassifier",
        "COLUMNS": "160",
        **wishes,
    }


def _demo(var: Path, **wishes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "marketplace.demo"],
        cwd=ROOT,
        env=_environment(var, **wishes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def _processes_of(var: Path) -> dict[int, str]:
    """The processes whose environment names this demo's folder, each with its command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):  # it ended while we looked
                if f"VAR_DIR={var}".encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def _count(var: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(var / "demo" / "db.sqlite3", timeout=20)) as database:
        return int(database.execute(f"select count(*) from {table}").fetchone()[0])


@pytest.fixture
def folder(tmp_path: Path, paint: Callable[..., bytes]) -> Path:
    """A person's own pictures: a clean one, a suspect one, and things that are no pictures."""
    place = tmp_path / "mine"
    (place / "deep" / "er").mkdir(parents=True)
    (place / "quiet_one.png").write_bytes(paint(0.1))
    (place / "deep" / "er" / "red-one.png").write_bytes(paint(0.95))
    (place / "notes.txt").write_text("not a picture, only words about one")
    (place / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    (place / ".hidden.png").write_bytes(paint(0.2))
    return place


def test_own_pictures_go_through_and_a_second_run_starts_from_there(folder: Path, tmp_path: Path) -> None:
    var = tmp_path / "var"
    first = _demo(var, PICTURES=str(folder), DEMO_EXIT="1", PORT=str(free_port()))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "2 works: 1 cleared, 1 flagged" in first.stdout
    assert "quiet one" in first.stdout
    assert "red-one" in first.stdout
    assert "skipped notes.txt: " in first.stdout
    assert "skipped torn.jpg: " in first.stdout
    assert "hidden" not in first.stdout
    assert "painted" not in first.stdout
    for login in ("mira", "tomas", "sato", "admin"):
        assert login in first.stdout
    assert "Traceback" not in first.stdout + first.stderr
    assert _processes_of(var) == {}
    assert sorted((var / "demo" / "logs").iterdir())

    started = time.monotonic()
    second = _demo(var, PICTURES=str(folder), DEMO_EXIT="1", PORT=str(free_port()))
    assert second.returncode == 0, second.stdout + second.stderr
    assert time.monotonic() - started < 60
    assert "Nothing new to offer" in second.stdout
    assert _count(var, "marketplace_listing") == 2

    (folder / "deep" / "er" / "red-one.png").unlink()
    third = _demo(var, PICTURES=str(folder), DEMO_EXIT="1", PORT=str(free_port()), RESET="1")
    assert "1 work: 1 cleared, 0 flagged" in third.stdout
    assert _count(var, "marketplace_listing") == 1


@pytest.fixture
def serving(tmp_path: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, list[str]]]:
    """A demo that serves: its process, its port, and what it has said so far."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "marketplace.demo"],
        cwd=ROOT,
        env=_environment(tmp_path / "var", PICTURES=str(folder), PORT=str(port)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    assert process.stdout
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C to stop" in line:
            break
    yield process, port, said
    if process.poll() is None:
        process.terminate()
        process.wait(60)
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_it_serves_until_told_to_stop_and_leaves_no_process(
    number: signal.Signals, serving: tuple[subprocess.Popen[str], int, list[str]], tmp_path: Path
) -> None:
    process, port, said = serving
    assert process.poll() is None, "".join(said)
    assert len(_processes_of(tmp_path / "var")) >= 6  # the demo, the broker and its server, the worker's, the web's
    status, page = Visitor(f"http://127.0.0.1:{port}").get("/")
    assert status == 200
    assert "quiet one" in page
    assert "red-one" not in page
    status, _ = Visitor(f"http://127.0.0.1:{port}").get(re.findall(r'href="(/static/[^"]+\.css)"', page)[0])
    assert status == 200
    process.send_signal(number)
    assert process.wait(40) == 0
    assert _processes_of(tmp_path / "var") == {}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a killed process")
def test_killed_outright_it_still_leaves_no_process(
    serving: tuple[subprocess.Popen[str], int, list[str]], tmp_path: Path
) -> None:
    process, _, _ = serving
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while _processes_of(tmp_path / "var") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _processes_of(tmp_path / "var") == {}


def test_it_is_alone_and_its_broker_listens_on_no_network(
    serving: tuple[subprocess.Popen[str], int, list[str]], tmp_path: Path
) -> None:
    process, port, said = serving
    ours = set()
    for number in _processes_of(tmp_path / "var"):
        with contextlib.suppress(OSError):
            ours |= {link.readlink().name for link in Path(f"/proc/{number}/fd").iterdir()}
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in ours:
                listening.append(fields[1])
    assert listening == [f"0100007F:{port:04X}"], said  # 127.0.0.1, the web server, and nothing else

    second = _demo(tmp_path / "var", DEMO_EXIT="1", PORT=str(free_port()), RESET="1")
    assert second.returncode == 1
    assert "It is already running in another terminal." in second.stdout
    assert process.poll() is None


def test_one_process_that_ends_ends_the_demo(
    serving: tuple[subprocess.Popen[str], int, list[str]], tmp_path: Path
) -> None:
    process, _, _ = serving
    ours = _processes_of(tmp_path / "var")
    broker = next(number for number, command in ours.items() if "marketplace.demo.broker" in command)
    os.kill(broker, signal.SIGKILL)
    assert process.wait(60) == 1
    assert process.stdout
    assert "The broker ended by itself." in process.stdout.read()
    assert _processes_of(tmp_path / "var") == {}


def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = _demo(tmp_path / "var", PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} is in use by another program." in done.stdout
    assert "make demo PORT=" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"PORT": "eight"}, "PORT is 'eight'; give a number"),
        ({"PORT": "70000"}, "PORT is '70000'; give a number"),
        ({"PICTURES": "/no/such/folder"}, "PICTURES is /no/such/folder, which is no folder."),
    ],
    ids=["a word", "too high", "no folder"],
)
def test_a_wish_that_cannot_be_met_is_a_sentence(wishes: dict[str, str], told: str, tmp_path: Path) -> None:
    done = _demo(tmp_path / "var", **wishes)
    assert done.returncode == 1
    assert told in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_without_pictures_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "notes.txt").write_text("only words")
    done = _demo(tmp_path / "var", PICTURES=str(tmp_path / "words"), DEMO_EXIT="1", PORT=str(free_port()))
    assert done.returncode == 1
    assert "There is no picture in" in done.stdout
    assert _processes_of(tmp_path / "var") == {}


def test_the_help_names_every_wish() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "marketplace.demo", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for wish in ("PORT", "PICTURES", "RESET", "REDIS_URL", "VAR_DIR", "DEMO_EXIT"):
        assert wish in done.stdout


def test_painted_pictures_are_offered_by_their_own_names(tmp_path: Path) -> None:
    """The whole of ``make demo`` without wishes, up to the summary."""
    done = _demo(tmp_path / "var", DEMO_EXIT="1", PORT=str(free_port()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The demo painted these pictures itself" in done.stdout
    for painting in PAINTINGS:
        assert painting.title in done.stdout
    flagged = re.findall(r"│ ([^│]+?) +│ In review", done.stdout)
    assert "East Window" in flagged  # a generator's text in the file, and declared as made by hand
    assert "Market Flowers" in flagged
    assert _processes_of(tmp_path / "var") == {}


# --- The parts -------------------------------------------------------------------------------------------------------


def test_a_house_kills_what_does_not_listen_and_what_was_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketplace.demo.house.PATIENCE", 0.5)
    house = House(tmp_path, {**os.environ, "VAR_DIR": str(tmp_path)})
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {deaf!r}]); import time; time.sleep(60)"
    house.start("deaf", [sys.executable, "-c", deaf])
    house.start("parent", [sys.executable, "-c", parent])
    deadline = time.monotonic() + 10
    while len(_processes_of(tmp_path)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    house.check()
    house.stop()
    assert _processes_of(tmp_path) == {}


@pytest.mark.parametrize(
    "end",
    [
        "raise SystemExit('no ink left')",
        "try:\n raise ValueError('no ink left')\nfinally:\n raise RuntimeError('so I left')",
    ],
    ids=["its last line", "the error, not what it led to"],
)
def test_a_house_says_who_ended_and_what_they_said_last(end: str, tmp_path: Path) -> None:
    house = House(tmp_path, dict(os.environ))
    house.start("clerk", [sys.executable, "-c", end])
    house.running["clerk"].wait()
    with pytest.raises(DemoError, match=r"The clerk ended by itself. Its last words: .*no ink left"):
        house.check()
    house.stop()


def test_a_visitor_is_told_what_the_page_says(live_server: Any, artist: object, tmp_path: Path) -> None:
    visitor = Visitor(live_server.url)
    with pytest.raises(Refused, match="do not belong together"):
        visitor.sign_in("artist", "wrong")
    visitor.sign_in("artist", "brush")
    words = tmp_path / 'a "strange" name.png'
    words.write_text("only words, no picture")
    with pytest.raises(Refused, match="picture"):
        visitor.offer(
            words, {"title": "x", "category": "print", "price": "1", "currency": "EUR", "declared_origin": "handmade"}
        )
    with pytest.raises(Refused, match="/works/new answered 302"):
        Visitor(live_server.url).offer(words, {})
