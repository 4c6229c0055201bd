"""NovelAI's texts: ``Software``, ``Source``, ``Title``, ``Description`` and the JSON in ``Comment``.

The same object is hidden in the alpha channel's low bits (`novelai_stealth`), and some tools copy it into the EXIF
UserComment of a WebP. ``signed_hash`` is NovelAI's signature; its key is not public, so it is reported, not checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from moderation.evidence.base import Strength
from moderation.evidence.generators.found import Found, first, size_of
from moderation.evidence.text import RAW_LIMIT, parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.evidence.sheet import Sheet

NAME = "NovelAI"
SIGNED = gettext_noop(
    "The file carries the settings of {generator}{facts}, and says that NovelAI signed them "
    "(only NovelAI can check that signature)."
)
FORM = gettext_noop("The file carries settings in {generator}'s form{facts}, though not its name.")
TOOL = gettext_noop(
    "The file says that it was altered with {generator}'s tools; the settings of a generated picture are not in it."
)
_KEYS = ("software", "source", "title", "description", "comment", "generation time")


def find(sheet: Sheet) -> Iterator[Found]:
    """Yield NovelAI's settings in ``sheet``, from text chunks or from an object of the same keys."""
    texts = {entry.key.lower(): entry.value for entry in reversed(sheet.entries) if entry.key.lower() in _KEYS}
    found = from_texts(texts, "text Comment" if "comment" in texts else "text Software")
    if found is None:
        for entry in sheet.entries:
            candidate = entry.json
            if {"Comment", "Software", "Source"} & set(candidate):
                found = from_object(candidate, entry.where)
                if found is not None:
                    break
    if found is not None:
        yield found


def from_object(value: dict[str, Any], where: str, kind: str = "novelai") -> Found | None:
    """Read an object with the keys of the text chunks; ``Comment`` may be a string of JSON or an object."""
    texts = {key.lower(): text for key, text in value.items() if isinstance(text, str)}
    comment = value.get("Comment")
    return from_texts(texts, where, kind, comment if isinstance(comment, dict) else None)


def from_texts(
    texts: dict[str, str], where: str, kind: str = "novelai", settings: dict[str, Any] | None = None
) -> Found | None:
    """Return the finding that ``texts`` (by lower-case key) make, or ``None`` when they are not NovelAI's."""
    comment = texts.get("comment", "")
    settings = parse_object(comment) if settings is None else settings
    source = texts.get("source", "")
    own = "sampler" in settings and ("uc" in settings or "v4_prompt" in settings)
    form = own and {"steps", "scale", "seed"} <= set(settings)
    named = texts.get("software", "").startswith(NAME) or source.startswith(NAME)
    said = named or (own and ("signed_hash" in settings or source.startswith("Stable Diffusion")))
    if not said and not form:
        return None
    signed = isinstance(settings.get("signed_hash"), str)
    made = own or signed or "seed" in settings or texts.get("title", "").lower() == "ai generated image"
    if not said:
        strength, message = Strength.STRONG, FORM
    elif made:
        strength, message = Strength.PROOF, SIGNED if signed else ""
    else:
        strength, message = Strength.STRONG, TOOL
    extra: dict[str, Any] = {
        key: settings[key] for key in ("steps", "sampler", "scale", "request_type", "req_type") if key in settings
    }
    return Found(
        kind=kind,
        generator=NAME,
        strength=strength,
        where=where,
        model=source,
        prompt=first(settings, "prompt") or _caption(settings.get("v4_prompt")) or texts.get("description", ""),
        negative_prompt=first(settings, "uc") or _caption(settings.get("v4_negative_prompt")),
        seed=first(settings, "seed"),
        size=size_of(settings),
        raw=(comment or str(texts.get("description", "")))[:RAW_LIMIT],
        message=message,
        extra=extra | {"signed_hash_present": signed},
    )


def _caption(prompt: object) -> str:
    """Join a V4 prompt's base caption and the captions of its characters."""
    caption = prompt.get("caption") if isinstance(prompt, dict) else None
    if not isinstance(caption, dict):
        return ""
    parts = [first(caption, "base_caption")]
    characters = caption.get("char_captions")
    if isinstance(characters, list):
        parts += [first(one, "char_caption") for one in characters[:16] if isinstance(one, dict)]
    return "\n".join(str(part) for part in parts if part)
