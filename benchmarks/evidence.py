"""What reading a file's marks adds to a screening, in CPU milliseconds on a 6 MB PNG.

    python -m benchmarks.evidence            # prints a table; exit code 1 if the promise of 5 ms is broken

The promise covers every picture, marked or not, whose findings come from metadata. What stands below the line is shown
beside it: hidden settings, which cannot be read without decoding the whole picture (only done when the first pixels
spell the word); Content Credentials, whose check hashes the whole file (only done when there are any); hostile texts.
"""

from __future__ import annotations

import gzip
import io
import json
import statistics
import struct
import sys
import time
from typing import TYPE_CHECKING

import django.conf
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moderation.evidence.base import EvidenceReader

PROMISE_MS = 5.0
ROUNDS = 40

INFOTEXT = (
    "a lighthouse\nNegative prompt: blurry\nSteps: 28, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 832x1216, Model: a"
)


def picture(mode: str = "RGB") -> Image.Image:
    """Return a noisy picture that makes a PNG of about 6 MB."""
    pixels = np.random.default_rng(0).integers(0, 256, (1500, 1400 if mode == "RGB" else 1050, len(mode)), np.uint8)
    image = Image.fromarray(pixels)
    if mode == "RGBA":
        image.putalpha(255)
    return image


def png(image: Image.Image, texts: dict[str, str] | None = None, *, compressed: bool = False) -> bytes:
    """Return ``image`` as a PNG with text chunks."""
    info = PngInfo()
    for key, value in (texts or {}).items():
        info.add_text(key, value, zip=compressed)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info, compress_level=1)
    return buffer.getvalue()


def graph(nodes: int) -> str:
    """Return a ComfyUI graph: a sampler fed by a chain of ``nodes`` nodes."""
    chain = {
        str(number): {"class_type": "Reroute", "inputs": {"model": [str(number + 1), 0], "note": "x" * 40}}
        for number in range(nodes)
    }
    sampler = {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 20, "model": ["0", 0], "positive": ["0", 0]}}
    return json.dumps({"sampler": sampler, **chain})


def hidden(text: str) -> Image.Image:
    """Return a picture with ``text`` in the lowest bits of its alpha channel."""
    payload = gzip.compress(text.encode())
    head = b"stealth_pngcomp" + struct.pack(">I", 8 * len(payload)) + payload
    bits = np.unpackbits(np.frombuffer(head, np.uint8))
    pixels = np.asarray(picture("RGBA")).copy()
    alpha = pixels[..., 3].T.reshape(-1).copy()
    alpha[: len(bits)] = (alpha[: len(bits)] & 254) | bits
    pixels[..., 3] = alpha.reshape(pixels.shape[1], pixels.shape[0]).T
    return Image.fromarray(pixels)


def with_store(data: bytes) -> bytes:
    """Return ``data`` with a chunk for Content Credentials that holds no manifest."""
    store = (
        struct.pack(">I4sI4s", 40, b"jumb", 32, b"jumd")
        + b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq\x03c2pa\x00\x00\x00"
    )
    return data[:33] + struct.pack(">I4s", len(store), b"caBX") + store + b"\x00\x00\x00\x00" + data[33:]


CASES: dict[str, Callable[[], bytes]] = {
    "no marks, RGB": lambda: png(picture()),
    "no marks, RGBA": lambda: png(picture("RGBA")),
    "web UI settings": lambda: png(picture(), {"parameters": INFOTEXT}),
    "ComfyUI, 100 kB": lambda: png(picture(), {"prompt": graph(300), "workflow": graph(800)}),
    "ComfyUI, 100 kB compressed": lambda: png(
        picture(), {"prompt": graph(300), "workflow": graph(800)}, compressed=True
    ),
}
BESIDE: dict[str, Callable[[], bytes]] = {
    "hidden settings": lambda: png(hidden(INFOTEXT)),
    "Content Credentials (empty)": lambda: with_store(png(picture())),
    "hostile: 8 texts of 1 MB": lambda: png(picture(), {f"text{n}": "Steps: 1, " * 100_000 for n in range(8)}),
}


def make_readers() -> list[EvidenceReader]:
    """Return the readers. Imported here, since their sentences ask for Django's settings."""
    django.conf.settings.configure(USE_I18N=False)
    from moderation.evidence.content_credentials import ContentCredentials
    from moderation.evidence.generator_metadata import GeneratorMetadata
    from moderation.evidence.novelai_stealth import NovelAIStealth

    return [GeneratorMetadata(), NovelAIStealth(), ContentCredentials()]


def cost(data: bytes, readers: Sequence[EvidenceReader]) -> tuple[list[float], float]:
    """Return the median CPU milliseconds of each reader, and of all together, on ``data``."""
    from moderation.evidence.base import Subject

    each: list[list[float]] = [[] for _ in readers]
    for _ in range(ROUNDS):
        subject = Subject(data=data, sha256="")
        for times, reader in zip(each, readers, strict=True):
            started = time.process_time()
            list(reader.read(subject))
            times.append(1000 * (time.process_time() - started))
    return [statistics.median(times) for times in each], statistics.median(map(sum, zip(*each, strict=True)))


def main() -> int:
    """Print the table; return 1 when a case of the promise costs more than it allows."""
    broken = False
    readers = make_readers()
    names = [reader.name for reader in readers]
    write = sys.stdout.write
    write(
        f"{'CPU ms, median of ' + str(ROUNDS):<32}{'MB':>6}"
        + "".join(f"{name:>21}" for name in names)
        + f"{'all':>8}\n"
    )
    for cases, promised in ((CASES, True), (BESIDE, False)):
        for name, make in cases.items():
            data = make()
            each, total = cost(data, readers)
            broken = broken or (promised and total > PROMISE_MS)
            columns = "".join(f"{value:>21.2f}" for value in each)
            write(f"{name:<32}{len(data) / 1e6:>6.1f}{columns}{total:>8.2f}\n")
        if promised:
            write(f"{'— promised: at most':<32}{'':>69}{PROMISE_MS:>8.2f}\n")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
