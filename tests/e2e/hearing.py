"""Works, decisions and appeals for the hearing's browser tests; runs inside a site's process (``Site.manage``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.desk import picture

if TYPE_CHECKING:
    from moderation.models import Decision

SECOND = ("nora", "keep-it-mine")
"""Another artist, who must see nothing of the first one's."""


def ensure_artists() -> None:
    """Give the demo's artist an address, and make the other one."""
    from django.contrib.auth.models import User

    user, is_new = User.objects.get_or_create(username=SECOND[0], defaults={"email": "nora@example.org"})
    if is_new:
        user.set_password(SECOND[1])
        user.save()
    User.objects.filter(username="mira").update(email="mira@example.org")


def offer(title: str, score: float, number: int, *, artist: str = "mira") -> Any:
    """Offer a work and screen it."""
    from django.contrib.auth.models import User
    from django.core.files.base import ContentFile

    from marketplace.models import Listing
    from moderation import selectors, services

    listing = Listing.objects.create(
        artist=User.objects.get(username=artist),
        title=title,
        category="painting",
        price="10",
        declared_origin="handmade",
        picture=ContentFile(picture(score, number), "picture.png"),
        picture_width=420,
        picture_height=320,
    )
    services.screen_pending()
    artwork = selectors.current_artwork(listing)
    while artwork is not None and artwork.standing == "waiting":
        services.screen_pending()
        artwork.refresh_from_db()
    return artwork


def decide(artwork: Any, action: str, explanation: str, *, by: str = "tomas") -> Decision:
    """Decide the work's open case, and let the time to undo be over."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from moderation import services
    from moderation.models import Decision

    case = artwork.cases.get(state="open")
    decision = services.decide(
        case=case,
        decider=User.objects.get(username=by),
        action=action,
        reason_code="human_made" if action == "approve" else "undeclared_ai",
        explanation=explanation,
        version=case.version,
    )
    Decision.objects.update(notice_due_at=timezone.now())
    return Decision.objects.get(pk=decision.pk)


def seed() -> None:
    """Make one of everything: cleared, in review, held with a question, labelled, appealed, and an answered appeal."""
    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.utils import timezone

    from moderation import services
    from moderation.models import Appeal, Decision
    from tests.moderation.hearing import workfiles

    User.objects.filter(username="mira").update(email="mira@example.org")
    mira, sato = User.objects.get(username="mira"), User.objects.get(username="sato")
    offer("Quiet Harbour", 0.1, 1)
    offer("Evening Tide", 0.7, 2)
    held = offer("The Long Corridor", 0.95, 3).cases.get()
    services.ask_artist(
        case=held,
        moderator=User.objects.get(username="tomas"),
        text="How did you draw the tiles? A sketch, or the layers, would help.",
        version=held.version,
    )
    decide(offer("Thistle Study", 0.8, 4), "approve", "")
    labelled = decide(
        offer("Glass Orchard", 0.96, 5),
        "label",
        "“Glass Orchard” was offered with the declaration “Made by hand”. A person who looked at it found that it is "
        "AI-generated. What they saw: lines and objects that melt into each other. It stays public and carries the "
        "label “AI-generated”.",
    )
    rejected = decide(
        offer("Portrait with a Heron and a Rather Long Title", 0.97, 6),
        "reject",
        "“Portrait with a Heron” was offered as made by hand. What they saw: hands that do not fit together, and "
        "lettering that is no real writing. It cannot be shown here as it is.",
    )
    won = decide(offer("Winter Ferry", 0.97, 7), "reject", "Light and shadow contradict each other.")
    text = (
        "I painted this over eleven evenings in March.\n\nThe layers are in the file, and the sketch is from day one."
    )
    files = [
        SimpleUploadedFile("heron-wip-03.png", picture(0.4, 8)),
        SimpleUploadedFile("heron.kra", workfiles.krita(layers=14)),
        SimpleUploadedFile("heron.psd", workfiles.photoshop(layers=5)),
        SimpleUploadedFile("timelapse.mp4", workfiles.video()),
    ]
    services.file_appeal(
        decision=rejected, artist=mira, text=text, link="https://videos.example/heron-timelapse", files=files
    )
    second = services.file_appeal(decision=won, artist=mira, text=text, files=[])
    services.decide_appeal(
        appeal=second,
        decider=sato,
        outcome="overturned",
        reply="Your layers show the ferry grow from a pencil line. The shadow is a reflection. We were wrong; sorry.",
        version=second.case.version,
    )
    Decision.objects.update(notice_due_at=timezone.now())
    print("labelled", labelled.reference, "appeals", Appeal.objects.count())


def show() -> None:
    """Print where the pages of what ``seed`` made are."""
    from marketplace.models import Listing
    from moderation.models import Appeal, Artwork, Decision

    held = Artwork.objects.get(standing="held")
    print("held", held.reference)
    print("listing", Listing.objects.get(pk=held.object_pk).public_id)
    open_one = Appeal.objects.get(outcome="")
    answered = Appeal.objects.exclude(outcome="").get()
    print("rejected", open_one.decision.reference)
    print("labelled", Decision.objects.get(action="label").reference)
    print("answered", answered.decision.reference)
    print("case", open_one.case_id)
    print("closed", answered.case_id)
