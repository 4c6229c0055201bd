"""Figures as Markdown: what the run folders and the model card show to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; the first column is left-aligned, the others right."""
    lines = [" | ".join(head), " | ".join(["---", *["---:"] * (len(head) - 1)])]
    lines += [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def percent(one: Mapping[str, Any], name: str) -> str:
    """Return ``12.3 % (10.1-14.9)`` of a rate and its interval, or a dash where nothing was counted."""
    if one[name] is None:
        return "-"
    return _span(one[name], one[f"{name}_interval"])


def _span(value: float, interval: Sequence[float]) -> str:
    return f"{100 * value:.1f} % ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})"


def number(value: float | None) -> str:
    """Return three decimals, or a dash."""
    return "-" if value is None else f"{value:.3f}"


def ladder_table(rungs: Iterable[Mapping[str, Any]]) -> str:
    """Return a card's threshold ladder."""
    return table(
        ("at most flagged", "threshold", "human works flagged", "AI works caught"),
        [
            (f"{100 * rung['max_fpr']:g} %", f"{rung['threshold']:.4f}", percent(rung, "fpr"), percent(rung, "recall"))
            for rung in rungs
        ],
    )


def summary_table(named: Mapping[str, Mapping[str, Any]]) -> str:
    """Return one row for each named :func:`ml.evaluation.summary`."""
    rows = []
    for name, one in named.items():
        recalls = [_recall(one, key) for key in _RECALLS]
        rows.append(
            (
                name,
                one["n_ai"],
                one["n_human"],
                percent(one, "accuracy"),
                number(one["auroc"]),
                number(one["ece"]),
                *recalls,
            )
        )
    return table(
        (
            "",
            "AI",
            "human",
            "accuracy",
            "AUROC",
            "ECE",
            *(f"recall at {100 * float(key):g} % FPR" for key in _RECALLS),
        ),
        rows,
    )


def thresholds_table(named: Mapping[str, Mapping[str, Any]]) -> str:
    """Return FPR and recall of each named summary at its thresholds."""
    return table(
        ("", "AI", "human", "threshold", "human works flagged", "AI works caught"),
        [
            (
                name,
                one["n_ai"],
                one["n_human"],
                f"{key} ({at['threshold']:.3f})",
                percent(at, "fpr"),
                percent(at, "recall"),
            )
            for name, one in named.items()
            for key, at in one["at_threshold"].items()
        ],
    )


def _recall(one: Mapping[str, Any], step: str) -> str:
    if step not in one["recall_at_fpr"]:
        return "-"
    return _span(one["recall_at_fpr"][step], one["recall_at_fpr_interval"][step])


_RECALLS = ("0.005", "0.01", "0.02", "0.05")
