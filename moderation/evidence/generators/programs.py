"""Programs that write their settings as JSON or as separate texts: InvokeAI, Fooocus, SwarmUI and others.

What no program below claims but is plainly a generator's settings (a prompt beside a seed, steps or a sampler) becomes
``generator-settings``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from moderation.evidence.base import Strength
from moderation.evidence.generators import a1111
from moderation.evidence.generators.comfyui import as_graph, as_workflow
from moderation.evidence.generators.found import AN_IMAGE_GENERATOR, Found, first, size_of
from moderation.evidence.text import RAW_LIMIT, parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.evidence.sheet import Entry, Sheet

EDITOR = gettext_noop("The file carries a workflow of {generator}, but not the settings of a finished picture.")
UNNAMED = gettext_noop("The file carries the settings of an image generator{facts}, though not its name.")


def _found(kind: str, generator: str, settings: dict[str, Any], entry: Entry, **more: Any) -> Found:
    """Return a finding from ``settings`` under the names that most programs share."""
    facts: dict[str, Any] = {
        "model": _model(settings),
        "prompt": first(
            settings, "prompt", "positive_prompt", "Prompt", "c", "full_prompt", "promptText", "text_prompts"
        ),
        "negative_prompt": first(
            settings,
            "negative_prompt",
            "negativeprompt",
            "negativePrompt",
            "Negative Prompt",
            "negative-prompt",
            "uc",
        ),
        "seed": first(settings, "seed", "Seed"),
        "size": size_of(settings) or first(settings, "size", "resolution", "Resolution"),
        "extra": {
            key: settings[key]
            for key in (
                "steps",
                "num_inference_steps",
                "sampler",
                "sampler_name",
                "scheduler",
                "version",
                "app_version",
            )
            if key in settings
        },
    }
    facts.update({key: value for key, value in more.items() if value not in ("", None)})
    strength = facts.pop("strength", Strength.PROOF)
    return Found(kind, generator, strength, entry.where, raw=entry.value[:RAW_LIMIT], **facts)


def _model(settings: dict[str, Any]) -> object:
    for key in (
        "model",
        "base_model",
        "use_stable_diffusion_model",
        "Stable Diffusion model",
        "Base Model",
        "model_weights",
    ):
        value = settings.get(key)
        if isinstance(value, dict):  # InvokeAI
            value = first(value, "model_name", "name", "key")
        if isinstance(value, str) and value:
            # A path names folders of somebody's machine; the file's name is what matters.
            return re.split(r"[\\/]", value)[-1] if key.startswith(("use_", "Stable")) else value
    return ""


# --- InvokeAI -------------------------------------------------------------------------------------------------------

_DREAM = re.compile(r'^"(?P<prompt>.*)"(?P<flags>(?:\s{1,4}-{1,2}\w.{0,2000})?)$', re.DOTALL)
_FLAG = re.compile(r"(?:^|\s)-(?P<name>[sSWHCA])\s?(?P<value>[\w.]{1,40})")


def invokeai(sheet: Sheet) -> Iterator[Found]:
    """Yield InvokeAI's metadata of any age: ``invokeai_metadata``, ``sd-metadata``, ``Dream``; else its workflow."""
    for entry in sheet.named("invokeai_metadata", "invokeai", "invokeai_graph"):
        settings = entry.json
        nodes = settings.get("nodes")
        if isinstance(nodes, dict):
            settings = next(
                (node for node in nodes.values() if isinstance(node, dict) and "positive_prompt" in node),
                settings,
            )
        if settings:
            yield _found("invokeai", "InvokeAI", settings, entry)
            return
    for entry in sheet.named("sd-metadata"):
        image = entry.json.get("image")
        if isinstance(image, dict):
            prompt = image.get("prompt")
            if isinstance(prompt, list) and prompt and isinstance(prompt[0], dict):
                prompt = prompt[0].get("prompt")
            yield _found(
                "invokeai",
                "InvokeAI",
                {**image, "prompt": prompt},
                entry,
                model=first(entry.json, "model_weights"),
            )
            return
    for entry in sheet.named("dream"):
        match = _DREAM.match(entry.value.strip()[:20_000])
        if match and match["flags"]:
            flags = {flag["name"]: flag["value"] for flag in _FLAG.finditer(match["flags"])}
            prompt, bracket, negative = match["prompt"].partition("[")
            size = f"{flags['W']}x{flags['H']}" if "W" in flags and "H" in flags else ""
            yield _found(
                "invokeai",
                "InvokeAI",
                {"prompt": prompt, "seed": flags.get("S", ""), "size": size},
                entry,
                negative_prompt=negative.rstrip("] ") if bracket else "",
            )
            return
    for entry in sheet.named("invokeai_workflow"):
        if entry.json:
            yield _found("invokeai", "InvokeAI", {}, entry, strength=Strength.STRONG, message=EDITOR)
            return


# --- Fooocus --------------------------------------------------------------------------------------------------------

_FOOOCUS_KEYS = {
    "base_model",
    "performance",
    "styles",
    "adm_guidance",
    "refiner_model",
    "sharpness",
    "refiner_switch",
}
_FOOOCUS_LABELS = {"Base Model", "Performance", "Styles", "Sharpness", "Refiner Model"}


def fooocus(sheet: Sheet) -> Iterator[Found]:
    """Yield Fooocus's settings: JSON or the web UI's text, announced by a scheme, the Software tag or by its keys."""
    announced = bool(sheet.named("fooocus_scheme")) or any(
        "fooocus" in entry.value[:64].lower() for entry in sheet.named("software")
    )
    for entry in sheet.entries:
        settings = entry.json
        own = len(_FOOOCUS_KEYS & set(settings)) >= 2 or len(_FOOOCUS_LABELS & set(settings)) >= 2
        says = "fooocus" in f"{settings.get('version', '')}{settings.get('software', '')}"[:128].lower()
        if settings and (own or says or (announced and "prompt" in settings)):
            name = "RuinedFooocus" if "ruined" in str(settings.get("software", ""))[:64].lower() else "Fooocus"
            yield _found("fooocus", name, settings, entry)
            return
    if announced:
        for entry in sheet.entries:
            block = a1111.parse_infotext(entry.value)
            if block is not None:
                yield a1111.found_in(block, entry.value, entry.where, kind="fooocus")
                return
        entry = (sheet.named("fooocus_scheme") or sheet.named("software"))[0]
        yield _found("fooocus", "Fooocus", {}, entry, strength=Strength.STRONG)


# --- SwarmUI --------------------------------------------------------------------------------------------------------


def swarmui(sheet: Sheet) -> Iterator[Found]:
    """Yield SwarmUI's ``sui_image_params``, wherever the object stands."""
    for entry in sheet.entries:
        settings = entry.json.get("sui_image_params")
        if entry.key.lower() == "sui_image_params":
            settings = entry.json.get("sui_image_params", entry.json)
        if isinstance(settings, dict) and settings:
            version = first(settings, "swarm_version")
            yield _found("swarmui", "SwarmUI", {**settings, "version": version}, entry)
            return


# --- Draw Things ----------------------------------------------------------------------------------------------------


def draw_things(sheet: Sheet) -> Iterator[Found]:
    """Yield Draw Things' JSON (``c`` the prompt, ``uc`` the negative one) in the UserComment of XMP or EXIF."""
    named = any("draw things" in entry.value[:64].lower() for entry in sheet.named("creatortool", "software"))
    for entry in sheet.named("usercomment", "comment", "description"):
        settings = entry.json
        value = settings.get("value")
        if not settings.get("c") and isinstance(value, str):  # an rdf:Alt turned into JSON by a converter
            settings = parse_object(value)
        if isinstance(settings.get("c"), str) and {"sampler", "seed", "model", "scale", "steps"} & set(settings):
            yield _found("draw-things", "Draw Things", settings, entry)
            return
    if named:
        entry = next(e for e in sheet.named("creatortool", "software") if "draw things" in e.value[:64].lower())
        yield _found("draw-things", "Draw Things", {}, entry, strength=Strength.STRONG)


# --- Mochi Diffusion ------------------------------------------------------------------------------------------------

_MOCHI = re.compile(r"Generator: Mochi Diffusion [\w.]{1,20}\s*$")
_MOCHI_KEYS = {"Include in Image": "prompt", "Exclude from Image": "negative_prompt", "Model": "model", "Seed": "seed"}
_MOCHI_KEYS |= {"Size": "size", "Steps": "steps", "Scheduler": "scheduler"}


def mochi(sheet: Sheet) -> Iterator[Found]:
    """Yield Mochi Diffusion's caption: ``Include in Image: ...; Model: ...; Generator: Mochi Diffusion 5``.

    Fields were parted by semicolons up to version 5 and stand on lines of their own since.
    """
    for entry in sheet.named("iptc:caption", "description", "imagedescription", "usercomment", "comment"):
        text = entry.value[-20_000:]
        if "Include in Image: " in text and _MOCHI.search(text):
            fields = re.split(r"\n|; (?=[A-Z][A-Za-z ]{2,30}: )", text)
            pairs = (field.partition(": ") for field in fields)
            settings = {_MOCHI_KEYS[key]: value for key, _, value in pairs if key in _MOCHI_KEYS}
            yield _found("mochi-diffusion", "Mochi Diffusion", settings, entry)
            return


# --- Easy Diffusion and settings that name nobody -------------------------------------------------------------------

_EASY = {"use_stable_diffusion_model", "Stable Diffusion model"}
_PROMPTS = {"prompt", "positive_prompt", "Prompt", "full_prompt", "promptText", "text_prompts"}
_NUMBERS = {
    "seed", "steps", "cfg_scale", "cfgscale", "guidance_scale", "sampler", "sampler_name", "scheduler", "scale",
    "num_inference_steps", "negative_prompt", "negative-prompt", "negativePrompt", "Seed", "Steps", "Sampler",
    "Negative Prompt",
}  # fmt: skip


def settings_of_any(sheet: Sheet) -> Iterator[Found]:
    """Yield a prompt beside at least two other settings, in one JSON object or in texts of their own."""
    together = {entry.key: entry.value for entry in reversed(sheet.entries) if entry.place == "text"}
    candidates = [(entry.json, entry) for entry in sheet.entries if entry.json]
    if together:
        anchor = next((entry for entry in sheet.entries if entry.key in _PROMPTS), sheet.entries[0])
        candidates.append((together, anchor))
    for settings, entry in candidates:
        nested = settings.get("parameters") or settings.get("meta") or settings.get("generation_data")
        settings = nested if isinstance(nested, dict) else settings
        if as_graph(settings) or as_workflow(settings):
            continue
        if len(_NUMBERS & set(settings)) < 2 or not _PROMPTS & set(settings):
            continue
        if _EASY & set(settings):
            yield _found("easy-diffusion", "Easy Diffusion", settings, entry)
        else:
            yield _found(
                "generator-settings", AN_IMAGE_GENERATOR, settings, entry, strength=Strength.STRONG, message=UNNAMED
            )
        return
