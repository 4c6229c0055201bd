"""Every language is complete: the catalogues hold what the code says, and the pages show nothing else."""

from __future__ import annotations

import gettext
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

import pytest
from babel.messages.pofile import read_po
from django.conf import settings as site
from django.core import mail
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from marketplace.models import Reader
from moderation import services
from moderation.models import Appeal, Decision
from moderation.services import appeals, notices
from tools import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from babel.messages.catalog import Catalog, Message
    from django.contrib.auth.models import User
    from django.test import Client

    from moderation.models import Case

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = [code for code, _name in site.LANGUAGES if code != "en"]
CATALOGUES = [f"{package}/locale/{language}" for package in messages.CATALOGUES for language in LANGUAGES]
SAME = {"{own}", "AUROC", "SHA-256", "WebP"}
"""Messages that are the same in every language."""


@cache
def catalogue(place: str, root: Path = ROOT) -> Catalog:
    with (root / place / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=place.rpartition("/")[2], abort_invalid=True)


def said(place: str) -> list[Message]:
    return [message for message in catalogue(place) if message.id]


def ids(catalogue: Catalog) -> set[tuple[str | None, str | tuple[str, ...]]]:
    return {(message.context, message.id) for message in catalogue if message.id}


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


# --- The catalogues --------------------------------------------------------------------------------------------------


@pytest.mark.gettext
def test_the_catalogues_hold_what_the_code_says_and_nothing_else(tmp_path: Path) -> None:
    for name in (*messages.CATALOGUES, "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VAR_DIR": str(tmp_path / "var"), "DEBUG": "on"}
    command = [sys.executable, "manage.py", *messages.arguments(*LANGUAGES)]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=240)
    for place in CATALOGUES:
        assert ids(catalogue(place, tmp_path)) == ids(catalogue(place)), (
            f"{place}: run `make messages`, then translate"
        )


@pytest.mark.parametrize("place", CATALOGUES)
def test_every_message_is_translated(place: str) -> None:
    assert len(said(place)) > 100
    for message in said(place):
        assert not message.fuzzy, message.id
        assert all(forms(message.string)), message.id
        assert forms(message.string)[0] not in forms(message.id) or message.id in SAME, message.id


@pytest.mark.parametrize("place", CATALOGUES)
def test_a_translation_has_the_places_of_its_message_and_no_others(place: str) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[.\d]*[a-z]|\{\w+\}|</?\w+>", text))

    for message in said(place):
        for form in forms(message.string):
            # English says "one case" where another language counts: the plural names every place.
            assert places(form) == places(forms(message.id)[-1]), message.id


@pytest.mark.parametrize("place", CATALOGUES)
def test_the_compiled_catalogue_is_the_translated_one(place: str) -> None:
    compiled: dict[Any, str]
    with (ROOT / place / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    compiled.pop("")
    expected: dict[Any, str] = {}
    for message in said(place):
        key = forms(message.id)[0] if message.context is None else f"{message.context}\x04{forms(message.id)[0]}"
        if isinstance(message.id, str):
            expected[key] = str(message.string)
        else:
            expected |= {(key, number): form for number, form in enumerate(forms(message.string))}
    assert compiled == expected, f"{place}: run `make messages`"


# --- The pages -------------------------------------------------------------------------------------------------------

SPOKEN = ("alt", "aria-label", "content", "placeholder", "title")
SILENT = ("script", "style", "code")  # what is stored is shown as code: it is no language's
ENGLISH = re.compile(r"\b[A-Za-z’']{2,} [a-z]{2,}\b")
"""Two words in a row as no name, format or unit has them."""
NO_PROSE = ("width=device-width, initial-scale=1", "light dark", "artist")
"""What browsers read, and an account's name."""


class Words(HTMLParser):
    """What a page says, to eyes and to screen readers, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self._silent += tag in SILENT
        self.said += [
            value
            for name, value in named.items()
            if name in SPOKEN
            or (name.startswith("data-") and " " in value)
            or (tag == "button" and name == "data-busy")
        ]
        if tag == "a" and "download" not in named:
            self.links.append(named.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(" ".join(data.split()))


def words_of(page: str) -> Words:
    found = Words()
    found.feed(page)
    return found


@cache
def english() -> set[str]:
    """The English messages without places that are another text in Japanese."""
    return {
        form
        for place in CATALOGUES
        for message in said(place)
        for form in forms(message.id)
        if form not in SAME and not re.search(r"%\(|\{", form)
    }


def leftovers(said: list[str]) -> list[str]:
    nameless = [text.replace("Stable Diffusion web UI", "") for text in said if text not in NO_PROSE]
    return [text for text in nameless if text in english() or ENGLISH.search(text)]


def reading(user: User | None = None, language: str = "ja") -> Client:
    from django.test import Client

    browser = Client(headers={"accept-language": language})
    browser.cookies["tz"] = "Asia/Tokyo"
    if user is not None:
        browser.force_login(user)
    return browser


def crawled(browser: Client, *starts: str, most: int = 120) -> Iterator[tuple[str, Words]]:
    """Yield the site's own pages, those that links lead to from ``starts``; one for each address without its query."""
    waiting, seen = list(starts), set()
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        bare = address.partition("?")[0]
        if bare in seen or not bare.startswith("/") or bare.startswith("/admin"):
            continue
        seen.add(bare)
        answer = browser.get(address, follow=True)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            b"".join(answer)  # a picture: closed by hand, it would take the test's own connection along
            continue
        assert answer.status_code == 200, address
        page = words_of(answer.content.decode())
        waiting += [urldefrag(urljoin(address, link)).url for link in page.links]
        yield address, page


def signed(paint: Callable[..., bytes], score: float) -> bytes:
    """A picture in whose file a generator's settings stand."""
    info = PngInfo()
    settings = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 12345, Size: 512x512, Model: 桜"
    info.add_text("parameters", f"雪の朝\nNegative prompt: 文字\n{settings}")
    file = BytesIO()
    Image.open(BytesIO(paint(score))).save(file, "PNG", pnginfo=info)
    return file.getvalue()


DECISIONS = {"approved": "approve", "labelled": "label", "rejected": "reject", "appealed": "reject"}


@pytest.fixture
def busy_site(
    make_case: Callable[..., Case],
    artist: User,
    moderator: User,
    paint: Callable[..., bytes],
    settings: Any,
    tmp_path: Path,
) -> dict[str, Any]:
    """A site with something of everything, found by workers who read English, of an artist who reads Japanese."""
    settings.MODERATION = {**settings.MODERATION, "SITE_URL": "https://art.example"}
    settings.STORAGES = {
        **settings.STORAGES,
        "moderation-private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "private"), "base_url": None},
        },
    }
    made = {
        "score": make_case(score=0.7, title="雪の朝", category="painting"),
        "held": make_case(score=0.95, title="夏の海"),
        "marks": make_case(data=signed(paint, 0.3), title="桜"),
        "unread": make_case(data=b"GIF89a" + bytes(60), title="壊れた絵"),
        "asked": make_case(score=0.8, title="質問の絵"),
    }
    asked = made["asked"]
    services.ask_artist(case=asked, moderator=moderator, text="下絵はありますか？", version=asked.version)
    for name, action in DECISIONS.items():
        case = make_case(score=0.9, title=f"決定の絵 {name[0]}")
        code = "human_made" if action == "approve" else "undeclared_ai"
        words = "" if action == "approve" else "手の形が不自然です。"
        made[name] = services.decide(
            case=case, decider=moderator, action=action, reason_code=code, explanation=words, version=case.version
        )
    Decision.objects.update(notice_due_at=timezone.now())
    Reader.objects.create(user=artist, language="ja", time_zone="Asia/Tokyo")
    appealed = Decision.objects.get(pk=made["appealed"].pk)
    appeals.file_appeal(decision=appealed, artist=appealed.artist, text="自分で描きました。")
    return made


@pytest.mark.django_db
def test_no_english_is_left_on_the_pages_of_visitors_and_artists(busy_site: dict[str, Any], artist: User) -> None:
    pages = [
        *crawled(reading(), "/", "/sign-in"),
        *crawled(reading(artist), "/works", "/works/new", "/moderation/record"),
    ]
    assert len(pages) > 20
    assert {address: left for address, page in pages if (left := leftovers(page.said))} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["moderator", "senior", "admin_user"])
def test_no_english_is_left_on_the_pages_of_moderators(
    role: str, busy_site: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(role)
    starts = ["/moderation/", "/moderation/?layout=grid", *(one.get_absolute_url() for one in _cases(busy_site))]
    pages = list(crawled(reading(user), *starts))
    assert len(pages) > 10
    assert {address: left for address, page in pages if (left := leftovers(page.said))} == {}


def _cases(made: dict[str, Any]) -> list[Case]:
    return [*(one for one in made.values() if not isinstance(one, Decision)), Appeal.objects.get().case]


@pytest.mark.django_db
def test_no_english_is_left_where_a_page_finds_fault(
    artist: User, moderator: User, make_case: Callable[..., Case]
) -> None:
    case = make_case(title="雪")
    answers = [
        reading(artist).post("/works/new", {"title": ""}),
        reading().post("/sign-in", {"username": "x", "password": "y"}),
        reading(moderator).post(f"/moderation/cases/{case.pk}/decide", {"version": case.version}),
        reading(moderator).post("/moderation/bulk", {"case": [f"{case.pk}:{case.version}"], "decide": "1"}),
        reading(moderator).get("/nowhere"),
    ]
    for answer in answers:
        assert leftovers(words_of(answer.content.decode()).said) == []


@pytest.mark.django_db
def test_what_an_english_worker_found_is_told_in_japanese(busy_site: dict[str, Any], moderator: User) -> None:
    browser = reading(moderator)
    marks = browser.get(busy_site["marks"].get_absolute_url()).content.decode()
    assert "Stable Diffusion web UIの設定が含まれています（モデル：桜、シード：12345）。" in marks
    queue = browser.get("/moderation/").content.decode()
    assert "検出器のスコアは70%です。ポリシーは50%から人に確認を求めます。" in queue
    unread = browser.get(busy_site["unread"].get_absolute_url()).content.decode()
    assert "ファイルが壊れています" in unread
    again = reading(moderator, "en").get("/moderation/").content.decode()
    assert "The detector&#x27;s score is 70 %; the policy asks a person from 50 %." in again


@pytest.mark.django_db
def test_the_mail_is_japanese_for_one_who_reads_japanese(busy_site: dict[str, Any]) -> None:
    notices.send_notices()
    assert len(mail.outbox) == 5  # four decisions and a question
    for message in mail.outbox:
        html = words_of(str(message.alternatives[0].content))
        assert leftovers([message.subject, *str(message.body).splitlines(), *html.said]) == []
        if "承認" not in message.subject:
            assert re.search(r"20\d\d年\d+月\d+日", str(message.body))
            assert "Asia/Tokyo" in message.body


@pytest.mark.django_db
def test_the_texts_to_an_artist_are_in_the_artists_language(artist: User, moderator: User, make_case: Any) -> None:
    Reader.objects.create(user=artist, language="ja")
    case = make_case(title="雪")
    page = reading(moderator, "en").get(case.get_absolute_url()).content.decode()
    assert "The artist reads the site in another language (Japanese)" in page
    assert 'data-text="「雪」を人が確認し、問題はありませんでした。' in page
    services.release_case(case=case, moderator=moderator)
    choice = {"version": case.version, "choice": "label:undeclared_ai", "seen": ["light", "style"], "stay": "1"}
    reading(moderator, "en").post(f"/moderation/cases/{case.pk}/decide", choice)
    explanation = Decision.objects.get().explanation
    assert "確認した点：互いに矛盾する光・影・遠近、ほかの作品と異なる筆致。" in explanation
    assert leftovers([explanation]) == []


@pytest.mark.django_db
def test_english_counts_one_and_many(moderator: User, make_case: Callable[..., Case]) -> None:
    chosen = [f"{case.pk}:{case.version}" for case in (make_case(), make_case())]
    browser = reading(moderator, "en")
    one, two = (browser.post("/moderation/bulk", {"case": chosen[:n]}).content.decode() for n in (1, 2))
    assert "Decide 1 case<" in one
    assert "Decide 2 cases together<" in two
