"""The policy area in a real browser: the gate followed live, by keyboard, both themes, a phone's width, axe."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import expect

from moderation import services
from moderation.models import Decision, Detector, RegressionWork, ShadowScore
from moderation.services import detectors, gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def area(
    settings: Any,
    client: Client,
    policy_admin: User,
    open_browser: Callable[..., Any],
    red_classifier: None,
) -> Callable[..., Any]:
    """Return a maker of browser pages at which a policy admin is signed in."""
    settings.MODERATION = {**settings.MODERATION, "CLASSIFIER": "tests.stubs.ColourClassifiers", "GATE_MIN_WORKS": 2}
    client.force_login(policy_admin)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value

    def start(**options: Any) -> Any:
        page = open_browser(**options)
        page.goto("/sign-in")
        page.context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": page.url}])
        return page

    return start


@pytest.fixture
def green(area: Any, make_case: Any, make_listing: Any, moderator: User) -> Detector:
    """A candidate, a shadow on two works, and four works whose truth people settled."""
    detectors.find()
    detectors.line_up()
    candidate = Detector.objects.get(name="green")
    Detector.objects.filter(pk=candidate.pk).update(status="shadow")
    for ai in (True, True, False, False):
        case = make_case(score=0.7)
        services.decide(
            case=case,
            decider=moderator,
            version=case.version,
            action="label" if ai else "approve",
            reason_code="undeclared_ai" if ai else "human_made",
            explanation="It shows." if ai else "",
        )
        RegressionWork.objects.create(artwork=case.artwork, added_by=moderator)
    Decision.objects.update(notice_due_at=timezone.now() - timedelta(minutes=1))
    ShadowScore.objects.update(p_ai=0.1)
    return candidate


def test_the_gate_is_followed_live_and_a_refusal_says_why(area: Any, green: Detector) -> None:
    page = area()
    page.goto(f"/moderation/policy/detectors/{green.pk}/")
    button = page.get_by_role("button", name="Check it at the gate")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#gate")).to_contain_text("Waiting for a worker")
    gate.run_next(seconds=60)
    expect(page.locator("#gate")).to_contain_text("Refused", timeout=20_000)  # without reloading
    expect(page.locator("#gate")).to_contain_text("McNemar")
    page.get_by_label("Why, in a sentence").fill("It is newer.")
    page.get_by_role("button", name="Promote").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("worse than the one that serves")
    expect(page.get_by_label("Why, in a sentence")).to_have_value("It is newer.")
    assert Detector.objects.get(status="active").name == "stub"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_area_is_within_everyones_reach(theme: str, area: Any, green: Detector, policy_admin: User) -> None:
    detectors.ask_gate(detector=green, by=policy_admin)
    gate.run_next(seconds=60)
    page = area(color_scheme=theme, viewport={"width": 360, "height": 740}, bypass_csp=True)
    for path in ("detectors", f"detectors/{green.pk}/", "audit", "audit?topic=policy", "audit?text=nowhere"):
        page.goto(f"/moderation/policy/{path}")
        page.wait_for_load_state("networkidle")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in found] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
