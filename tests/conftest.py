"""What every test may ask for: people with roles, pictures with a score painted in, listings, cases, real files."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import postgresql_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.contrib.auth.models import User

    from marketplace.models import Listing
    from moderation.models import Artwork, Case

SHARED = Path(os.environ.get("BRUSHMARK_SHARED", Path(__file__).resolve().parents[2] / "shared"))
"""The labelled pictures stand beside the project, never in it."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what cannot run here, each for a reason in words. ``BRUSHMARK_REQUIRE_ALL`` (CI) lets no program lack."""
    from django.db import connection

    reasons = {
        "art": "" if (SHARED / "art" / "manifest.csv").exists() else "needs the labelled pictures in ../shared",
        "browser": "" if chromium_program() else "needs Chromium (Debian: apt-get install chromium)",
        "redis": "" if shutil.which("redis-server") else "needs Redis (Debian: apt-get install redis-server)",
        "gettext": "" if shutil.which("xgettext") else "needs gettext (Debian: apt-get install gettext)",
        "postgresql_server": "" if postgresql_programs() else "needs PostgreSQL (Debian: apt-get install postgresql)",
    }
    lacking = [reason for marker, reason in reasons.items() if reason and marker != "art"]
    if lacking and os.environ.get("BRUSHMARK_REQUIRE_ALL"):
        raise pytest.UsageError(f"BRUSHMARK_REQUIRE_ALL is set, yet this machine {'; '.join(lacking)}.")
    if connection.vendor != "postgresql":
        reasons["postgresql"] = "runs on PostgreSQL only (the second run of `make test`)"
    for item in items:
        for marker, reason in reasons.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def chromium_program() -> str | None:
    """Return the browser's path, if there is one."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line what was left out for want of pictures."""
    left_out = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "labelled pictures" in str(getattr(report, "longrepr", ""))
    ]
    if left_out:
        terminalreporter.write_line(f"Without ../shared/art: {len(left_out)} tests of real pictures were left out.")


@pytest.fixture(scope="session")
def art_dir() -> Path:
    """The folder with the labelled pictures and their manifest (marker ``art``)."""
    return SHARED / "art"


@pytest.fixture(scope="session")
def provenance_dir() -> Path:
    """The folder with generators' original files (marker ``art``)."""
    return SHARED / "provenance"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Let each test begin in English: a request leaves its language to what the thread does next."""
    from django.utils import translation

    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Let each test keep its uploads apart."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Let no test count another's tries."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def red_classifier(settings: Any) -> None:
    """Score pictures by their mean red (see ``tests.stubs``), with thresholds 0.5 and 0.9."""
    settings.MODERATION = {**settings.MODERATION, "CLASSIFIER": "tests.stubs.RedClassifier"}


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Return a maker of users: ``make_user("mia", "Moderators")`` is in that group; the password is ``brush``."""
    from django.contrib.auth.models import Group, User

    def make(username: str, *groups: str, **fields: Any) -> User:
        user = User.objects.create_user(username, f"{username}@example.org", "brush", **fields)
        user.groups.set(Group.objects.filter(name__in=groups))
        assert user.groups.count() == len(groups)
        return user

    return make


@pytest.fixture
def artist(make_user: Callable[..., User]) -> User:
    """A person who sells pictures."""
    return make_user("artist")


@pytest.fixture
def other_artist(make_user: Callable[..., User]) -> User:
    """Another one."""
    return make_user("other")


@pytest.fixture
def moderator(make_user: Callable[..., User]) -> User:
    """A person who decides cases."""
    return make_user("moderator", "Moderators")


@pytest.fixture
def other_moderator(make_user: Callable[..., User]) -> User:
    """A colleague who decides cases."""
    return make_user("colleague", "Moderators")


@pytest.fixture
def senior(make_user: Callable[..., User]) -> User:
    """A person who decides escalated cases and appeals too."""
    return make_user("senior", "Senior moderators")


@pytest.fixture
def policy_admin(make_user: Callable[..., User]) -> User:
    """A person who may change policies and which detector serves."""
    return make_user("pia", "Policy admins")


@pytest.fixture
def admin_user(make_user: Callable[..., User]) -> User:
    """A superuser who may publish policies."""
    return make_user("admin", "Policy admins", is_staff=True, is_superuser=True)


@pytest.fixture(scope="session")
def paint() -> Callable[..., bytes]:
    """Return a painter: ``paint(0.7)`` is the file of a picture that ``RedClassifier`` scores 0.7.

    ``seed`` varies the other channels, so that two pictures of one score have different bytes.
    """
    from PIL import Image

    def make(score: float = 0.1, *, seed: int = 0, size: tuple[int, int] = (64, 48), kind: str = "PNG") -> bytes:
        picture = Image.new("RGB", size, (round(score * 255), seed * 37 % 256, seed * 11 % 256))
        buffer = io.BytesIO()
        picture.save(buffer, kind)
        return buffer.getvalue()

    return make


@pytest.fixture
def make_listing(artist: User, paint: Callable[..., bytes], red_classifier: None) -> Callable[..., Listing]:
    """Return a maker of saved listings: ``make_listing(score=0.7, declared_origin="handmade")``."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from marketplace.models import Listing

    count = 0

    def make(*, score: float = 0.1, data: bytes | None = None, **fields: Any) -> Listing:
        nonlocal count
        count += 1
        picture = SimpleUploadedFile("picture.png", data if data is not None else paint(score, seed=count))
        values: dict[str, Any] = {
            "artist": artist,
            "title": f"Work {count}",
            "category": "painting",
            "price": "10.00",
            "declared_origin": "handmade",
            "picture": picture,
            "picture_width": 64,
            "picture_height": 48,
        }
        listing = Listing(**{**values, **fields})
        listing.save()
        return listing

    return make


@pytest.fixture
def artwork_of() -> Callable[[Listing], Artwork]:
    """Return the reader of a listing's current artwork, which must be there."""
    from moderation import selectors

    def read(listing: Listing) -> Artwork:
        artwork = selectors.current_artwork(listing)
        assert artwork is not None
        return artwork

    return read


@pytest.fixture
def make_case(make_listing: Callable[..., Listing]) -> Callable[..., Case]:
    """Return a maker of open cases, each born of a real upload and a real look: ``make_case(score=0.95)``."""
    from moderation import services
    from moderation.models import Case

    def make(*, score: float = 0.7, **fields: Any) -> Case:
        listing = make_listing(score=score, **fields)
        services.screen_pending()
        return Case.objects.get(artwork__object_pk=str(listing.pk), state="open")

    return make


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium for the whole run (marker ``browser``)."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop runs in the thread of the test
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """Return a maker of browser pages; each must end without an error in its console."""
    contexts: list[Any] = []
    complaints: list[str] = []

    expected = ("status of 4", "ERR_CONNECTION_RESET")  # a refusal, and the line that a test cut

    def note(message: Any) -> None:
        if message.type in ("error", "warning") and not any(text in message.text for text in expected):
            complaints.append(message.text)

    def make(**options: Any) -> Any:
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
