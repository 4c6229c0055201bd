"""What every site that installs the plugin can count on. Nothing here knows which site it is."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from moderation import selectors, services, signals, tasks
from moderation.models import Appeal, Artwork, Case, Decision, Notice
from tests.hosts.sites import file

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model

    from tests.hosts.sites import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def artist(make_user: Callable[..., Any]) -> Any:
    return make_user("painter")


@pytest.fixture
def offer(site: Site, artist: Any, paint: Callable[..., bytes]) -> Callable[..., Model]:
    """Return what offers a work: ``offer("Dawn", field, score=0.95)``."""

    def make(title: str, field: str, *, score: float = 0.1, by: Any = None) -> Model:
        return site.offer(by or artist, title, paint(score, seed=len(title)), field=field)

    return make


@pytest.fixture
def suspect(offer: Callable[..., Model]) -> Callable[..., Case]:
    """Return what offers a work that the detector holds, and gives its open case."""

    def make(title: str, field: str, **how: Any) -> Case:
        offer(title, field, score=0.95, **how)
        services.screen_pending()
        return Case.objects.get(state="open", artwork__title=title)

    return make


def browser(user: Any = None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return html.unescape(answer.content.decode())


def artwork_of(thing: Model, field: str) -> Artwork:
    artwork = selectors.current_artwork(thing, field=field)
    assert artwork is not None
    return artwork


def decide(client: Client, case: Case, choice: str) -> Decision:
    answer = client.post(
        reverse("moderation:decide", args=[case.pk]),
        {"version": case.version, "choice": choice, "seen": ["anatomy"]},
        follow=True,
    )
    assert answer.status_code == 200, answer.content.decode()
    return Decision.objects.get(case=case, undone_at=None)


def make_final(decision: Decision) -> None:
    Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now() - timedelta(seconds=1))
    Notice.objects.filter(decision=decision).update(next_try_at=timezone.now() - timedelta(seconds=1))


def test_the_sites_configuration_is_found_sound(site: Site) -> None:
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_saved_work_waits_and_is_not_shown(site: Site, offer: Callable[..., Model], field: str) -> None:
    thing = offer("Low tide", field)
    assert artwork_of(thing, field).standing == "waiting"
    assert "Low tide" not in page(browser(), site.gallery)


def test_a_cleared_work_is_shown_with_its_picture(site: Site, offer: Callable[..., Model], field: str) -> None:
    thing = offer("Low tide", field)
    services.screen_pending()
    artwork = artwork_of(thing, field)
    assert artwork.standing == "cleared"
    shown = page(browser(), site.gallery)
    assert "Low tide" in shown
    address = reverse("moderation:artwork_file", args=[artwork.reference])
    assert str(artwork.reference) in shown
    assert b"".join(browser().get(address).streaming_content).startswith(b"\x89PNG")


def test_a_suspect_goes_to_people_and_is_not_shown(site: Site, suspect: Callable[..., Case], field: str) -> None:
    case = suspect("Dragon", field)
    assert case.artwork.standing == "held"
    assert "Dragon" not in page(browser(), site.gallery)
    assert browser().get(reverse("moderation:artwork_file", args=[case.artwork.reference])).status_code == 404


def test_a_moderator_finds_it_in_the_queue_and_sees_the_picture(
    suspect: Callable[..., Case], make_user: Callable[..., Any], field: str
) -> None:
    case = suspect("Dragon", field)
    desk = browser(make_user("mo", "Moderators"))
    assert "Dragon" in page(desk, reverse("moderation:queue"))
    shown = page(desk, case.get_absolute_url())
    assert "who says: Made by hand" in shown
    assert "by painter" in shown
    file_page = desk.get(reverse("moderation:artwork_file", args=[case.artwork.reference]))
    assert b"".join(file_page.streaming_content).startswith(b"\x89PNG")


def test_every_page_of_the_desk_opens(suspect: Callable[..., Case], make_user: Callable[..., Any], field: str) -> None:
    case = suspect("Dragon", field)
    desk = browser(make_user("sen", "Senior moderators"))
    for name in ("queue", "overview", "preferences", "record"):
        page(desk, reverse(f"moderation:{name}"))
    page(desk, case.artwork.get_absolute_url())
    for name in ("second_looks", "queue_live"):
        assert desk.get(reverse(f"moderation:{name}"), follow=True).status_code == 200


def test_a_rejection_is_told_with_its_reasons(
    site: Site, artist: Any, suspect: Callable[..., Case], make_user: Callable[..., Any], mailoutbox: Any, field: str
) -> None:
    decision = decide(browser(make_user("mo", "Moderators")), suspect("Dragon", field), "reject:undeclared_ai")
    assert "Dragon" not in page(browser(), site.gallery)
    own = browser(artist)
    assert "hands, limbs or faces" in page(own, decision.artwork.get_absolute_url())
    make_final(decision)
    services.send_notices()
    (mail,) = mailoutbox
    assert mail.to == [artist.email]
    assert "Dragon" in mail.subject
    assert "hands, limbs or faces" in mail.body


@pytest.mark.parametrize(
    ("choice", "standing"), [("approve:human_made", "approved"), ("label:undeclared_ai", "labelled")]
)
def test_what_people_let_through_is_shown(
    site: Site,
    suspect: Callable[..., Case],
    make_user: Callable[..., Any],
    field: str,
    choice: str,
    standing: str,
) -> None:
    decision = decide(browser(make_user("mo", "Moderators")), suspect("Dragon", field), choice)
    assert Artwork.objects.get(pk=decision.artwork_id).standing == standing
    assert "Dragon" in page(browser(), site.gallery)


def test_a_decision_can_be_taken_back(
    site: Site, suspect: Callable[..., Case], make_user: Callable[..., Any], field: str
) -> None:
    desk = browser(make_user("mo", "Moderators"))
    decision = decide(desk, suspect("Dragon", field), "approve:human_made")
    assert desk.post(reverse("moderation:undo", args=[decision.pk])).status_code == 302
    assert "Dragon" not in page(browser(), site.gallery)
    assert Case.objects.get(pk=decision.case_id).state == "open"


def test_nobody_decides_on_their_own_work(
    suspect: Callable[..., Case], make_user: Callable[..., Any], field: str
) -> None:
    painter = make_user("mo", "Moderators")
    case = suspect("Mine", field, by=painter)
    answer = browser(painter).post(
        reverse("moderation:decide", args=[case.pk]),
        {"version": case.version, "choice": "approve:human_made", "seen": []},
    )
    assert answer.status_code == 403
    assert not Decision.objects.exists()


def test_an_appeal_is_answered_by_somebody_else(
    site: Site, artist: Any, suspect: Callable[..., Case], make_user: Callable[..., Any], field: str
) -> None:
    decision = decide(browser(make_user("mo", "Senior moderators")), suspect("Dragon", field), "reject:undeclared_ai")
    make_final(decision)
    sketch = file(b"\x89PNG\r\n\x1a\n" + bytes(64))
    sent = browser(artist).post(
        reverse("moderation:appeal", args=[decision.reference]), {"text": "I painted every scale.", "evidence": sketch}
    )
    assert sent.status_code == 302
    appeal = Appeal.objects.get()
    assert appeal.files.count() == 1
    other = make_user("sen", "Senior moderators")
    assert "I painted every scale." in page(browser(other), appeal.case.get_absolute_url())
    services.decide_appeal(
        appeal=appeal, decider=other, outcome="overturned", reply="You did. Sorry.", version=appeal.case.version
    )
    assert "Dragon" in page(browser(), site.gallery)


def test_new_bytes_are_looked_at_while_the_cleared_ones_stay_up(
    site: Site, offer: Callable[..., Model], paint: Callable[..., bytes], field: str
) -> None:
    thing = offer("Low tide", field)
    services.screen_pending()
    before = artwork_of(thing, field)
    setattr(thing, field, file(paint(0.95, seed=7)))
    thing.save()
    services.screen_pending()
    after = artwork_of(thing, field)
    assert after.pk != before.pk
    assert after.standing == "held"
    shown = page(browser(), site.gallery)
    assert str(before.reference) in shown
    assert str(after.reference) not in shown


def test_what_the_site_deletes_leaves_the_queue(
    suspect: Callable[..., Case], make_user: Callable[..., Any], field: str
) -> None:
    case = suspect("Dragon", field)
    case.artwork.host_object.delete()
    assert Case.objects.get(pk=case.pk).state != "open"
    assert Artwork.objects.get(pk=case.artwork_id).standing == "withdrawn"
    assert "Dragon" not in page(browser(make_user("mo", "Moderators")), reverse("moderation:queue"))


def test_what_was_written_without_signals_is_found(offer: Callable[..., Model], field: str) -> None:
    thing = offer("Low tide", field)
    copy = type(thing).objects.get(pk=thing.pk)  # type: ignore[attr-defined]
    thing.delete()
    type(thing).objects.bulk_create([copy])  # type: ignore[attr-defined]
    Artwork.objects.filter(object_pk=artwork_key(copy)).update(object_pk="elsewhere")
    assert services.sweep_missed() == Artwork.objects.filter(object_pk=artwork_key(copy)).count() > 0
    assert artwork_of(copy, field).standing == "waiting"
    assert services.sweep_missed() == 0


def artwork_key(thing: Model) -> str:
    from moderation.registry import key_of

    return key_of(thing)


def test_the_worker_and_the_commands_do_the_same(offer: Callable[..., Model], field: str) -> None:
    first = offer("Low tide", field)
    tasks.screen_pending.apply()
    assert artwork_of(first, field).standing == "cleared"
    second = offer("High tide", field)
    call_command("sweep", "--work", verbosity=0)
    assert artwork_of(second, field).standing == "cleared"


def test_the_site_is_told(
    suspect: Callable[..., Case],
    make_user: Callable[..., Any],
    field: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    told: list[tuple[str, str]] = []
    listeners = {}
    for name in ("screened", "flagged", "decided", "undone"):

        def listen(*, artwork: Artwork, _name: str = name, **kwargs: Any) -> None:
            told.append((_name, artwork.title))

        listeners[name] = listen
        getattr(signals, name).connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        case = suspect("Dragon", field)
    desk = browser(make_user("mo", "Moderators"))
    with django_capture_on_commit_callbacks(execute=True):
        decision = decide(desk, case, "approve:human_made")
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("moderation:undo", args=[decision.pk]))
    assert [name for name, title in told if title == "Dragon" and name != "screened"] == [
        "flagged",
        "decided",
        "undone",
    ]
    assert ("screened", "Dragon") in told


def test_strangers_are_asked_to_sign_in_and_others_refused(
    suspect: Callable[..., Case], make_user: Callable[..., Any], settings: Any, field: str
) -> None:
    case = suspect("Dragon", field)
    answer = browser().get(reverse("moderation:queue"))
    assert answer.status_code == 302
    assert "next=" in answer["Location"]
    assert browser(make_user("visitor")).get(reverse("moderation:queue")).status_code == 403
    assert browser(make_user("nosy")).get(case.artwork.get_absolute_url()).status_code == 404
