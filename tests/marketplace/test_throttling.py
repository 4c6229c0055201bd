"""Too many tries: of passwords, of uploads; counted by all web processes together, and by none without the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory

from marketplace import throttling
from marketplace.models import Listing
from tests.servers import free_port, valkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpResponse

REDIS = "django.core.cache.backends.redis.RedisCache"


def sign_in(client: Client, name: str, password: str, path: str = "/sign-in", **headers: str) -> HttpResponse:
    return client.post(path, {"username": name, "password": password}, headers=headers)  # type: ignore[return-value]


def test_a_password_cannot_be_guessed_by_trying(client: Client, artist: User) -> None:
    for _try in range(throttling.BY_NAME_AND_ADDRESS.limit):
        assert sign_in(client, "artist", "wrong").status_code == 200
    refused = sign_in(client, "Artist", "wrong")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 15 * 60
    assert "Too many tries that failed" in refused.content.decode()
    assert sign_in(client, "artist", "brush").status_code == 429  # the right one does not tell itself either
    assert "_auth_user_id" not in client.session
    assert sign_in(client, "artist", "brush", path="/admin/login/").status_code == 200
    assert "_auth_user_id" not in client.session


def test_somebody_elses_failures_keep_nobody_out(client: Client, artist: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    for _try in range(throttling.BY_NAME_AND_ADDRESS.limit + 1):
        # What the visitor claims stands left of what our own proxy saw.
        sign_in(client, "artist", "wrong", **{"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    assert sign_in(client, "artist", "wrong", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    assert sign_in(client, "artist", "brush", **{"X-Forwarded-For": "203.0.113.8"}).status_code == 302


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "2.2.2.2"), (2, "1.1.1.1"), (3, "127.0.0.1")])
def test_only_what_our_own_proxies_say_of_an_address_counts(proxies: int, address: str, settings: Any) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"})
    assert throttling.address_of(request) == address


def test_an_artist_cannot_flood_the_queue(
    client: Client, artist: User, settings: Any, form_data: Callable[..., dict[str, Any]]
) -> None:
    settings.UPLOADS_PER_HOUR = 2
    client.force_login(artist)
    assert client.post("/works/new", form_data()).status_code == 302
    assert client.post("/works/new", form_data(), headers={"Accept": "application/json"}).status_code == 201
    page = client.post("/works/new", form_data())
    assert page.status_code == 429
    assert "very many pictures" in page.content.decode()
    told = client.post("/works/new", form_data(), headers={"Accept": "application/json"})
    assert (told.status_code, list(told.json()["errors"])) == (429, ["__all__"])
    listing = Listing.objects.first()
    assert listing is not None
    revised = client.post(f"/works/{listing.public_id}/edit", form_data())
    assert revised.status_code == 429
    assert Listing.objects.count() == 2


def test_the_count_is_shared_and_survives_in_the_cache_alone(settings: Any) -> None:
    throttle = throttling.Throttle("here", limit=2, seconds=3600)
    with valkey() as url:
        settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": url.replace("redis+socket://", "unix://")}}
        assert [throttle.hit("a"), throttle.hit("a"), throttle.wait("b")] == [0, 0, 0]
        caches["default"].close()  # another process has a connection of its own
        assert throttle.wait("a") > 0
        assert throttle.hit("a") > 0


def test_without_the_cache_nobody_is_kept_out(client: Client, artist: User, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": REDIS, "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}}
    for _try in range(throttling.BY_NAME_AND_ADDRESS.limit + 2):
        assert sign_in(client, "artist", "wrong").status_code == 200
    assert sign_in(client, "artist", "brush").status_code == 302


def test_the_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = throttling.Throttle("here", limit=1, seconds=60)
    monkeypatch.setattr(throttling.time, "time", lambda: 6000.0)
    assert [throttle.hit("a"), throttle.hit("a")] == [0, 60]
    monkeypatch.setattr(throttling.time, "time", lambda: 6059.0)
    assert throttle.hit("a") == 1
    monkeypatch.setattr(throttling.time, "time", lambda: 6060.0)
    assert throttle.hit("a") == 0
