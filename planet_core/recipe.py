"""What a training run is: a frozen set of values with a name. No torch: the web process lists recipes.

Each file of `planet_core/recipes` holds one `RECIPE`; its docstring says the command, the cost and the
numbers to expect. The whole recipe is written into the config of the model that comes out.
"""

from __future__ import annotations

import ast
import importlib
import json
import math
import pkgutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from planet_core import recipes

_CHOICES = {
    "optimiser": ("adagrad", "adamw"),
    "labels": ("one-hot", "haversine"),
    "precision": ("float32", "bfloat16", "bfloat16-anywhere"),
}
_LEAST = {
    **dict.fromkeys(("max_photos", "min_photos", "epochs", "batch_size", "accumulate"), 1),
    **dict.fromkeys(("max_level", "fine_level", "weight_decay", "balance", "patience", "colour"), 0),
    **dict.fromkeys(("initial_accumulator", "first_px"), 0),
}
_SHARES = ("validation_share", "warmup_share", "label_smoothing", "average", "dropout", "first_share")


class RecipeError(Exception):
    """No recipe of that name, or a value that makes no sense."""


@dataclass(frozen=True)
class Recipe:
    """All values of a training run.

    Attributes:
        name: name of the recipe.
        network: preset of `planet_core.inception`, or `hf:` and the name or folder of a `transformers` model.
        max_photos, min_photos: the partition's t1 and t2 (paper section 3).
        max_level: S2 level below which no class cell is split.
        fine_level: S2 level of the places that are kept whole by the split; not coarser than `max_level`, so
            that a class can have places on both sides.
        validation_share: share of the photos that is held out, about.
        epochs: passes over the training photos, at most.
        batch_size: photos in a step, over all processes and accumulated parts together.
        optimiser: `adagrad` (paper) or `adamw`.
        learning_rate: its highest value.
        weight_decay: of `adamw`, on weights of more than one dimension.
        warmup_share: share of the steps in which the learning rate rises from 0; afterwards it falls as a
            cosine to 0. 0 means a constant rate, as in the paper.
        label_smoothing: share of the target spread over all classes.
        crop_side: (least, most) side of a training crop, as a share of the picture's shorter side.
        colour: largest relative change of brightness, contrast and saturation in training.
        class_point: what `top-cell` answers: `cell-center` (paper).
        level: if given, the cells are those of this one S2 level with `min_photos` photos (the paper's small
            model: 4), and `max_photos` and `max_level` play no part.
        coarser: (max_photos, min_photos, max_level) of further partitions, coarse first. Each gets a head of
            its own, the losses are summed, and the predictor multiplies the probabilities down.
        labels: `one-hot` (paper) or `haversine` (see `planet_core.labels`).
        label_scale_km: distance over which haversine labels fall off to 1/e.
        balance: photos of a class of n are drawn with weight n ** -balance. 0 shows each photo once an epoch;
            1 shows all classes equally often, so that photos of small ones repeat.
        mirror: whether half of the training crops are mirrored. It swaps driving side and text.
        accumulate: parts into which each process cuts its share of a step, to save memory.
        patience: epochs without better validation accuracy after which training ends (paper); 0 for never.
        average: decay of the moving average of the weights, which is then what is examined and saved; 0 for
            none (paper).
        precision: `float32`; `bfloat16` for the convolutions on a GPU, while CPUs compute in float32; or
            `bfloat16-anywhere`, also on CPUs that have it.
        compile: whether a GPU runs the network through torch.compile; CPUs never do, where it does not pay.
        shared_statistics: whether batch normalisation is over the photos of all processes, not of each.
        frozen: whether the weights of an `hf:` network stay as they were loaded, and the heads alone train.
        dropout: share of the embedding dropped in training; None for the network's own.
        initial_accumulator: what the sums of `adagrad` start at. 0 is torch's: the first step moves every
            weight by the whole learning rate, whatever its gradient. 0.1 is that of other implementations.
        first_px, first_share: in the first share of the steps pictures are shrunk to so many pixels a side,
            which takes less time (progressive resizing, Howard 2018); 0 for never. For networks that take any
            size.
    """

    name: str
    network: str
    max_photos: int
    min_photos: int
    max_level: int
    fine_level: int
    validation_share: float
    epochs: int
    batch_size: int
    optimiser: str
    learning_rate: float
    weight_decay: float
    warmup_share: float
    label_smoothing: float
    crop_side: tuple[float, float]
    colour: float
    class_point: str = "cell-center"
    level: int | None = None
    coarser: tuple[tuple[int, int, int], ...] = ()
    labels: str = "one-hot"
    label_scale_km: float = 75.0
    balance: float = 0.0
    mirror: bool = False
    accumulate: int = 1
    patience: int = 0
    average: float = 0.0
    precision: str = "float32"
    compile: bool = False
    shared_statistics: bool = False
    frozen: bool = False
    dropout: float | None = None
    initial_accumulator: float = 0.0
    first_px: int = 0
    first_share: float = 0.0

    def __post_init__(self) -> None:
        """Raises RecipeError where a value makes no sense."""
        for name, choices in _CHOICES.items():
            self._require(name, getattr(self, name) in choices, f"one of {', '.join(choices)}")
        for name, least in _LEAST.items():
            self._require(name, getattr(self, name) >= least, f"at least {least}")
        for name in _SHARES:
            self._require(name, 0 <= (getattr(self, name) or 0) < 1, "at least 0 and below 1")
        for name in ("learning_rate", "label_scale_km"):
            self._require(name, 0 < getattr(self, name) < math.inf, "above 0")
        self._require("validation_share", self.validation_share <= 0.5, "at most 0.5")
        levels = [self.max_level, self.fine_level, *([] if self.level is None else [self.level])]
        self._require("fine_level", all(0 <= level <= 30 for level in levels), "a level from 0 to 30")
        finest = self.max_level if self.level is None else self.level
        self._require("fine_level", self.fine_level >= finest, f"at least {finest}, the cells' finest level")
        least_side, most_side = self.crop_side
        self._require("crop_side", 0 < least_side <= most_side <= 1, "two shares of a side, the least first")

    def _require(self, name: str, fulfilled: bool, what: str) -> None:
        if not fulfilled:
            raise RecipeError(f"recipe {self.name!r}: {name} must be {what}, not {getattr(self, name)!r}")

    def changed(self, settings: Sequence[str]) -> Recipe:
        """The recipe with other values, each `NAME=VALUE`: VALUE is JSON, a text may lack its quotes.

        Raises:
            RecipeError: there is no such value, or what is given is none that it can have.
        """
        return replace(self, **changes_of(self, settings))

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON takes them."""
        return asdict(self)


def names() -> list[str]:
    """Names of all recipes, sorted."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(recipes.__path__))


def load(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        RecipeError: there is none; lists those there are.
    """
    if name not in names():
        raise RecipeError(f"there is no recipe {name!r}; the recipes are {', '.join(names())}")
    recipe = importlib.import_module(f"planet_core.recipes.{_module(name)}").RECIPE
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"planet_core/recipes/{_module(name)}.py holds no RECIPE")
    return recipe


def summary(name: str) -> str:
    """The first line of a recipe's docstring, for lists. Raises RecipeError as `load`."""
    load(name)
    source = Path(next(iter(recipes.__path__))) / f"{_module(name)}.py"
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def changes_of(recipe: Any, settings: Sequence[str]) -> dict[str, Any]:
    """The values of a recipe's fields that settings `NAME=VALUE` name; see `Recipe.changed`.

    Args:
        recipe: any dataclass of values whose kinds are int, float, str or bool, or tuples of Recipe's.

    Raises:
        RecipeError: there is no such value, or what is given is none that it can have.
    """
    kinds = {field.name: str(field.type) for field in fields(recipe) if field.name != "name"}
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in kinds:
            raise RecipeError(
                f"{setting!r} sets no value of a recipe: give NAME=VALUE with one of {', '.join(kinds)}"
            )
        values[name] = _parsed(name, text, kinds[name])
    return values


def _parsed(name: str, text: str, kind: str) -> Any:
    """A value of a recipe out of a text; `kind` is the annotation of its field."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    value = _tuples(value)
    allowed = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}
    wanted = kind.removesuffix(" | None")
    fits = type(value) in allowed.get(wanted, (tuple,)) or (value is None and wanted != kind)
    if not fits or (isinstance(value, tuple) and not _fits_tuple(name, value)):
        raise RecipeError(f"{name} is a value of the kind {kind}, which {text!r} is not")
    return float(value) if wanted == "float" and value is not None else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _fits_tuple(name: str, value: tuple[Any, ...]) -> bool:
    if name == "crop_side":
        return len(value) == 2 and all(type(side) in (int, float) for side in value)
    return all(
        isinstance(level, tuple) and len(level) == 3 and all(type(number) is int for number in level)
        for level in value
    )


def _module(name: str) -> str:
    return name.replace("-", "_")
