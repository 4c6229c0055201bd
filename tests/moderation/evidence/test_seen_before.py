"""The same picture, or a light edit of it, is noticed; another picture is not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from moderation import services
from moderation.evidence import perceptual
from moderation.evidence.perceptual import Hashes
from moderation.models import Artwork, Case, Fingerprint, Screening
from moderation.models.fingerprint import BANDS
from moderation.selectors.lookalikes import lookalikes

if TYPE_CHECKING:
    from collections.abc import Callable

WORD = st.integers(-(2**63), 2**63 - 1)


def painting(seed: int, size: tuple[int, int] = (320, 240), red: float = 0.3) -> Image.Image:
    """Paint soft blots: a picture with structure at every scale, as drawn works have; ``red`` is its score."""
    random = np.random.default_rng(seed)
    picture = Image.fromarray(random.integers(0, 255, (6, 8, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    detail = Image.fromarray(random.integers(0, 255, (24, 32, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(Image.blend(picture, detail, 0.3)).astype(float)
    pixels[..., 0] += red * 255 - pixels[..., 0].mean()
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def file_of(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def trimmed(picture: Image.Image) -> Image.Image:
    return picture.crop((5, 4, picture.width - 5, picture.height - 4))


EDITS: dict[str, Callable[[Image.Image], bytes]] = {
    "re-encoded": lambda picture: file_of(picture, "JPEG", quality=60),
    "half the size": lambda picture: file_of(picture.resize((160, 120))),
    "brighter": lambda picture: file_of(ImageEnhance.Brightness(picture).enhance(1.1)),
    "trimmed": lambda picture: file_of(trimmed(picture)),
    "mirrored": lambda picture: file_of(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
}


@pytest.mark.django_db
@pytest.mark.parametrize("edit", EDITS)
def test_a_light_edit_of_another_artists_work_is_possible_theft(
    make_listing: Callable[..., Any], other_artist: Any, edit: str
) -> None:
    for seed in range(6):
        make_listing(data=file_of(painting(seed)), title=f"Blots {seed}")
    services.screen_pending()
    assert Case.objects.count() == 0

    thief = make_listing(data=EDITS[edit](painting(3)), artist=other_artist, declared_origin="generated")
    services.screen_pending()
    case = Case.objects.get()
    assert case.artwork.object_pk == str(thief.pk)
    assert case.severity == 35
    assert "“Blots 3”" in case.reason
    finding = next(item for item in case.screening.evidence if item["kind"] == "possible_theft")
    assert [match["title"] for match in finding["details"]["matches"]] == ["Blots 3"]
    assert finding["details"]["matches"][0]["same_file"] is False


@pytest.mark.django_db
def test_the_first_uploader_is_not_accused_when_the_thief_was_first_screened(
    make_listing: Callable[..., Any], other_artist: Any
) -> None:
    first = make_listing(data=file_of(painting(1)))
    second = make_listing(data=file_of(painting(1)), artist=other_artist)
    services.screen_pending()
    assert [case.artwork.object_pk for case in Case.objects.all()] == [str(second.pk)]
    services.request_screening(first)
    assert Case.objects.count() == 1


@pytest.mark.django_db
def test_ones_own_copy_is_no_theft(make_listing: Callable[..., Any]) -> None:
    make_listing(data=file_of(painting(1)))
    make_listing(data=EDITS["re-encoded"](painting(1)))
    services.screen_pending()
    assert Case.objects.count() == 0


@pytest.mark.django_db
def test_a_rejected_picture_that_comes_back_edited_is_shown_to_a_person(
    make_listing: Callable[..., Any], moderator: Any, paint: Any
) -> None:
    make_listing(data=file_of(painting(1, red=0.6)), title="Red")
    services.screen_pending()
    case = Case.objects.get()
    services.decide(
        case=case,
        decider=moderator,
        action="reject",
        reason_code="undeclared_ai",
        explanation="It is.",
        version=case.version,
    )
    again = make_listing(data=file_of(ImageEnhance.Brightness(trimmed(painting(1, red=0.6))).enhance(0.7)))
    services.screen_pending()
    screening = Screening.objects.get(artwork__object_pk=str(again.pk))
    assert screening.p_ai is not None
    assert screening.p_ai < 0.5  # the score alone would clear it
    assert "seen_restricted" in [item["kind"] for item in screening.evidence]
    assert Case.objects.get(state="open").artwork.object_pk == str(again.pk)


@pytest.mark.django_db
def test_an_approved_picture_of_the_same_artist_speaks_for_the_work(
    make_listing: Callable[..., Any], moderator: Any, make_case: Any
) -> None:
    case = make_case(data=file_of(painting(1, red=0.6)))
    services.decide(case=case, decider=moderator, action="approve", reason_code="human_made", version=case.version)
    again = make_listing(data=file_of(trimmed(painting(1, red=0.6))))
    services.screen_pending()
    kinds = [item["kind"] for item in Screening.objects.get(artwork__object_pk=str(again.pk)).evidence]
    assert "seen_approved" in kinds


@given(WORD, st.lists(st.integers(0, 63), unique=True, max_size=7))
def test_the_bands_miss_no_neighbour(phash: int, flips: list[int]) -> None:
    """Whatever seven bits differ, one band differs in at most one of them."""
    other = phash
    for bit in flips:
        other ^= 1 << bit
    differing = [((phash ^ other) >> low & (1 << width) - 1).bit_count() for low, width in BANDS]
    assert min(differing) <= 1
    assert sum(width for _low, width in BANDS) == perceptual.BITS


@pytest.mark.django_db
@pytest.mark.parametrize("phash", [0, -1, 2**63 - 1, -(2**63), 0x0123456789ABCDEF])
def test_the_database_finds_all_neighbours_and_nothing_else(
    make_listing: Callable[..., Any], artwork_of: Any, phash: int
) -> None:
    def flipped(*bits: int) -> int:
        value = phash & (1 << 64) - 1
        for bit in bits:
            value ^= 1 << bit
        return value - (1 << 64) if value >> 63 else value

    stored = {
        "same": (phash, 0),
        "eight bits": (flipped(0, 13, 26, 39, 52, 63, 1, 14), 0),
        "nine bits": (flipped(0, 13, 26, 39, 52, 63, 1, 14, 27), 0),
        "other gradients": (phash, 0xFFFF),
        "opposite": (flipped(*range(64)), 0),
    }
    names = {}
    for name, (one, two) in stored.items():
        artwork = artwork_of(make_listing(score=0.1))
        Fingerprint.objects.create(artwork=artwork, phash=one, dhash=two)
        names[artwork.pk] = name
    found = [names[pk] for pk in lookalikes(Hashes(phash, 0), before=10**9)]
    assert found == ["same", "eight bits"]
    latest = max(names)
    assert latest not in lookalikes(Hashes(*stored["opposite"]), before=latest)
    assert Artwork.objects.count() == len(stored)
