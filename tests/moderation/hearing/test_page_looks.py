"""Every page of the artist's side is within everyone's reach, on a telephone, whatever was written on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from marketplace.models import Listing
from moderation import services
from moderation.models import Appeal, Artwork, Case, Decision
from tests.marketplace.browsing import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WITHOUT_BREAKS = "no_place_to_break_" * 6
"""People paste what they like: file names, addresses."""


@pytest.fixture
def addresses(
    make_case: Callable[..., Case],
    decided: Callable[..., Decision],
    appealed: Callable[..., Appeal],
    answer: Callable[..., Decision],
    moderator: User,
) -> dict[str, str]:
    """Where the artist's pages are, each with something on it."""
    work = {"title": WITHOUT_BREAKS}
    asked = make_case(score=0.95, **work)
    services.ask_artist(case=asked, moderator=moderator, text=WITHOUT_BREAKS * 3, version=asked.version)
    rejected = decided(work=work, explanation=WITHOUT_BREAKS * 4)
    open_appeal = appealed(work=work, text=WITHOUT_BREAKS * 4)
    answered = appealed(work=work)
    reply = answer(answered, "upheld", reply=WITHOUT_BREAKS * 4)
    Decision.objects.update(notice_due_at=timezone.now())
    listing = Listing.objects.get(pk=asked.artwork.object_pk)
    return {
        "upload": reverse("upload"),
        "edit": reverse("edit", args=[listing.public_id]),
        "works": reverse("my_works"),
        "listing": listing.get_absolute_url(),
        "question": asked.artwork.get_absolute_url(),
        "decision": reverse("moderation:decision", args=[rejected.reference]),
        "appeal": reverse("moderation:appeal", args=[rejected.reference]),
        "appealed": reverse("moderation:decision", args=[open_appeal.decision.reference]),
        "answered": reverse("moderation:decision", args=[answered.decision.reference]),
        "reply": reverse("moderation:decision", args=[reply.reference]),
        "record": reverse("moderation:record"),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_the_artist_has_a_barrier(
    addresses: dict[str, str], chromium: Any, live_server: Any, scheme: str
) -> None:
    context = chromium.new_context(
        base_url=live_server.url, color_scheme=scheme, viewport={"width": 360, "height": 740}, bypass_csp=True
    )
    page = context.new_page()
    sign_in(page)
    for name, address in addresses.items():
        page.goto(address)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    for name, button, words in (
        ("question", "Send the answer", "Write an answer first."),
        ("appeal", "Send the appeal", "Say in your own words why the decision is wrong."),
    ):
        page.goto(addresses[name])
        page.get_by_role("button", name=button).click()
        page.get_by_role("alert").filter(has_text=words).wait_for()
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in found] == [], name
    context.close()


def test_a_draft_stays_until_the_appeal_has_arrived(
    decided: Callable[..., Decision], chromium: Any, live_server: Any
) -> None:
    decision = decided()
    address = reverse("moderation:decision", args=[decision.reference])
    context = chromium.new_context(base_url=live_server.url)
    page = context.new_page()
    sign_in(page)
    page.goto(f"{address}appeal")
    page.get_by_label("Why is the decision wrong?").fill("I drew every feather.")
    page.get_by_label("A link, if you have one").fill("https://videos.example/heron")
    page.goto(address)  # to read the reasons once more
    page.close()
    page = context.new_page()
    page.goto(f"{address}appeal")
    words = page.get_by_label("Why is the decision wrong?")
    assert words.input_value() == "I drew every feather."
    assert page.get_by_label("A link, if you have one").input_value() == "https://videos.example/heron"
    assert "Characters left: 1,979" in page.inner_text("main")
    page.get_by_role("button", name="Send the appeal").click()
    page.get_by_text("Your appeal has arrived.").wait_for()
    assert Appeal.objects.get().text == "I drew every feather."
    assert page.evaluate("localStorage.length") == 0
    context.close()


def test_two_artists_see_nothing_of_each_other(
    addresses: dict[str, str], chromium: Any, live_server: Any, other_artist: User, make_listing: Callable[..., Any]
) -> None:
    """Each has one work in review: neither finds the other's status, reasons, evidence or picture."""
    make_listing(artist=other_artist, title="Hers", score=0.95)
    services.screen_pending()
    hers = Artwork.objects.get(title="Hers")
    evidence = Appeal.objects.filter(files__isnull=False).first().files.first().get_absolute_url()  # type: ignore[union-attr]
    context = chromium.new_context(base_url=live_server.url)
    page = context.new_page()
    sign_in(page, "other")
    page.goto("/works")
    assert "Hers" in page.inner_text("main")
    assert WITHOUT_BREAKS not in page.content()
    page.goto("/moderation/record")
    assert WITHOUT_BREAKS not in page.content()
    private = [addresses[name] for name in ("edit", "listing", "question", "decision", "appeal", "appealed", "reply")]
    status = addresses["question"] + "status"
    for address in [*private, status, evidence, addresses["decision"] + "statement.json"]:
        assert page.request.get(address).status == 404, address
    assert page.request.get(hers.get_absolute_url()).status == 200

    theirs = chromium.new_context(base_url=live_server.url)
    page = theirs.new_page()
    sign_in(page)
    for part in ("", "status", "file", "thumbnail"):
        assert page.request.get(hers.get_absolute_url() + part).status == 404, part
    assert page.request.get(evidence).status == 200
    context.close()
    theirs.close()
