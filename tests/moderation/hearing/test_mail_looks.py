"""The mails as people see them: on phones and desks, by day and by night, with and without eyes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from moderation import services
from moderation.models import Appeal, Case, Decision
from moderation.services import notices

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = (
    "“Portrait with a Heron” was offered as made by hand. What they saw:\n\n" + "hands that do not fit together; " * 20
)


@pytest.fixture
def mails(
    decided: Callable[..., Decision],
    appealed: Callable[..., Appeal],
    answer: Callable[..., Decision],
    make_case: Callable[..., Case],
    moderator: Any,
    settings: Any,
) -> dict[str, Any]:
    """One of each mail that artists get."""
    settings.MODERATION = {**settings.MODERATION, "RULES_URL": "/rules"}
    title = "A_title_without_a_place_to_break_" * 4
    made = {
        "rejected": decided(explanation=LONG, work={"title": title[:120]}),
        "labelled": decided(action="label"),
        "approved": decided(action="approve", reason_code="human_made"),
        "answered": answer(appealed(), "upheld"),
    }
    Decision.objects.update(notice_due_at=timezone.now())
    asked = make_case(title=title[:120])
    question = services.ask_artist(case=asked, moderator=moderator, text=LONG[:900], version=asked.version)
    written = {one: notices.message_of(Decision.objects.get(pk=made[one].pk), "mia@example.org") for one in made}
    return {**written, "asked": notices.question_message(question, "mia@example.org")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_mail_fits_and_reads_well(mails: dict[str, Any], chromium: Any, scheme: str) -> None:
    for width in (320, 390, 720):
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        fetched: list[str] = []
        page.on("request", lambda request, into=fetched: into.append(request.url))
        for name, message in mails.items():
            page.set_content(message.alternatives[0].content)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            assert [one["id"] for one in Axe().run(page).response["violations"]] == [], (name, width)
            assert page.title()
            button = page.get_by_role("link", name=re.compile("^(Appeal|Answer)$"))
            assert button.count() == (name in ("rejected", "labelled", "asked")), name
            if button.count():
                assert button.bounding_box()["height"] >= 44  # a thumb hits it
        assert fetched == []  # nothing is loaded: reading a mail tells nobody
        context.close()


def test_text_and_html_say_the_same(mails: dict[str, Any], chromium: Any) -> None:
    page = chromium.new_page()
    for name, message in mails.items():
        page.set_content(message.alternatives[0].content)
        shown = re.sub(r"\s+", " ", page.inner_text("body"))
        text = re.sub(r"(?m)^- |^https?://\S+$", "", message.body)
        told = [line.strip() for line in text.splitlines() if line.strip() and not line.isupper()]
        for line in told[1:]:  # after the greeting
            line = line.removesuffix(":")
            assert re.sub(r"\s+", " ", line) in shown, (name, line)
    page.close()
