"""How a detector is trained, as data: what a run folder stores, and what a card repeats."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from ml.cards import View

Backbone = Literal["mobilenet_v2", "mobilenet_v3_large_minimalistic", "mobilenet_v3_small", "mobilenet_v3_large"]


@dataclass(frozen=True, slots=True)
class Augment:
    """What may happen to a training picture. ``*_chance`` are probabilities; each breaks one shortcut."""

    whole_chance: float = 0.6
    """Nearly the whole picture, squeezed to a square as it is when it serves; else a squarish part of it."""
    rescale_chance: float = 0.1
    """Smaller by up to two fifths before the resize to size, with a random kernel."""
    reencode_chance: float = 0.4
    """JPEG or WebP, quality 50 to 95: compression must not tell the class."""
    kernel_chance: float = 0.4
    """A random kernel for the resize to size, instead of the one that serves."""
    blur_chance: float = 0.06
    sharpen_chance: float = 0.06
    colour_chance: float = 0.5
    grey_chance: float = 0.04
    noise_chance: float = 0.1
    cutmix_chance: float = 0.0
    """For a batch: a rectangle of another picture, of either class; the target follows the area."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A head fitted on what the untrained backbone reads off, before (or instead of) any fine-tuning."""

    copies: int = 0
    """Augmented squares of each picture beside its views."""
    l2: float = 1e-5
    group_penalty: float = 0.0
    """Against directions in which sources of one class differ: they will not hold for the next source."""
    label_smoothing: float = 0.0
    iterations: int = 150


@dataclass(frozen=True, slots=True)
class Recipe:
    """One network's training: a head fitted on the frozen backbone if ``probe`` is given, then fine-tuning."""

    backbone: Backbone
    size: int = 224
    views: tuple[View, ...] = (View("whole"),)
    """What the network looks at when it is tested and when it serves."""
    head: Literal["mean", "statistics"] = "statistics"
    """What is read off the backbone, see :mod:`ml.heads`."""
    clip: float = 6.0
    """How many standard deviations one number may say; 0 for no limit."""
    probe: Probe | None = field(default_factory=Probe)
    passes: int = 6000
    """How many pictures the fine-tuning looks at, repeats counted; 0 for none."""
    batch: int = 32
    learning_rate: float = 2e-4
    head_rate: float = 1e-3
    warmup: float = 0.1
    """Share of the steps over which the learning rates rise, while they fall as a cosine to zero."""
    weight_decay: float = 0.02
    """Of the backbone; the head has none."""
    label_smoothing: float = 0.05
    dropout: float = 0.1
    ema: float = 0.98
    """Momentum of the weights' moving average, which is what is kept; 0 keeps the last weights."""
    steady_batchnorm: bool = True
    """Keep the averages of ImageNet. Keras would train them with momentum 0.999, which a short fine-tuning leaves
    stale: AUROC 0.95 at an accuracy of 0.6."""
    frozen_until: str = ""
    """The last layer that is not fine-tuned; the first layers are the dearest and change least."""
    group_power: float = 0.3
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


RECIPES = {
    "mobilenet_v2": Recipe("mobilenet_v2", frozen_until="block_2_add"),
    "mobilenet_v3": Recipe("mobilenet_v3_large_minimalistic", frozen_until="expanded_conv_2_add"),
}
"""By family: what ships."""

PAPER = {family: replace(recipe, passes=2000) for family, recipe in RECIPES.items()}
"""The same for the paper's 750 training pictures: each is seen about as often as one of the 2,440 is."""

PLANS = {family: Plan(family, (recipe,), (1.0,)) for family, recipe in RECIPES.items()} | {
    "pair": Plan("pair", (RECIPES["mobilenet_v3"], RECIPES["mobilenet_v2"]), (1.0, 1.0))
}
"""The detectors that are shipped, by name."""
