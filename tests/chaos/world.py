"""The parts of a real site that can fail: PostgreSQL, Redis, a bucket, a worker. And what must hold after."""

from __future__ import annotations

import re
import struct
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any

import psycopg

from marketplace.demo.visitor import Visitor
from tests.e2e.site import PEOPLE_BY_ROLE, Site
from tests.ml.pictures import encoded, png_chunk
from tests.servers import PostgreSQL, Redis, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

DETAILS = {"description": "", "category": "painting", "price": "20", "currency": "EUR", "declared_origin": "handmade"}
DECIDE = """
from django.contrib.auth.models import User
from moderation import services
from moderation.models import Case
judge = User.objects.get(username="{judge}")
for case in Case.objects.filter(state="open").order_by("pk")[:{count}]:
    services.decide(case=case, decider=judge, version=case.version, action="reject", reason_code="undeclared_ai",
        explanation="Three hands on one arm.")
"""


class Bucket:
    """Moto's S3 server behind a door that can be told to misbehave: ``404``, ``500``, ``slow`` or ``cut`` short."""

    def __init__(self) -> None:
        import boto3
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        self.moto = DomainDispatcherApplication(create_backend_app)
        self.mode, self.refused = "", 0
        self.port = free_port()
        self.server = make_server("127.0.0.1", self.port, self, threaded=True)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.port}"
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=self.url, **keys).create_bucket(Bucket="art")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as moto does, or as a broken bucket would."""
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ["PATH_INFO"].count("/") > 1:
            self.refused += bool(self.mode)
            if self.mode in ("404", "500"):
                start_response({"404": "404 Not Found", "500": "500 Internal Error"}[self.mode], [])
                return [b""]
            if self.mode == "slow":
                time.sleep(1)
            if self.mode == "cut":
                return [b"".join(self.moto(environ, start_response))[:-20]]
        return self.moto(environ, start_response)  # type: ignore[no-any-return]


@dataclass
class World:
    """A whole site whose parts can be broken one by one."""

    site: Site
    database: PostgreSQL
    broker: Redis
    bucket: Bucket
    uploads: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def upload(self, count: int, *, mark: bytes = b"") -> None:
        """Let an artist offer ``count`` works through the site's pages; every third is a suspect."""
        first = self.uploads
        self.uploads += count

        def offer(numbers: range) -> None:
            artist = Visitor(self.site.url)
            artist.sign_in(PEOPLE_BY_ROLE["artist"].name, PEOPLE_BY_ROLE["artist"].password)
            for number in numbers:
                path = self.site.folder / f"{number}.png"
                path.write_bytes(picture(number, suspect=number % 3 == 0, mark=mark))
                artist.offer(path, {**DETAILS, "title": f"Work {number}"})
                path.unlink()

        hands = min(4, count)
        with ThreadPoolExecutor(hands) as pool:
            list(pool.map(offer, [range(first + hand, first + count, hands) for hand in range(hands)]))

    def order(self, fault: str) -> None:
        """Tell the worker's code to fail (``failpoints.py``)."""
        (self.site.folder / "felt").unlink(missing_ok=True)
        (self.site.folder / "fault.new").write_text(fault)
        (self.site.folder / "fault.new").rename(self.site.folder / "fault")

    def relent(self) -> None:
        """Take the order back, once it was felt."""
        self.wait((self.site.folder / "felt").exists, "the fault to be felt")
        (self.site.folder / "fault").unlink(missing_ok=True)

    def kill_at(self, point: str, do: Callable[[], None]) -> None:
        """Order a kill, ``do`` what leads there, wait until the worker is dead, and start it again."""
        self.order(f"kill {point}")
        do()
        worker = self.site.house.running.pop("worker")
        worker.wait(60)
        self.hurry()
        self.site.start_worker()

    def hurry(self) -> None:
        """Let what the dead worker held be taken back now: the test does not wait for leases and pauses."""
        with self.sql() as ask:
            ask("UPDATE moderation_screening SET lease_expires_at = now() WHERE state = 'running'")
            ask("UPDATE moderation_screening SET not_before = now() WHERE state = 'pending'")
            ask("UPDATE moderation_notice SET next_try_at = now() WHERE state = 'waiting'")

    def restart_worker(self) -> None:
        """Kill the worker and start another, as a deploy does."""
        self.site.kill_worker()
        self.site.start_worker()

    def decide(self, count: int) -> None:
        """Let a moderator reject ``count`` suspects; the notices are due at once."""
        self.site.manage(
            "shell", "--no-imports", f"--command={DECIDE.format(judge=PEOPLE_BY_ROLE['moderator'].name, count=count)}"
        )
        with self.sql() as ask:
            ask("UPDATE moderation_decision SET notice_due_at = now()")

    def settle(self, seconds: float = 120) -> None:
        """Wait until no work waits and every notice that is due has left."""
        self.wait(lambda: self._unsettled() == (0, 0, 0), "everything to settle", seconds)

    def _unsettled(self) -> tuple[int, int, int]:
        with self.sql() as ask:
            open_looks = ask("SELECT count(*) FROM moderation_screening WHERE state IN ('pending', 'running')")
            missing = self.uploads - ask("SELECT count(*) FROM moderation_artwork")
            quiet = ask(
                "SELECT count(*) FROM moderation_decision d LEFT JOIN moderation_notice n ON n.decision_id = d.id"
                " WHERE d.notice_due_at <= now() AND (n.id IS NULL OR n.state = 'waiting')"
            )
        return open_looks, missing, quiet

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Wait for ``condition``; a database that is away counts as not yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if condition():
                    return
            except psycopg.OperationalError:
                pass
            time.sleep(0.2)
        log = self.site.house.log("worker").read_text(errors="replace")[-4000:]
        raise AssertionError(f"Waited {seconds} s in vain for {what}: {self._unsettled()}\n{log}")

    @contextmanager
    def sql(self) -> Iterator[Callable[[str], int]]:
        """Give a function that runs one statement and returns the first number of its answer, or 0."""
        with psycopg.connect(self.database.url.replace("postgres://", "postgresql://"), autocommit=True) as connection:

            def ask(statement: str) -> int:
                cursor = connection.execute(statement)  # type: ignore[arg-type]
                row = cursor.fetchone() if cursor.description else None
                return int(row[0]) if row else 0

            yield ask

    def faults(self) -> dict[str, int]:
        """Count what must never be, by name; all are 0 in a site that holds."""
        with self.sql() as ask:
            counts = {
                "not final": ask("SELECT count(*) FROM moderation_screening WHERE state IN ('pending', 'running')")
                + ask("SELECT count(*) FROM moderation_artwork WHERE standing = 'waiting'"),
                "lost": self.uploads - ask("SELECT count(*) FROM moderation_artwork"),
                "two results": ask(
                    "SELECT count(*) FROM (SELECT artwork_id FROM moderation_event WHERE verb = 'screened'"
                    " GROUP BY artwork_id HAVING count(*) > 1) twice"
                ),
                "two open cases": ask(
                    "SELECT count(*) FROM (SELECT artwork_id FROM moderation_case WHERE state = 'open'"
                    " GROUP BY artwork_id HAVING count(*) > 1) twice"
                ),
                "restricted by no person": ask(
                    "SELECT count(*) FROM moderation_event WHERE verb = 'standing_changed' AND actor_id IS NULL"
                    " AND after->>'standing' IN ('rejected', 'labelled')"
                ),
                "unseen by a person": ask(
                    "SELECT count(*) FROM moderation_screening s WHERE state = 'failed' AND NOT EXISTS"
                    " (SELECT 1 FROM moderation_case c WHERE c.artwork_id = s.artwork_id)"
                ),
            }
            due = ask("SELECT count(*) FROM moderation_decision WHERE notice_due_at <= now()")
        mails = self.mails()
        counts["notices lost"] = due - len(mails)
        counts["notices sent twice"] = sum(times > 1 for times in mails.values())
        return counts

    def mails(self) -> Counter[str]:
        """Count the mails that left, by Message-ID."""
        text = "".join(path.read_text() for path in (self.site.folder / "mails").glob("*.log"))
        return Counter(re.findall(r"^Message-ID: (\S+)", text, re.MULTILINE))

    def results(self) -> dict[str, int]:
        """Count how works ended since the last call."""
        with self.sql() as ask:
            now = {
                state: ask(f"SELECT count(*) FROM moderation_screening WHERE state = '{state}'")
                for state in ("done", "failed")
            }
        since = {state: count - self.seen.get(state, 0) for state, count in now.items()}
        self.seen = now
        return since


def picture(number: int, *, suspect: bool, mark: bytes = b"") -> bytes:
    """Paint a small picture that no other number has."""
    from PIL import Image

    image = Image.new("RGB", (64, 48), (242 if suspect else 20, 40, 90))
    image.putpixel((0, 0), struct.unpack("BBB", struct.pack(">I", number)[1:]))
    data = encoded(image)
    return data[:33] + png_chunk(b"prVt", mark) + data[33:] if mark else data


@contextmanager
def world(folder: Path, **environment: str) -> Iterator[World]:
    """Bring up every part; take down every part. ``environment`` goes to the site's processes."""
    with ExitStack() as stack:
        database = PostgreSQL(stack.enter_context(tempfile.TemporaryDirectory(prefix="bm-pg-")))
        database.start()
        stack.callback(_quietly, database.stop)
        broker = Redis(stack.enter_context(tempfile.TemporaryDirectory(prefix="bm-redis-")))
        broker.start()
        stack.callback(broker.kill)
        bucket = Bucket()
        stack.callback(bucket.server.shutdown)
        site = Site(
            folder,
            broker.url,
            extra={
                "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
                "DATABASE_URL": database.url,
                "S3_BUCKET": "art",
                "S3_ENDPOINT_URL": bucket.url,
                "S3_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_MAX_ATTEMPTS": "1",
                "UPLOADS_PER_HOUR": "1000000",
                "WORKER_CONCURRENCY": "2",
                **environment,
            },
        )
        stack.callback(site.stop)
        site.start()
        one = World(site, database, broker, bucket)
        with one.sql() as ask:
            ask("UPDATE auth_user SET email = username || '@example.org'")
        yield one


def _quietly(stop: Callable[[], None]) -> None:
    try:
        stop()
    except RuntimeError:
        return  # the scenario left it stopped
