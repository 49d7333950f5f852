"""The network that turns a picture into bits, and its directory on disk.

    model.safetensors     weights and batch statistics
    seen.npz              digests, groups and places of the photos that trained it or chose its threshold
    config.json           format, sizes, threshold, how it was measured, and the sha256 of the other two

The whole picture is squeezed to a small square. Convolutions reduce it to a 4 x 4 map of features, which is
averaged as a whole and over its four quarters, so that a small shift changes little; one matrix makes the
bits. The values before the sign are normalised over the batch, so that each bit is set for about half of all
pictures.

A cut picture is the hardest near-duplicate. So each picture also gets codes for five windows, and the
distance of two pictures is the least between the whole of either one and the whole or a window of the other.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from planet_core import images
from planet_core.files import atomic_directory
from planet_core.model_directory import ModelDirectoryError, TrainingIndex, sha256_of
from planet_core.near_duplicates_bits import VIEWS, Codes, pack, views
from planet_core.sources.photo import Photo

FORMAT = "planet-near-duplicates"
FORMAT_VERSION = 1
WEIGHTS = "model.safetensors"
SEEN = "seen.npz"
CONFIG = "config.json"

IMAGE_PX = 64
BITS = 512
WIDTHS = (16, 32, 64, 96)
DECODED_SIDE = 256
"""Pictures are decoded to at most this many pixels a side before they are squeezed to IMAGE_PX."""
AT_ONCE = 256
"""Views that go through the network together."""

_REQUIRED = ("bits", "image_px", "widths", "threshold", "fine_level", "sha256")

Pixels = npt.NDArray[np.uint8]


class Network(nn.Module):
    """uint8 pictures (B, px, px, 3) to one real number for each bit, (B, bits); its sign is the bit."""

    def __init__(self, bits: int = BITS, image_px: int = IMAGE_PX, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.bits, self.image_px, self.widths = bits, image_px, tuple(widths)
        layers: list[nn.Module] = []
        channels = 3
        for width in widths:  # each halves the side: 64 -> 32 -> 16 -> 8 -> 4
            layers += [*_convolution(channels, width, stride=2), *_convolution(width, width, stride=1)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(5 * channels, bits, bias=False)
        self.centre = nn.BatchNorm1d(bits, affine=False)

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.permute(0, 3, 1, 2).float()  # (B, 3, px, px)
        # brightness and contrast are taken out at the door
        x = (x - x.mean(dim=(1, 2, 3), keepdim=True)) / (x.std(dim=(1, 2, 3), keepdim=True) + 8.0)
        x = self.features(x.contiguous(memory_format=torch.channels_last))  # (B, channels, 4, 4)
        whole, quarters = x.mean(dim=(2, 3)), functional.adaptive_avg_pool2d(x, 2).flatten(1)
        values: Tensor = self.centre(self.head(torch.cat([whole, quarters], dim=1)))
        return values


def _convolution(before: int, after: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    ]


# ------------------------------------------------------------------------------------------------
# Pictures to codes


def squeeze(picture: Image.Image, image_px: int = IMAGE_PX) -> Pixels:
    """What the network sees of an RGB picture: all of it, uint8 (image_px, image_px, 3)."""
    return np.asarray(picture.resize((image_px, image_px), Image.Resampling.BOX))


def squeeze_views(picture: Image.Image, image_px: int = IMAGE_PX) -> Pixels:
    """The whole picture and its windows, uint8 (VIEWS, image_px, image_px, 3)."""
    return np.stack([squeeze(view, image_px) for view in views(picture)])


@dataclass(frozen=True, eq=False)
class Embedder:
    """A loaded model: pictures to codes.

    Attributes:
        network: in evaluation mode.
        config: config.json.
        seen: what it was trained on (`training_*`) and what chose its threshold (`validation_*`).
        device: where it runs, as torch names it.
    """

    network: Network
    config: dict[str, Any]
    seen: TrainingIndex
    device: str = "cpu"

    @property
    def threshold(self) -> int:
        """Hamming distance in bits up to which two pictures are near-duplicates."""
        return int(self.config["threshold"])

    @property
    def bits(self) -> int:
        """Length of a code."""
        return self.network.bits

    def codes(self, pixels: Pixels) -> Codes:
        """Codes, uint64 (B, views, bits / 64), of squeezed views, uint8 (B, views, px, px, 3)."""
        return encode(self.network, pixels, self.device)


@torch.inference_mode()
def encode(network: Network, pixels: Pixels, device: str = "cpu") -> Codes:
    """Codes, uint64 (B, views, bits / 64), of squeezed views, uint8 (B, views, px, px, 3).

    The network is left in evaluation mode.
    """
    network.eval()
    found = [np.empty((0, network.bits // 64), dtype=np.uint64)]
    flat = torch.from_numpy(np.ascontiguousarray(pixels.reshape(-1, *pixels.shape[2:])))
    for batch in torch.split(flat, AT_ONCE):
        found.append(pack((network(batch.to(device)) > 0).cpu().numpy()))
    return np.concatenate(found).reshape(*pixels.shape[:2], -1)


def read_pictures(
    photos: Iterable[Photo], ahead: int = 64
) -> Iterator[tuple[Photo, Image.Image | images.ImageError]]:
    """Every photo with its picture, at most DECODED_SIDE a side, or why it has none; in order.

    On all cores, `ahead` pictures at a time.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting: list[Photo] = []
        for photo in photos:
            waiting.append(photo)
            if len(waiting) == ahead:
                yield from zip(waiting, pool.map(_read, waiting), strict=True)
                waiting = []
        yield from zip(waiting, pool.map(_read, waiting), strict=True)


def _read(photo: Photo) -> Image.Image | images.ImageError:
    try:
        source = photo.path if photo.length is None else photo.read()
        return images.load(source, max_side=DECODED_SIDE, name=photo.name)
    except images.ImageError as error:
        return error
    except OSError as error:  # of the tar that the picture is in
        return images.ImageError("truncated", f"cannot read {photo.name}: {error.strerror or error}")


# ------------------------------------------------------------------------------------------------
# On disk


def save(
    directory: str | os.PathLike[str],
    network: Network,
    threshold: int,
    seen: TrainingIndex,
    measured: dict[str, Any],
) -> None:
    """Writes a model directory, as a whole or not at all; one of that name is replaced.

    Args:
        measured: how it was trained and what its threshold did on training-side pairs; JSON only.

    Raises:
        OSError: the disk is full or not writable; what was there before is untouched.
    """
    with atomic_directory(directory) as new:
        weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
        save_file(weights, new / WEIGHTS)
        (new / WEIGHTS).chmod(0o644)  # safetensors leaves it to the owner alone
        with (new / SEEN).open("wb") as file:
            seen.write(file)
        config = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "bits": network.bits,
            "image_px": network.image_px,
            "widths": list(network.widths),
            "views": VIEWS,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "threshold": threshold,
            "fine_level": seen.fine_level,
            "measured": measured,
            "sha256": {name: sha256_of(new / name) for name in (WEIGHTS, SEEN)},
        }
        (new / CONFIG).write_text(json.dumps(config, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def load(directory: str | os.PathLike[str], device: str = "cpu") -> Embedder:
    """Reads a model directory, every file checked against its checksum.

    Raises:
        ModelDirectoryError: missing, incomplete, damaged, or of another kind.
    """
    folder = Path(directory)
    config = _read_config(folder)
    for name in (WEIGHTS, SEEN):
        path = folder / name
        if not path.is_file():
            raise ModelDirectoryError(f"the near-duplicate model lacks a file: {path}")
        if sha256_of(path) != config["sha256"].get(name):
            raise ModelDirectoryError(f"{path} is damaged or foreign: its sha256 is not the one in {CONFIG}")
    try:
        network = Network(config["bits"], config["image_px"], config["widths"])
        network.load_state_dict(load_file(folder / WEIGHTS, device=device))
        seen = _read_seen(folder / SEEN)
    except (
        *(ValueError, TypeError, RuntimeError, KeyError, OSError),
        *(SafetensorError, zipfile.BadZipFile, zlib.error),
    ) as error:
        raise ModelDirectoryError(f"the files in {folder} do not fit its {CONFIG}: {error}") from error
    network.to(device).eval()
    return Embedder(network, config, seen, device)


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelDirectoryError(
            f"there is no near-duplicate model in {folder}: cannot read {path}: {error.strerror};"
            " train one with python -m planet_core.near_duplicates train"
        ) from error
    except ValueError as error:
        raise ModelDirectoryError(f"{path} is damaged: {error}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ModelDirectoryError(f"{path} does not describe a near-duplicate model")
    if config.get("format_version") != FORMAT_VERSION:
        raise ModelDirectoryError(
            f"{folder} has format {config.get('format_version')!r}, this program reads {FORMAT_VERSION}"
        )
    if config.get("views") != VIEWS:
        raise ModelDirectoryError(f"{path} is for {config.get('views')!r} views of a picture, not {VIEWS}")
    missing = [key for key in _REQUIRED if key not in config]
    if missing:
        raise ModelDirectoryError(f"{path} lacks {', '.join(missing)}")
    return config


def _read_seen(path: Path) -> TrainingIndex:
    with np.load(path, allow_pickle=False) as data:
        return TrainingIndex(
            training_digests=tuple(data["training_digests"].tolist()),
            training_groups=tuple(data["training_groups"].tolist()),
            validation_digests=tuple(data["validation_digests"].tolist()),
            validation_groups=tuple(data["validation_groups"].tolist()),
            fine_level=int(data["fine_level"]),
            training_cells=data["training_cells"].astype(np.uint64),
        )
