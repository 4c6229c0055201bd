"""Small working files of each kind, made in code."""

from __future__ import annotations

import io
import plistlib
import struct
import zipfile

from PIL import Image


def krita(*, layers: int = 3, xml: bytes | None = None) -> bytes:
    """A Krita file with ``layers`` paint layers in a group."""
    inner = "".join(f'<layer nodetype="paintlayer" name="Layer {n}"/>' for n in range(layers))
    document = (
        '<?xml version="1.0"?><!DOCTYPE DOC PUBLIC "-//KDE//DTD krita 2.0//EN" "http://example.org/krita.dtd">'
        '<DOC xmlns="http://www.calligra.org/DTD/krita" kritaVersion="5.2.2"><IMAGE name="x" width="800" height="600">'
        f'<layers><layer nodetype="grouplayer" name="Figure"><layers>{inner}</layers></layer></layers></IMAGE></DOC>'
    )
    info = (
        '<document-info xmlns="http://www.calligra.org/DTD/document-info"><about><editing-cycles>41</editing-cycles>'
        "<editing-time>7260</editing-time><date>2026-03-02T10:00:00</date>"
        "<creation-date>2026-03-01T09:00:00</creation-date></about></document-info>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/x-krita", zipfile.ZIP_STORED)
        archive.writestr("maindoc.xml", xml if xml is not None else document.encode(), zipfile.ZIP_DEFLATED)
        archive.writestr("documentinfo.xml", info, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def procreate(*, document: bytes | None = None) -> bytes:
    """A Procreate file with two layers and three pieces of its recording."""
    uid = plistlib.UID
    objects = [
        "$null",
        {"$class": uid(6), "strokeCount": 1234, "size": uid(2)},
        "{1640, 2360}",
        {"$class": uid(7), "name": uid(4)},
        "Inks",
        {"$class": uid(7), "name": uid(8)},
        {"$classname": "SilicaDocument"},
        {"$classname": "SilicaLayer"},
        "Colour",
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        plist = plistlib.dumps({"$objects": objects}, fmt=plistlib.FMT_BINARY)
        archive.writestr("Document.archive", plist if document is None else document)
        for number in range(3):
            archive.writestr(f"video/segments/segment-{number}.mp4", b"....")
    return buffer.getvalue()


def photoshop(*, layers: int = 2) -> bytes:
    """A PSD of 64 x 48 pixels with ``layers`` layers, written by psd-tools."""
    from psd_tools import PSDImage

    document = PSDImage.new("RGB", (64, 48))
    for number in range(layers):
        document.create_pixel_layer(Image.new("RGB", (8, 8), (number * 9, 0, 0)), name=f"Stroke {number}")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def gimp(*, version: int = 11, names: tuple[str, ...] = ("Background", "Lines")) -> bytes:
    """An XCF file's header, its layer list and the layers' own headers."""
    pointer = ">Q" if version >= 11 else ">I"
    head = f"gimp xcf v{version:03d}\0".encode() + struct.pack(">III", 320, 240, 0)
    head += struct.pack(">I", 150) if version >= 4 else b""
    head += struct.pack(">II", 17, 1) + b"\x00" + struct.pack(">II", 0, 0)  # a property, then the end of them
    start = len(head) + (len(names) + 1) * struct.calcsize(pointer)
    places, layers = b"", b""
    for name in names:
        places += struct.pack(pointer, start + len(layers))
        written = name.encode() + b"\0"
        layers += struct.pack(">IIII", 320, 240, 0, len(written)) + written
    return head + places + struct.pack(pointer, 0) + layers


def video(*, brand: bytes = b"isom", seconds: int = 754, wide: bool = False) -> bytes:
    """An MP4 (or QuickTime) file's outer boxes: a movie header that names its length, behind the media."""
    if wide:
        header = struct.pack(">B3xQQIQ", 1, 3_800_000_000, 0, 600, seconds * 600)
    else:
        header = struct.pack(">B3xIIII", 0, 3_800_000_000, 0, 600, seconds * 600)
    movie = _box(b"mvhd", header + bytes(80))
    return (
        _box(b"ftyp", brand + bytes(4) + brand) + _box(b"mdat", bytes(100)) + _box(b"moov", _box(b"trak", b"") + movie)
    )


def webm() -> bytes:
    """The beginning of a WebM file."""
    return b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webmB\x87\x81\x04" + bytes(64)


def clip_studio() -> bytes:
    """The beginning of a Clip Studio Paint file."""
    return b"CSFCHUNK" + struct.pack(">QQ", 400, 24) + b"CHNKHead" + bytes(64)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content
