"""``docs/model-card.md``, made from the shipped cards: nothing in it is written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ml.cards import Card

_HEAD = """\
# Model card

Made from `ml/artefacts/*/card.json` by `python -m ml card`; do not edit.

## What the detectors are for

They give a probability that a picture was generated, for anime and manga-style illustration, so that a person looks
at the suspects. Positive means AI-generated: *recall* is AI works caught, *FPR* is human works wrongly flagged.

## What they must not be used for

- **Never the sole ground for rejecting a work or sanctioning a person.** At a 2 % FPR, where 5 % of uploads are AI,
  about one flag in three is a human work even if every AI work is caught; where 1 % are, two in three.
- Not for photographs, 3D renders, scans or text, which they never saw.
- Not as proof in a dispute: a score is an observation, and a heat map shows where, not why.
- Not for generators that are much newer than the training set without a fresh measurement (`python -m ml evaluate`).

## Known limits of the data

- Fan art and generated pictures from public repositories, without a licence to redistribute: the pictures are not part
  of this project, only what was learnt from them.
- Half of the AI pictures are Stable Diffusion 1.5 and NovelAI v1. Newer generators (SDXL, SD3, GPT image, Seedream,
  Gemini, NovelAI 4.5) are a few dozen pictures each.
- Human pictures are older than July 2022; many are wallpapers; fandoms cluster by source.
- Some sources are one prompt over many checkpoints. Hence every figure below is by source: whatever was measured was
  measured by networks that saw nothing of the picture's source, unless the heading says otherwise.
"""


def render(cards: Sequence[Card]) -> str:
    """Return the whole page for the shipped detectors, the default one first."""
    parts = [_HEAD, *("\n".join(_detector(card, default=index == 0)) for index, card in enumerate(cards))]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _detector(card: Card, *, default: bool) -> Iterator[str]:
    yield f"## {card.name}{' (the default)' if default else ''}\n"
    yield f"{card.summary}\n"
    yield tables.table(
        ("", "value"),
        [
            ("version", f"`{card.version}`"),
            ("made on", card.created),
            ("backbone", card.backbone),
            ("sha256 of the weights", f"`{card.sha256}`"),
            ("preprocessing", card.preprocess_version),
            ("passes of a network a picture", sum(view.count for m in card.members for view in m.views)),
            ("trained on", f"{card.data.get('n_ai', '-')} AI, {card.data.get('n_human', '-')} human"),
            ("review from", f"{card.review_threshold:.4f}"),
            ("hold from", f"{card.hold_threshold:.4f}"),
        ],
    )
    if "note" in card.training:
        yield f"\n{card.training['note']}"
    yield f"\n### Thresholds\n\nMeasured on {card.thresholds['measured_on']}. Between review and hold it is unsure.\n"
    yield tables.ladder_table(card.thresholds["ladder"])
    for name, section in _SECTIONS.items():
        if name in card.metrics:
            yield from section(card.metrics[name])


def _paper(metrics: Any) -> Iterator[str]:
    yield "\n### `paper`: a replication, split by picture (sources shared between training and test)\n"
    rows = []
    for family, one in metrics["by_family"].items():
        seeds = f"{len(one['seeds'])} seeds"
        figures = (one["accuracy_mean"], one["ai_recall_mean"], one["fpr_mean"])
        rows.append((f"{family}, {seeds}", *(f"{value:.3f}" for value in figures)))
        if one["paper"]:
            rows.append(
                (f"{family}, as published", one["paper"]["accuracy"], "1.000", f"{1 - one['paper']['recall']:.3f}")
            )
    yield tables.table(("", "accuracy", "AI works caught", "human works flagged"), rows)


def _unseen(metrics: Any) -> Iterator[str]:
    yield "\n### `unseen`: every source held out once\n"
    yield tables.summary_table({"the field": metrics, **metrics["by_domain"]})
    yield "\nBy source and generator (human and AI works flagged at the thresholds above):\n"
    yield tables.thresholds_table(
        {
            name: {**one, "at_threshold": {"review": one["at_threshold"]["review"]}}
            for name, one in metrics["by_group"].items()
        }
    )


def _tiers(metrics: Any) -> Iterator[str]:
    yield "\n### `tiers`: clean, from the web, spoiled on purpose\n"
    yield tables.summary_table({tier: metrics[tier] for tier in ("clean", "web", "hard")})


def _controls(metrics: Any) -> Iterator[str]:
    yield "\n### `controls`: what can be told without the picture\n"
    yield tables.table(
        ("format and size alone", "AUROC", "accuracy"),
        [
            (name, tables.number(one["auroc"]), tables.percent(one, "accuracy"))
            for name, one in metrics["blind"].items()
        ],
    )
    yield "\nOurs, class and format crossed:\n"
    yield tables.summary_table(metrics["crossed"])
    yield "\nThe same picture saved as another format:\n"
    shift = metrics["format_shift"]
    yield tables.table(
        ("format", "mean shift of p", "mean shift, absolute"),
        [(name, f"{one['mean']:.4f}", f"{one['mean_abs']:.4f}") for name, one in shift.items()],
    )


def _domain(metrics: Any) -> Iterator[str]:
    yield "\n### `domain`: human works outside the field, by medium\n"
    yield tables.thresholds_table(metrics["by_medium"])


def _originals(metrics: Any) -> Iterator[str]:
    yield "\n### `originals`: an upload against its normalised copy\n"
    yield f"Mean difference of p, absolute: {metrics['mean_abs_difference']:.4f} over {metrics['n']} pictures."


def _manifest(metrics: Any) -> Iterator[str]:
    yield "\n### The artefact on its own training manifest\n"
    yield "It was trained on most of these pictures: this checks the artefact (`python -m ml evaluate`), no more.\n"
    yield tables.summary_table({"all": metrics["overall"], **metrics["by_domain"]})


_SECTIONS = {
    "paper": _paper,
    "unseen": _unseen,
    "tiers": _tiers,
    "controls": _controls,
    "domain": _domain,
    "originals": _originals,
    "manifest": _manifest,
}
