"""Going on from a shipped detector: its networks stay as they are, their linear heads learn from new pictures.

An artefact holds LiteRT files and no training state, so nothing deeper could honestly be continued. The head is all
in the file, though: the numbers that it reads (:func:`read_off`), its weights (:class:`Head`), and the slices of them
from which the map of logits is made. It is fitted anew with a pull towards where it was, so that a few pictures move
it little, and written back into the same file: no TensorFlow, and every other byte stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import datasets, shipping
from ml.cards import ArtefactError, read_members
from ml.recipes import Recipe
from ml.runtime import load_detector, runner
from ml.views import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from ml.cards import Card
    from ml.datasets import Picture
    from ml.feeding import LabelledPixels
    from ml.runtime import Detector

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

PULLS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""How strongly the head is held where it was. The pictures choose, each judged by heads that did not see its source.
"""
_MAGIC = b"TFL3"
_FOLDS = 5
_SAME = 1e-3
"""How far the mean of the map may be from the logit: float32 sums over some ten thousand numbers."""
_CHECKED = 4


@dataclass(frozen=True, slots=True)
class Head:
    """The linear head in a LiteRT file: ``logit = z @ kernel + bias``.

    ``reads`` is the tensor ``z``. ``kernels`` are (buffer, start) of every copy and slice of the kernel,
    ``biases`` the buffers that hold the bias; ``share`` ``(d,)`` is what :func:`ml.heads.fit` made of each tap's size.
    """

    reads: int
    kernel: npt.NDArray[np.float32]
    bias: np.float32
    kernels: tuple[tuple[int, int], ...]
    biases: tuple[int, ...]
    share: Floats


def find_head(content: bytes) -> Head:
    """Find the head in a file of :mod:`ml.export`. Raises :class:`ml.cards.ArtefactError` where there is none."""
    from ai_edge_litert import schema_py_generated as schema

    if content[4:8] != _MAGIC:
        raise ArtefactError("This is no LiteRT file.")
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    outputs = set(graph.OutputsAsNumpy().tolist())
    ends = [
        operator
        for operator in (graph.Operators(index) for index in range(graph.OperatorsLength()))
        if _is_dense(model, operator, schema) and operator.Outputs(0) in outputs
    ]
    if len(ends) != 1 or ends[0].InputsLength() != 3:
        raise ArtefactError("The model does not end in one linear head, so there is nothing to go on from.")
    reads, weights, bias = ends[0].InputsAsNumpy().tolist()
    kernel, shift = (_floats(model, graph.Tensors(index).Buffer()) for index in (weights, bias))
    raw, kernels, biases = kernel.tobytes(), [], []
    for buffer in sorted({graph.Tensors(index).Buffer() for index in range(graph.TensorsLength())}):
        values = _floats(model, buffer)
        if values.size == 1 and values.tobytes() == shift.tobytes():
            biases.append(buffer)
        elif values.size > 1 and (start := raw.find(values.tobytes())) >= 0 and start % 4 == 0:
            kernels.append((buffer, start // 4))
    slices = [_floats(model, buffer).size for buffer, _start in kernels]
    share = np.ones(kernel.size)
    for (_buffer, start), size in zip(kernels, slices, strict=True):
        if size < kernel.size:
            share[start : start + size] = 1 / np.sqrt(size * (len(slices) - 1))
    return Head(reads, kernel.copy(), shift[0], tuple(kernels), tuple(biases), share)


def read_off(content: bytes, squares: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the numbers ``(n, d)`` that the head reads of ``(n, size, size, 3)`` squares."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # Without delegates: they would keep what lies within the graph to themselves.
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        model_content=content,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=plain,
    )
    run, reads = interpreter.get_signature_runner(), find_head(content).reads
    rows = []
    for square in squares:
        run(pixels=square[None].astype(np.float32))
        rows.append(np.array(interpreter.get_tensor(reads)[0], np.float32))
    return np.stack(rows)


def with_head(content: bytes, kernel: npt.NDArray[np.float32], bias: float) -> bytes:
    """Return the file with another head of the same size. Raises :class:`ml.cards.ArtefactError` if it does not take.

    The map of logits is made of slices of the same weights: its mean must still be the logit.
    """
    from ai_edge_litert import schema_py_generated as schema

    head, changed = find_head(content), bytearray(content)
    model = schema.Model.GetRootAs(changed, 0)
    for buffer, start in head.kernels:
        view = model.Buffers(buffer).DataAsNumpy().view(np.float32)  # into ``changed`` itself
        view[:] = kernel[start : start + view.size]
    for buffer in head.biases:
        model.Buffers(buffer).DataAsNumpy().view(np.float32)[:] = bias
    return bytes(changed)


def check(content: bytes, squares: npt.NDArray[np.uint8]) -> None:
    """Raise :class:`ml.cards.ArtefactError` unless logit and map of ``squares`` agree, and are those of the head."""
    run, head = runner(content), find_head(content)
    expected = read_off(content, squares) @ head.kernel + head.bias
    for square, wanted in zip(squares, expected, strict=True):
        outputs = run(pixels=square[None].astype(np.float32))
        logit, mean = float(outputs["logit"].reshape(-1)[0]), float(outputs["heat"].mean())
        if max(abs(logit - mean), abs(logit - float(wanted))) > _SAME * max(1.0, abs(logit)):
            raise ArtefactError("The head could not be written back: the map of logits does not fit it any more.")


@dataclass(frozen=True, slots=True)
class Room:
    """Where pictures can move a head at all: ``n`` pictures span ``r <= n`` of its ``d`` directions.

    A head that is held by its distance moves nowhere else, so it is fitted there: exact, and as cheap as the pictures
    are few. ``rows`` ``(n, r)`` are the pictures, ``back`` ``(d, r)`` leads to the kernel, ``start`` ``(n,)`` are the
    logits of the head as it is.
    """

    rows: Floats
    back: Floats
    start: Floats


def room(head: Head, z: npt.NDArray[np.float32]) -> Room:
    """Return the room of pictures that the head reads as ``z`` ``(n, d)``."""
    x = z.astype(np.float64) * head.share
    values, vectors = np.linalg.eigh(x @ x.T)
    kept = values > 1e-10 * values.max()
    root = np.sqrt(values[kept])
    back = head.share[:, None] * (x.T @ (vectors[:, kept] / root))
    return Room(vectors[:, kept] * root, back, z.astype(np.float64) @ head.kernel + float(head.bias))


def fit(place: Room, known: npt.NDArray[np.int64], is_ai: Bools, weights: Floats, pull: float) -> Floats:
    """Return the move ``(r + 1,)`` (the last is the bias's) that logistic regression on the ``known`` pictures makes.

    ``is_ai`` and ``weights`` are ``(n,)``; the weights count in proportion. ``pull`` holds the head: every number
    counts by its tap's size, as in the first fit.
    """
    from scipy.optimize import minimize

    rows = np.hstack([place.rows[known], np.ones((len(known), 1))])
    start, target, share = place.start[known], is_ai[known].astype(np.float64), weights[known] / weights[known].sum()

    def loss(move: Floats) -> tuple[float, Floats]:
        logit = start + rows @ move
        residual = share * (1 / (1 + np.exp(-np.clip(logit, -50, 50))) - target)
        value = share @ (np.logaddexp(0, logit) - target * logit) + pull * move @ move
        return float(value), residual @ rows + 2 * pull * move

    options = {"maxiter": 300}
    return np.asarray(minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options=options).x)


def moved(place: Room, move: Floats) -> Floats:
    """Return the logits ``(n,)`` of all pictures after ``move``."""
    return np.asarray(place.start + place.rows @ move[:-1] + move[-1], np.float64)


def go_on(
    name: str,
    directory: Path,
    data: LabelledPixels,
    target: Path,
    *,
    manifest: str,
    say: Callable[[str], None] = print,
) -> Detector:
    """Continue the artefact ``name`` in ``directory`` on ``data`` and write what comes of it to ``target``.

    Raises :class:`ml.cards.ArtefactError`, or :class:`ml.datasets.ManifestError` if a class is missing.
    """
    card, is_ai = load_detector(name, directory).card, data.is_ai
    if not is_ai.any() or is_ai.all():
        raise datasets.ManifestError("Going on needs pictures of both classes.")
    weights = _weights(data.pictures, is_ai)
    networks, told = [], []
    for content, member in zip(read_members(card), card.members, strict=True):
        cuts = [[square for view in member.views for square in cut(pixels, view)] for pixels in data.pixels]
        squares = np.stack([square for some in cuts for square in some])
        read = read_off(content, squares).reshape(len(cuts), len(cuts[0]), -1)
        z, head = read.mean(axis=1), find_head(content)  # the logit is linear: the mean of the views' logits
        place = room(head, z)
        pull, unseen = _choose(place, data.pictures, weights)
        move = fit(place, np.arange(len(is_ai)), is_ai, weights, pull)
        kernel = (head.kernel + place.back @ move[:-1]).astype(np.float32)
        changed = with_head(content, kernel, float(head.bias + move[-1]))
        check(changed, squares[:_CHECKED])
        networks.append(shipping.Network(changed, _recipe(member.backbone, member.views), member.weight))
        told.append({"backbone": member.backbone, "pull": pull, **unseen})
        say(f"{member.file}: head fitted with a pull of {pull:g} on {len(is_ai)} pictures")
    return shipping.assemble(target, networks, card.calibration, _steps(card), _statement(card, data, told, manifest))


def _choose(place: Room, pictures: Sequence[Picture], weights: Floats) -> tuple[float, dict[str, Any]]:
    """Return the pull that does best on sources that the head did not see, and the log loss of each there."""
    is_ai = datasets.labels(pictures)
    index = {picture.file: number for number, picture in enumerate(pictures)}
    parts = [[index[picture.file] for picture in part] for part in datasets.group_folds(pictures, _FOLDS)]
    losses = dict.fromkeys(PULLS, 0.0)
    before = _log_loss(place.start, is_ai, weights)
    for part in parts:
        known = np.setdiff1d(np.arange(len(pictures)), part)
        if not is_ai[known].any() or is_ai[known].all():
            return PULLS[-2], {"before": before}  # too few sources to ask
        for pull in PULLS:
            after = moved(place, fit(place, known, is_ai, weights, pull))[part]
            losses[pull] += _log_loss(after, is_ai[part], weights[part])
    best = min(PULLS, key=lambda pull: (losses[pull], -pull))
    return best, {"before": before, "unseen": {f"{pull:g}": loss for pull, loss in losses.items()}}


def _log_loss(logit: Floats, is_ai: Bools, weights: Floats) -> float:
    return float(weights @ (np.logaddexp(0, logit) - is_ai * logit))


def _weights(pictures: Sequence[Picture], is_ai: Bools) -> Floats:
    """Return each picture's weight: classes alike, sources by the square root of their number."""
    groups = np.array([picture.group or picture.file for picture in pictures])
    _names, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    weights = counts[inverse] ** -0.5
    for kind in (is_ai, ~is_ai):
        weights[kind] *= 0.5 / weights[kind].sum()
    return np.asarray(weights, np.float64)


def _recipe(backbone: str, views: Any) -> Recipe:
    return Recipe(backbone, views=views, passes=0)  # type: ignore[arg-type]  # a card's word for one of ``Backbone``


def _steps(card: Card) -> dict[str, Any]:
    """Return the thresholds of the detector that is continued, and say that they are its own."""
    measured = card.thresholds.get("measured_on", "")
    told = f"{measured}; of {card.name} {card.version}, which this one continues, not measured anew"
    return {**card.thresholds, "measured_on": told}


def _statement(card: Card, data: LabelledPixels, told: list[dict[str, Any]], manifest: str) -> shipping.Statement:
    return shipping.Statement(
        summary=f"{card.name} {card.version} with heads that went on learning from {len(data.pictures)} pictures.",
        metrics={"continued": {"networks": told}},
        data=shipping.describe(data.pictures, manifest),
        training={
            "continues": {"name": card.name, "version": card.version, "data": dict(card.data)},
            "command": f"python -m ml train --init {card.name} --manifest {manifest}",
        },
    )


def _is_dense(model: Any, operator: Any, schema: Any) -> bool:
    code = model.OperatorCodes(operator.OpcodeIndex())
    kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    return bool(kind == schema.BuiltinOperator.FULLY_CONNECTED)


def _floats(model: Any, buffer: int) -> npt.NDArray[np.float32]:
    """Return a buffer as numbers; nothing where it holds none."""
    data = model.Buffers(buffer).DataAsNumpy()
    if isinstance(data, int) or data.size % 4:
        return np.zeros(0, np.float32)
    return np.asarray(data.view(np.float32))
