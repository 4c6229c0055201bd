"""The small parts: time zone, theme, health, prices, the development key."""

from __future__ import annotations

import datetime
import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError
from django.template import Context, Template
from django.utils import timezone

from marketplace import health
from marketplace.keys import kept_secret
from marketplace.models import Listing
from marketplace.templatetags.marketplace import SHAPES, moment, price, shape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("Asia/Tokyo", "11:30 p.m."),
        ("America/New_York", "9:30 a.m."),
        ("", "2:30 p.m."),
        ("Nowhere/Land", "2:30 p.m."),
        ("../../etc/passwd", "2:30 p.m."),
        ("Europe\x00", "2:30 p.m."),
        ("x" * 5000, "2:30 p.m."),
    ],
)
def test_dates_stand_in_the_readers_zone(
    cookie: str, expected: str, as_artist: Client, make_listing: Callable[..., Listing]
) -> None:
    make_listing(created_at=datetime.datetime(2026, 1, 5, 14, 30, tzinfo=datetime.UTC))
    as_artist.cookies["tz"] = cookie
    assert expected in as_artist.get("/works").content.decode()
    assert timezone.get_current_timezone_name() == "UTC"  # the next request starts from there


def test_a_moment_carries_the_exact_time_for_machines() -> None:
    at = datetime.datetime(2026, 1, 5, 14, 30, tzinfo=datetime.UTC)
    assert 'datetime="2026-01-05T14:30:00+00:00"' in moment(at)


def test_the_theme_is_remembered_without_a_script(client: Client, db: None) -> None:
    assert "data-theme=" not in client.get("/").content.decode().split("<head>")[0]
    response = client.post("/theme", {"theme": "dark", "next": "/?category=print"})
    assert response["Location"] == "/?category=print"
    assert 'data-theme="dark"' in client.get("/").content.decode().split("<head>")[0]
    client.post("/theme", {"theme": "", "next": "/"})
    assert "data-theme=" not in client.get("/").content.decode().split("<head>")[0]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_theme_form_leads_nowhere_else(target: str, client: Client, db: None) -> None:
    assert client.post("/theme", {"theme": "dark", "next": target})["Location"] == "/"


def test_a_theme_cookie_may_hold_anything(client: Client, db: None) -> None:
    client.cookies["theme"] = 'dark" onload="alert(1)'
    assert "data-theme=" not in client.get("/").content.decode().split("<head>")[0]


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [("120", "EUR", "€120"), ("120.50", "GBP", "£120.50"), ("12000", "JPY", "¥12,000"), ("0", "USD", "$0")],
)
def test_prices_are_written_as_people_write_them(amount: str, currency: str, expected: str) -> None:
    assert price(Listing(price=Decimal(amount), currency=currency)) == expected


def test_each_frame_of_the_hang_has_its_class_in_the_style_sheet() -> None:
    from django.contrib.staticfiles import finders

    path = finders.find("marketplace/site.css")
    assert path
    with open(path) as file:  # noqa: PTH123
        found = dict(re.findall(r"\.shape-(\d+) \{\s*--shape: ([\d.]+);", file.read()))
    assert found == {str(index): f"{value:g}" for index, value in enumerate(SHAPES)}


def test_a_picture_hangs_in_the_frame_nearest_to_its_shape() -> None:
    assert SHAPES[shape(Listing(picture_width=1500, picture_height=1000))] == 1.5
    assert SHAPES[shape(Listing(picture_width=10, picture_height=5000))] == SHAPES[0]
    assert SHAPES[shape(Listing(picture_width=1, picture_height=0))] == 1.0


def test_titles_are_escaped_in_every_page(as_artist: Client, make_listing: Callable[..., Listing]) -> None:
    listing = make_listing(title="<b>&amp;</b>", description="<script>alert(1)</script>")
    for path in ("/works", listing.get_absolute_url(), f"/works/{listing.public_id}/edit"):
        page = as_artist.get(path).content.decode()
        assert "<b>&amp;</b>" not in page
        assert "<script>alert" not in page


def test_the_key_is_made_once_however_many_ask(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: kept_secret(tmp_path / "key"), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_health_is_ok_when_both_parts_answer(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "broker", lambda: health.Part(ok=True, ms=1.0))
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert response.json()["database"]["ok"] is True


def test_health_without_a_broker_is_degraded_but_serves(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = health.app.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(health.app, "connection_for_write", lambda: dead)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["broker"]["ok"] is False


def test_health_without_a_database_is_down(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DatabaseError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(health.connection, "cursor", broken)
        patch.setattr(health, "broker", lambda: health.Part(ok=True, ms=1.0))
        response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["status"] == "down"


def test_the_moment_filter_is_there_for_templates() -> None:
    at = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC)
    assert "<time" in Template("{% load marketplace %}{{ at|moment }}").render(Context({"at": at}))
