"""The policy page in a real browser: the slider moves, and the numbers are those of a replay computed apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from playwright.sync_api import expect

from moderation import services
from moderation.models import Policy, PolicyDraft, Screening
from tests.moderation.views.replaying import replay_of_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def enter(client: Client, policy_admin: User, open_browser: Callable[..., Any]) -> Callable[..., Any]:
    """Return a maker of browser pages at which a policy admin is signed in."""
    client.force_login(policy_admin)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value

    def start(**options: Any) -> Any:
        page = open_browser(**options)
        page.set_default_timeout(40_000)
        page.goto("/sign-in")
        page.context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": page.url}])
        return page

    return start


def test_the_slider_moves_and_the_numbers_are_those_of_a_replay(enter: Any, stored: list[Screening]) -> None:
    page = enter()
    page.goto("/moderation/policy/")
    slider = page.get_by_role("slider", name="Review from")
    slider.focus()
    for threshold, key, presses in ((0.515, "ArrowRight", 15), (0.51, "ArrowLeft", 5), (0.9, "End", 1)):
        for _press in range(presses):
            page.keyboard.press(key)
        if key == "End":  # the slider's end is beyond the hold threshold: that one is moved along by its number
            page.get_by_role("spinbutton", name="Hold from").fill("100")
            page.get_by_role("spinbutton", name="Review from").fill("90")
        expect(page.get_by_role("spinbutton", name="Review from")).to_have_value(
            re.compile(rf"^{threshold * 100:.1f}$|^{threshold * 100:.0f}$")
        )
        hold = 1.0 if key == "End" else 0.9
        rules = Policy(
            version=2,
            **{**services.current_policy().values(), "review_threshold": threshold, "hold_threshold": hold},
        )
        for days in (7, 30, 90):
            expected = replay_of_rows(rules, days)
            row = page.locator(f"[data-replay='{days}']")
            for name in ("clear", "review", "hold", "changed"):
                expect(row.locator(f"[data-figure={name}]")).to_have_text(str(expected[name]), timeout=40_000)
    assert not PolicyDraft.objects.exists()
    expect(page.get_by_role("status").filter(has_text="Review from 90")).to_be_attached()


def test_a_draft_goes_from_the_slider_to_a_version_by_keyboard(enter: Any, stored: list[Screening]) -> None:
    page = enter()
    page.goto("/moderation/policy/")
    page.get_by_role("spinbutton", name="Review from").fill("65.1")
    page.get_by_label("Reason").fill("Half the flags were human.")
    page.get_by_role("button", name="Keep and compare").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    page.get_by_role("button", name="Publish").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Policy 2 is in force.")).to_be_visible()
    assert services.current_policy().review_threshold == 0.651


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_policy_pages_are_within_everyones_reach(
    theme: str, enter: Any, stored: list[Screening], policy_admin: User
) -> None:
    services.publish_policy(author=policy_admin, reason="Try.", review_threshold=0.6)
    draft = services.save_draft(author=policy_admin, rules=Policy(version=0, **Policy.objects.first().values()))  # type: ignore[union-attr]
    page = enter(color_scheme=theme, viewport={"width": 360, "height": 740}, bypass_csp=True)
    for path in ("", "?category=print", f"drafts/{draft.pk}/", "history", "history/1/"):
        page.goto(f"/moderation/policy/{path}")
        page.wait_for_load_state("networkidle")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in found] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
