"""What a training run of an album model is: a frozen set of values with a name. No torch.

`paper`   what the paper says of its album models (Sec. 4), and AdaGrad as for its image model: an LSTM and a
          softmax of its own, from random weights; for albums by the hundred thousand
`modern`  for hundreds of albums: the softmax is the image model's own layer, to which the memory adds; the
          memory starts as a fading sum of what that layer says (`album_start`); photos are taken away at
          random and must be told from their neighbours; AdamW, small steps, much dropout, early stopping. Chosen on
          150 validation trips of the drawn world after 600 training trips; with random weights, larger steps
          or haversine labels it learnt the training trips by heart
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from planet_core.recipe import RecipeError, changes_of

_CHOICES = {
    "optimiser": ("adagrad", "adamw"),
    "labels": ("one-hot", "haversine"),
    "output": ("softmax", "image-logits", "image-embedding"),
    "image_layer": ("kept", "trained"),
    "start": ("random", "sum"),
}
_LEAST = {
    **dict.fromkeys(("epochs", "batch_albums", "hidden", "layers", "steps_back"), 1),
    **dict.fromkeys(("weight_decay", "initial_accumulator", "clip", "patience"), 0),
}
_SHARES = ("warmup_share", "label_smoothing", "dropout", "photo_dropout")


@dataclass(frozen=True)
class AlbumRecipe:
    """All values of a training run of an album model.

    Attributes:
        name: name of the recipe.
        epochs: passes over the training albums, at most.
        batch_albums: albums in a step, over all processes together.
        optimiser, learning_rate, weight_decay, warmup_share, initial_accumulator: as `recipe.Recipe` has.
        clip: largest length of a step's gradient; 0 for any.
        hidden, layers: width of the memory, and how many LSTMs or attention blocks.
        output: how a memory becomes logits, see `album_layers.Output`; `softmax` is the paper's.
        image_layer: whether the image model's own layer, where the output uses it, is `kept` or `trained`.
        start: whether the weights of LSTMs are `random` at first, or add up what the image model says of the
            photos (`sum`, see `album_start`; with the output `image-logits`).
        random_rate: with the start `sum`, the learning rate of models that have none such (the transformer).
        dropout: share of a photo's numbers, and of the memory, that is dropped in training.
        photo_dropout: share of the photos that are taken away in training, and still to be answered.
        least_share: in training an album is a random run of its photos, at least this share of them; 1 for
            whole albums.
        time_gaps: whether LSTMs get the hours since the photo before.
        standardise: whether the numbers of embeddings are brought to mean 0 and spread 1 (of the training
            photos) before the memory sees them.
        steps_back: how many steps gradients of one-directional models go back (truncated back-propagation
            through time); their state goes on.
        labels, label_smoothing, label_scale_km: what a photo's right answer is, see `planet_core.labels`.
        patience: epochs without lower validation loss after which training ends; 0 for never.
    """

    name: str
    epochs: int
    batch_albums: int
    optimiser: str
    learning_rate: float
    weight_decay: float = 0.0
    warmup_share: float = 0.0
    initial_accumulator: float = 0.0
    clip: float = 0.0
    hidden: int = 512
    layers: int = 1
    output: str = "softmax"
    image_layer: str = "kept"
    start: str = "random"
    random_rate: float = 3e-4
    dropout: float = 0.0
    photo_dropout: float = 0.0
    least_share: float = 1.0
    time_gaps: bool = False
    standardise: bool = False
    steps_back: int = 64
    labels: str = "one-hot"
    label_smoothing: float = 0.0
    label_scale_km: float = 75.0
    patience: int = 0

    def __post_init__(self) -> None:
        """Raises RecipeError where a value makes no sense."""
        for name, choices in _CHOICES.items():
            self._require(name, getattr(self, name) in choices, f"one of {', '.join(choices)}")
        for name, least in _LEAST.items():
            self._require(name, least <= getattr(self, name) < math.inf, f"at least {least}")
        for name in _SHARES:
            self._require(name, 0 <= getattr(self, name) < 1, "at least 0 and below 1")
        for name in ("learning_rate", "random_rate", "label_scale_km"):
            self._require(name, 0 < getattr(self, name) < math.inf, "above 0")
        self._require("least_share", 0 < self.least_share <= 1, "above 0 and at most 1")

    def _require(self, name: str, fulfilled: bool, what: str) -> None:
        if not fulfilled:
            raise RecipeError(f"recipe {self.name!r}: {name} must be {what}, not {getattr(self, name)!r}")

    def changed(self, settings: Sequence[str]) -> AlbumRecipe:
        """The recipe with other values, each `NAME=VALUE`. Raises RecipeError as `Recipe.changed`."""
        return replace(self, **changes_of(self, settings))

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON takes them."""
        return asdict(self)


PAPER = AlbumRecipe(
    name="paper", epochs=20, batch_albums=32, optimiser="adagrad", learning_rate=0.045, clip=1.0, patience=3
)
MODERN = AlbumRecipe(
    name="modern",
    epochs=8,
    batch_albums=8,
    optimiser="adamw",
    learning_rate=3e-5,
    weight_decay=0.05,
    warmup_share=0.1,
    clip=1.0,
    hidden=128,
    output="image-logits",
    start="sum",
    dropout=0.5,
    photo_dropout=0.1,
    least_share=0.5,
    standardise=True,
    patience=4,
)
RECIPES: Mapping[str, AlbumRecipe] = MappingProxyType({recipe.name: recipe for recipe in (PAPER, MODERN)})


def load(name: str) -> AlbumRecipe:
    """The recipe of that name. Raises RecipeError, which lists those there are."""
    if name not in RECIPES:
        raise RecipeError(f"there is no album recipe {name!r}; the recipes are {', '.join(RECIPES)}")
    return RECIPES[name]
