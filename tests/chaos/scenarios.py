"""What is done to the site, one thing after another, while artists go on uploading."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.failpoints import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.chaos.world import World

    Scenario = Callable[[World, int], None]


def killed(point: str) -> Scenario:
    """The worker is killed at ``point``."""

    def scenario(world: World, count: int) -> None:
        if point.startswith("notice"):
            world.upload(count)
            world.settle()
            world.kill_at(point, lambda: world.decide(count=max(1, count // 3)))
        else:
            world.kill_at(point, lambda: world.upload(count))

    return scenario


def redis_dies(*, keeps: bool) -> Scenario:
    """The broker is killed with messages in it, uploads go on, and it comes back with or without its data."""

    def scenario(world: World, count: int) -> None:
        world.site.kill_worker()
        world.upload(count // 2)
        world.broker.kill()
        if not keeps:
            world.broker.forget()
        world.upload(count - count // 2)
        world.broker.start()
        world.hurry()
        world.site.start_worker()

    return scenario


def redis_dies_under_the_worker(world: World, count: int) -> None:
    """The broker goes away and comes back while the worker runs."""
    world.upload(count // 2)
    world.broker.kill()
    world.upload(count - count // 2)
    world.broker.start()


def postgresql_crashes(world: World, count: int) -> None:
    """The database crashes in mid-work, refuses for three seconds, and recovers."""
    world.upload(count)
    world.database.stop()
    time.sleep(3)
    world.database.start()
    world.hurry()


def postgresql_is_slow(world: World, count: int) -> None:
    """Somebody holds a lock on the queue for three seconds."""
    with world.sql() as ask:
        ask("BEGIN")
        ask("LOCK TABLE moderation_screening IN ACCESS EXCLUSIVE MODE")
        time.sleep(3)
        ask("COMMIT")
    world.upload(count)


def bucket_is(mode: str, seconds: float = 2) -> Scenario:
    """The storage misbehaves for a while."""

    def scenario(world: World, count: int) -> None:
        world.site.kill_worker()
        world.upload(count)
        world.hurry()
        world.bucket.mode, world.bucket.refused = mode, 0
        world.site.start_worker()
        world.wait(lambda: world.bucket.refused, "the bucket to be asked")
        time.sleep(seconds)
        world.bucket.mode = ""
        world.hurry()

    return scenario


def ordered(fault: str, seconds: float = 3) -> Scenario:
    """The worker's code fails in this way for a while."""

    def scenario(world: World, count: int) -> None:
        world.order(fault)
        world.upload(count)
        time.sleep(seconds)
        world.relent()
        world.hurry()

    return scenario


def two_beats(world: World, count: int) -> None:
    """A second worker comes up with a beat of its own."""
    second = ["-m", "celery", "--app", "marketplace", "worker", "--beat", "-l", "info", "-n", "second@%h"]
    schedule = ["--schedule", str(world.site.folder / "beat-2")]
    world.site.house.start("second worker", [sys.executable, *second, *schedule])
    world.upload(count)
    world.settle()
    process = world.site.house.running.pop("second worker")
    process.terminate()
    process.wait(30)


def deploy_in_mid_work(world: World, count: int) -> None:
    """The tables gain columns under an old worker, which is then replaced."""
    world.upload(count // 2)
    with world.sql() as ask:
        for table in ("screening", "artwork", "case", "event", "decision", "notice"):
            ask(f"ALTER TABLE moderation_{table} ADD COLUMN IF NOT EXISTS of_the_next_version text")
    world.upload(count - count // 2)
    world.restart_worker()
    world.hurry()


def pictures_that_kill(world: World, count: int) -> None:
    """A picture loops for ever in a reader, another ends its process; others come with them."""
    world.upload(1, mark=b"SPIN")
    world.upload(1, mark=b"DIE")
    world.upload(count)
    deadline = time.monotonic() + 90
    while world._unsettled()[0] and time.monotonic() < deadline:
        time.sleep(6)
        world.hurry()


SCENARIOS: dict[str, Scenario] = {
    **{f"worker killed: {point}": killed(point) for point in POINTS},
    "Redis killed, data kept": redis_dies(keeps=True),
    "Redis killed, data lost": redis_dies(keeps=False),
    "Redis killed under the worker": redis_dies_under_the_worker,
    "PostgreSQL crashes": postgresql_crashes,
    "PostgreSQL is slow": postgresql_is_slow,
    "bucket: 404 for a while": bucket_is("404"),
    "bucket: 500 for a while": bucket_is("500"),
    "bucket: slow": bucket_is("slow"),
    "bucket: bodies cut short": bucket_is("cut"),
    "disk full: storage": ordered("no space"),
    "disk full: database": ordered("database full"),
    "clock an hour ahead": ordered("clock3600"),
    "clock an hour behind": ordered("clock-3600"),
    "two beats": two_beats,
    "deploy in mid-work": deploy_in_mid_work,
    "pictures that kill": pictures_that_kill,
}

AT_LEAST_ONCE = "worker killed: notice sent"
"""Between the mail server's yes and our record nobody can know: the mail is sent again, with the same Message-ID."""


def run(name: str, world: World, count: int) -> dict[str, int]:
    """Run a scenario, wait until all is settled, and return the faults that it left (all 0 in a site that holds)."""
    twice_before = sum(times > 1 for times in world.mails().values())
    SCENARIOS[name](world, count)
    world.settle(120 + count)
    faults = world.faults()
    faults["notices sent twice"] -= twice_before
    return faults


SHORT = (
    "worker killed: claimed",
    "worker killed: scored",
    "worker killed: case opened",
    "worker killed: notice claimed",
    "Redis killed, data lost",
    "PostgreSQL crashes",
    "bucket: bodies cut short",
    "disk full: database",
    "deploy in mid-work",
    "pictures that kill",
)
"""What ``make test`` has time for."""


def main(count: int, folder: Path, names: Sequence[str]) -> int:
    """Run the scenarios (all, if none is named) with ``count`` uploads each; print the table; return 1 on a fault."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    logging.disable(logging.ERROR)  # of this process, which only watches: moto names every request
    from tests.chaos.world import world

    print(f"{'what was done':34} uploads  done  to a person  seconds  faults")
    bad = 0
    with world(folder) as site:
        for name in names or SCENARIOS:
            started, before = time.monotonic(), site.uploads
            faults = {fault: times for fault, times in run(name, site, count).items() if times}
            known = name == AT_LEAST_ONCE and set(faults) == {"notices sent twice"}
            ended = site.results()
            said = "none" if not faults else ", ".join(f"{times} {fault}" for fault, times in faults.items())
            print(
                f"{name:34} {site.uploads - before:7} {ended['done']:5} {ended['failed']:12}"
                f" {time.monotonic() - started:8.1f}  {said}{' (same Message-ID)' if known else ''}",
                flush=True,
            )
            bad += bool(faults) and not known
    return int(bad > 0)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory(prefix="bm-chaos-") as scratch:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, Path(scratch), sys.argv[2:]))
