"""How a detector is trained, as data: what a run folder stores, and what a card repeats."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ml.cards import View

Backbone = Literal["mobilenet_v2", "mobilenet_v3_large_minimalistic", "mobilenet_v3_small", "mobilenet_v3_large"]


@dataclass(frozen=True, slots=True)
class Augment:
    """What may happen to a training picture. ``*_chance`` are probabilities; each breaks one shortcut."""

    native_chance: float = 0.3
    """A square at native scale instead of a random part of the picture squeezed to size."""
    smallest_area: float = 0.35
    """The smallest part of the picture that a squeezed view shows."""
    reencode_chance: float = 0.5
    """JPEG or WebP, quality 40 to 95, before the resize or after it: compression must not tell the class."""
    rescale_chance: float = 0.3
    """Down to a half and back, with a random kernel each way."""
    colour_chance: float = 0.5
    """Brightness, contrast and saturation within a quarter."""
    grey_chance: float = 0.05
    blur_chance: float = 0.1
    noise_chance: float = 0.1
    erase_chance: float = 0.0
    cutmix_chance: float = 0.0
    """For a batch: a rectangle of another picture, of either class; the target follows the area."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A head fitted on what the untrained backbone reads off, before (or instead of) any fine-tuning."""

    copies: int = 1
    """Augmented squares of each picture beside its views."""
    l2: float = 1e-6
    group_power: float = 0.3
    group_penalty: float = 3e-5
    """Against directions in which sources of one class differ: they will not hold for the next source."""
    clip: float = 6.0
    """How many standard deviations a number may say, while fitting."""
    label_smoothing: float = 0.0
    iterations: int = 200


@dataclass(frozen=True, slots=True)
class Recipe:
    """One network's training. The defaults are a plain fine-tuning of the whole backbone."""

    backbone: Backbone
    size: int = 224
    views: tuple[View, ...] = (View("whole"),)
    """What the network looks at when it is tested and when it serves."""
    head: Literal["mean", "statistics"] = "mean"
    """What is read off the backbone, see :mod:`ml.heads`."""
    clip: float = 0.0
    """The same limit as the probe's, while serving; 0 for none."""
    probe: Probe | None = None
    epochs: int = 12
    batch: int = 32
    learning_rate: float = 3e-4
    warmup: float = 0.1
    """Share of the steps over which the learning rate rises; then it falls as a cosine to zero."""
    weight_decay: float = 0.05
    label_smoothing: float = 0.05
    dropout: float = 0.3
    ema: float = 0.0
    """Momentum of the weights' moving average, which is what is kept; 0 keeps the last weights."""
    batchnorm_momentum: float = 0.9
    """Keras's 0.999 leaves the averages stale in a short fine-tuning: AUROC 0.95 at an accuracy of 0.6."""
    group_power: float = 0.5
    """How far small sources are drawn more often: 0 every picture alike, 1 every source alike."""
    domains: tuple[str, ...] = ("anime",)
    """Which domains of a manifest are trained on, where it names them."""
    augment: Augment = field(default_factory=Augment)

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """A detector to be: its networks' recipes, and how much each counts when their logits are pooled."""

    name: str
    recipes: tuple[Recipe, ...]
    weights: tuple[float, ...]


def recipe_from_dict(raw: dict[str, Any]) -> Recipe:
    """Return the recipe that :meth:`Recipe.as_dict` wrote, also after a trip through JSON."""
    values = {
        **raw,
        "views": tuple(View(**view) for view in raw["views"]),
        "domains": tuple(raw["domains"]),
        "augment": Augment(**raw["augment"]),
        "probe": Probe(**raw["probe"]) if raw["probe"] else None,
    }
    return Recipe(**values)


PAPER = {
    "mobilenet_v2": Recipe("mobilenet_v2"),
    "mobilenet_v3": Recipe("mobilenet_v3_large_minimalistic"),
}
"""The paper's protocol, by family."""

PLANS = {
    "mobilenet_v2": Plan("mobilenet_v2", (Recipe("mobilenet_v2"),), (1.0,)),
    "mobilenet_v3": Plan("mobilenet_v3", (Recipe("mobilenet_v3_large_minimalistic"),), (1.0,)),
}
"""The detectors that are shipped, by name."""
