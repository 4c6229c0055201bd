"""What is known about a shipped detector: its ``card.json``.

A card says which files make the detector, how their numbers become a probability, where the thresholds lie
and what was measured. It is read by the web process too, so this module needs neither NumPy nor a runtime.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

ARTEFACTS = Path(__file__).parent / "artefacts"
DEFAULT_DETECTOR = "pair"
CARD_FILE = "card.json"
GOLDEN_FILE = "golden.json"

Verdict = Literal["clear", "review", "hold"]
ViewKind = Literal["whole", "centre", "grid"]


class ArtefactError(Exception):
    """A detector's files are missing, altered or do not fit this code. The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class View:
    """How a picture is cut for one pass (or several) of the network.

    ``whole``: the whole picture squeezed to ``size`` x ``size``. ``centre``: short side brought to ``short``,
    the middle cut out. ``grid``: short side brought to ``short``, ``count`` squares spread over the picture.
    """

    kind: ViewKind
    size: int = 224
    short: int = 256
    count: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Return the view as JSON values."""
        return {"kind": self.kind, "size": self.size, "short": self.short, "count": self.count}


@dataclass(frozen=True, slots=True)
class Member:
    """One network of a detector: a LiteRT file, its digest, what it looks at and how much it counts."""

    file: str
    backbone: str
    sha256: str
    views: tuple[View, ...]
    weight: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return the member as JSON values."""
        return {
            "file": self.file,
            "backbone": self.backbone,
            "sha256": self.sha256,
            "views": [view.as_dict() for view in self.views],
            "weight": self.weight,
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """The map from the pooled logit to a probability: ``sigmoid(slope * logit + intercept)``.

    ``slope`` is positive, so the order of scores never changes. Fitted in :mod:`ml.calibration`.
    """

    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, slots=True)
class Card:
    """One shipped detector. ``directory`` is where its files lie; the rest is ``card.json``."""

    name: str
    sha256: str
    preprocess_version: int
    members: tuple[Member, ...]
    calibration: Calibration
    review_threshold: float
    hold_threshold: float
    thresholds: Mapping[str, Any]
    metrics: Mapping[str, Any]
    data: Mapping[str, Any]
    training: Mapping[str, Any]
    created: str = ""
    summary: str = ""
    directory: Path = field(default=ARTEFACTS, compare=False)

    @property
    def path(self) -> Path:
        """The ``card.json`` itself."""
        return self.directory / CARD_FILE

    @property
    def backbone(self) -> str:
        """The members' backbones, joined by ``+``."""
        return "+".join(dict.fromkeys(member.backbone for member in self.members))

    @property
    def version(self) -> str:
        """Twelve hex digits that change whenever a score could: weights, views, calibration or
        preprocessing.
        """
        decisive = {
            "sha256": self.sha256,
            "preprocess_version": self.preprocess_version,
            "views": [[view.as_dict() for view in member.views] for member in self.members],
            "weights": [member.weight for member in self.members],
            "calibration": [self.calibration.slope, self.calibration.intercept],
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:12]

    def threshold_for(self, max_fpr: float) -> float:
        """Return the threshold at which at most ``max_fpr`` of human works were flagged.

        Raises :class:`KeyError` when the card's ladder has no such step.
        """
        for step in self.thresholds["ladder"]:
            if step["max_fpr"] == max_fpr:
                return float(step["threshold"])
        raise KeyError(max_fpr)

    def as_dict(self) -> dict[str, Any]:
        """Return what stands in ``card.json``."""
        return {
            "name": self.name,
            "created": self.created,
            "summary": self.summary,
            "backbone": self.backbone,
            "version": self.version,
            "sha256": self.sha256,
            "preprocess_version": self.preprocess_version,
            "members": [member.as_dict() for member in self.members],
            "calibration": {"slope": self.calibration.slope, "intercept": self.calibration.intercept},
            "thresholds": dict(self.thresholds),
            "metrics": dict(self.metrics),
            "data": dict(self.data),
            "training": dict(self.training),
        }


def verdict(p_ai: float, card: Card) -> Verdict:
    """Return what the card's own thresholds say of a probability: ``clear``, ``review`` or ``hold``."""
    if p_ai >= card.hold_threshold:
        return "hold"
    return "review" if p_ai >= card.review_threshold else "clear"


def digest(contents: list[bytes]) -> str:
    """Return the sha256 of a detector's model files, concatenated in the members' order."""
    whole = hashlib.sha256()
    for content in contents:
        whole.update(content)
    return whole.hexdigest()


def read_card(path: Path) -> Card:
    """Read a ``card.json`` (or the folder that holds it). Raises :class:`ArtefactError`."""
    path = path / CARD_FILE if path.is_dir() else path
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtefactError(f"There is no detector card at {path}.") from error
    except (OSError, ValueError) as error:
        raise ArtefactError(f"The detector card {path} cannot be read: {error}") from error
    try:
        return _from_dict(raw, path.parent)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtefactError(f"The detector card {path} is incomplete: {error!r}") from error


def read_members(card: Card) -> list[bytes]:
    """Return the content of the card's model files, in order, after checking every digest.

    Raises :class:`ArtefactError` if a file is missing or is not the one that the card was written for.
    """
    contents = [_read_member(card, member) for member in card.members]
    if digest(contents) != card.sha256:
        raise ArtefactError(f"The files of detector {card.name} do not match the digest in its card.")
    return contents


def _read_member(card: Card, member: Member) -> bytes:
    try:
        content = (card.directory / member.file).read_bytes()
    except OSError as error:
        raise ArtefactError(f"Detector {card.name} lacks its file {member.file}: {error}") from error
    if hashlib.sha256(content).hexdigest() != member.sha256:
        raise ArtefactError(f"{member.file} of detector {card.name} does not match the digest in its card.")
    return content


def write_card(card: Card) -> Path:
    """Write ``card.json`` into the card's directory and return its path."""
    card.path.write_text(json.dumps(card.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card.path


def shipped_cards(directory: Path = ARTEFACTS) -> list[Card]:
    """Return the cards of every detector in ``directory``, the default one first, the rest by name."""
    cards = [read_card(path) for path in sorted(directory.glob(f"*/{CARD_FILE}"))]
    return sorted(cards, key=lambda card: card.name != DEFAULT_DETECTOR)


def _from_dict(raw: Mapping[str, Any], directory: Path) -> Card:
    members = tuple(
        Member(
            file=item["file"],
            backbone=item["backbone"],
            sha256=item["sha256"],
            views=tuple(View(**view) for view in item["views"]),
            weight=float(item["weight"]),
        )
        for item in raw["members"]
    )
    calibration = Calibration(float(raw["calibration"]["slope"]), float(raw["calibration"]["intercept"]))
    review, hold = float(raw["thresholds"]["review"]), float(raw["thresholds"]["hold"])
    if not members or any(Path(member.file).name != member.file for member in members):
        raise ValueError("members must name files beside the card")
    if not 0 <= review <= hold <= 1:
        raise ValueError(f"thresholds are not ordered: review {review}, hold {hold}")
    if calibration.slope <= 0:
        raise ValueError("the calibration's slope must be positive")
    return Card(
        name=raw["name"],
        sha256=raw["sha256"],
        preprocess_version=int(raw["preprocess_version"]),
        members=members,
        calibration=calibration,
        review_threshold=review,
        hold_threshold=hold,
        thresholds=raw["thresholds"],
        metrics=raw["metrics"],
        data=raw["data"],
        training=raw["training"],
        created=raw.get("created", ""),
        summary=raw.get("summary", ""),
        directory=directory,
    )
