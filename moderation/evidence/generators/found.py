"""What a parser of generator settings returns, and the sentences made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from moderation.evidence.base import Evidence, Strength
from moderation.evidence.text import FIELD_LIMIT, PROMPT_LIMIT, RAW_LIMIT, number, plain, quoted
from moderation.saying import Saying, say

# Every sentence of this kind of evidence stands here.
SETTINGS = gettext_noop("The file carries the settings of {generator}{facts}.")
CLAIM = gettext_noop("The file names {generator} as its maker{facts}; nothing in it proves that.")
HINT = gettext_noop("The file mentions {generator}{facts}; that alone says little.")
# What stands in {facts}: it follows a name without a space, and a comma, a semicolon or a full stop follows it.
MODEL = gettext_noop(": model {model}")
SEED = gettext_noop(": seed {seed}")
MODEL_AND_SEED = gettext_noop(": model {model}, seed {seed}")
ARTIST = {
    Strength.PROOF: gettext_noop("Your file carries the settings that {generator} writes into the pictures it makes."),
    Strength.STRONG: gettext_noop("Your file's metadata names {generator}; please tell us how the picture was made."),
    Strength.HINT: gettext_noop(
        "Your file's metadata mentions {generator}; if you can, tell us how the picture was made."
    ),
}
AN_IMAGE_GENERATOR = gettext_noop("an image generator")
AN_AI_GENERATOR = gettext_noop("an AI generator")
A_CHINESE_SERVICE = gettext_noop("a Chinese AI service")
UNNAMED_GENERATORS = (AN_IMAGE_GENERATOR, AN_AI_GENERATOR, A_CHINESE_SERVICE)
"""What a generator is called in a sentence whose file does not name it."""
_MESSAGES = {Strength.PROOF: SETTINGS, Strength.STRONG: CLAIM, Strength.HINT: HINT}


@dataclass(frozen=True)
class Found:
    """One generator's traces in a file. All texts are the file's own words and are cleaned on the way out."""

    kind: str
    generator: str
    strength: Strength
    where: str
    model: object = ""
    prompt: object = ""
    negative_prompt: object = ""
    seed: object = ""
    size: object = ""
    raw: str = ""
    message: str = ""
    """A sentence of its own, with ``{generator}`` and ``{facts}``, where the usual ones do not fit."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further details: JSON values whose strings are cleaned like the others."""

    def evidence(self, reader: str) -> Evidence:
        """Return the finding with its sentences; ``reader`` is the reader's name and version."""
        generator = say(self.generator) if self.generator in UNNAMED_GENERATORS else self.generator
        return Evidence(
            kind=self.kind,
            strength=self.strength,
            message=say(self.message or _MESSAGES[self.strength], generator=generator, facts=self._facts()),
            artist_message=say(ARTIST[self.strength], generator=generator),
            reader=reader,
            details=self._details(),
        )

    def _facts(self) -> Saying | str:
        model, seed = quoted(self.model), number(self.seed)
        if model and seed:
            return say(MODEL_AND_SEED, model=model, seed=seed)
        return say(MODEL, model=model) if model else say(SEED, seed=seed) if seed else ""

    def _details(self) -> dict[str, Any]:
        details: dict[str, Any] = {
            "generator": self.generator,
            "where": plain(self.where),
            "model": plain(self.model),
            "prompt": plain(self.prompt, PROMPT_LIMIT),
            "negative_prompt": plain(self.negative_prompt, PROMPT_LIMIT),
            "seed": number(self.seed),
            "size": plain(self.size, FIELD_LIMIT),
        }
        details.update({key: value if isinstance(value, bool) else plain(value) for key, value in self.extra.items()})
        details["raw"] = plain(self.raw, RAW_LIMIT)
        return {key: value for key, value in details.items() if value != ""}


def size_of(settings: dict[str, Any]) -> str:
    """Return ``width`` and ``height`` of ``settings`` as ``832x1216``, or an empty string."""
    width, height = number(settings.get("width")), number(settings.get("height"))
    return f"{width}x{height}" if width and height else ""


def first(settings: dict[str, Any], *keys: str) -> object:
    """Return the first of ``keys`` that has a plain, non-empty value in ``settings``."""
    for key in keys:
        value = settings.get(key)
        if value not in ("", None) and isinstance(value, str | int | float) and not isinstance(value, bool):
            return value
    return ""
