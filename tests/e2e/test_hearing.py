"""The artist's hearing in the browser: status, reasons, mail, appeal, answer. Another artist sees none of it."""

from __future__ import annotations

import email
import email.policy
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e import hearing
from tests.moderation.hearing import workfiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ADDRESS = "https://art.example"


def make(shop: Site, program: str) -> str:
    """Run statements on the site's side and return the last line that they print."""
    printed = shop.manage("shell", "--no-imports", f"--command=from tests.e2e import hearing; {program}")
    return printed.strip().rpartition("\n")[2]


def grave(page: Any) -> list[str]:
    """Return what axe finds serious or critical on the page."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def fits(page: Any) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def mails(folder: Path) -> list[Any]:
    """Return the mails that the site wrote into ``folder``."""
    written = b"".join(path.read_bytes() for path in sorted(folder.glob("*.log")))
    texts = [text for text in written.split(b"\n" + b"-" * 79 + b"\n") if text.strip()]
    return [email.message_from_bytes(text, policy=email.policy.default) for text in texts]


@pytest.fixture
def shop(site: Callable[..., Site], tmp_path: Path) -> Site:
    """A site with two artists whose mails go to files."""
    folder = tmp_path / "mail"
    settings = {"EMAIL_URL": f"filemail:///{folder}", "SITE_URL": ADDRESS, "RULES_URL": f"{ADDRESS}/rules"}
    one = site(classifier="tests.stubs.RedClassifier", extra=settings)
    make(one, "hearing.ensure_artists()")
    return one


def second_artist(chromium: Any, shop: Site) -> Any:
    """Return a page of the other artist's own browser."""
    page = chromium.new_context(base_url=shop.url).new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(hearing.SECOND[0])
    page.get_by_label("Password").fill(hearing.SECOND[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/works**")
    return page


def test_a_hearing_from_status_to_answer(
    shop: Site, sign_in: Callable[..., Any], chromium: Any, tmp_path: Path
) -> None:
    make(shop, "hearing.offer('Heron', 0.97, 1)")
    artist = sign_in(shop, "artist")
    artist.goto("/works")
    status = artist.locator(".bm-standing").first
    assert "A person decides within 24 hours." in status.inner_text()
    assert "You need not do anything." in status.inner_text()

    # A person decides; the artist's open page says so without being loaded again, and a mail leaves.
    reference = make(
        shop,
        "from moderation.models import Artwork; "
        "print(hearing.decide(Artwork.objects.get(), 'reject', 'The hand has six fingers.').reference)",
    )
    artist.get_by_text("A person decided that it cannot be shown here.").wait_for()
    shop.manage("send_notices")
    (mail,) = mails(tmp_path / "mail")
    assert mail["to"] == "mira@example.org"
    html = mail.get_body(("html",)).get_content()
    assert f"{ADDRESS}/moderation/decisions/{reference}/appeal" in html
    reader = chromium.new_context(viewport={"width": 390, "height": 800}).new_page()
    reader.set_content(html)
    assert reader.get_by_role("heading", name="A person decided that “Heron” cannot be shown here.").is_visible()
    assert reader.get_by_text("The hand has six fingers.").is_visible()
    assert reader.get_by_role("link", name="Appeal", exact=True).is_visible()
    assert fits(reader)
    assert grave(reader) == []

    # The reasons, and the appeal with two files.
    artist.get_by_role("link", name="The reasons, and your right to appeal").click()
    artist.get_by_role("heading", name="The reasons").wait_for()
    assert grave(artist) == []
    artist.get_by_role("link", name="Appeal", exact=True).click()
    assert grave(artist) == []
    (tmp_path / "sketch.png").write_bytes(hearing.picture(0.3, 5))
    (tmp_path / "heron.kra").write_bytes(workfiles.krita(layers=9))
    (tmp_path / "note.png").write_bytes(b"not a picture at all")
    words = artist.get_by_label("Why is the decision wrong?")
    words.fill("x" * 2001)
    assert artist.get_by_text("Characters too many: 1").is_visible()
    words.fill("I drew every feather.")
    artist.get_by_label("Files that show how it grew").set_input_files(tmp_path / "note.png")
    artist.get_by_role("button", name="Send the appeal").click()
    artist.get_by_text("“note.png” cannot be sent.").wait_for()
    assert words.input_value() == "I drew every feather."
    files = artist.get_by_label("Files that show how it grew")
    files.set_input_files([tmp_path / "sketch.png", tmp_path / "heron.kra"])
    assert artist.get_by_text("heron.kra").is_visible()
    artist.get_by_role("button", name="Send the appeal").click()
    artist.get_by_text("Your appeal has arrived.").wait_for()
    assert grave(artist) == []
    link = artist.get_by_role("link", name="sketch.png").get_attribute("href")

    # Another artist, and nobody, see nothing of it.
    other = second_artist(chromium, shop)
    secret = [
        link,
        f"/moderation/decisions/{reference}/",
        f"/moderation/decisions/{reference}/appeal",
        f"/moderation/decisions/{reference}/statement.json",
    ]
    artwork = make(shop, "from moderation.models import Artwork; print(Artwork.objects.get().reference)")
    secret += [f"/moderation/artworks/{artwork}/{part}" for part in ("", "status", "file", "thumbnail")]
    assert {other.request.get(url).status for url in secret} == {404}
    assert {artist.request.get(url).status for url in secret} == {200}
    assert artist.request.get(link).headers["content-disposition"].startswith("attachment")

    # A senior moderator reads what the worker found in the files, and answers.
    shop.wait_for(lambda: shop.count("AppealFile", summary_state="done") == 2, "the files to be read")
    senior = sign_in(shop, "senior moderator")
    senior.goto("/moderation/")
    senior.get_by_role("link", name="Heron").first.click()
    senior.get_by_role("heading", name="The artist appeals").wait_for()
    assert senior.get_by_text("I drew every feather.").is_visible()
    assert "9 layers" in senior.locator("#appeal-panel").inner_text()
    assert grave(senior) == []
    senior.get_by_label("The decision is taken back").check()
    senior.get_by_role("button", name="Answer the appeal").click()
    senior.get_by_text("Reply to the artist: say what you looked at").wait_for()
    assert senior.get_by_label("The decision is taken back").is_checked()
    senior.get_by_label("Reply to the artist").fill("The layers show it. We were wrong.")
    senior.get_by_role("button", name="Answer the appeal").click()
    senior.get_by_text("The appeal is answered.").wait_for()

    # The artist reads it, the work hangs on the wall, and the record counts it.
    artist.reload()
    assert artist.get_by_text("The layers show it. We were wrong.").is_visible()
    assert "Heron" in other.request.get("/").text()
    artist.goto("/moderation/record")
    assert artist.get_by_text("Answers your appeal: The decision is taken back").is_visible()
    assert grave(artist) == []
    other.context.close()


def test_an_appeal_without_scripts(shop: Site, sign_in: Callable[..., Any]) -> None:
    reference = make(
        shop, "print(hearing.decide(hearing.offer('Heron', 0.97, 1), 'label', 'The hand has six fingers.').reference)"
    )
    artist = sign_in(shop, "artist", java_script_enabled=False)
    artist.goto(f"/moderation/decisions/{reference}/appeal")
    artist.get_by_label("Why is the decision wrong?").fill("I drew every feather.")
    artist.get_by_role("button", name="Send the appeal").click()
    artist.get_by_text("Your appeal has arrived.").wait_for()
    assert shop.count("Appeal") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_phones_and_desks(shop: Site, sign_in: Callable[..., Any], scheme: str) -> None:
    make(shop, "hearing.seed()")
    places = dict(
        line.split()
        for line in shop.manage(
            "shell", "--no-imports", "--command=from tests.e2e import hearing; hearing.show()"
        ).splitlines()
        if len(line.split()) == 2
    )
    pages = {
        "artist": [
            "/works",
            "/works/new",
            f"/works/{places['listing']}/edit",
            f"/art/{places['listing']}",
            f"/moderation/artworks/{places['held']}/",
            "/moderation/record",
            f"/moderation/decisions/{places['rejected']}/",
            f"/moderation/decisions/{places['answered']}/",
            f"/moderation/decisions/{places['labelled']}/appeal",
        ],
        "senior moderator": [f"/moderation/cases/{places['case']}/", f"/moderation/cases/{places['closed']}/"],
    }
    for width in (390, 1440):
        for role, addresses in pages.items():
            page = sign_in(shop, role, viewport={"width": width, "height": 900}, color_scheme=scheme)
            complaints: list[str] = []
            page.on("console", lambda message, into=complaints: into.append(message.text))
            for address in addresses:
                page.goto(address)
                assert fits(page), (address, width)
                assert grave(page) == [], address
            assert [text for text in complaints if "Content Security Policy" in text] == []
            page.context.close()
