"""Web UI, ComfyUI and NovelAI are recognised in every place where they write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moderation.evidence.base import EvidenceReader, Strength
from moderation.evidence.generator_metadata import GeneratorMetadata
from tests.moderation.evidence import painting
from tests.moderation.evidence.painting import (
    IMAGE_DESCRIPTION,
    MAKE,
    MODEL,
    png,
    with_exif,
)
from tests.moderation.evidence.reading import only, read, user_comment

GRAPH, WORKFLOW = json.dumps(painting.GRAPH), json.dumps(painting.WORKFLOW)


def test_the_reader_keeps_the_interface() -> None:
    assert isinstance(GeneratorMetadata(), EvidenceReader)


A1111_FILES = {
    **{
        f"png {form}": png({"parameters": painting.INFOTEXT}, form=form) for form in ("tEXt", "zTXt", "iTXt", "iTXt-z")
    },
    **{
        f"{kind} UserComment {charset}": user_comment(kind, painting.INFOTEXT, charset)
        for kind in ("JPEG", "WEBP", "AVIF", "PNG")
        for charset in ("UNICODE-BE", "UNICODE-LE", "ASCII", "UNDEFINED")
    },
    "gif comment": painting.save(painting.picture("P"), "GIF", comment=painting.INFOTEXT.encode()),
    "jpeg comment": painting.save(painting.picture(), "JPEG", comment=painting.INFOTEXT.encode()),
    "jpeg description": with_exif("JPEG", {IMAGE_DESCRIPTION: painting.INFOTEXT}),
}


@pytest.mark.parametrize("name", A1111_FILES)
def test_web_ui_settings_wherever_they_are_written(name: str) -> None:
    finding = only(A1111_FILES[name])
    assert (finding.kind, finding.strength) == ("a1111", Strength.PROOF)
    assert finding.message == (
        "The file carries the settings of Stable Diffusion web UI: model dawn_v3, seed 1234567."
    )
    details = dict(finding.details)
    assert details.pop("where")
    assert details.pop("raw").startswith("a lighthouse")
    assert details == {
        "generator": "Stable Diffusion web UI",
        "model": "dawn_v3",
        "prompt": "a lighthouse at dusk, <lora:ink:0.8>, (detailed:1.2)\nsecond line",
        "negative_prompt": "blurry, lowres",
        "seed": "1234567",
        "size": "832x1216",
        "steps": "28",
        "sampler": "DPM++ 2M",
        "model_hash": "0123abcd",
        "version": "v1.10.1",
    }


@pytest.mark.parametrize(
    ("line", "generator"),
    [
        ("Version: f2.0.1v1.10.1-previous-659", "Stable Diffusion web UI Forge"),
        ("App: SD.Next, Version: 0eb4a98", "SD.Next"),
        ("Version: ComfyUI", "ComfyUI (web UI format)"),
        ("Version: stable-diffusion.cpp", "stable-diffusion.cpp"),
        (
            'Civitai resources: [{"type":"checkpoint","modelVersionId":1,"modelName":"Dawn","modelVersionName":"v3"}]',
            "Civitai's generator",
        ),
    ],
)
def test_programs_that_write_the_same_block(line: str, generator: str) -> None:
    finding = only(png({"parameters": f"a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, {line}"}))
    assert finding.details["generator"] == generator
    if "Civitai" in generator:
        assert finding.details["model"] == "Dawn"


def test_settings_without_any_prompt_and_with_templates_behind() -> None:
    text = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 11\nTemplate: a {cat|dog}\nNegative Template: no"
    details = only(png({"parameters": text})).details
    assert details["seed"] == "11"
    assert "prompt" not in details


def test_settings_on_the_prompts_own_line() -> None:
    text = "a cat Negative prompt: dog Steps: 20, Sampler: Euler a, Seed: 5"
    details = only(user_comment("JPEG", text)).details
    assert (details["prompt"], details["negative_prompt"], details["seed"]) == ("a cat", "dog", "5")


def test_a_prompt_that_quotes_another_block() -> None:
    text = "Steps: 9, Sampler: none, Seed: 1\nNegative prompt: x\nSteps: 20, Sampler: Euler a, Seed: 5, Model: b"
    assert only(png({"parameters": text})).details["seed"] == "5"


def test_an_enlargement_is_no_generation() -> None:
    finding = only(png({"extras": "Postprocess upscale by: 4, Postprocess upscaler: R-ESRGAN 4x+"}))
    assert (finding.kind, finding.strength) == ("a1111-postprocessing", Strength.HINT)


COMFY_FILES = {
    "png": png({"prompt": GRAPH, "workflow": WORKFLOW}),
    "png prompt only": png({"prompt": GRAPH}),
    "png itxt": png({"prompt": GRAPH, "workflow": WORKFLOW}, form="iTXt-z"),
    "animated png": painting.png_with(painting.chunk(b"comf", b"prompt\x00" + GRAPH.encode())),
    "webp model and make": with_exif("WEBP", {MODEL: "prompt:" + GRAPH, MAKE: "workflow:" + WORKFLOW}),
    "jpeg description and make": with_exif(
        "JPEG", {IMAGE_DESCRIPTION: "Workflow:" + WORKFLOW, MAKE: "Prompt:" + GRAPH}
    ),
    "jpeg labels with a space": with_exif("JPEG", {IMAGE_DESCRIPTION: "Prompt: " + GRAPH}),
    "avif": with_exif("AVIF", {MODEL: "prompt:" + GRAPH, MAKE: "workflow:" + WORKFLOW}),
    "one object in a comment": user_comment(
        "WEBP", json.dumps({"prompt": painting.GRAPH, "workflow": painting.WORKFLOW})
    ),
    "texts in an object": user_comment("JPEG", json.dumps({"prompt": GRAPH, "workflow": WORKFLOW})),
    "gif comment": painting.save(painting.picture("P"), "GIF", comment=GRAPH.encode()),
}


@pytest.mark.parametrize("name", COMFY_FILES)
def test_comfyui_graphs_wherever_they_are_written(name: str) -> None:
    finding = only(COMFY_FILES[name])
    assert (finding.kind, finding.strength) == ("comfyui", Strength.PROOF)
    assert finding.message == "The file carries the settings of ComfyUI: model dawn.safetensors, seed 42."
    assert finding.details["prompt"] == "a lighthouse"
    assert finding.details["negative_prompt"] == "blurry"
    assert finding.details["size"] == "512x768"


def test_comfyui_with_nan_as_it_writes_it() -> None:
    assert (
        only(png({"prompt": GRAPH[:-1] + ', "99": {"class_type": "X", "inputs": {}, "is_changed": [NaN]}}'})).kind
        == "comfyui"
    )


def test_comfyui_custom_sampler_with_guider_and_noise() -> None:
    graph = {
        "13": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {"noise": ["25", 0], "guider": ["22", 0], "sampler": ["16", 0], "latent_image": ["27", 0]},
        },
        "22": {"class_type": "BasicGuider", "inputs": {"model": ["30", 0], "conditioning": ["26", 0]}},
        "25": {"class_type": "RandomNoise", "inputs": {"noise_seed": 7}},
        "26": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["6", 0]}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["50", 0], "clip": ["11", 0]}},
        "50": {"class_type": "PrimitiveString", "inputs": {"value": "a fox"}},
        "30": {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "ink", "model": ["12", 0]}},
        "12": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
    }
    details = only(png({"prompt": json.dumps(graph)})).details
    assert (details["prompt"], details["seed"], details["model"]) == ("a fox", "7", "flux1-dev.safetensors")


def test_comfyui_graph_that_runs_in_a_circle() -> None:
    graph = {
        "1": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 2, "model": ["2", 0], "positive": ["2", 0]}},
        "2": {"class_type": "Loop", "inputs": {"model": ["1", 0], "again": ["2", 0]}},
    }
    finding = only(png({"prompt": json.dumps(graph)}))
    assert finding.details["seed"] == "1"
    assert "model" not in finding.details


def test_comfyui_that_only_enlarged_a_picture_is_not_proof() -> None:
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "scan.png"}},
        "2": {"class_type": "ImageUpscaleWithModel", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}},
    }
    finding = only(png({"prompt": json.dumps(graph)}))
    assert (finding.kind, finding.strength) == ("comfyui", Strength.STRONG)
    assert "without a sampler" in finding.message


def test_a_workflow_alone_may_be_a_screenshot() -> None:
    finding = only(png({"workflow": WORKFLOW}))
    assert (finding.kind, finding.strength) == ("comfyui", Strength.STRONG)
    assert "screenshot" in finding.message
    assert (finding.details["model"], finding.details["seed"]) == ("dawn.safetensors", "42")


def test_comfyui_that_saves_web_ui_settings_too() -> None:
    assert set(read(png({"prompt": GRAPH, "parameters": painting.INFOTEXT}))) == {"comfyui", "a1111"}


@pytest.mark.parametrize("form", ["tEXt", "iTXt"])
def test_novelai_texts(form: str) -> None:
    finding = only(png(painting.NOVELAI, form=form))
    assert (finding.kind, finding.strength) == ("novelai", Strength.PROOF)
    assert "only NovelAI can check" in finding.message
    assert finding.details["model"] == "NovelAI Diffusion V4 37442FCA"
    assert finding.details["seed"] == "99"
    assert finding.details["size"] == "832x1216"
    assert finding.details["signed_hash_present"] is True


def test_novelai_without_a_signature_says_so() -> None:
    unsigned = {key: value for key, value in painting.NOVELAI_COMMENT.items() if key != "signed_hash"}
    finding = only(png({**painting.NOVELAI, "Comment": json.dumps(unsigned)}))
    assert finding.message == "The file carries the settings of NovelAI: model NovelAI Diffusion V4 37442FCA, seed 99."
    assert finding.details["signed_hash_present"] is False


def test_novelai_characters_of_version_four() -> None:
    settings: dict[str, Any] = {
        "seed": 1,
        "sampler": "k_euler",
        "steps": 28,
        "v4_negative_prompt": {"caption": {"base_caption": "lowres"}},
        "v4_prompt": {"caption": {"base_caption": "two girls", "char_captions": [{"char_caption": "red hair"}]}},
    }
    finding = only(png({"Software": "NovelAI", "Comment": json.dumps(settings)}))
    assert finding.details["prompt"] == "two girls\nred hair"
    assert finding.details["negative_prompt"] == "lowres"


@pytest.mark.parametrize("kind", ["WEBP", "JPEG"])
def test_novelai_object_in_a_comment(kind: str) -> None:
    assert only(user_comment(kind, json.dumps(painting.NOVELAI))).kind == "novelai"


def test_novelai_settings_without_the_name() -> None:
    texts = {"Comment": painting.NOVELAI["Comment"], "Description": "1girl"}
    assert only(png(texts)).kind == "novelai"


def test_novelai_form_without_any_name_is_a_claim() -> None:
    settings = {key: value for key, value in painting.NOVELAI_COMMENT.items() if key != "signed_hash"}
    finding = only(png({"Comment": json.dumps(settings)}))
    assert (finding.kind, finding.strength) == ("novelai", Strength.STRONG)
    assert "though not its name" in finding.message


def test_novelai_tools_are_no_proof_of_generation() -> None:
    finding = only(png({"Software": "NovelAI", "Title": "AI augmented image", "Comment": '{"req_type": "sketch"}'}))
    assert (finding.kind, finding.strength) == ("novelai", Strength.STRONG)
    assert "altered" in finding.message
