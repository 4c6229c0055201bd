"""Other programs and the online services: settings, labels and bare names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moderation.evidence.base import Strength
from tests.moderation.evidence import painting
from tests.moderation.evidence.painting import (
    ARTIST,
    IMAGE_DESCRIPTION,
    MAKE,
    MAKER_NOTE,
    MODEL,
    SOFTWARE,
    USER_COMMENT,
    png,
    with_exif,
)
from tests.moderation.evidence.reading import only, read, user_comment, xmp_in

LEGACY_INVOKE = {
    "model": "stable diffusion",
    "model_weights": "dawn-1.5",
    "app_version": "2.3.5",
    "image": {
        "prompt": [{"prompt": "a lighthouse", "weight": 1}],
        "seed": 777,
        "width": 512,
        "height": 512,
        "steps": 25,
    },
}
INVOKE_GRAPH = {"nodes": {"a": {"type": "core_metadata", **painting.INVOKE}}}


@pytest.mark.parametrize(
    ("key", "value", "model"),
    [
        ("invokeai_metadata", painting.INVOKE, "dawn-xl"),
        ("invokeai_metadata", {**painting.INVOKE, "model": {"model_name": "dawn-2"}}, "dawn-2"),
        ("sd-metadata", LEGACY_INVOKE, "dawn-1.5"),
        ("invokeai_graph", INVOKE_GRAPH, "dawn-xl"),
    ],
)
def test_invokeai(key: str, value: dict[str, Any], model: str) -> None:
    finding = only(png({key: json.dumps(value)}))
    assert (finding.kind, finding.strength) == ("invokeai", Strength.PROOF)
    assert (finding.details["model"], finding.details["seed"]) == (model, "777")
    assert finding.details["prompt"] == "a lighthouse"


def test_invokeai_dream() -> None:
    finding = only(png({"Dream": '"a boat [storm]" -s 50 -S 1234 -W 512 -H 768 -C 7.5 -A k_lms'}))
    assert finding.kind == "invokeai"
    assert (finding.details["prompt"], finding.details["negative_prompt"]) == ("a boat", "storm")
    assert (finding.details["seed"], finding.details["size"]) == ("1234", "512x768")


def test_a_dream_told_by_a_person_is_none() -> None:
    assert read(png({"Dream": "I was flying over the sea"})) == {}


def test_invokeai_workflow_alone_is_a_claim() -> None:
    assert only(png({"invokeai_workflow": '{"name": "x", "nodes": []}'})).strength == Strength.STRONG


FOOOCUS_TEXT = painting.INFOTEXT.replace("Version: v1.10.1", "Version: Fooocus v2.5.5")
FOOOCUS_LABELS = {"Prompt": "a cat", "Base Model": "juggernaut", "Performance": "Speed", "Styles": "[]", "Seed": 77}


@pytest.mark.parametrize(
    "data",
    [
        png({"parameters": json.dumps(painting.FOOOCUS), "fooocus_scheme": "fooocus"}),
        png({"parameters": json.dumps(painting.FOOOCUS)}),
        png({"parameters": FOOOCUS_TEXT, "fooocus_scheme": "a1111"}),
        png({"parameters": FOOOCUS_TEXT}),
        png({"parameters": painting.INFOTEXT, "fooocus_scheme": "a1111"}),
        png({"Comment": json.dumps(FOOOCUS_LABELS)}),
        with_exif(
            "WEBP",
            {SOFTWARE: "Fooocus v2.5.5"},
            {USER_COMMENT: json.dumps(painting.FOOOCUS).encode(), MAKER_NOTE: b"fooocus"},
        ),
        with_exif("JPEG", {SOFTWARE: "Fooocus v2.5.5"}, {USER_COMMENT: FOOOCUS_TEXT.encode()}),
    ],
    ids=["json", "json without scheme", "text", "text without scheme", "scheme alone", "old labels", "webp", "jpeg"],
)
def test_fooocus(data: bytes) -> None:
    finding = only(data)
    assert (finding.kind, finding.strength) == ("fooocus", Strength.PROOF)
    assert finding.details["seed"] in {"77", "1234567"}


def test_fooocus_by_tags_in_the_first_directory() -> None:
    """Fooocus writes its UserComment through Pillow's plain EXIF object: into IFD0, as ASCII."""
    data = with_exif(
        "JPEG", {SOFTWARE: "Fooocus v2.5.5", USER_COMMENT: json.dumps(painting.FOOOCUS), MAKER_NOTE: "fooocus"}
    )
    assert only(data).details["model"] == "juggernaut"


@pytest.mark.parametrize(
    "data",
    [
        png({"parameters": json.dumps(painting.SWARM)}),
        user_comment("JPEG", json.dumps(painting.SWARM)),
        with_exif("WEBP", {MODEL: json.dumps(painting.SWARM)}),
        png({"sui_image_params": json.dumps(painting.SWARM["sui_image_params"])}),
    ],
)
def test_swarmui(data: bytes) -> None:
    finding = only(data)
    assert (finding.kind, finding.strength) == ("swarmui", Strength.PROOF)
    assert (finding.details["model"], finding.details["seed"], finding.details["size"]) == ("dawn_xl", "5", "1024x768")
    assert (finding.details["prompt"], finding.details["negative_prompt"]) == ("a lighthouse", "blurry")


def drawn(text: str) -> str:
    escaped = text.replace('"', "&quot;")
    return (
        "<xmp:CreatorTool>Draw Things</xmp:CreatorTool>"
        f'<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{escaped}</rdf:li></rdf:Alt></exif:UserComment>'
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_draw_things_in_xmp(kind: str) -> None:
    packet = painting.xmp(drawn(json.dumps(painting.DRAW_THINGS)))
    data = (
        painting.png_with(painting.chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + packet))
        if kind == "PNG"
        else painting.save(painting.picture(), kind, xmp=packet)
    )
    finding = only(data)
    assert (finding.kind, finding.strength) == ("draw-things", Strength.PROOF)
    assert (finding.details["prompt"], finding.details["seed"], finding.details["size"]) == (
        "a lighthouse",
        "31337",
        "512x768",
    )


def test_draw_things_in_exif() -> None:
    assert only(user_comment("JPEG", json.dumps(painting.DRAW_THINGS))).kind == "draw-things"


MOCHI = {
    "Include in Image": "a lighthouse; at dusk",
    "Exclude from Image": "blurry",
    "Model": "dawn-2.1",
    "Size": "512x768",
    "Seed": "1234",
    "Generator": "Mochi Diffusion 5.2",
}


@pytest.mark.parametrize("between", ["; ", "\n"])
def test_mochi_diffusion(between: str) -> None:
    caption = between.join(f"{key}: {value}" for key, value in MOCHI.items())
    inner = f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{caption}</rdf:li></rdf:Alt></dc:description>'
    finding = only(xmp_in("JPEG", inner))
    assert (finding.kind, finding.strength) == ("mochi-diffusion", Strength.PROOF)
    assert (finding.details["prompt"], finding.details["seed"]) == ("a lighthouse; at dusk", "1234")


EASY = {
    "prompt": "a desert oasis",
    "negative_prompt": "cactus",
    "seed": "2024",
    "sampler_name": "euler_a",
    "width": "512",
    "height": "512",
    "num_inference_steps": "25",
    "use_stable_diffusion_model": "C:\\models\\sd-v1-5.ckpt",
}
EASY_LABELS = {
    "Prompt": "a desert oasis",
    "Seed": "2024",
    "Steps": "25",
    "Sampler": "euler",
    "Stable Diffusion model": "/m/sd-v1-5.ckpt",
}


@pytest.mark.parametrize("data", [png(EASY), png(EASY_LABELS), user_comment("JPEG", json.dumps(EASY))])
def test_easy_diffusion(data: bytes) -> None:
    finding = only(data)
    assert (finding.kind, finding.strength) == ("easy-diffusion", Strength.PROOF)
    assert (finding.details["model"], finding.details["seed"]) == ("sd-v1-5.ckpt", "2024")


def test_settings_of_a_generator_that_nobody_knows() -> None:
    finding = only(user_comment("WEBP", json.dumps({"prompt": "a cat", "seed": 5, "cfg_scale": 7, "engine": "x"})))
    assert (finding.kind, finding.strength) == ("generator-settings", Strength.STRONG)
    assert finding.message == "The file carries the settings of an image generator: seed 5, though not its name."


@pytest.mark.parametrize(
    "data",
    [
        png({"Description": painting.MIDJOURNEY, "Author": "somebody"}),
        with_exif("JPEG", {IMAGE_DESCRIPTION: painting.MIDJOURNEY}),
        xmp_in(
            "WEBP",
            "<dc:description><rdf:Alt>"
            f'<rdf:li xml:lang="x-default">{painting.MIDJOURNEY}</rdf:li></rdf:Alt></dc:description>',
        ),
    ],
)
def test_midjourney_job(data: bytes) -> None:
    finding = only(data)
    assert (finding.kind, finding.strength) == ("midjourney", Strength.PROOF)
    assert finding.details["prompt"] == "a lighthouse at dusk"
    assert finding.details["model"] == "Niji 6"
    assert finding.details["job_id"] == "6aa0ecfd-1cb0-4a52-9e09-33a2ad9f54a5"


def test_midjourney_flags_without_a_job() -> None:
    finding = only(png({"Description": "a lighthouse --ar 3:2 --v 6.1 --seed 12"}))
    assert (finding.kind, finding.strength) == ("midjourney", Strength.STRONG)
    assert (finding.details["model"], finding.details["seed"]) == ("Midjourney 6.1", "12")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png({"Software": "DALL·E 3"}), "dall-e"),
        (png({"Description": "DALL·E 2023-01-17 14.02.05 - a lighthouse"}), "dall-e"),
        (with_exif("JPEG", {SOFTWARE: "ChatGPT"}), "dall-e"),
        (xmp_in("WEBP", attributes='xmp:CreatorTool="Adobe Firefly"'), "firefly"),
        (with_exif("JPEG", {MAKE: "Ideogram AI"}), "ideogram"),
        (
            with_exif("JPEG", {SOFTWARE: "AI generated;txt2img;flux", MAKE: "Black Forest Labs", MODEL: "flux-dev"}),
            "flux",
        ),
        (with_exif("JPEG", {SOFTWARE: "AI generated;txt2img;hidream"}), "ai-generated"),
        (xmp_in("JPEG", attributes='photoshop:Credit="Made with Google AI"'), "google-ai"),
        (png({"Software": "Midjourney"}), "midjourney"),
        (png({"Software": "Stable Diffusion"}), "stable-diffusion"),
        (
            painting.jpeg_with(
                (0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x15\x1c\x02\x6e\x00\x10Imagined with AI")
            ),
            "meta-ai",
        ),
    ],
)
def test_makers_that_sign_with_a_name(data: bytes, kind: str) -> None:
    finding = read(data)[kind]
    assert finding.strength == Strength.STRONG
    assert "nothing in it proves that" in finding.message


def test_grok_signs_with_a_pair_of_tags() -> None:
    tags: dict[int, str | bytes] = {
        IMAGE_DESCRIPTION: "Signature: " + "Ab3+" * 20,
        ARTIST: "6aa0ecfd-1cb0-4a52-9e09-33a2ad9f54a5",
    }
    assert only(with_exif("JPEG", tags)).kind == "grok"
    assert read(with_exif("JPEG", {**tags, ARTIST: "Mia"})) == {}


def test_iptc_properties_for_ai() -> None:
    attributes = 'Iptc4xmpExt:AISystemUsed="Lantern 2" Iptc4xmpExt:AIPromptInformation="a lighthouse"'
    finding = only(xmp_in("JPEG", attributes=attributes))
    assert (finding.kind, finding.strength) == ("ai-generated", Strength.STRONG)
    assert finding.message == "The file's metadata says that Lantern 2 made it; such a note is not signed."
    assert finding.details["prompt"] == "a lighthouse"


LABEL = {"Label": "1", "ContentProducer": "001191", "ProduceID": "x"}


@pytest.mark.parametrize(
    "data",
    [
        xmp_in("JPEG", f"<TC260:AIGC>{json.dumps(LABEL)}</TC260:AIGC>"),
        png({"AIGC": json.dumps(LABEL)}),
        user_comment("JPEG", json.dumps({"AIGC": LABEL})),
    ],
)
def test_the_label_of_chinese_services(data: bytes) -> None:
    finding = only(data)
    assert (finding.kind, finding.strength) == ("aigc-label", Strength.STRONG)
    assert finding.details["producer"] == "001191"
