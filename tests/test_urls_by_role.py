"""Who gets what: every address of the site, for every role, ownership and state. An address without a row fails.

One row is one request; the columns are the people of ``ROLES``, in that order. Each request runs by itself and is
rolled back. Who is refused must also have changed nothing: the log is compared before and after.

    in   sent to the sign-in page (302)      go   sent on to somewhere else (302)
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import F, Q
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from marketplace import health
from marketplace.models import Listing
from moderation import services
from moderation.admin import ReadOnlyAdmin
from moderation.models import (
    AppealFile,
    Artwork,
    Case,
    Decision,
    DecisionBatch,
    Detector,
    Event,
    PolicyDraft,
    Rejudging,
    Saliency,
    SavedView,
    SecondLook,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.db.models import QuerySet

pytestmark = pytest.mark.django_db

ROLES = (
    "stranger",
    "artist",  # made every work below
    "other",  # another artist
    "moderator",  # took every decision below
    "colleague",  # another moderator
    "senior",  # a senior moderator
    "admin",  # a superuser
    "insider",  # the artist, as a senior moderator: their own works are not theirs to decide
    "judge",  # the first decider, as a senior moderator: their own decisions are not theirs to hear
)
# Who has a narrow role of their own stands as another artist does, but for these rows ("METHOD name of": answer).
_FIGURES = {
    "GET moderation:overview": "200",
    "GET moderation:overview_csv days": "200",
    "GET moderation:policy": "200",
    "POST moderation:policy": "422",  # looks ahead at what was entered (here nothing), and stores nothing
    "GET moderation:policy_preview": "200",
    "GET moderation:policy_history": "200",
    "GET moderation:policy_version version": "200",
    "GET moderation:policy_rejudging run": "200",
    "GET moderation:detectors": "200",
    "GET moderation:detector detector": "200",
    "GET moderation:detector_gate detector": "200",
}
_AUDIT = {"GET moderation:audit": "200", "GET moderation:audit_export csv": "200"}
_HIDDEN = ("waiting picture", "held picture", "rejected picture", "replaced picture")
NARROW: dict[str, dict[str, str]] = {
    "Policy admins": {
        **_FIGURES,
        **_AUDIT,
        # They see whom a threshold or a detector would meet.
        **{f"GET moderation:artwork_file {of}": "200" for of in _HIDDEN},
        **{f"GET moderation:artwork_thumbnail {of}": "200" for of in ("held picture", "rejected picture")},
        "POST moderation:policy_save": "422",
        "POST moderation:policy_count": "go",
        "GET moderation:policy_draft draft": "200",
        "POST moderation:policy_publish draft": "422",
        "POST moderation:policy_drop draft": "go",
        "POST moderation:policy_return version": "422",
        "POST moderation:policy_rejudge": "404",
        "POST moderation:policy_rejudge_stop run": "go",
        "POST moderation:detectors_look": "go",
        "POST moderation:detectors_back": "go",
        "POST moderation:detector_change change": "409",
    },
    "Analysts": {**_FIGURES},
    "Auditors": {**_FIGURES, **_AUDIT},
}
REJECT = {"choice": "reject:undeclared_ai", "seen": ["anatomy"], "explanation": "Three hands on one arm."}
ANSWER = {"outcome": "overturned", "reply": "The layers show it grow."}

Row = tuple[str, str, str, str]
# fmt: off
TABLE: list[Row] = [
    # stranger artist other moderator colleague senior admin insider judge
    # The site
    ("GET", "gallery", "", "200 200 200 200 200 200 200 200 200"),
    ("GET", "home", "", "go go go go go go go go go"),
    ("GET", "listing", "public", "200 200 200 200 200 200 200 200 200"),
    ("GET", "listing", "hidden", "404 200 404 404 404 404 404 200 404"),
    ("GET", "listing", "waiting", "404 200 404 404 404 404 404 200 404"),
    ("GET", "listing", "withdrawn", "404 200 404 404 404 404 404 200 404"),
    ("GET", "my_works", "", "in 200 200 200 200 200 200 200 200"),
    ("GET", "upload", "", "in 200 200 200 200 200 200 200 200"),
    ("POST", "upload", "", "in go go go go go go go go"),
    ("GET", "declare", "", "in 405 405 405 405 405 405 405 405"),
    ("POST", "declare", "", "in go go go go go go go go"),
    ("GET", "edit", "public", "in 200 404 404 404 404 404 200 404"),
    ("POST", "edit", "public", "in go 404 404 404 404 404 go 404"),
    ("POST", "edit", "hidden", "in go 404 404 404 404 404 go 404"),
    ("GET", "withdraw", "public", "in 405 405 405 405 405 405 405 405"),
    ("POST", "withdraw", "public", "in go 404 404 404 404 404 go 404"),
    ("GET", "delete", "public", "in 200 404 404 404 404 404 200 404"),
    ("POST", "delete", "public", "in go 404 404 404 404 404 go 404"),
    ("GET", "sign_in", "", "200 go go go go go go go go"),
    ("GET", "sign_out", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "sign_out", "", "go go go go go go go go go"),
    ("GET", "set_language", "", "go go go go go go go go go"),
    ("POST", "set_language", "", "go go go go go go go go go"),
    ("GET", "theme", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "theme", "", "go go go go go go go go go"),
    ("GET", "set_language", "", "go go go go go go go go go"),
    ("POST", "set_language", "", "go go go go go go go go go"),
    ("GET", "favicon.ico", "", "go go go go go go go go go"),
    ("GET", "healthz", "", "200 200 200 200 200 200 200 200 200"),
    ("GET", "readyz", "", "200 200 200 200 200 200 200 200 200"),
    ("GET", "metrics", "", "404 404 404 404 404 404 404 404 404"),
    ("GET", "/nowhere", "", "404 404 404 404 404 404 404 404 404"),
    # The artist's pages of the plugin, and the pictures themselves
    ("GET", "moderation:artwork", "public picture", "in 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork", "held picture", "in 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork", "no picture", "in 404 404 404 404 404 404 404 404"),
    ("GET", "moderation:artwork_file", "public picture", "200 200 200 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_file", "waiting picture", "404 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_file", "picture in review", "200 200 200 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_file", "held picture", "404 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_file", "rejected picture", "404 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_file", "replaced picture", "404 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_file", "no picture", "404 404 404 404 404 404 404 404 404"),
    ("GET", "moderation:artwork_thumbnail", "public picture", "200 200 200 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_thumbnail", "picture in review", "200 200 200 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_thumbnail", "held picture", "404 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_thumbnail", "rejected picture", "404 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_status", "public picture", "in 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:artwork_status", "held picture", "in 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:answer", "asked about", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:answer", "asked about", "in go 404 404 404 404 404 go 404"),
    ("POST", "moderation:answer", "held picture", "in 404 404 404 404 404 404 404 404"),
    ("GET", "moderation:consent", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:consent", "", "in go go go go go go go go"),
    ("GET", "moderation:record", "", "in 200 200 200 200 200 200 200 200"),
    # The hearing
    ("GET", "moderation:decision", "decision", "in 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:decision", "appealed decision", "in 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:decision", "no picture", "in 404 404 404 404 404 404 404 404"),
    ("GET", "moderation:decision_json", "decision", "in 200 404 200 200 200 200 200 200"),
    ("GET", "moderation:appeal", "decision", "in 200 404 404 404 404 404 200 404"),
    ("POST", "moderation:appeal", "decision", "in go 404 404 404 404 404 go 404"),
    ("POST", "moderation:appeal", "appealed decision", "in 409 404 404 404 404 404 409 404"),
    ("GET", "moderation:appeal_file", "appeal's file", "in 200 404 404 404 200 200 200 404"),
    ("GET", "moderation:appeal_file", "no picture", "in 404 404 404 404 404 404 404 404"),
    ("GET", "moderation:decide_appeal", "appeal's case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:decide_appeal", "appeal's case", "in 403 403 403 403 go go 403 403"),
    ("POST", "moderation:decide_appeal", "open case", "in 403 403 404 404 404 404 404 404"),
    # The desk
    ("GET", "moderation:queue", "", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:queue_live", "", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:next", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:next", "", "in 403 403 go go go go go go"),
    ("GET", "moderation:save_view", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:save_view", "", "in 403 403 go go go go go go"),
    ("GET", "moderation:remove_view", "view", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:remove_view", "view", "in 403 403 go 404 404 404 404 go"),
    ("GET", "moderation:preferences", "", "in 403 403 200 200 200 200 200 200"),
    ("POST", "moderation:preferences", "", "in 403 403 go go go go go go"),
    ("GET", "moderation:case", "open case", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:case", "decided case", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:case", "appeal's case", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:saliency", "screening", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:keep", "open case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:keep", "open case", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:take_over", "open case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:take_over", "open case", "in 403 403 go go go go 403 go"),
    ("POST", "moderation:take_over", "appeal's case", "in 403 403 403 403 go go 403 403"),
    ("GET", "moderation:skip", "open case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:skip", "open case", "in 403 403 go go go go 403 go"),
    ("GET", "moderation:escalate", "open case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:escalate", "open case", "in 403 403 go go go go 403 go"),
    ("GET", "moderation:ask", "open case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:ask", "open case", "in 403 403 go go go go 403 go"),
    ("GET", "moderation:note", "open case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:note", "open case", "in 403 403 go go go go 403 go"),
    ("GET", "moderation:wrong", "decided case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:wrong", "decided case", "in 403 403 go go go go 403 go"),
    ("GET", "moderation:reopen", "decided case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:reopen", "decided case", "in 403 403 409 409 409 409 403 409"),
    ("GET", "moderation:decide", "open case", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:decide", "open case", "in 403 403 go go go go 403 go"),
    ("POST", "moderation:decide", "decided case", "in 403 403 409 409 409 409 403 409"),
    ("POST", "moderation:decide", "appeal's case", "in 403 403 403 403 422 422 403 403"),
    ("GET", "moderation:undo", "undoable", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:undo", "undoable", "in 403 403 go 403 go go 403 go"),
    ("POST", "moderation:undo", "too late", "in 403 403 409 403 409 409 403 409"),
    ("GET", "moderation:bulk", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:bulk", "", "in 403 403 go go go go go go"),
    ("GET", "moderation:undo_batch", "batch", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:undo_batch", "batch", "in 403 403 go 404 404 404 404 go"),
    ("GET", "moderation:second_looks", "", "in 403 403 403 403 go go 200 200"),
    ("GET", "moderation:second_look", "look", "in 403 403 403 403 200 200 404 404"),
    ("POST", "moderation:second_look", "look", "in 403 403 403 403 go go 404 404"),
    ("GET", "moderation:overview", "", "in 403 403 200 200 200 200 200 200"),
    ("GET", "moderation:overview_csv", "days", "in 403 403 200 200 200 200 200 200"),
    # The policy
    ("GET", "moderation:policy", "", "in 403 403 403 403 403 200 403 403"),
    ("POST", "moderation:policy", "", "in 403 403 403 403 403 422 403 403"),
    ("GET", "moderation:policy_preview", "", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:policy_save", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:policy_save", "", "in 403 403 403 403 403 422 403 403"),
    ("GET", "moderation:policy_count", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:policy_count", "", "in 403 403 403 403 403 go 403 403"),
    ("GET", "moderation:policy_draft", "draft", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:policy_publish", "draft", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:policy_publish", "draft", "in 403 403 403 403 403 422 403 403"),
    ("GET", "moderation:policy_drop", "draft", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:policy_drop", "draft", "in 403 403 403 403 403 go 403 403"),
    ("GET", "moderation:policy_history", "", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:policy_version", "version", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:policy_return", "version", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:policy_return", "version", "in 403 403 403 403 403 422 403 403"),
    ("GET", "moderation:policy_rejudge", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:policy_rejudge", "", "in 403 403 403 403 403 404 403 403"),
    ("GET", "moderation:policy_rejudging", "run", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:policy_rejudge_stop", "run", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:policy_rejudge_stop", "run", "in 403 403 403 403 403 go 403 403"),
    # The policy area
    ("GET", "moderation:detectors", "", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:detector", "detector", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:detector_gate", "detector", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:audit", "", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:audit_export", "csv", "in 403 403 403 403 403 200 403 403"),
    ("GET", "moderation:detectors_look", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:detectors_look", "", "in 403 403 403 403 403 go 403 403"),
    ("GET", "moderation:detectors_back", "", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:detectors_back", "", "in 403 403 403 403 403 go 403 403"),
    ("GET", "moderation:detector_change", "change", "405 405 405 405 405 405 405 405 405"),
    ("POST", "moderation:detector_change", "change", "in 403 403 403 403 403 409 403 403"),
]
# fmt: on


def addresses() -> Iterator[tuple[str, str]]:
    """Walk the resolver: route and name of every address."""

    def walk(resolver: Any, prefix: str, namespace: str) -> Iterator[tuple[str, str]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
                yield from walk(entry, prefix + str(entry.pattern), inner)
            elif isinstance(entry, URLPattern):
                yield prefix + str(entry.pattern), namespace + (entry.name or "")

    yield from walk(get_resolver(), "", "")


def test_every_address_has_a_row() -> None:
    in_the_table = {name for _method, name, _of, _answers in TABLE}
    by_route = {name or route for route, name in addresses() if not route.startswith("admin/")}
    assert by_route - in_the_table == set()
    assert in_the_table - by_route - {"/nowhere"} == set()


def test_what_changes_something_is_asked_for_by_get_too() -> None:
    rows = {(method, name) for method, name, _of, _answers in TABLE}
    assert {name for method, name in rows if method == "POST" and ("GET", name) not in rows} == set()


@pytest.fixture
def people(
    artist: Any, other_artist: Any, moderator: Any, other_moderator: Any, senior: Any, make_user: Any, admin_user: Any
) -> dict[str, Any]:
    """Who comes by; two of them are another one with a further role, which a request gives them while it runs."""
    return {
        "stranger": None,
        "artist": artist,
        "other": other_artist,
        "moderator": moderator,
        "colleague": other_moderator,
        "senior": senior,
        "admin": admin_user,
        "insider": artist,
        "judge": moderator,
        **{group: make_user(group.replace(" ", "-").lower(), group) for group in NARROW},
    }


@pytest.fixture
def things(
    senior: Any,
    make_listing: Callable[..., Listing],
    make_case: Callable[..., Case],
    artwork_of: Callable[..., Artwork],
    paint: Callable[..., bytes],
    moderator: Any,
    artist: Any,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """One work in each state, and what hangs on them, by the names that the table uses."""
    private = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "private"), "base_url": None},
    }
    settings.STORAGES = {**settings.STORAGES, "moderation-private": private}
    monkeypatch.setattr(health, "broker", lambda: health.Part(ok=True, ms=0))

    public = make_listing(score=0.1)
    withdrawn = make_listing(score=0.1, withdrawn_at=timezone.now())
    replaced = make_listing(score=0.1)
    services.screen_pending()
    old = artwork_of(replaced)
    replaced.picture = SimpleUploadedFile("new.png", paint(0.2, seed=99))
    replaced.save()
    services.screen_pending()

    review, held, asked, rejected, fresh = (make_case(score=score) for score in (0.7, 0.95, 0.95, 0.95, 0.95))
    question = services.ask_artist(
        case=services.claim_case(case=asked, moderator=moderator),
        moderator=moderator,
        text="How was it made?",
        version=Case.objects.get(pk=asked.pk).version,
    )

    def reject(case: Case) -> Decision:
        return services.decide(
            case=case,
            decider=moderator,
            version=case.version,
            action="reject",
            reason_code="undeclared_ai",
            explanation="Three hands on one arm.",
        )

    final = reject(rejected)
    Decision.objects.filter(pk=final.pk).update(notice_due_at=timezone.now() - timedelta(days=1))
    services.file_appeal(
        decision=Decision.objects.get(pk=final.pk),
        artist=artist,
        text="I painted every hair of it.",
        link="",
        files=[SimpleUploadedFile("sketch.png", paint(0.3))],
    )
    appealable = reject(make_case(score=0.95))
    Decision.objects.filter(pk=appealable.pk).update(notice_due_at=timezone.now() - timedelta(days=1))
    undoable = reject(fresh)
    batch = DecisionBatch.objects.create(moderator=moderator)
    batch.decisions.add(undoable)
    SecondLook.objects.all().delete()
    look = SecondLook.objects.create(decision=appealable)
    view = SavedView.objects.create(moderator=moderator, name="Mine", query="")
    Saliency.objects.get_or_create(screening=review.screening, defaults={"data": paint(0.1, kind="WEBP")})
    waiting = make_listing(score=0.1, title="Waits")
    candidate = Detector.objects.create(name="candidate", version="1")
    current = services.current_policy()
    draft = PolicyDraft.objects.create(author=senior, base=current, values={**current.values(), "review_hours": 9})
    run = Rejudging.objects.create(policy=current, started_by=senior)
    appeal = Decision.objects.get(pk=final.pk).appeal
    return {
        "": [],
        "public": [public.public_id],
        "withdrawn": [withdrawn.public_id],
        "hidden": [held.artwork.host_object.public_id],
        "waiting": [waiting.public_id],
        "public picture": [artwork_of(public).reference],
        "waiting picture": [artwork_of(waiting).reference],
        "picture in review": [review.artwork.reference],
        "held picture": [held.artwork.reference],
        "rejected picture": [rejected.artwork.reference],
        "replaced picture": [old.reference],
        "asked about": [question.case.artwork.reference],
        "no picture": [uuid4()],
        "open case": [review.pk],
        "decided case": [rejected.pk],
        "fresh case": [fresh.pk],
        "appeal's case": [appeal.case_id],
        "screening": [review.screening_id],
        "decision": [appealable.reference],
        "appealed decision": [final.reference],
        "appeal's file": [appeal.files.get().reference],
        "undoable": [undoable.pk],
        "too late": [final.pk],
        "batch": [batch.reference],
        "view": [view.pk],
        "look": [look.pk],
        "days": ["days"],
        "csv": ["csv"],
        "detector": [candidate.pk],
        "change": [candidate.pk, "promote"],
        "draft": [draft.pk],
        "version": [current.version],
        "run": [run.pk],
    }


def admin_addresses() -> list[tuple[str, str, str]]:
    """Return kind, model and address of each page of each model in the admin, for a row that is there."""
    found = []
    for model, options in site._registry.items():
        row = model._default_manager.order_by("pk").first()
        app, name = model._meta.app_label, model._meta.model_name
        for kind in ("changelist", "add", "change", "delete", "history"):
            args = [row.pk] if kind in ("change", "delete", "history") and row is not None else []
            if args or kind in ("changelist", "add"):
                readonly = "read-only" if isinstance(options, ReadOnlyAdmin) else "editable"
                found.append((kind, readonly, reverse(f"admin:{app}_{name}_{kind}", args=args)))
    return found


@pytest.mark.parametrize("role", [*ROLES, *NARROW])
def test_the_admin_is_for_admins_and_changes_no_history(
    role: str, people: dict[str, Any], things: dict[str, Any]
) -> None:
    client, user = Client(), people[role]
    if user is not None:
        client.force_login(user)
    for kind, sort, path in [
        *admin_addresses(),
        ("index", "", "/admin/"),
        ("password", "", "/admin/password_change/"),
    ]:
        response = client.get(path)
        if role != "admin":
            assert response["Location"].startswith("/admin/login/?next="), (role, path)
            continue
        closed = (kind == "add" and not path.startswith("/admin/auth/")) or (kind, sort) == ("delete", "read-only")
        assert response.status_code == (403 if closed else 200), path
        if sort == "read-only":
            before = Event.objects.count()
            assert client.post(path, {"post": "yes"}).status_code in (403, 200), path
            assert Event.objects.count() == before


def test_every_table_of_the_plugin_is_read_only_in_the_admin() -> None:
    ours = [options for model, options in site._registry.items() if model._meta.app_label == "moderation"]
    assert len(ours) >= 8
    assert [options for options in ours if not isinstance(options, ReadOnlyAdmin)] == []


def test_what_an_admin_does_is_logged(client: Client, admin_user: Any, things: dict[str, Any]) -> None:
    client.force_login(admin_user)
    listing = Listing.objects.get(public_id=things["public"][0])
    client.post(reverse("admin:marketplace_listing_delete", args=[listing.pk]), {"post": "yes"})
    entry = LogEntry.objects.get()
    assert (entry.user, entry.is_deletion(), entry.object_repr) == (admin_user, True, str(listing))
    assert Event.objects.filter(artwork__reference=things["public picture"][0], verb="artwork_withdrawn").exists()


def data_of(method: str, name: str, args: list[Any], of: str, paint: Callable[..., bytes]) -> dict[str, Any]:
    """Return what a whole and valid form would send, so that only the role can be what refuses it."""
    if method != "POST":
        return {}
    case = Case.objects.filter(pk=args[0]).first() if name.startswith("moderation:") and args else None
    version = case.version if case else 1
    work = {
        "title": "Low Tide",
        "category": "painting",
        "price": "12",
        "currency": "EUR",
        "declared_origin": "handmade",
    }
    picture = SimpleUploadedFile("tide.png", paint(0.1, seed=7))
    return {
        "moderation:decide": {**REJECT, "version": version},
        "moderation:decide_appeal": {**ANSWER, "version": version},
        "moderation:skip": {"reason": "unsure"},
        "moderation:escalate": {"reason": "Beyond me.", "version": version},
        "moderation:ask": {"text": "With which brushes?", "version": version},
        "moderation:note": {"text": "Seen before."},
        "moderation:reopen": {"reason": "New facts.", "version": version},
        "moderation:take_over": {"version": version},
        "moderation:keep": {"version": version},
        "moderation:save_view": {"name": "Late", "query": ""},
        "moderation:answer": {"answer": "With hog bristle."},
        "moderation:appeal": {"text": "It is mine."},
        "moderation:second_look": {"action": "reject", "remark": "Agreed."},
        "moderation:preferences": {"layout": "list"},
        "moderation:bulk": {
            **REJECT,
            "decide": "1",
            "case": [f"{one.pk}:{one.version}" for one in Case.objects.all()],
        },
        "upload": {**work, "picture": picture},
        "edit": work,
    }.get(name, {})


@pytest.mark.parametrize("role", [*ROLES, *NARROW])
def test_every_address_answers_each_as_the_table_says(
    role: str, people: dict[str, Any], things: dict[str, Any], paint: Callable[..., bytes]
) -> None:
    column, user = ROLES.index("other" if role in NARROW else role), people[role]
    found, expected, harm, leaks = {}, {}, [], []
    files = [
        *Artwork.objects.values_list("file_name", flat=True),
        *AppealFile.objects.values_list("file_name", flat=True),
    ]
    for method, name, of, answers in TABLE:
        with transaction.atomic():
            if role in ("insider", "judge"):
                user.groups.add(Group.objects.get(name="Senior moderators"))
            client = Client()
            if user is not None:
                client.force_login(user)
            path = (
                name
                if name.startswith("/")
                else f"/{name}"
                if name == "favicon.ico"
                else reverse(name, args=things[of])
            )
            before = Event.objects.count()
            response = getattr(client, method.lower())(path, data_of(method, name, things[of], of, paint))
            body = response.getvalue() if response.streaming else response.content
            row = f"{method} {name} {of}".strip()
            found[row], expected[row] = said(response), NARROW.get(role, {}).get(row, answers.split()[column])
            refused = expected[row] in ("in", "401", "403", "404", "405")
            if (refused and Event.objects.count() != before) or partial_judges().exists():
                harm.append(row)
            if any(name.encode() in body for name in files):
                leaks.append(row)
            transaction.set_rollback(True)
    assert found == expected
    assert harm == []
    assert leaks == []  # no page says where the storage keeps a file: they leave by the addresses above alone


def partial_judges() -> QuerySet[Decision]:
    """Return the decisions on works of the decider's own, and the answers to appeals against their own decisions."""
    return Decision.objects.filter(Q(decider=F("artwork__owner")) | Q(decider=F("answered_appeal__first_decider")))


def said(response: Any) -> str:
    if response.status_code != 302:
        return str(response.status_code)
    return "in" if response["Location"].startswith("/sign-in?") else "go"


@pytest.mark.parametrize("name", sorted({name for method, name, _of, _answers in TABLE if method == "POST"}))
def test_nothing_is_changed_without_the_forms_token(name: str, people: dict[str, Any], things: dict[str, Any]) -> None:
    of = next(of for method, one, of, _answers in TABLE if (method, one) == ("POST", name))
    for role in ("artist", "moderator", "senior"):
        client = Client(enforce_csrf_checks=True)
        client.force_login(people[role])
        before = Event.objects.count()
        assert client.post(reverse(name, args=things[of]), {"text": "forged"}).status_code in (403, 404)
        assert Event.objects.count() == before
