"""PNG chunks (W3C PNG, third edition): tEXt, zTXt, iTXt, eXIf, caBX, and ComfyUI's private ``comf``."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from moderation.evidence.containers.exif import read_exif
from moderation.evidence.containers.iptc import read_iim
from moderation.evidence.containers.marks import MAX_TEXT, decode

if TYPE_CHECKING:
    from moderation.evidence.containers.marks import Collector

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = "XML:com.adobe.xmp"
MAX_KEYWORD = 79


def recognises(data: bytes) -> bool:
    """Return whether ``data`` begins like a PNG."""
    return data.startswith(SIGNATURE)


def walk(data: bytes, collector: Collector) -> None:
    """Collect the marks of a PNG. Checksums are not checked: a text with a wrong one still says who wrote it."""
    position, end = len(SIGNATURE), len(data)
    unpack = struct.Struct(">I4s").unpack_from
    while position + 8 <= end and collector.step():
        length, kind = unpack(data, position)
        start = position + 8
        if kind == b"IEND":
            return
        reader = _READERS.get(kind)
        if reader is not None:
            if length > MAX_TEXT and kind != b"caBX":
                collector.problem(f"a {kind.decode('ascii')} chunk is larger than 1 MiB")
            else:
                if start + length > end:
                    collector.problem(f"a {kind.decode('ascii')} chunk is cut short")
                reader(data[start : start + min(length, MAX_TEXT)], collector)
        position = start + length + 4


def _text(chunk: bytes, collector: Collector) -> None:
    key, separator, value = chunk.partition(b"\x00")
    if separator and len(key) <= MAX_KEYWORD:
        _keep(decode(key), value, collector)
    else:
        collector.problem("a tEXt chunk has no keyword")


def _compressed(chunk: bytes, collector: Collector) -> None:
    key, separator, value = chunk.partition(b"\x00")
    if not separator or len(key) > MAX_KEYWORD or value[:1] != b"\x00":
        collector.problem("a zTXt chunk is not readable")
        return
    inflated = collector.inflate(value[1:], "text")
    if inflated is not None:
        _keep(decode(key), inflated, collector)


def _international(chunk: bytes, collector: Collector) -> None:
    key, separator, rest = chunk.partition(b"\x00")
    parts = rest[2:].split(b"\x00", 2)  # language tag, translated keyword, text
    if not separator or len(key) > MAX_KEYWORD or len(parts) != 3:
        collector.problem("an iTXt chunk is not readable")
        return
    value: bytes | None = parts[2]
    if rest[0]:
        value = collector.inflate(parts[2], "text")
    if value is not None:
        _keep(decode(key), value, collector)


def _keep(key: str, value: bytes, collector: Collector) -> None:
    if key == XMP_KEYWORD or (key.lower() in {"xmp", "raw profile type xmp"} and b"<" in value[:64]):
        collector.xmp(value)
    elif key.lower().startswith("raw profile type"):
        _raw_profile(key, value, collector)
    else:
        collector.text(key, decode(value))


def _raw_profile(key: str, value: bytes, collector: Collector) -> None:
    """Read ImageMagick's form of EXIF, IPTC and XMP in a text chunk: name, length, then hexadecimal digits."""
    lines = value.strip().split(None, 2)
    if len(lines) != 3:
        return
    try:
        profile = bytes.fromhex(lines[2].decode("ascii"))
    except ValueError:
        collector.problem("a profile in a text chunk is not readable")
        return
    kind = key.lower().rpartition(" ")[2]
    if kind in {"exif", "app1"} and not profile.startswith(b"http://"):
        read_exif(profile, collector)
    elif kind in {"xmp", "app1"}:
        collector.xmp(profile.removeprefix(b"http://ns.adobe.com/xap/1.0/\x00"))
    elif kind in {"iptc", "8bim"}:
        read_iim(profile, collector)


def _store(chunk: bytes, collector: Collector) -> None:
    collector.store(chunk)


_READERS = {
    b"tEXt": _text,
    b"zTXt": _compressed,
    b"iTXt": _international,
    b"eXIf": read_exif,
    b"caBX": _store,
    # ComfyUI's animated PNG: keyword, zero byte, JSON, as in tEXt but behind the pixels of the first frame.
    b"comf": _text,
}
