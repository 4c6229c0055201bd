from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from marketplace import selectors
from moderation import services

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from marketplace.models import Listing


def test_the_gallery_shows_only_what_may_be_shown(
    client: Client, hang: Callable[..., Listing], make_listing: Callable[..., Listing]
) -> None:
    hang(title="Cleared Work")
    make_listing(title="Held Work", score=0.95)
    services.screen_pending()
    make_listing(title="Waiting Work")
    page = client.get("/").content.decode()
    assert "Cleared Work" in page
    assert "Held Work" not in page
    assert "Waiting Work" not in page


def test_the_gallery_narrows_by_kind(client: Client, hang: Callable[..., Listing]) -> None:
    hang(title="A Print", category="print")
    hang(title="A Drawing", category="drawing")
    page = client.get("/?category=print").content.decode()
    assert "A Print" in page
    assert "A Drawing" not in page
    assert "A Drawing" in client.get("/?category=no-such-kind").content.decode()


@pytest.mark.parametrize(
    ("origin", "label"), [("handmade", ""), ("assisted", "AI-assisted"), ("generated", "AI-generated")]
)
def test_buyers_see_how_a_work_was_made(origin: str, label: str, client: Client, hang: Callable[..., Listing]) -> None:
    listing = hang(declared_origin=origin)
    for path in ("/", listing.get_absolute_url()):
        chips = re.findall(r'bm-chip--label">([^<]*)<', client.get(path).content.decode())
        assert chips == ([label] if label else [])


def test_the_gallery_goes_on_where_it_ended(
    client: Client, hang: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "marketplace.selectors.gallery.__kwdefaults__", {"category": "", "made": "", "cursor": "", "size": 3}
    )
    for _ in range(7):
        hang()
    seen: list[str] = []
    path: str | None = "/"
    while path:
        page = client.get(path).content.decode()
        seen += re.findall(r"bm-work-title\">(Work \d+)<", page)
        more = re.search(r'href="(/\?after=[^"]+)"', page)
        path = more and more[1]
        if len(seen) == 3:
            hang()  # a work that arrives meanwhile pushes nothing onto the next page again
    assert len(seen) == len(set(seen)) == 7


def test_more_works_come_as_a_fragment_to_htmx(
    client: Client, hang: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "marketplace.selectors.gallery.__kwdefaults__", {"category": "", "made": "", "cursor": "", "size": 1}
    )
    hang()
    hang()
    more = re.search(r'hx-get="([^"]+)"', client.get("/").content.decode())
    assert more
    fragment = client.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert fragment.count("site-work__link") == 1


@pytest.fixture
def three_ways(hang: Callable[..., Listing]) -> None:
    """A work by hand, an AI-assisted and an AI-generated one; the first and the last are prints."""
    hang(title="By Hand", category="print", declared_origin="handmade")
    hang(title="With Help", category="drawing", declared_origin="assisted")
    hang(title="By Machine", category="print", declared_origin="generated")


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["By Machine", "With Help", "By Hand"]),
        ("?made=people", ["By Hand"]),
        ("?made=assisted", ["With Help"]),
        ("?made=generated", ["By Machine"]),
        ("?category=print&made=generated", ["By Machine"]),
        ("?category=drawing&made=generated", []),
        ("?made=aliens", ["By Machine", "With Help", "By Hand"]),
    ],
)
def test_the_gallery_narrows_by_how_works_were_made(
    query: str, titles: list[str], client: Client, three_ways: None
) -> None:
    page = client.get(f"/{query}").content.decode()
    assert re.findall(r'bm-work-title">([^<]+)<', page) == titles
    assert ("None of this kind yet" in page) is (not titles)


def test_the_address_keeps_both_choices(client: Client, three_ways: None) -> None:
    page = client.get("/?category=print&made=people").content.decode()
    links = re.findall(r'class="bm-tab" href="([^"]+)"( aria-current="page")?', page)
    chosen = [link.replace("&amp;", "&") for link, current in links if current]
    assert chosen == ["/?category=print&made=people"] * 2
    others = {link.replace("&amp;", "&") for link, current in links if not current}
    assert {"/?made=people", "/?category=print", "/?category=drawing&made=people"} <= others
    assert "/?category=print&made=generated" in others


def test_a_label_that_a_person_gave_counts(
    client: Client, make_case: Callable[..., Any], moderator: Any, three_ways: None
) -> None:
    case = make_case(title="Found Out", declared_origin="handmade")
    services.decide(
        case=case,
        decider=moderator,
        action="label",
        reason_code="undeclared_ai",
        explanation="Both hands have six fingers.",
        version=case.version,
    )
    assert "Found Out" in client.get("/?made=generated").content.decode()
    assert "Found Out" not in client.get("/?made=people").content.decode()


def test_what_its_artist_calls_ai_is_not_among_the_works_of_people(
    client: Client, hang: Callable[..., Listing], three_ways: None
) -> None:
    listing = hang(title="Thought Better")
    listing.declared_origin = "generated"
    listing.save()  # the new look is still to come, the label with it
    assert "Thought Better" in client.get("/").content.decode()
    assert "Thought Better" not in client.get("/?made=people").content.decode()


def test_narrowed_pages_go_on_where_they_ended(
    client: Client, hang: Callable[..., Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(selectors.gallery.__kwdefaults__, "size", 2)
    for number in range(5):
        hang(declared_origin="generated", title=f"Machine {number}")
        hang(title=f"Hand {number}")
    seen: list[str] = []
    path: str | None = "/?made=generated"
    while path:
        page = client.get(path).content.decode()
        seen += re.findall(r'bm-work-title">([^<]+)<', page)
        more = re.search(r'href="(/\?made=generated&amp;after=[^"]+)"', page)
        path = more and more[1].replace("&amp;", "&")
    assert seen == [f"Machine {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("cursor", ["x", "%00", "YWJj", "MjAyNi0wMS0wMSAx", "A" * 3000, "é"])
def test_a_broken_cursor_starts_from_the_top(cursor: str, client: Client, hang: Callable[..., Listing]) -> None:
    hang()
    assert "Work 1" in client.get(f"/?after={cursor}").content.decode()


def test_empty_rooms_say_what_to_do(as_artist: Client) -> None:
    assert "The walls are still bare" in as_artist.get("/").content.decode()
    assert "None of this kind yet" in as_artist.get("/?category=print").content.decode()
    assert "Your wall is free" in as_artist.get("/works").content.decode()


@pytest.mark.parametrize("path", ["/", "/?made=people", "/works"])
def test_a_longer_list_costs_no_more_queries(
    path: str,
    as_artist: Client,
    hang: Callable[..., Listing],
    django_assert_max_num_queries: Any,
    django_assert_num_queries: Any,
) -> None:
    hang()
    as_artist.get(path)  # content types are remembered from here on
    with django_assert_max_num_queries(8) as few:
        as_artist.get(path)
    for _ in range(9):
        hang()
    with django_assert_num_queries(len(few)):
        page = as_artist.get(path).content.decode()
    assert page.count("moderation/artworks/") >= 10


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ("handmade", []),
        ("assisted", ["https://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource"]),
        ("generated", ["https://schema.org/TrainedAlgorithmicMediaDigitalSource"]),
    ],
)
def test_machines_read_the_label_too(
    origin: str, source: list[str], client: Client, hang: Callable[..., Listing]
) -> None:
    listing = hang(declared_origin=origin, title="Low & Tide", price="1234.50", currency="USD")
    page = client.get(listing.get_absolute_url()).content.decode()
    assert 'itemscope itemtype="https://schema.org/VisualArtwork"' in page
    assert re.findall(r'itemprop="digitalSourceType" href="([^"]+)"', page) == source
    assert re.findall(r'itemprop="name">([^<]+)<', page) == ["Low &amp; Tide", "artist"]
    assert 'itemprop="priceCurrency" content="USD"' in page
    assert 'itemprop="price" value="1234.50"' in page
    assert re.search(r'<img[^>]*src="/moderation/artworks/[^"]+"[^>]*itemprop="image"', page)
