"""The policy's pages: what they show is what a replay of the rows finds; what they change is what was seen."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ml.operating import STEPS
from moderation import services
from moderation.models import Artwork, Event, Ground, Policy, PolicyDraft, Screening
from moderation.selectors import policies as looking
from moderation.services import detectors
from tests.moderation.views.replaying import replay_of_rows

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(red_classifier: None) -> Policy:
    return services.current_policy()


@pytest.fixture
def ada(client: Client, make_user: Callable[..., Any]) -> Any:
    """A policy admin, signed in at ``client``."""
    user = make_user("ada", "Policy admins")
    client.force_login(user)
    return user


def on_page(html: str, days: int) -> dict[str, int]:
    """Return the numbers of the page's replay of ``days`` days."""
    row = html.split(f'data-replay="{days}"')[1].split("</tr>")[0]
    return {name: int(number) for name, number in re.findall(r'data-figure="(\w+)">(\d+)<', row)}


def fields(rules: Policy, **entered: str) -> dict[str, Any]:
    """Return what the page's form sends for ``rules``, with what was ``entered`` over it."""
    sent: dict[str, Any] = {}
    for name, value in rules.values().items():
        if name in ("review_threshold", "hold_threshold", "trusted_artist_bonus"):
            sent[name] = f"{value * 100:.1f}"
        elif value is True:
            sent[name] = "on"
        elif value is not False:
            sent[name] = str(value)
    return {**sent, "prevalence": "5", "hours": "6", "days": "30", **entered}


@pytest.mark.parametrize(
    ("entered", "changes"),
    [
        ({"review_threshold": "65.1", "hold_threshold": "90"}, {"review_threshold": 0.651}),
        ({"review_threshold": "29", "hold_threshold": "57"}, {"review_threshold": 0.29, "hold_threshold": 0.57}),
        ({"review_threshold": "0", "hold_threshold": "100"}, {"review_threshold": 0.0, "hold_threshold": 1.0}),
        ({"review_threshold": "80", "hold_threshold": "80"}, {"review_threshold": 0.8, "hold_threshold": 0.8}),
        ({"trusted_artist_bonus": "15"}, {"trusted_artist_bonus": 0.15}),
        ({"allow_declared_ai": ""}, {"allow_declared_ai": False}),
    ],
)
def test_preview_equals_replay(
    stored: list[Screening], ada: Any, client: Client, first: Policy, entered: dict[str, str], changes: dict[str, Any]
) -> None:
    answer = client.get(reverse("moderation:policy_preview"), fields(first, **entered))
    html = answer.content.decode()
    rules = Policy(version=2, **{**first.values(), **changes})
    for days in (7, 30, 90):
        expected = replay_of_rows(rules, days)
        shown = on_page(html, days)
        assert shown == {name: expected[name] for name in ("clear", "review", "hold", "changed")}, (
            days,
            shown,
            expected,
        )
    assert expected["changed"] > 0


def test_preview_equals_replay_within_a_category_and_with_categories_of_their_own(
    stored: list[Screening], ada: Any, client: Client, first: Policy
) -> None:
    draft = Policy(
        version=2, **{**first.values(), "review_threshold": 0.7}, overrides={"print": {"review_threshold": 0.2}}
    )
    services.save_draft(author=ada, rules=draft)
    sent = fields(draft)
    site = client.get(reverse("moderation:policy_preview"), sent).content.decode()
    for days in (7, 30, 90):
        expected = replay_of_rows(draft, days)
        assert on_page(site, days) == {name: expected[name] for name in ("clear", "review", "hold", "changed")}
    entered = {**fields(draft, review_threshold="33.3", category="print"), "own": ["review_threshold"]}
    html = client.get(reverse("moderation:policy_preview"), entered).content.decode()
    draft.overrides = {"print": {"review_threshold": 0.333}}
    expected = replay_of_rows(draft, 90, "print")
    assert on_page(html, 90) == {name: expected[name] for name in ("clear", "review", "hold", "changed")}


def test_counts_and_rows_agree_at_every_threshold(stored: list[Screening], first: Policy) -> None:
    scores = looking.stored_scores(detectors.line_up().active)
    rows = [look.p_ai for look in stored if look.finished_at and look.ground == Ground.SCORE and not look.review_bonus]
    for step in range(0, STEPS + 1, 7):
        rules = Policy(version=2, **{**first.values(), "review_threshold": step / STEPS, "hold_threshold": 1.0})
        flagged = sum(
            sum(one.counts[stretch.start : stretch.stop])
            for one in scores.slices
            if one.days == 90 and one.ground == Ground.SCORE and not one.trusted
            for stretch in looking.stretches(first, rules, one.category, one.ground, one.trusted)
            if stretch.after != "clear"
        )
        since = timezone.now() - timedelta(days=90)
        expected = sum(
            1
            for look in stored
            if look.p_ai is not None
            and look.finished_at
            and look.ground == Ground.SCORE
            and not look.review_bonus
            and look.p_ai >= step / STEPS
            and look.finished_at.date() > since.date()
        )
        assert flagged == expected, step
    assert rows


def test_works_that_would_go_another_way_are_shown_with_both_outcomes(
    stored: list[Screening], ada: Any, client: Client, first: Policy
) -> None:
    html = client.get(reverse("moderation:policy_preview"), fields(first, review_threshold="65.1")).content.decode()
    shown = re.findall(r"artworks/([0-9a-f-]{36})/thumbnail", html)
    rules = Policy(version=2, **{**first.values(), "review_threshold": 0.651})
    assert 0 < len(shown) <= looking.SAMPLE
    for artwork in Artwork.objects.filter(reference__in=shown):
        look = artwork.screenings.get()
        assert look.p_ai is not None
        assert 0.5 <= look.p_ai < 0.651
        assert look.ground == Ground.SCORE
    assert "Review → Clear" in html
    assert looking.changing_works(first, first, days=90) == []
    assert len(looking.changing_works(first, rules, days=90, limit=1000)) == replay_of_rows(rules, 90)["changed"]


def test_the_page_costs_the_same_queries_whatever_is_stored(
    stored: list[Screening], ada: Any, client: Client, first: Policy, django_assert_max_num_queries: Any
) -> None:
    client.get(reverse("moderation:policy"))
    with django_assert_max_num_queries(22):  # nine of them ask the database whether the rules can hold
        client.get(reverse("moderation:policy_preview"), fields(first, review_threshold="60"))


def test_an_empty_site_has_a_page_that_says_so(first: Policy, ada: Any, client: Client) -> None:
    html = client.get(reverse("moderation:policy")).content.decode()
    assert "no counted scores yet" in html
    assert "says nothing about thresholds" in html  # the stub's card


def test_the_shipped_card_says_what_to_expect(ada: Any, client: Client, settings: Any) -> None:
    html = client.get(reverse("moderation:policy")).content.decode()
    assert "of 100 flagged works are human-made" in html
    assert re.search(r'data-figure="fpr">[\d.]+ %', html)
    assert 'data-chooses="id_review_threshold"' in html


def test_a_draft_is_kept_compared_and_published(first: Policy, ada: Any, client: Client) -> None:
    sent = fields(first, review_threshold="65.1", reason="Half the flags were human.", then="publish")
    answer = client.post(reverse("moderation:policy_save"), sent, follow=True)
    html = answer.content.decode()
    assert "<del>50.0 %</del>" in html
    assert "<ins>65.1 %</ins>" in html
    draft = PolicyDraft.objects.get()
    seen = re.search(r'name="seen" value="([^"]+)"', html)
    assert seen
    address = reverse("moderation:policy_publish", args=[draft.pk])
    assert client.post(address, {"seen": seen[1], "reason": ""}).status_code == 422
    assert client.post(address, {"seen": "1-0", "reason": "Blind."}).status_code == 409
    assert services.current_policy().version == 1
    client.post(address, {"seen": seen[1], "reason": "Half the flags were human."})
    policy = services.current_policy()
    assert (policy.version, policy.review_threshold, policy.author) == (2, 0.651, ada)
    history = client.get(reverse("moderation:policy_history")).content.decode()
    assert "Half the flags were human." in history
    assert "1 rule changed" in history


def test_one_click_returns_to_an_earlier_version(first: Policy, ada: Any, client: Client) -> None:
    services.publish_policy(author=ada, reason="Try.", review_threshold=0.8)
    page = client.get(reverse("moderation:policy_version", args=[1])).content.decode()
    assert "Return to policy 1" in page
    address = reverse("moderation:policy_return", args=[1])
    assert client.post(address, {"seen": "1", "reason": "Too many missed."}).status_code == 409
    client.post(address, {"seen": "2", "reason": "Too many missed."})
    policy = services.current_policy()
    assert (policy.version, policy.review_threshold, policy.reason) == (3, 0.5, "Too many missed.")


def test_a_category_shows_what_it_inherits_and_what_it_has_of_its_own(first: Policy, ada: Any, client: Client) -> None:
    sent = {**fields(first, review_threshold="80", category="print"), "own": ["review_threshold", "show_in_review"]}
    sent.pop("show_in_review")
    client.post(reverse("moderation:policy_save"), sent)
    draft = PolicyDraft.objects.get()
    assert draft.overrides == {"print": {"review_threshold": 0.8, "show_in_review": False}}
    html = client.get(reverse("moderation:policy"), {"category": "print"}).content.decode()
    assert re.search(r'name="own" value="review_threshold" checked', html)
    assert re.search(r'name="own" value="hold_threshold">', html)
    assert "Inherited: 50.0 %" in html
    assert "bulk_cap" not in html
    client.post(reverse("moderation:policy_save"), {**fields(first, category="print"), "own": []})
    assert PolicyDraft.objects.get().overrides == {}


def test_impossible_rules_are_told_at_their_field_and_kept_nowhere(first: Policy, ada: Any, client: Client) -> None:
    answer = client.post(reverse("moderation:policy_save"), fields(first, review_threshold="95"))
    assert answer.status_code == 422
    assert "cannot lie below the review threshold" in answer.content.decode()
    assert not PolicyDraft.objects.exists()
    preview = client.get(reverse("moderation:policy_preview"), fields(first, review_threshold="95"))
    assert "The figures are those of the rules before" in preview.content.decode()


def test_without_javascript_a_choice_is_looked_at_and_nothing_is_stored(ada: Any, client: Client) -> None:
    rules = services.current_policy()
    html = client.get(reverse("moderation:policy")).content.decode()
    choice = re.search(r'name="choose" value="(review_threshold:[\d.]+)"', html)
    assert choice
    answer = client.post(reverse("moderation:policy"), fields(rules, choose=choice[1], hold_threshold="100"))
    assert answer.status_code == 200
    assert f'value="{choice[1].partition(":")[2]}"' in answer.content.decode()
    assert not PolicyDraft.objects.exists()


def test_judging_again_is_started_followed_and_stopped_from_the_page(
    stored: list[Screening], ada: Any, client: Client
) -> None:
    services.publish_policy(author=ada, reason="Try.", review_threshold=0.8)
    client.post(reverse("moderation:policy_rejudge"), {"version": "2"})
    html = client.get(reverse("moderation:policy_history")).content.decode()
    assert "Under way" in html
    run = re.search(r"policy/rejudge/(\d+)/", html)
    assert run
    client.post(reverse("moderation:policy_rejudge_stop", args=[run[1]]))
    part = client.get(reverse("moderation:policy_rejudging", args=[run[1]])).content.decode()
    assert "Stopped" in part
    assert "Go on" in part
    assert Event.objects.filter(verb="rejudging_stopped", actor=ada).exists()


def test_analysts_read_and_change_nothing(stored: list[Screening], first: Policy, make_user: Any) -> None:
    browser = Client()
    browser.force_login(make_user("ana", "Analysts"))
    html = browser.get(reverse("moderation:policy")).content.decode()
    assert 'data-replay="30"' in html
    assert "thumbnail" not in html
    assert "Keep the draft" not in html
    assert browser.post(reverse("moderation:policy_save"), fields(first)).status_code == 403
    assert browser.post(reverse("moderation:policy_rejudge"), {"version": "1"}).status_code == 403
