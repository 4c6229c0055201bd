"""Where the detector looked is kept for works that a person is asked about, and for no others."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from moderation import services
from moderation.models import Case, Saliency, Screening
from tests.stubs import RedClassifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.models import Listing
    from ml.artwork import Artwork

pytestmark = pytest.mark.django_db


@dataclass
class Draws(RedClassifier):
    """A classifier that can show where it looked."""

    def overlay(self, artwork: Artwork) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(artwork.pixels).save(buffer, "PNG")
        return buffer.getvalue()


@dataclass
class Fails(RedClassifier):
    """A classifier that has nothing to show."""

    def overlay(self, artwork: Artwork) -> bytes:
        raise ValueError("no view of the whole picture")


def classifier(settings: Any, name: str) -> None:
    settings.MODERATION = {**settings.MODERATION, "CLASSIFIER": f"{__name__}.{name}"}


def test_flagged_works_get_one_and_cleared_ones_none(make_listing: Callable[..., Listing], settings: Any) -> None:
    classifier(settings, "Draws")
    make_listing(score=0.1)
    make_listing(score=0.7)
    services.screen_pending()
    case = Case.objects.get()
    overlay = Saliency.objects.get()
    assert overlay.screening_id == case.screening_id
    with Image.open(io.BytesIO(bytes(overlay.data))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (64, 48))


@pytest.mark.parametrize("name", ["Fails", "RedClassifier"])
def test_a_classifier_without_one_stops_nothing(
    name: str, make_listing: Callable[..., Listing], settings: Any
) -> None:
    classifier(settings, name)
    make_listing(score=0.7)
    services.screen_pending()
    assert Screening.objects.get().state == "done"
    assert Case.objects.count() == 1
    assert not Saliency.objects.exists()
