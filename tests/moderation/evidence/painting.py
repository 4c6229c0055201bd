"""Paints the files that the evidence tests read: Pillow writes the containers, so the walkers are not their own judge.

What Pillow does not write (private chunks, extended XMP, application extensions, HEIF items) is put together here.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

USER_COMMENT, IMAGE_DESCRIPTION, MAKE, MODEL, SOFTWARE, ARTIST = 0x9286, 0x010E, 0x010F, 0x0110, 0x0131, 0x013B
MAKER_NOTE = 0x927C

INFOTEXT = (
    "a lighthouse at dusk, <lora:ink:0.8>, (detailed:1.2)\nsecond line\n"
    "Negative prompt: blurry, lowres\n"
    "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567, Size: 832x1216, "
    'Model hash: 0123abcd, Model: dawn_v3, Lora hashes: "ink: 00ff, other: 11aa", Version: v1.10.1'
)
GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 42,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "euler",
            "model": ["4", 0],
            "positive": ["10", 0],
            "negative": ["10", 1],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dawn.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
    "10": {"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
}
WORKFLOW: dict[str, Any] = {
    "last_node_id": 9,
    "last_link_id": 9,
    "links": [],
    "nodes": [
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["dawn.safetensors"]},
        {"id": 3, "type": "KSampler", "widgets_values": [42, "randomize", 20]},
    ],
}
NOVELAI_COMMENT: dict[str, Any] = {
    "prompt": "1girl, lighthouse",
    "steps": 28,
    "height": 1216,
    "width": 832,
    "scale": 5.0,
    "uc": "lowres",
    "seed": 99,
    "sampler": "k_euler",
    "signed_hash": "c2lnbmVk",
}
NOVELAI = {
    "Title": "AI generated image",
    "Description": "1girl, lighthouse",
    "Software": "NovelAI",
    "Source": "NovelAI Diffusion V4 37442FCA",
    "Comment": json.dumps(NOVELAI_COMMENT),
}
SWARM = {
    "sui_image_params": {
        "prompt": "a lighthouse",
        "negativeprompt": "blurry",
        "model": "dawn_xl",
        "seed": 5,
        "width": 1024,
        "height": 768,
        "swarm_version": "0.9.5.0",
    }
}
FOOOCUS = {
    "prompt": "a lighthouse",
    "negative_prompt": "blurry",
    "base_model": "juggernaut",
    "performance": "Speed",
    "seed": "77",
    "steps": 30,
    "resolution": "(1152, 896)",
    "styles": "['Fooocus V2']",
    "version": "Fooocus v2.5.5",
}
INVOKE = {
    "positive_prompt": "a lighthouse",
    "negative_prompt": "fog",
    "model": {"name": "dawn-xl", "base": "sdxl"},
    "seed": 777,
    "steps": 25,
    "width": 1024,
    "height": 1024,
    "app_version": "5.4.0",
}
DRAW_THINGS = {
    "c": "a lighthouse",
    "uc": "photo",
    "model": "dawn_q6p_q8p.ckpt",
    "sampler": "DPM++ 2M Karras",
    "seed": 31337,
    "scale": 6.5,
    "steps": 22,
    "size": "512x768",
    "v2": {},
}
MIDJOURNEY = "a lighthouse at dusk --ar 2:3 --niji 6 --no people Job ID: 6aa0ecfd-1cb0-4a52-9e09-33a2ad9f54a5"


def picture(mode: str = "RGB", size: tuple[int, int] = (32, 24)) -> Image.Image:
    """Return a small picture with something in it."""
    image = Image.linear_gradient("L").resize(size).convert(mode)
    if mode == "RGBA":
        image.putalpha(255)
    return image


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return ``image`` as a file of ``kind`` ("PNG", "JPEG", ...)."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(texts: dict[str, str] | None = None, *, form: str = "tEXt", **options: Any) -> bytes:
    """Return a PNG with ``texts`` in chunks of ``form``: tEXt, zTXt, iTXt or iTXt-z (compressed)."""
    info = PngInfo()
    for key, value in (texts or {}).items():
        if form.startswith("iTXt"):
            info.add_itxt(key, value, zip=form == "iTXt-z")
        else:
            info.add_text(key, value, zip=form == "zTXt")
    return save(picture(), "PNG", pnginfo=info, **options)


def chunk(kind: bytes, payload: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_with(*chunks: bytes) -> bytes:
    """Return a PNG with raw ``chunks`` behind its header."""
    plain = png()
    return plain[:33] + b"".join(chunks) + plain[33:]


def exif(tags: dict[int, str | bytes], private: dict[int, str | bytes] | None = None) -> bytes:
    """Return an EXIF block by Pillow, its private directory (UserComment) included."""
    block = Image.Exif()
    for tag, value in tags.items():
        block[tag] = value
    if private:
        block.get_ifd(0x8769).update(private)
    return block.tobytes()


def tiff(entries: list[tuple[int, int, bytes]], order: str = ">", *, private: int | None = None) -> bytes:
    """Return a TIFF block with one directory of ``entries``: tag, type, bytes; ``private`` sets an EXIF pointer."""
    count = len(entries) + (private is not None)
    head = {">": b"MM\x00*", "<": b"II*\x00"}[order] + struct.pack(order + "IH", 8, count)
    position = 8 + 2 + 12 * count + 4
    body, tail = b"", b""
    for tag, kind, value in entries:
        field = value.ljust(4, b"\x00") if len(value) <= 4 else struct.pack(order + "I", position + len(tail))
        tail += value if len(value) > 4 else b""
        body += struct.pack(order + "HHI", tag, kind, len(value)) + field
    if private is not None:
        body += struct.pack(order + "HHII", 0x8769, 4, 1, private)
    return head + body + b"\x00\x00\x00\x00" + tail


def comment(text: str, charset: str = "UNICODE-BE") -> bytes:
    """Return a UserComment: eight bytes that name the character set, then the text."""
    return {
        "UNICODE-BE": b"UNICODE\x00" + text.encode("utf-16-be"),
        "UNICODE-LE": b"UNICODE\x00" + text.encode("utf-16-le"),
        "UNICODE-BOM": b"UNICODE\x00" + text.encode("utf-16"),
        "UNICODE-UTF8": b"UNICODE\x00" + text.encode(),
        "ASCII": b"ASCII\x00\x00\x00" + text.encode(),
        "JIS": b"JIS\x00\x00\x00\x00\x00" + text.encode("iso2022_jp", "replace"),
        "UNDEFINED": bytes(8) + text.encode(),
        "BARE": text.encode(),
    }[charset]


def with_exif(kind: str, tags: dict[int, str | bytes], private: dict[int, str | bytes] | None = None) -> bytes:
    """Return a file of ``kind`` with an EXIF block."""
    return save(picture(), kind, exif=exif(tags, private))


def jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    """Return a JPEG with raw ``segments`` (marker, payload) behind its first marker."""
    plain = save(picture(), "JPEG")
    raw = b"".join(struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload for marker, payload in segments)
    return plain[:2] + raw + plain[2:]


def webp_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a WebP with raw RIFF ``chunks`` behind the picture."""
    body = save(picture(), "WEBP")[8:]
    for kind, payload in chunks:
        body += kind + struct.pack("<I", len(payload)) + payload + bytes(len(payload) & 1)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_with(*extensions: bytes) -> bytes:
    """Return a GIF with raw ``extensions`` before its first picture."""
    plain = save(picture("P"), "GIF")
    start = 13 + (3 << ((plain[10] & 7) + 1))
    return plain[:start] + b"".join(extensions) + plain[start:]


def sub_blocks(payload: bytes) -> bytes:
    """Return ``payload`` in a GIF's sub-blocks."""
    pieces = [payload[start : start + 255] for start in range(0, len(payload), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\x00"


def box(kind: bytes, payload: bytes) -> bytes:
    """Return a box of an ISO base media file."""
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def heif(
    items: list[tuple[bytes, bytes, bytes]], *extra: bytes, inline: bool = False, brand: bytes = b"heic"
) -> bytes:
    """Return the skeleton of a HEIF file: items of type, content type and bytes, in ``mdat`` or (inline) ``idat``."""
    infos, contents = b"", b"".join(item[2] for item in items)
    for number, (kind, content_type, _) in enumerate(items, 1):
        name = b"\x00" + (content_type + b"\x00" if kind == b"mime" else b"")
        infos += box(b"infe", struct.pack(">IHH", 0x02000000, number, 0) + kind + name)
    iinf = box(b"iinf", struct.pack(">IH", 0, len(items)) + infos)
    ftyp = box(b"ftyp", brand + struct.pack(">I", 0) + b"mif1" + brand)

    def located(base: int) -> bytes:
        entries, offset = b"", base
        for number, (_, _, value) in enumerate(items, 1):
            entries += struct.pack(">HHHHII", number, int(inline), 0, 1, offset, len(value))
            offset += len(value)
        iloc = box(b"iloc", b"\x01\x00\x00\x00" + b"\x44\x00" + struct.pack(">H", len(items)) + entries)
        return box(b"meta", bytes(4) + iinf + iloc + (box(b"idat", contents) if inline else b""))

    meta = located(0)
    if not inline:
        meta = located(len(ftyp) + len(meta) + 8)
    return ftyp + meta + (b"" if inline else box(b"mdat", contents)) + b"".join(extra)


def xmp(inner: str = "", attributes: str = "") -> bytes:
    """Return an XMP packet with ``inner`` elements and ``attributes`` of its description."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" '
        f'{attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def jumbf(label: bytes = b"c2pa", payload: bytes = b"") -> bytes:
    """Return a superbox whose description box carries ``label``."""
    uuid = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq"
    return box(b"jumb", box(b"jumd", uuid + b"\x03" + label + b"\x00") + payload)


def stealth(
    text: str, *, mode: str = "alpha", compressed: bool = True, size: tuple[int, int] = (64, 160), word: bytes = b""
) -> Image.Image:
    """Hide ``text`` in the lowest bits, down the columns: of alpha, or of red, green and blue in turn."""
    kind = {"alpha": b"png", "rgb": b"rgb"}[mode]
    payload = gzip.compress(text.encode()) if compressed else text.encode()
    head = word or b"stealth_" + kind + (b"comp" if compressed else b"info")
    bits = "".join(f"{byte:08b}" for byte in head + struct.pack(">I", 8 * len(payload)) + payload)
    image = picture("RGBA" if mode == "alpha" else "RGB", size)
    pixels = image.load()
    assert pixels is not None
    channels = (3,) if mode == "alpha" else (0, 1, 2)
    places = ((x, y, c) for x in range(size[0]) for y in range(size[1]) for c in channels)
    for bit in bits:
        x, y, channel = next(places)
        value = list(pixels[x, y])
        value[channel] = (value[channel] & 254) | int(bit)
        pixels[x, y] = tuple(value)
    return image


def filtered_png(pixels: np.ndarray, kinds: list[int]) -> bytes:
    """Return an 8-bit RGB(A) PNG with filtered rows: 0 none, 1 sub, 2 up, 3 average, 4 Paeth."""
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, width * channels).astype(np.int32)
    left, above, corner = np.zeros_like(rows), np.zeros_like(rows), np.zeros_like(rows)
    left[:, channels:] = rows[:, :-channels]
    above[1:] = rows[:-1]
    corner[1:, channels:] = rows[:-1, :-channels]
    guess = left + above - corner
    far = [abs(guess - near) for near in (left, above, corner)]
    paeth = np.where((far[0] <= far[1]) & (far[0] <= far[2]), left, np.where(far[1] <= far[2], above, corner))
    predicted = (0 * rows, left, above, (left + above) // 2, paeth)
    raw = b"".join(
        bytes([kind]) + ((rows[y] - predicted[kind][y]) % 256).astype(np.uint8).tobytes()
        for y, kind in enumerate(kinds)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
