"""ComfyUI's two JSON texts: ``prompt``, the graph that was run, and ``workflow``, the drawing of it in the editor.

They stand in PNG text, in a private ``comf`` chunk of animated PNGs, and in EXIF strings of WebP and JPEG (Make,
Model, ImageDescription, UserComment) behind ``prompt:`` or ``workflow:`` in any case.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from moderation.evidence.base import Strength
from moderation.evidence.generators.found import Found
from moderation.evidence.text import RAW_LIMIT, parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moderation.evidence.sheet import Sheet

Graph = dict[str, dict[str, Any]]

_LABEL = re.compile(r"^\s{0,8}(prompt|workflow)\s{0,4}:\s{0,4}(?=\{)", re.IGNORECASE)
_MAX_VISITS = 200
_TEXTS = (
    "text",
    "text_g",
    "t5xxl",
    "clip_l",
    "text_l",
    "prompt",
    "positive",
    "populated_text",
    "string",
    "value",
    "text_positive",
)
_NEGATIVES = ("text", "text_g", "prompt", "negative", "populated_text", "string", "value", "text_negative")
_MODELS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name", "diffusion_name", "gguf_name", "model")
_SEEDS = ("seed", "noise_seed", "rand_seed", "value", "int")
_GENERATES = re.compile(
    r"sampler|generat|txt2img|text2im|diffusion|guider|imagen|dall|flux|ideogram|recraft", re.IGNORECASE
)

NAME = "ComfyUI"
RUN = gettext_noop("The file carries the settings of ComfyUI{facts}.")
PROCESSED = gettext_noop(
    "The file carries a ComfyUI graph without a sampler: the picture went through ComfyUI, "
    "which may have changed it rather than made it."
)
DRAWING = gettext_noop(
    "The file carries a ComfyUI workflow{facts}, but not the settings of a finished run: "
    "it may be a picture made with it or a screenshot of the editor."
)


def find(sheet: Sheet) -> Iterator[Found]:
    """Yield one finding when ``sheet`` holds a graph, a workflow or both."""
    graph: Graph = {}
    workflow: dict[str, Any] = {}
    where = raw = ""
    for entry in sheet.entries:
        label = _LABEL.match(entry.value)
        candidate = parse_object(entry.value[label.end() :]) if label else entry.json
        for value in _layers(candidate):
            found_graph, found_workflow = as_graph(value), as_workflow(value)
            if found_graph and not graph:
                graph, where, raw = found_graph, entry.where, entry.value
            if found_workflow and not workflow:
                workflow = found_workflow
                where, raw = where or entry.where, raw or entry.value
    if graph:
        yield from_graph(graph, where, raw)
    elif workflow:
        yield _from_workflow(workflow, where, raw)


def _layers(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield ``value`` and what it wraps: some save nodes put both texts, or one in the other, into one object."""
    if not value:
        return
    yield value
    for key in ("prompt", "workflow", "extra_pnginfo", "extraMetadata"):
        inner = value.get(key)
        inner = parse_object(inner) if isinstance(inner, str) else inner
        if isinstance(inner, dict):
            yield inner
            deeper = inner.get("workflow")
            if isinstance(deeper, dict):
                yield deeper


def as_graph(value: dict[str, Any]) -> Graph:
    """Return the nodes of ``value`` that are shaped like a graph's; empty when there are none."""
    return {
        key: node
        for key, node in value.items()
        if isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)
    }


def as_workflow(value: dict[str, Any]) -> dict[str, Any]:
    """Return ``value`` if it is an editor's workflow: typed nodes beside links or their counters."""
    nodes = value.get("nodes")
    if not isinstance(nodes, list) or not ({"links", "last_node_id", "last_link_id"} & set(value)):
        return {}
    typed = any(isinstance(node, dict) and isinstance(node.get("type"), str) for node in nodes)
    return value if typed else {}


def from_graph(graph: Graph, where: str, raw: str, kind: str = "comfyui") -> Found:
    """Return the finding that a graph makes."""
    tracer = _Tracer(graph)
    sampler = tracer.sampler()
    generates = sampler is not None or any(_GENERATES.search(node["class_type"]) for node in graph.values())
    model = tracer.upstream(sampler, ("model", "guider"), _MODELS) or tracer.anywhere(_MODELS[:-1], str)
    seed = tracer.upstream(sampler, ("seed", "noise_seed", "noise"), _SEEDS, int)
    size = tracer.size()
    return Found(
        kind=kind,
        generator=NAME,
        strength=Strength.PROOF if generates else Strength.STRONG,
        where=where,
        model=model,
        prompt=tracer.words(sampler, negative=False),
        negative_prompt=tracer.words(sampler, negative=True),
        seed=tracer.anywhere(_SEEDS[:2], int) if seed == "" else seed,
        size=size,
        raw=raw[:RAW_LIMIT],
        message=RUN if generates else PROCESSED,
        extra={"nodes": len(graph)},
    )


class _Tracer:
    """Follows a graph's links, ``[node id, output]``, from a sampler upstream: breadth first, each node once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def node(self, link: object) -> dict[str, Any] | None:
        if isinstance(link, list) and len(link) == 2 and isinstance(link[0], str | int):
            return self.graph.get(str(link[0]))
        return None

    def sampler(self) -> dict[str, Any] | None:
        """Return the node that samples; of several the one that most looks like it."""
        best, best_score = None, 0
        for node in self.graph.values():
            inputs = node["inputs"]
            score = sum(
                key in inputs for key in ("positive", "guider", "steps", "seed", "noise_seed", "latent_image", "cfg")
            )
            if "sampler" in node["class_type"].lower():
                score += 2
            # Two of these at least: a seed alone may belong to a wildcard node.
            if score > max(best_score, 2):
                best, best_score = node, score
        return best

    def upstream(
        self,
        start: dict[str, Any] | None,
        through: tuple[str, ...],
        names: tuple[str, ...],
        wanted: type = str,
    ) -> Any:
        """Return the first input of one of ``names`` found in ``start`` or upstream of its inputs ``through``."""
        if start is None:
            return ""
        inputs = start["inputs"]
        for key in through:
            if key in names and _is(inputs.get(key), wanted):
                return inputs[key]
        queue = deque(self.node(inputs.get(key)) for key in through)
        for node in self._walk(queue):
            for name in names:
                if _is(node["inputs"].get(name), wanted):
                    return node["inputs"][name]
        return ""

    def words(self, sampler: dict[str, Any] | None, *, negative: bool) -> str:
        """Return the prompt that reaches ``sampler``, however many nodes lie between."""
        if sampler is None:
            return ""
        key = "negative" if negative else "positive"
        inputs = sampler["inputs"]
        link = inputs.get(key)
        if isinstance(link, str):
            return link
        guider = self.node(inputs.get("guider"))
        if link is None and guider is not None:
            link = guider["inputs"].get(key) or (None if negative else guider["inputs"].get("conditioning"))
        names = _NEGATIVES if negative else _TEXTS
        texts: list[str] = []
        for node in self._walk(deque([self.node(link)]), key):
            for name in names:
                value = node["inputs"].get(name)
                if isinstance(value, str) and value.strip() and value not in texts:
                    texts.append(value)
            if texts:
                break
        return "\n".join(texts)

    def _walk(self, queue: deque[dict[str, Any] | None], side: str = "") -> Iterator[dict[str, Any]]:
        seen: set[int] = set()
        while queue and len(seen) < _MAX_VISITS:
            node = queue.popleft()
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            inputs = node["inputs"]
            if side in inputs and self.node(inputs[side]) is not None:
                # A node with both conditionings, as ControlNet's: stay on the side that was asked for.
                queue.append(self.node(inputs[side]))
            else:
                queue.extend(self.node(value) for value in inputs.values())

    def anywhere(self, names: tuple[str, ...], wanted: type) -> Any:
        """Return the first input of one of ``names`` in the whole graph."""
        for node in self.graph.values():
            for name in names:
                if _is(node["inputs"].get(name), wanted):
                    return node["inputs"][name]
        return ""

    def size(self) -> str:
        for node in self.graph.values():
            inputs = node["inputs"]
            if "Latent" in node["class_type"] and _is(inputs.get("width"), int) and _is(inputs.get("height"), int):
                return f"{inputs['width']}x{inputs['height']}"
        return ""


def _is(value: object, wanted: type) -> bool:
    return isinstance(value, wanted) and not isinstance(value, bool) and value != ""


def _from_workflow(workflow: dict[str, Any], where: str, raw: str) -> Found:
    """Read what the editor's widgets hold: their order is fixed by each node type, names are not stored."""
    values: dict[str, Any] = {}
    for node in workflow["nodes"][:_MAX_VISITS]:
        if not isinstance(node, dict):
            continue
        kind, widgets = str(node.get("type")), node.get("widgets_values")
        if not isinstance(widgets, list) or not widgets:
            continue
        if "CheckpointLoader" in kind or kind == "UNETLoader":
            values.setdefault("model", widgets[0])
        elif kind in {"KSampler", "RandomNoise"}:
            values.setdefault("seed", widgets[0])
        elif kind == "KSamplerAdvanced" and len(widgets) > 1:
            values.setdefault("seed", widgets[1])
        elif kind.startswith("CLIPTextEncode"):
            values.setdefault("prompt", widgets[0])
    return Found(
        kind="comfyui",
        generator=NAME,
        strength=Strength.STRONG,
        where=where,
        raw=raw[:RAW_LIMIT],
        message=DRAWING,
        extra={"workflow_only": True, "nodes": len(workflow["nodes"])},
        **values,
    )
