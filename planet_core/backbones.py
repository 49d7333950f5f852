"""Other people's networks in place of ours: any vision model of `transformers`, by name or local folder.

    pip install 'planet-arena[backbones]'
    python -m planet_core.train_cnn --recipe backbone --network hf:FOLDER --data photos.csv --run runs/b

`hf:FOLDER` reads a folder that `save_pretrained` wrote; `hf:NAME` is downloaded by `transformers` once. The
heads over the cells are ours; the model below them is fine-tuned, or frozen. What it wants of pictures (size,
mean, deviation) is read from its preprocessor_config.json, so torchvision is not needed. A model version that
comes out holds weights and architecture: loading it needs `transformers`, but neither folder nor network.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from planet_core.heads import Network, make_classifier
from planet_core.inception import NORMALISATION, initialise
from planet_core.stopping import UserError

PREFIX = "hf:"
_PREPROCESSOR = "preprocessor_config.json"
_DEFAULT_PX = 224


class Backbone(Network):
    """A `transformers` vision model under our heads.

    Attributes:
        model: the model without any head of its own.
        frozen: whether its weights and batch statistics stay as they are.
    """

    def __init__(
        self,
        model: nn.Module,
        cells: int | Sequence[int],
        *,
        image_px: int,
        normalisation: Mapping[str, list[float]],
        frozen: bool = False,
    ) -> None:
        super().__init__(image_px, normalisation, _width(model))
        self.model, self.frozen = model, frozen
        self.dropout = nn.Dropout(0.0)
        self.classifier = make_classifier(self.embedding, cells)
        initialise(self.classifier)
        if frozen:
            self.model.requires_grad_(False)
            self.model.eval()

    def train(self, mode: bool = True) -> Backbone:
        """As every module, but a frozen model stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.model.eval()
        return self

    def embed(self, images: Tensor) -> Tensor:
        """The pooled output, or the mean of the last hidden states where there is none, (B, embedding)."""
        output = self.model(pixel_values=images)
        pooled = getattr(output, "pooler_output", None)
        if isinstance(pooled, Tensor):
            return pooled.flatten(1)
        states: Tensor = output.last_hidden_state
        # a grid (B, C, H, W) of a convolutional network, or tokens (B, T, C) of a transformer
        return states.mean(dim=(2, 3)) if states.ndim == 4 else states.mean(dim=1)

    def facts(self) -> dict[str, Any]:
        """The model's architecture, as JSON takes it."""
        config: Any = self.model.config
        return {"backbone": config.to_dict(), "frozen": self.frozen}


def build(name: str, cells: int | Sequence[int], *, frozen: bool = False) -> Backbone:
    """A backbone with its own weights and random heads.

    Args:
        name: a local folder, or a name that `transformers` knows; without the prefix `hf:`.
        cells: number of classes, or a list of numbers.

    Raises:
        UserError: `transformers` is not installed, no such model, or not one for pictures.
    """
    transformers = _transformers()
    settings = open_settings(name)
    with _clear_errors(name):
        model = transformers.AutoModel.from_pretrained(name, config=settings.vision)
    if getattr(model, "main_input_name", "") != "pixel_values":
        raise UserError(f"the backbone {name!r} is no vision model: it takes {model.main_input_name!r}")
    return Backbone(
        model, cells, image_px=settings.image_px, normalisation=settings.normalisation, frozen=frozen
    )


def build_empty(name: str, cells: int | Sequence[int]) -> Backbone:
    """The architecture alone, with whatever values torch gives it: on the meta device none.

    Raises:
        UserError: as `open_settings`.
    """
    settings = open_settings(name)
    with _clear_errors(name):
        model = _transformers().AutoModel.from_config(settings.vision)
    return Backbone(model, cells, image_px=settings.image_px, normalisation=settings.normalisation)


@dataclass(frozen=True)
class Settings:
    """What a backbone is and wants of pictures: its `transformers` config, side, mean and deviation."""

    vision: Any
    image_px: int
    normalisation: dict[str, list[float]]


def open_settings(name: str) -> Settings:
    """Reads config.json and preprocessor_config.json of a folder or a name.

    Raises:
        UserError: `transformers` is not installed, or there is no such model.
    """
    transformers = _transformers()
    with _clear_errors(name):
        vision = _vision_config(transformers.AutoConfig.from_pretrained(name))
        found = transformers.utils.cached_file(
            name, _PREPROCESSOR, _raise_exceptions_for_missing_entries=False
        )
        wishes = json.loads(Path(found).read_text(encoding="utf-8")) if found else {}
    normalisation = {
        "mean": list(wishes.get("image_mean", NORMALISATION["mean"])),
        "std": list(wishes.get("image_std", NORMALISATION["std"])),
    }
    return Settings(vision, _image_px(wishes, vision), normalisation)


@contextlib.contextmanager
def _clear_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(
            f"cannot load the backbone {name!r}: {reason} (give a folder written by save_pretrained, or the"
            " name of a vision model)"
        ) from error


def restore(config: Mapping[str, Any], cells: int | Sequence[int]) -> Backbone:
    """The architecture of a model version's config, with weights still to be loaded.

    Raises:
        UserError: `transformers` is not installed.
        ValueError: it does not know the architecture.
    """
    transformers = _transformers()
    facts = dict(config["backbone"])
    architecture = transformers.AutoConfig.for_model(facts.pop("model_type"), **facts)
    model = transformers.AutoModel.from_config(architecture)
    return Backbone(
        model,
        cells,
        image_px=config["image_px"],
        normalisation=config["normalisation"],
        frozen=bool(config["frozen"]),
    )


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise UserError(
            "networks that start with hf: need the package transformers:"
            " pip install 'planet-arena[backbones]'"
        ) from error
    return transformers


def _vision_config(config: Any) -> Any:
    """Of a model with two towers (CLIP, SigLIP), the one that sees."""
    return getattr(config, "vision_config", config)


def _width(model: nn.Module) -> int:
    config: Any = model.config
    if hasattr(config, "hidden_sizes"):
        return int(config.hidden_sizes[-1])
    return int(config.hidden_size)


def _image_px(wishes: Mapping[str, Any], config: Any) -> int:
    for size in (wishes.get("crop_size"), wishes.get("size"), getattr(config, "image_size", None)):
        if isinstance(size, dict):
            size = size.get("height") or size.get("shortest_edge")
        if isinstance(size, list | tuple) and size:
            size = size[0]
        if isinstance(size, int) and size > 0:
            return size
    return _DEFAULT_PX
