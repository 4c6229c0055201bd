"""What the detectors' pages show: the registry, a card's figures, and two detectors on the same works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case as Choose
from django.db.models import Count, F, FloatField, IntegerField, OuterRef, Q, Subquery, Value, When

from ml.pairs import differing
from moderation.models import Artwork, Detector, DetectorStatus, Screening, ScreeningState, ShadowScore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from moderation.models import GateCheck

MOST_SHOWN = 24
"""Works that a page shows where two detectors differ."""
_ORDER = (
    DetectorStatus.ACTIVE,
    DetectorStatus.CANARY,
    DetectorStatus.SHADOW,
    DetectorStatus.CANDIDATE,
    DetectorStatus.RETIRED,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a card says of a detector, as far as it says so; rates come with their 95 % intervals."""

    summary: str
    measured_on: str
    review: float | None
    hold: float | None
    auroc: float | None
    auroc_interval: Sequence[float] | None
    fpr: float | None
    fpr_interval: Sequence[float] | None
    recall: float | None
    recall_interval: Sequence[float] | None
    n_ai: int | None
    n_human: int | None
    created: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A work that one of two detectors flags; ``is_ai`` is the truth where people settled it."""

    artwork: Artwork
    new: float
    old: float
    is_ai: bool | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A detector beside the one that acted, on the same works: counts as :func:`ml.pairs.differing` gives them."""

    counts: dict[str, Any]
    works: Sequence[Difference]


def registry() -> QuerySet[Detector]:
    """Return all detectors, the busiest first, each with ``looks`` and ``shadowed``, its numbers of works here."""
    looks = _counted(Screening.objects.filter(detector=OuterRef("pk"), state=ScreeningState.DONE))
    shadowed = _counted(ShadowScore.objects.filter(detector=OuterRef("pk")))
    place = Choose(
        *(When(status=status, then=Value(number)) for number, status in enumerate(_ORDER)),
        output_field=IntegerField(),
    )
    return (
        Detector.objects.annotate(looks=looks, shadowed=shadowed, place=place)
        .select_related("replaced")
        .order_by("place", "name", "-first_seen_at", "-pk")
    )


def _counted(rows: QuerySet[Any]) -> Any:
    return Subquery(rows.order_by().values("detector").annotate(n=Count("pk")).values("n"))


def figures(card: dict[str, Any]) -> Figures:
    """Return what a stored ``card.json`` says; a host's own detector may say little or nothing."""
    unseen: dict[str, Any] = card.get("metrics", {}).get("unseen", {})
    steps: dict[str, Any] = card.get("thresholds", {})
    review: dict[str, Any] = unseen.get("at_threshold", {}).get("review", {})
    data: dict[str, Any] = card.get("data", {})
    return Figures(
        summary=card.get("summary", ""),
        measured_on=steps.get("measured_on", ""),
        review=steps.get("review"),
        hold=steps.get("hold"),
        auroc=unseen.get("auroc"),
        auroc_interval=unseen.get("auroc_interval"),
        fpr=review.get("fpr"),
        fpr_interval=review.get("fpr_interval"),
        recall=review.get("recall"),
        recall_interval=review.get("recall_interval"),
        n_ai=data.get("n_ai"),
        n_human=data.get("n_human"),
        created=card.get("created", ""),
    )


def at_the_gate(check: GateCheck) -> list[Difference]:
    """Return the works of ``check`` that one of the two flags and the other does not, the largest gap first."""
    threshold = next((one["figures"]["threshold"] for one in check.findings if one["check"] == "regression"), None)
    if threshold is None:
        return []
    rows = {
        int(pk): row
        for pk, row in check.scores.items()
        if row is not None and (row["new"] >= threshold) != (row["old"] >= threshold)
    }
    widest = sorted(rows, key=lambda pk: -abs(rows[pk]["new"] - rows[pk]["old"]))[:MOST_SHOWN]
    works = Artwork.objects.in_bulk(widest)
    return [Difference(works[pk], rows[pk]["new"], rows[pk]["old"], rows[pk]["is_ai"]) for pk in widest if pk in works]


def on_new_works(detector: Detector, threshold: float) -> Comparison:
    """Compare ``detector``'s shadow scores with those that acted, on the works that have both."""
    acted = Screening.objects.filter(artwork=OuterRef("artwork"), state=ScreeningState.DONE).exclude(
        detector=detector.pk
    )
    rows = (
        ShadowScore.objects.filter(detector=detector)
        .annotate(old=Subquery(acted.order_by("-pk").values("p_ai")[:1], output_field=FloatField()))
        .filter(old__isnull=False)
    )
    only_new, only_old = Q(p_ai__gte=threshold, old__lt=threshold), Q(p_ai__lt=threshold, old__gte=threshold)
    counted = rows.aggregate(
        n=Count("pk"), only_new=Count("pk", filter=only_new), only_old=Count("pk", filter=only_old)
    )
    apart = rows.filter(only_new | only_old).annotate(gap=F("p_ai") - F("old")).select_related("artwork")
    works = [Difference(row.artwork, row.p_ai, row.old) for row in apart.order_by("-at", "-pk")[:MOST_SHOWN]]
    return Comparison(differing(counted["only_new"], counted["only_old"], counted["n"]), works)
