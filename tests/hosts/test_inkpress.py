"""What only the print-on-demand shop has: two pictures on one object, evidence, templates and languages of its own."""

from __future__ import annotations

import html
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from moderation import selectors, services
from moderation.errors import NotRegistered
from moderation.models import Artwork, Case, Decision, Notice
from tests.hosts.inkpress.adapters import SAMPLE
from tests.hosts.inkpress.models import Design

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hosts.sites import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(make_user: Callable[..., Any]) -> Any:
    return make_user("painter")


@pytest.fixture
def shirt(site: Site, member: Any, paint: Callable[..., bytes]) -> Design:
    """A shirt with a plain front and a back that the detector holds."""
    design = site.offer(member, "Dragon", paint(0.95), field="back")
    services.screen_pending()
    assert isinstance(design, Design)
    return design


def standings(design: Design) -> dict[str, str]:
    found = Artwork.objects.filter(object_pk=design.pk.hex, is_current=True)
    return dict(found.values_list("field", "standing"))


def test_each_picture_stands_for_itself(shirt: Design) -> None:
    assert standings(shirt) == {"front": "cleared", "back": "held"}
    assert Case.objects.get().artwork.field == "back"


def test_one_held_picture_holds_the_shirt(shirt: Design, make_user: Callable[..., Any]) -> None:
    assert not selectors.visible(Design.objects.all()).exists()
    case = Case.objects.get()
    services.decide(
        case=case, decider=make_user("mo", "Moderators"), action="approve", reason_code="human_made", version=1
    )
    assert selectors.visible(Design.objects.all()).get() == shirt


def test_a_shirt_without_a_back_is_shown_by_its_front(site: Site, member: Any, paint: Callable[..., bytes]) -> None:
    site.offer(member, "Plain", paint(0.1), field="front")
    services.screen_pending()
    assert selectors.visible(Design.objects.all()).get().name == "Plain"


def test_a_back_that_is_taken_off_leaves_the_queue_and_can_come_back(
    shirt: Design, paint: Callable[..., bytes]
) -> None:
    name = shirt.back.name
    shirt.back = ""
    shirt.save()
    assert standings(shirt) == {"front": "cleared"}
    assert Artwork.objects.get(field="back").standing == "withdrawn"
    assert not Case.objects.filter(state="open").exists()
    assert selectors.visible(Design.objects.all()).exists()
    shirt.back = name  # the very file, from the shop's own history
    shirt.save()
    services.screen_pending()
    assert standings(shirt)["back"] == "held"
    assert Case.objects.filter(state="open").exists()


def test_which_picture_is_meant_must_be_said(shirt: Design) -> None:
    with pytest.raises(NotRegistered, match="names 2 registered artwork fields"):
        selectors.current_artwork(shirt)


def test_another_owner_is_recorded_though_keys_are_uuids(shirt: Design, site: Site, make_user: Any) -> None:
    other = make_user("other")
    shirt.studio.member = other
    shirt.studio.save()
    shirt.save()
    artwork = selectors.current_artwork(shirt, field="front")
    assert artwork is not None
    assert artwork.owner == other


def test_a_declaration_is_translated_from_the_shops_words(
    site: Site, member: Any, paint: Callable[..., bytes]
) -> None:
    design = site.offer(member, "Robot", paint(0.95), field="front")
    assert isinstance(design, Design)
    design.made_by = "prompt"
    design.save()
    services.screen_pending()
    artwork = selectors.current_artwork(design, field="front")
    assert artwork is not None
    assert (artwork.declared_origin, artwork.standing, artwork.ai_label) == ("generated", "cleared", "ai_generated")
    assert "Made with AI" in Client().get("/designs/").content.decode()


def test_evidence_of_the_shops_own_kind_is_shown_to_moderators(site: Site, member: Any, make_user: Any) -> None:
    buffer, mark = io.BytesIO(), PngInfo()
    mark.add_text("Comment", SAMPLE.decode())
    Image.new("RGB", (64, 48), (3, 90, 160)).save(buffer, "PNG", pnginfo=mark)
    site.offer(member, "Sample", buffer.getvalue(), field="front")
    services.screen_pending()
    case = Case.objects.get()
    desk = Client()
    desk.force_login(make_user("mo", "Moderators"))
    assert "This is one of our own sample sheets." in desk.get(case.get_absolute_url()).content.decode()


def test_the_plugins_pages_stand_in_the_shops_frame(shirt: Design, make_user: Callable[..., Any]) -> None:
    desk = Client()
    desk.force_login(make_user("mo", "Moderators"))
    page = html.unescape(desk.get(Case.objects.get().get_absolute_url()).content.decode())
    assert "printed while you wait" in page
    assert "| Inkpress</title>" in page
    assert "/assets/moderation/tokens.css" in page
    assert 'action="/back-office/art/' in page


def test_mails_use_the_shops_template_and_the_members_language(
    shirt: Design, member: Any, make_user: Callable[..., Any], mailoutbox: Any
) -> None:
    member.language = "de"
    member.save()
    case = Case.objects.get()
    services.decide(
        case=case,
        decider=make_user("mo", "Moderators"),
        action="reject",
        reason_code="undeclared_ai",
        explanation="Three hands on one arm.",
        version=1,
    )
    past = timezone.now() - timedelta(seconds=1)
    Decision.objects.update(notice_due_at=past)
    Notice.objects.update(next_try_at=past)
    services.send_notices()
    (mail,) = mailoutbox
    assert mail.subject == "Inkpress: Dragon"
    assert "https://inkpress.example/back-office/art/decisions/" in mail.body


def test_the_press_stops_when_people_reject(
    shirt: Design, make_user: Callable[..., Any], django_capture_on_commit_callbacks: Any
) -> None:
    case = Case.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        services.decide(
            case=case,
            decider=make_user("mo", "Moderators"),
            action="reject",
            reason_code="undeclared_ai",
            explanation="Three hands on one arm.",
            version=1,
        )
    shirt.refresh_from_db()
    assert not shirt.is_printing


def test_the_artists_page_of_the_shop_tells_where_a_picture_stands(site: Site, member: Any, paint: Any) -> None:
    site.offer(member, "Dragon", paint(0.95), field="front")
    services.screen_pending()
    own = Client()
    own.force_login(member)
    assert "In review, not yet public" in own.get("/mine/").content.decode()
