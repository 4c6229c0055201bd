"""Where the shop keeps its pictures: a storage with no paths and no addresses, as an object store has none."""

from __future__ import annotations

import io
import uuid
import zlib
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible


@deconstructible(path="tests.hosts.inkpress.storage.ShelfStorage")
class ShelfStorage(Storage):
    """Keeps each file packed, under a name that it makes up itself."""

    def __init__(self, folder: str = "shelf") -> None:
        self.folder = folder

    def _place(self, name: str) -> Path:
        return Path(settings.MEDIA_ROOT) / self.folder / name

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return File(io.BytesIO(zlib.decompress(self._place(name).read_bytes())), name)

    def _save(self, name: str, content: File[bytes]) -> str:
        kept = f"{uuid.uuid4().hex}{Path(name).suffix}"
        self._place(kept).parent.mkdir(parents=True, exist_ok=True)
        self._place(kept).write_bytes(zlib.compress(b"".join(content.chunks())))
        return kept

    def delete(self, name: str) -> None:
        """Take the file off the shelf, if it is there."""
        self._place(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        """Whether the file is there."""
        return self._place(name).exists()

    def size(self, name: str) -> int:
        """Bytes of the file as it was saved."""
        return len(zlib.decompress(self._place(name).read_bytes()))
