"""The work of ``benchmarks.queue``: filling, measuring, replaying. Imported once Django is set up."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.shortcuts import render
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path, reverse
from django.utils import timezone

from marketplace.models import Listing
from moderation import reasons, selectors
from moderation.models import Artwork, Case, Detector, Policy, Screening

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

MOST_QUERIES, MOST_GROWTH, MOST_TIMES_BARE = 12, 1.5, 3.0
ROUNDS = 60
ARTISTS = 500


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """The site's frame with nothing in it, for somebody who is signed in."""
    return render(request, "base.html")


urlpatterns = [path("bare", bare), path("", include("marketplace.urls"))]


def fill(number: int, artists: list[User]) -> None:
    """Bring the open cases up to ``number``."""
    have = Case.objects.count()
    policy, _ = Policy.objects.get_or_create(version=1, defaults={"review_threshold": 0.5, "hold_threshold": 0.9})
    detector, _ = Detector.objects.get_or_create(name="bench", version="1")
    listing = ContentType.objects.get_for_model(Listing)
    now = timezone.now()
    finding = {"kind": "classifier", "strength": "hint", "message": "A score.", "artist_message": "A score."}
    for start in range(have, number, 5000):
        places = range(start, min(start + 5000, number))
        artworks = Artwork.objects.bulk_create(
            Artwork(
                content_type=listing,
                object_pk=str(place),
                field="picture",
                file_name="none.png",
                digest=f"{place:064x}",
                owner=artists[place % len(artists)],
                title=f"Work {place}",
                category="painting",
                declared_origin="handmade",
                standing="in_review",
                is_visible=True,
            )
            for place in places
        )
        looks = Screening.objects.bulk_create(
            Screening(
                artwork=artwork,
                state="done",
                requested_at=now,
                not_before=now,
                finished_at=now,
                detector=detector,
                policy=policy,
                p_ai=0.5 + place % 50 / 100,
                band="hold" if place % 50 > 40 else "review",
                evidence=[finding],
            )
            for place, artwork in zip(places, artworks, strict=True)
        )
        Case.objects.bulk_create(
            Case(
                artwork=look.artwork,
                screening=look,
                severity=(40, 30, 20, 10)[place % 4],
                reason="The detector's score asks for a person.",
                opened_at=now - timedelta(minutes=place % 9000),
                due_at=now + timedelta(minutes=place % 4000 - 500),
            )
            for place, look in zip(places, looks, strict=True)
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def timed(call: Callable[[], Any]) -> float:
    """Return the milliseconds that ``call`` takes."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def measure(browser: Client) -> dict[str, tuple[float, int]]:
    """Return the median milliseconds and the number of queries of each page."""
    second = selectors.page(Case.objects.filter(state="open")).after
    case = Case.objects.filter(state="open").order_by("-severity", "due_at", "pk")[0]
    ids = ",".join(str(pk) for pk in Case.objects.values_list("pk", flat=True)[:30])
    since = timezone.now().isoformat()
    pages = {
        "queue, first page": "/moderation/",
        "queue, grid": "/moderation/?layout=grid",
        "queue, second page": f"/moderation/?after={second}",
        "queue, overdue": "/moderation/?due=overdue",
        "queue, one artist": "/moderation/?artist=bench-artist-7",
        "live update": f"/moderation/live?ids={ids}&since={since}",
        "a case": case.get_absolute_url(),
    }
    found = {}
    for name, address in pages.items():
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            browser.get(address)
        queries = len(captured)
        found[name] = (
            statistics.median(timed(lambda one=address: browser.get(one)) for _round in range(ROUNDS)),
            queries,
        )
    return found


def replay(browser: Client, number: int) -> tuple[list[float], list[float], list[float]]:
    """Decide ``number`` cases through the pages; return milliseconds: a bare page, a case's page, a decision."""
    bares, pages, decisions = [], [], []
    address = browser.post(reverse("moderation:next"))["Location"]
    for turn in range(number):
        bares.append(timed(lambda: browser.get("/bare")))
        started = time.perf_counter()
        browser.get(address)
        pages.append((time.perf_counter() - started) * 1000)
        case = Case.objects.get(pk=int(address.rstrip("/").rpartition("/")[2]))
        browser.post(reverse("moderation:keep", args=[case.pk]), {"version": case.version})
        choice = ("approve:human_made", "label:undeclared_ai", "reject:undeclared_ai")[turn % 3]
        text = reasons.compose(case, reasons.BY_CHOICE[choice], seen=["light", "style"])  # as the page's script does
        fields = {"choice": choice, "seen": ["light", "style"], "explanation": text, "version": case.version}
        sent, kind = urlencode(fields, doseq=True), "application/x-www-form-urlencoded"  # as a browser sends it
        started = time.perf_counter()
        answer = browser.post(reverse("moderation:decide", args=[case.pk]), sent, content_type=kind)
        decisions.append((time.perf_counter() - started) * 1000)
        address = answer["Location"]
        if answer.status_code != 302 or "/cases/" not in address:
            raise SystemExit(f"The replay stopped at {turn}: {answer.status_code} {address}")
    return bares, pages, decisions


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--replay", type=int, default=300)
    wishes = parser.parse_args()
    call_command("migrate", verbosity=0, skip_checks=True)
    names = [f"bench-artist-{number}" for number in range(ARTISTS)]
    User.objects.bulk_create([User(username=name) for name in names], ignore_conflicts=True)
    artists = list(User.objects.filter(username__in=names).order_by("pk"))
    moderator, _ = User.objects.get_or_create(username="bench-moderator")
    moderator.groups.add(Group.objects.get(name="Moderators"))
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(moderator)
    broken = []
    write = sys.stdout.write

    fill(100, artists)
    few = measure(browser)
    fill(wishes.cases, artists)
    many = measure(browser)
    write(f"{connection.vendor}: median milliseconds of server time\n")
    write(f"{'page':22} {'100 cases':>10} {wishes.cases:>9,} cases  ratio  queries\n")
    for name, (before, queries) in few.items():
        after, queries_after = many[name]
        ratio = after / before
        write(f"{name:22} {before:10.1f} {after:15.1f} {ratio:6.2f} {queries_after:8d}\n")
        if ratio > MOST_GROWTH or max(queries, queries_after) > MOST_QUERIES:
            broken.append(name)

    with override_settings(ROOT_URLCONF="benchmarks.queue_run"):
        bares, pages, decisions = replay(browser, wishes.replay)
    times = p95(decisions) / p95(bares)
    write(f"\n{wishes.replay} cases decided, {wishes.cases:,} in the queue: p50 / p95 milliseconds\n")
    for name, values in (("a bare page", bares), ("a case's page", pages), ("a decision", decisions)):
        write(f"{name:22} {statistics.median(values):10.1f} {p95(values):10.1f}\n")
    write(f"a decision is {times:.2f} times a bare page (p95)\n")
    if times > MOST_TIMES_BARE:
        broken.append("a decision")
    if broken:
        write(f"Broken promises: {', '.join(broken)}\n")
    return 1 if broken else 0
