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
from moderation import services
from moderation.models import Artwork, Screening
from moderation.services import detectors

MOST_MILLISECONDS, MOST_GROWTH = 300.0, 1.5


def fill(number: int) -> None:
    """Bring the stored looks up to ``number``, spread over 90 days, all categories and every kind of verdict."""
    have = Screening.objects.count()
    dice, now = random.Random(have), timezone.now()
    policy, detector = services.current_policy(), detectors.row_of(detectors.active_card())
    listing = ContentType.objects.get_for_model(Listing)
    artist, _new = User.objects.get_or_create(username="bench-artist")
    for start in range(have, number, 5000):
        places = range(start, min(start + 5000, number))
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
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def query(review: float) -> dict[str, Any]:
    """Return what the page's form sends with ``review`` per cent as its first threshold."""
    values = services.current_policy().values()
    sent = {name: value for name, value in values.items() if value is not False}
    sent |= {"review_threshold": f"{review:.1f}", "hold_threshold": "96.0", "trusted_artist_bonus": "0"}
    return {**sent, "prevalence": "5", "hours": "6", "days": "90"}


def measure(browser: Client, rounds: int) -> list[float]:
    """Return the milliseconds of ``rounds`` looks ahead, each at a threshold of its own."""
    address = reverse("moderation:policy_preview")
    browser.get(address, query(50))
    spent = []
    for turn in range(rounds):
        started = time.perf_counter()
        answer = browser.get(address, query(30 + turn % 65 + 0.1))
        spent.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"The preview answered {answer.status_code}.")
    return spent


def agrees(browser: Client, review: float) -> bool:
    """Whether the page's number of works before a person is that of the rows, counted by the database."""
    html = browser.get(reverse("moderation:policy_preview"), query(review)).content.decode()
    row = html.split('data-replay="90"')[1].split("</tr>")[0]
    shown = {name: int(number) for name, number in re.findall(r'data-figure="(\w+)">(\d+)<', row)}
    rows = Screening.objects.filter(ground="score", p_ai__gte=review / 100).count()
    return shown["review"] + shown["hold"] == rows + Screening.objects.filter(ground="evidence").count()


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
    found: dict[int, list[float]] = {}
    broken = []
    write(f"{connection.vendor}: milliseconds of server time for one look ahead\n")
    write(f"{'scores':>9} {'p50':>7} {'p95':>7} {'counting all':>13} {'counting again':>15}\n")
    for number in (1000, wishes.scores):
        fill(number)
        started = time.perf_counter()
        services.count_scores(everything=True)
        whole = time.perf_counter() - started
        started = time.perf_counter()
        services.count_scores()
        again = time.perf_counter() - started
        found[number] = measure(browser, wishes.rounds)
        write(
            f"{number:9,} {statistics.median(found[number]):7.1f} {p95(found[number]):7.1f}"
            f" {whole:11.2f} s {again:13.2f} s\n"
        )
        if not all(agrees(browser, review) for review in (40.0, 62.5, 88.4)):
            broken.append(f"the numbers at {number:,} scores")
    few, many = p95(found[1000]), p95(found[wishes.scores])
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
