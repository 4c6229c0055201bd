"""What a file is, from its first bytes. Names and media types that a browser sends are never believed."""

from __future__ import annotations

import struct
from pathlib import PurePosixPath

from ml import containers
from moderation.models.appeal import FileKind

HEAD = 4096
"""So many first bytes are enough to tell the kinds apart."""

EXTENSIONS: dict[FileKind, tuple[str, ...]] = {
    FileKind.PICTURE: (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".heif"),
    FileKind.PSD: (".psd", ".psb"),
    FileKind.KRA: (".kra",),
    FileKind.CLIP: (".clip",),
    FileKind.XCF: (".xcf",),
    FileKind.PROCREATE: (".procreate",),
    FileKind.VIDEO: (".mp4", ".m4v", ".mov", ".webm"),
}
ACCEPT = ",".join(sorted(extension for group in EXTENSIONS.values() for extension in group))
"""For a form's ``accept`` attribute."""

_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def kind_of(head: bytes, name: str) -> FileKind | None:
    """Return what the file with the first bytes ``head`` is; ``None`` for everything that is not accepted.

    ``name`` only tells apart what looks the same from outside: Procreate's container is a plain ZIP file.
    """
    for kind, recognises in _RECOGNISE:
        if recognises(head):
            return kind
    if head.startswith(b"PK\x03\x04") and PurePosixPath(name.lower()).suffix == ".procreate":
        return FileKind.PROCREATE
    return None


def extension_of(kind: FileKind, name: str) -> str:
    """Return the file name's extension if it fits ``kind``, else the kind's first."""
    suffix = PurePosixPath(name.lower()).suffix
    return suffix if suffix in EXTENSIONS[kind] else EXTENSIONS[kind][0]


def clean_name(name: str, kind: FileKind) -> str:
    """Return a name that is safe to show and to save under: one path segment, printable, with a fitting extension."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    plain = "".join(letter for letter in stem if letter.isprintable() and letter not in '<>:"|?*%;/').strip(". ")
    return (plain[:100] or str(kind.value)) + extension_of(kind, name)


def _is_psd(head: bytes) -> bool:
    return head[:4] == b"8BPS" and head[4:6] in (b"\x00\x01", b"\x00\x02")


def _is_kra(head: bytes) -> bool:
    """Krita's ZIP begins with an uncompressed member ``mimetype``."""
    if not head.startswith(b"PK\x03\x04") or len(head) < 30:
        return False
    name_length, extra_length = struct.unpack_from("<HH", head, 26)
    start = 30 + name_length + extra_length
    return head[30 : 30 + name_length] == b"mimetype" and head[start:].startswith(b"application/x-kr")


def _is_video(head: bytes) -> bool:
    box = head[4:8]
    if box == b"ftyp":
        return True  # the stills in this container were recognised before
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return b"webm" in head[:64]
    return box in _OLD_QUICKTIME and int.from_bytes(head[:4], "big") in (1, *range(8, 1 << 31))


_RECOGNISE = (
    (FileKind.PICTURE, lambda head: containers.sniff(head) is not None),
    (FileKind.PSD, _is_psd),
    (FileKind.KRA, _is_kra),
    (FileKind.CLIP, lambda head: head.startswith(b"CSFCHUNK")),
    (FileKind.XCF, lambda head: head.startswith(b"gimp xcf ")),
    (FileKind.VIDEO, _is_video),
)
