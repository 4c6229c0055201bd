"""Cases for the browser tests of the moderators' room; runs inside a site's own process (``Site.manage``)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def picture(score: float, seed: int, size: tuple[int, int] = (420, 320)) -> bytes:
    """Return a PNG that ``RedClassifier`` scores ``score``: patches of its own in green and blue, red throughout."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(seed)
    patches = rng.integers(0, 255, (8, 10, 3), np.uint8)
    patches[..., 0] = round(score * 255)
    buffer = io.BytesIO()
    Image.fromarray(patches).resize(size, Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def seed(works: Sequence[tuple[str, float]], *, first: int) -> None:
    """Close what is open, then offer ``works`` (title, score) as the demo's artist and screen them."""
    from django.contrib.auth.models import User
    from django.core.files.base import ContentFile
    from django.utils import timezone

    from marketplace.models import Listing
    from moderation import services
    from moderation.models import Case, Decision, DeskPreferences, SavedView, Screening

    now = timezone.now()
    Case.objects.filter(state="open").update(state="withdrawn", closed_at=now, held_by=None, held_until=None)
    Decision.objects.update(notice_due_at=now)
    DeskPreferences.objects.all().delete()
    SavedView.objects.all().delete()
    artist = User.objects.get(username="mira")
    for place, (title, score) in enumerate(works):
        Listing.objects.create(
            artist=artist,
            title=title,
            category="painting",
            price="10",
            declared_origin="handmade",
            picture=ContentFile(picture(score, first + place), "picture.png"),
            picture_width=420,
            picture_height=320,
        )
    services.screen_pending()
    while Screening.objects.filter(state__in=("pending", "running")).exists():
        services.screen_pending()


def settle(title: str, *, by: str) -> None:
    """Let ``by`` reject the open work of that title for good, and draw the decision for a second look."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from moderation import services
    from moderation.models import Case, Decision, SecondLook

    Case.objects.filter(state="open", artwork__title=title).update(held_by=None, held_until=None)
    case = Case.objects.get(state="open", artwork__title=title)
    decision = services.decide(
        case=case,
        decider=User.objects.get(username=by),
        action="reject",
        reason_code="undeclared_ai",
        explanation="Light from three sides.",
        version=case.version,
    )
    Decision.objects.filter(pk=decision.pk).update(notice_due_at=timezone.now())
    SecondLook.objects.get_or_create(decision=decision)
