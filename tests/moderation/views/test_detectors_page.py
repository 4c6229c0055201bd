"""The detectors' pages: what they show, what they refuse, and that the web process stays light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from moderation import services
from moderation.models import Detector, Event, GateCheck, GateState, ShadowScore
from moderation.services import detectors, gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_desk(client: Client, policy_admin: User) -> Client:
    """A browser at which they are signed in."""
    client.force_login(policy_admin)
    return client


@pytest.fixture
def green(settings: Any, red_classifier: None) -> Detector:
    """A detector beside the one that serves."""
    settings.MODERATION = {**settings.MODERATION, "CLASSIFIER": "tests.stubs.ColourClassifiers", "GATE_MIN_WORKS": 1}
    detectors.find()
    detectors.line_up()
    return Detector.objects.get(name="green")


def url(detector: Detector, verb: str = "") -> str:
    """The address of a detector's page, or of a change to it."""
    if verb:
        return reverse("moderation:detector_change", args=[detector.pk, verb])
    return reverse("moderation:detector", args=[detector.pk])


def test_the_registry_lists_what_is_on_disk_with_its_figures(admin_desk: Client) -> None:
    detectors.find()
    page = admin_desk.get(reverse("moderation:detectors")).content.decode()
    for name in ("pair", "mobilenet_v2", "mobilenet_v3"):
        assert f">{name}</a>" in page
    assert "Files intact" in page
    assert "Human works flagged" in page


def test_altered_files_are_shown_and_cannot_serve(admin_desk: Client, green: Detector) -> None:
    broken = Detector.objects.get(name="broken")
    assert "Altered" in admin_desk.get(reverse("moderation:detectors")).content.decode()
    answer = admin_desk.post(url(broken, "shadow"))
    assert answer.status_code == 409
    assert "not as they were made" in answer.content.decode()
    assert Detector.objects.get(name="broken").status == "candidate"


def test_a_refused_promotion_says_why_and_keeps_what_was_written(admin_desk: Client, green: Detector) -> None:
    answer = admin_desk.post(url(green, "promote"), {"reason": "It is newer."})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "It has not been checked at the gate yet." in page
    assert "It is newer.</textarea>" in page
    assert Detector.objects.get(status="active").name == "stub"


def test_the_whole_way_by_the_pages_buttons(admin_desk: Client, green: Detector, policy_admin: User) -> None:
    assert admin_desk.post(url(green, "shadow"), {"reason": "A look."}).status_code == 302
    assert admin_desk.post(url(green, "gate")).status_code == 302
    check = GateCheck.objects.get()
    fragment = reverse("moderation:detector_gate", args=[green.pk])
    assert "every 2s" in admin_desk.get(fragment).content.decode()
    GateCheck.objects.filter(pk=check.pk).update(state=GateState.PASSED, finished_at=check.asked_at)
    assert "every 2s" not in admin_desk.get(fragment).content.decode()
    assert admin_desk.post(url(green, "canary"), {"percent": "10"}).status_code == 302
    assert "Canary, 10 % of works" in admin_desk.get(url(green)).content.decode()
    assert admin_desk.post(url(green, "canary"), {"percent": "half"}).status_code == 409
    assert admin_desk.post(url(green, "promote"), {"reason": "It flags fewer people."}).status_code == 302
    assert detectors.line_up().active == green
    page = admin_desk.get(reverse("moderation:detectors")).content.decode()
    assert "Back to stub 1" in page
    assert admin_desk.post(reverse("moderation:detectors_back")).status_code == 302
    assert detectors.line_up().active.name == "stub"
    verbs = Event.objects.filter(actor=policy_admin).values_list("verb", flat=True)
    assert {"detector_status", "gate_asked", "detector_promoted", "detector_rolled_back"} <= set(verbs)


def test_where_a_shadow_differs_is_shown_with_the_works(
    admin_desk: Client, green: Detector, make_listing: Any
) -> None:
    Detector.objects.filter(pk=green.pk).update(status="shadow")
    first, second = make_listing(score=0.7), make_listing(score=0.1)
    services.screen_pending()
    ShadowScore.objects.filter(artwork__object_pk=str(first.pk)).update(p_ai=0.2)
    ShadowScore.objects.filter(artwork__object_pk=str(second.pk)).update(p_ai=0.1)
    page = admin_desk.get(url(green)).content.decode()
    assert "Of 2, this one alone flags 0 and the other alone 1." in page
    assert "this one 20 %, the other 70 %" in page
    assert first.title in page
    assert second.title not in page


def test_works_are_shown_to_policy_admins_and_figures_to_analysts(
    client: Client, make_user: Callable[..., User], green: Detector, make_listing: Any
) -> None:
    client.force_login(make_user("ann", "Analysts"))
    Detector.objects.filter(pk=green.pk).update(status="shadow")
    listing = make_listing(score=0.7)
    services.screen_pending()
    ShadowScore.objects.update(p_ai=0.2)
    page = client.get(url(green)).content.decode()
    assert "the other alone 1" in page
    assert listing.title not in page
    assert "<textarea" not in page
    assert client.post(url(green, "shadow")).status_code == 403


def test_the_registry_costs_the_same_whatever_its_length(
    admin_desk: Client, green: Detector, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        Detector.objects.create(name=f"old{number}", version="1", status="retired", replaced=green)
    admin_desk.get("/favicon.ico")  # a session's first request remembers how they read: no page's cost
    with django_assert_max_num_queries(10):
        assert admin_desk.get(reverse("moderation:detectors")).status_code == 200


def test_a_killed_gate_is_told(admin_desk: Client, green: Detector, policy_admin: User) -> None:
    detectors.ask_gate(detector=green, by=policy_admin)
    GateCheck.objects.update(attempts=3)
    gate.run_next()
    assert "A worker was lost at it again and again." in admin_desk.get(url(green)).content.decode()
    answer = admin_desk.post(url(green, "promote"), {"reason": "Now."})
    assert "The gate could not check it" in answer.content.decode()
