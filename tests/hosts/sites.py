"""How the shared suite drives a site: the few things that differ between one host and another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile

if TYPE_CHECKING:
    from django.db.models import Model


class Site(Protocol):
    """One host, as a test sees it."""

    fields: tuple[str, ...]
    """The registered artwork fields of the model that it sells."""
    gallery: str
    """Where the public looks."""

    def person(self, name: str) -> Any:
        """Return a new user of the site called ``name``."""

    def offer(self, artist: Any, title: str, picture: bytes, *, field: str) -> Model:
        """Save an object of ``artist`` with ``picture`` in ``field``; other required pictures are harmless ones."""


def file(data: bytes) -> SimpleUploadedFile:
    """Return ``data`` as an upload."""
    return SimpleUploadedFile("picture.png", data)


class Marketplace:
    """The example site."""

    fields = ("picture",)
    gallery = "/"

    def person(self, name: str) -> Any:
        """Users have names there."""
        return get_user_model().objects.create_user(name, f"{name}@example.org", "brush")

    def offer(self, artist: Any, title: str, picture: bytes, *, field: str) -> Model:
        """One picture a listing."""
        from marketplace.models import Listing

        return Listing.objects.create(
            artist=artist,
            title=title,
            category="painting",
            price="10.00",
            declared_origin="handmade",
            picture_width=64,
            picture_height=48,
            **{field: file(picture)},
        )


class Inkpress:
    """The print-on-demand shop: a front, and perhaps a back."""

    fields = ("front", "back")
    gallery = "/designs/"

    def person(self, name: str) -> Any:
        """Members have an address and nothing else."""
        from tests.hosts.inkpress.models import Member

        return Member.objects.create_member(f"{name}@example.org", "brush")

    def offer(self, artist: Any, title: str, picture: bytes, *, field: str) -> Model:
        """A design needs a front; a harmless one goes with a back that is looked at."""
        from tests.hosts.inkpress.models import Design, Studio

        studio, _created = Studio.objects.get_or_create(member=artist, defaults={"name": f"Studio of {artist}"})
        pictures = {"front": plain_picture(title), field: picture}
        return Design.objects.create(
            studio=studio, name=title, **{name: file(data) for name, data in pictures.items()}
        )


def plain_picture(seed: str) -> bytes:
    """Return a picture without red, one of its own for each ``seed``."""
    import io
    import zlib

    from PIL import Image

    number = zlib.crc32(seed.encode())
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (0, number % 256, number // 256 % 256)).save(buffer, "PNG")
    return buffer.getvalue()


def this_site() -> Site:
    """Return the driver of the site that the settings name."""
    return Inkpress() if settings.ROOT_URLCONF.startswith("tests.hosts.inkpress") else Marketplace()
