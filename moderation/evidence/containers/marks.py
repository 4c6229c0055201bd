"""The result of walking a container, and the budget under which it is collected."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT = 1 << 20
"""Bytes of one text, XMP packet or EXIF block after inflation (1 MiB)."""
MAX_TOTAL = 8 << 20
"""Bytes of all texts of a file together."""
MAX_TEXTS = 256
"""Texts of a file. A generator writes fewer than a dozen."""
MAX_BLOCKS = 100_000
"""Chunks, segments, boxes or sub-blocks looked at in one file (20 MiB of 255-byte GIF sub-blocks are 82,000)."""
MAX_PROBLEMS = 16


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the file: ``key`` is its keyword (``parameters``) or origin (``comment``), as the file has it."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything in a file that a maker or an editor may have left beside the pixels."""

    container: str
    """``PNG``, ``JPEG``, ``WEBP``, ``GIF``, ``BMFF`` (AVIF and HEIF), or ``""`` for an unknown format."""
    texts: tuple[Text, ...] = ()
    exif: Mapping[str, str] = field(default_factory=dict)
    """EXIF strings by tag name (``UserComment``, ``Software``, ...); only the tags in `exif.NAMES`."""
    xmp: tuple[bytes, ...] = ()
    """XMP packets as they stand, unparsed."""
    jumbf: bytes | None = None
    """The C2PA manifest store, or ``None`` when the file carries none. Cut to `MAX_TEXT`: enough to look for words."""
    problems: tuple[str, ...] = ()
    """What could not be read, one short phrase each. Written here, never taken from the file."""

    def text(self, key: str) -> str:
        """Return the first text under ``key`` (any case), or an empty string."""
        wanted = key.lower()
        return next((text.value for text in self.texts if text.key.lower() == wanted), "")


class Collector:
    """Gathers marks within a budget. Walkers ask ``step()`` before each block and stop when it says no."""

    def __init__(self, container: str) -> None:
        self.container = container
        self.exif: dict[str, str] = {}
        self._texts: list[Text] = []
        self._xmp: list[bytes] = []
        self._jumbf: bytes | None = None
        self._problems: list[str] = []
        self._blocks = 0
        self._total = 0

    def step(self) -> bool:
        """Count one block; return whether the walk may go on."""
        self._blocks += 1
        if self._blocks > MAX_BLOCKS:
            self.problem("the file has too many blocks to look at all of them")
            return False
        return True

    def text(self, key: str, value: str) -> None:
        """Keep a text, unless the file has used up its allowance."""
        if len(self._texts) < MAX_TEXTS and self._take(len(value), "text"):
            self._texts.append(Text(key, value))

    def xmp(self, packet: bytes) -> None:
        """Keep an XMP packet."""
        if packet and len(self._xmp) < MAX_TEXTS and self._take(len(packet), "XMP packet"):
            self._xmp.append(bytes(packet))

    def store(self, jumbf: bytes) -> None:
        """Note a C2PA manifest store (or the next piece of it)."""
        self._jumbf = ((self._jumbf or b"") + bytes(jumbf[:MAX_TEXT]))[:MAX_TEXT]

    def problem(self, phrase: str) -> None:
        """Note something that could not be read, once."""
        if phrase not in self._problems and len(self._problems) < MAX_PROBLEMS:
            self._problems.append(phrase)

    def inflate(self, data: bytes, what: str) -> bytes | None:
        """Inflate zlib data to at most `MAX_TEXT` bytes; ``None`` (and a problem) when it is broken or larger.

        Never more than the limit is inflated, whatever the data would grow to.
        """
        inflater = zlib.decompressobj()
        try:
            result = inflater.decompress(data[:MAX_TEXT], MAX_TEXT + 1)
        except zlib.error:
            self.problem(f"a compressed {what} is broken")
            return None
        if len(result) > MAX_TEXT:
            self.problem(f"a compressed {what} is larger than 1 MiB")
            return None
        if not inflater.eof:
            self.problem(f"a compressed {what} is cut short")
            return None
        return result

    def marks(self) -> Marks:
        """Return what was gathered."""
        return Marks(
            container=self.container,
            texts=tuple(self._texts),
            exif=self.exif,
            xmp=tuple(self._xmp),
            jumbf=self._jumbf,
            problems=tuple(self._problems),
        )

    def _take(self, size: int, what: str) -> bool:
        if size > MAX_TEXT:
            self.problem(f"a {what} is larger than 1 MiB")
            return False
        self._total += size
        if self._total > MAX_TOTAL:
            self.problem("the file carries more than 8 MiB of text")
            return False
        return True


def decode(raw: bytes) -> str:
    """Decode text of unknown encoding: UTF-8 where it is valid, else Latin-1, which never fails."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
