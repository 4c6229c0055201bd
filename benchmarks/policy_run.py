"""The work of ``benchmarks.policy``: filling, counting, measuring, comparing. Imported once Django is set up."""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.models import Category, Listing
from ml.cards import shipped_cards
from moderation import services
from moderation.models import Artwork, Detector, DetectorStatus, Screening
from moderation.services import detectors

MOST_MILLISECONDS, MOST_GROWTH = 300.0, 1.5


def fill(number: int, detector: Detector) -> None:
    """Store ``number`` looks of ``detector``, spread over 90 days, all categories and every kind of verdict."""
    have = Artwork.objects.count()
    dice, now = random.Random(have), timezone.now()
    policy = services.current_policy()
    listing = ContentType.objects.get_for_model(Listing)
    artist, _new = User.objects.get_or_create(username="bench-artist")
    for start in range(have, have + number, 5000):
        places = range(start, min(start + 5000, have + number))
        works = Artwork.objects.bulk_create(
            Artwork(
                content_type=listing,
                object_pk=str(place),
                field="picture",
                file_name="none.png",
                digest=f"{place:064x}",
                owner=artist,
                title=f"Work {place}",
                category=dice.choice(Category.values),
                standing="cleared",
                is_visible=True,
            )
            for place in places
        )
        Screening.objects.bulk_create(
            Screening(
                artwork=work,
                state="done",
                requested_at=now,
                not_before=now,
                finished_at=now - timedelta(minutes=dice.randrange(89 * 24 * 60)),
                detector=detector,
                policy=policy,
                p_ai=(score := dice.betavariate(0.6, 3)),
                band="hold" if score >= policy.hold_threshold else "clear",
                ground=dice.choices(["score", "evidence", "declared"], [20, 1, 2])[0],
                evidence=[],
            )
            for work in works
        )


def query(review: float) -> dict[str, Any]:
    """Return what the page's form sends with ``review`` per cent as its first threshold."""
    values = services.current_policy().values()
    sent = {name: value for name, value in values.items() if value is not False}
    sent |= {"review_threshold": f"{review:.1f}", "hold_threshold": "96.0", "trusted_artist_bonus": "0"}
    return {**sent, "prevalence": "5", "hours": "6", "days": "90"}


def serve_with(detector: Detector) -> None:
    """Let ``detector`` be the one that serves: its scores are the ones that the page looks at."""
    Detector.objects.exclude(pk=detector.pk).update(status=DetectorStatus.RETIRED)
    Detector.objects.filter(pk=detector.pk).update(status=DetectorStatus.ACTIVE)


def measure(browser: Client, sides: list[Detector], rounds: int) -> list[list[float]]:
    """Return the milliseconds of ``rounds`` looks ahead for each side, each at a threshold of its own.

    The sides take turns, so that whatever else the machine does meets both.
    """
    address = reverse("moderation:policy_preview")
    spent: list[list[float]] = [[] for _side in sides]
    for turn in range(-3, rounds):
        for place, detector in enumerate(sides):
            serve_with(detector)
            started = time.perf_counter()
            answer = browser.get(address, query(30 + turn % 65 + 0.1))
            if turn >= 0:
                spent[place].append((time.perf_counter() - started) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"The preview answered {answer.status_code}.")
    return spent


def agrees(browser: Client, detector: Detector, review: float) -> bool:
    """Whether the page's number of works before a person is that of the rows, counted by the database."""
    serve_with(detector)
    html = browser.get(reverse("moderation:policy_preview"), query(review)).content.decode()
    row = html.split('data-replay="90"')[1].split("</tr>")[0]
    shown = {name: int(number) for name, number in re.findall(r'data-figure="(\w+)">(\d+)<', row)}
    looks = Screening.objects.filter(detector=detector)
    rows = looks.filter(ground="score", p_ai__gte=review / 100).count() + looks.filter(ground="evidence").count()
    return shown["review"] + shown["hold"] == rows


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy")
    parser.add_argument("--scores", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60)
    wishes = parser.parse_args()
    call_command("migrate", verbosity=0, skip_checks=True)
    admin, _new = User.objects.get_or_create(username="bench-admin")
    admin.groups.add(Group.objects.get(name="Policy admins"))
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(admin)
    write = sys.stdout.write
    broken = []
    sizes = (1000, wishes.scores)
    sides = [detectors.row_of(card) for card in shipped_cards()[:2]]
    for number, detector in zip(sizes, sides, strict=True):
        fill(number, detector)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    started = time.perf_counter()
    services.count_scores(everything=True)
    write(f"{connection.vendor}: all scores counted in {time.perf_counter() - started:.1f} s\n")
    write("milliseconds of server time for one look ahead\n")
    write(f"{'scores':>9} {'p50':>7} {'p95':>7}\n")
    spent = measure(browser, sides, wishes.rounds)
    for number, times, detector in zip(sizes, spent, sides, strict=True):
        write(f"{number:9,} {statistics.median(times):7.1f} {p95(times):7.1f}\n")
        if not all(agrees(browser, detector, review) for review in (40.0, 62.5, 88.4)):
            broken.append(f"the numbers at {number:,} scores")
    few, many = (p95(times) for times in spent)
    write(f"p95 at {wishes.scores:,} scores is {many / few:.2f} times that at 1,000\n")
    if many > MOST_MILLISECONDS:
        broken.append("p95")
    if many / few > MOST_GROWTH:
        broken.append("growth")
    if broken:
        write(f"Broken promises: {', '.join(broken)}\n")
    return 1 if broken else 0


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]
