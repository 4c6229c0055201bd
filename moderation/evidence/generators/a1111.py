"""The text block of Stable Diffusion web UI ("infotext") and of the many programs that write it too.

Written from the web UI's own rules: the prompt's lines, then lines after ``Negative prompt:``, then one line of
``Key: value`` pairs beginning with ``Steps:``, values quoted as JSON strings where they hold commas or colons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from moderation.evidence.base import Strength
from moderation.evidence.generators.found import Found
from moderation.evidence.text import RAW_LIMIT, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.evidence.sheet import Entry, Sheet

_LINE_LIMIT = 16_384
_CANDIDATES = 32
_STEPS = re.compile(r"Steps: {0,2}\d{1,5}\b")
_BEFORE_STEPS = "\n,; \t"
# Bounded quantifiers: an unbounded key would make a long line without a colon cost its length squared.
_PAIR = re.compile(r'\s{0,4}(\w[\w \-/]{0,60}):\s{0,4}("(?:\\.|[^\\"]){1,4000}"|[^,\n]{0,4000})(?:,|$|\n)')
_CIVITAI_MODEL = re.compile(r'"type":"checkpoint"[^{}]{0,400}?"modelName":"([^"]{1,200})"')
_KNOWN = {
    "sampler",
    "cfg scale",
    "seed",
    "size",
    "model",
    "model hash",
    "schedule type",
    "denoising strength",
    "version",
}
_KEYS = {
    "parameters",
    "usercomment",
    "comment",
    "imagedescription",
    "xpcomment",
    "description",
    "iptc:caption",
}

_GENERATORS = (
    # Order matters: what a program says of itself in the settings line.
    ("app: sd.next", "SD.Next"),
    ("version: comfyui", "ComfyUI (web UI format)"),
    ("civitai resources:", "Civitai's generator"),
    ("version: stable-diffusion.cpp", "stable-diffusion.cpp"),
    ("version: f", "Stable Diffusion web UI Forge"),
    ("version: neo", "Stable Diffusion web UI Forge"),
)
WEB_UI = "Stable Diffusion web UI"
POSTPROCESSED = gettext_noop(
    "The file was enlarged or retouched with {generator}; the settings do not say that it was generated there."
)


@dataclass(frozen=True)
class Infotext:
    """The three parts of a block."""

    prompt: str
    negative_prompt: str
    settings: dict[str, str] = field(default_factory=dict)


def parse_infotext(text: str) -> Infotext | None:
    """Parse a block; ``None`` when it is none: no line of settings, or fewer than two known ones beside the steps."""
    # The last one that reads as settings: a prompt may quote another block, and templates may follow the line.
    start = len(text)
    for _ in range(_CANDIDATES):
        start = text.rfind("Steps:", 0, start)
        if start < 0:
            break
        if (start and text[start - 1] not in _BEFORE_STEPS) or not _STEPS.match(text, start):
            continue
        settings = _pairs(text[start : start + _LINE_LIMIT])
        if len(_KNOWN & {key.lower() for key in settings}) >= 2:
            return _split(text, start, settings)
    return None


def _split(text: str, start: int, settings: dict[str, str]) -> Infotext:
    """Divide what stands before the settings at ``start`` into prompt and negative prompt."""
    head, mark, negative = text[:start].partition("Negative prompt:")
    # A negative prompt is announced at the beginning of a line; elsewhere the words belong to the prompt.
    while mark and head and not head.endswith(("\n", " ")):
        more, mark, negative = negative.partition("Negative prompt:")
        head += "Negative prompt:" + more
    return Infotext(head.strip(), negative.strip() if mark else "", settings)


def _pairs(line: str) -> dict[str, str]:
    settings: dict[str, str] = {}
    for key, value in _PAIR.findall(line.partition("\n")[0]):
        if value.startswith('"'):
            unquoted = parse_json(f"[{value}]")
            value = unquoted[0] if unquoted else value.strip('"')
        settings.setdefault(key.strip(), value.strip())
    return settings


def find(sheet: Sheet) -> Iterator[Found]:
    """Yield the web UI's settings in ``sheet``: one finding a file, from the first place that holds a block."""
    for entry in sheet.entries:
        if entry.json or ("Steps:" not in entry.value):
            continue
        block = parse_infotext(entry.value)
        # Under an unusual key the seed must be there too: prose may well say "Steps: 3, Size: large".
        if block is None or (entry.key.lower() not in _KEYS and "Seed" not in block.settings):
            continue
        yield found_in(block, entry.value, entry.where)
        return
    yield from _postprocessed(sheet)


def found_in(block: Infotext, raw: str, where: str, kind: str = "a1111") -> Found:
    """Return the finding that ``block`` makes."""
    settings = block.settings
    line = raw[-_LINE_LIMIT:].lower()
    if "version: fooocus" in line:
        kind, generator = kind.replace("a1111", "fooocus"), "Fooocus"
    else:
        generator = next((name for word, name in _GENERATORS if word in line), WEB_UI)
    extra = {
        key: settings[name]
        for key, name in (
            ("steps", "Steps"),
            ("sampler", "Sampler"),
            ("model_hash", "Model hash"),
            ("version", "Version"),
        )
        if name in settings
    }
    return Found(
        kind=kind,
        generator=generator,
        strength=Strength.PROOF,
        where=where,
        model=settings.get("Model") or _civitai_model(raw) or settings.get("Model hash", ""),
        prompt=block.prompt,
        negative_prompt=block.negative_prompt,
        seed=settings.get("Seed", ""),
        size=settings.get("Size", ""),
        raw=raw[:RAW_LIMIT],
        extra=extra,
    )


def _civitai_model(raw: str) -> str:
    """Return the checkpoint among Civitai's resources, a JSON list behind the settings that name no model."""
    match = _CIVITAI_MODEL.search(raw[-_LINE_LIMIT:])
    return match.group(1) if match else ""


def _postprocessed(sheet: Sheet) -> Iterator[Found]:
    entry: Entry
    for entry in sheet.named("postprocessing", "extras"):
        if "upscale" in entry.value.lower() or "postprocess" in entry.value.lower():
            yield Found(
                kind="a1111-postprocessing",
                generator=WEB_UI,
                strength=Strength.HINT,
                where=entry.where,
                raw=entry.value[:RAW_LIMIT],
                message=POSTPROCESSED,
            )
            return
