"""Makes a model version smaller, to be shipped: weights in half precision, and a model card for people.

    python -m planet_core.pack MODEL --out DIR [--half] [--groups-alone] [--report FILE] [--intro FILE]

Notable:
- --half stores convolutions and heads as float16; whatever has one dimension (biases, batch normalisation)
  stays as it is. Loading turns all back into float32. What that costs is measured on random pictures and
  printed
- --groups-alone leaves out the digests of single photos, which are most of the training index; it is for data
  of which every photo has a group, and is refused where there is none
- DIR gets MODEL_CARD.md, made from the metrics of the model, from --report (report.json of
  `planet_core.evaluate`) and from --intro, text of one's own, on top
- DIR is a version of its own, with its own digest, and names the one it came from as `packed_from`
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from planet_core import checkpoint, model_directory
from planet_core.files import atomic_directory
from planet_core.model_card import CARD, card
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.stopping import Stopped, UserError, stopping_on_signals

PROBES = 64
"""Random pictures that both versions answer."""


@dataclass(frozen=True)
class Packed:
    """What came of packing.

    Attributes:
        digest: of the new version.
        bytes: of all its files.
        difference: largest difference of any probability on random pictures.
        same_top: share of them with the same most probable cell.
    """

    digest: str
    bytes: int
    difference: float
    same_top: float


def pack(
    source: str | Path,
    out: str | Path,
    *,
    half: bool = False,
    groups_alone: bool = False,
    report: dict[str, Any] | None = None,
    intro: str = "",
) -> Packed:
    """Writes a smaller version of a model directory to `out`, as a whole or not at all.

    Args:
        half: store weights of several dimensions as float16.
        groups_alone: leave the digests of photos out of the training index.
        report: of `planet_core.evaluate`, for the card.
        intro: Markdown that the card begins with.

    Raises:
        ModelDirectoryError: the source is missing, incomplete or damaged.
        UserError: photos without groups, weights too large for float16, or `out` is the source.
        OSError: it cannot be written; what was there before is untouched.
    """
    folder, target = Path(source), Path(out)
    if folder.resolve() == target.resolve():
        raise UserError(f"{target} is the model itself: give another folder as --out")
    model_directory.verify(folder)
    index = TrainingIndex.load(folder)
    config, metrics = model_directory.read_config(folder), model_directory.read_metrics(folder)
    weights = load_file(folder / model_directory.WEIGHTS)
    with atomic_directory(target) as new:
        save_file(_halved(weights) if half else weights, new / model_directory.WEIGHTS)
        (new / model_directory.WEIGHTS).chmod(0o644)
        for name in (model_directory.PARTITION, model_directory.METRICS):
            (new / name).write_bytes((folder / name).read_bytes())
        (_without_digests(index) if groups_alone else index).write(new / model_directory.TRAINING_INDEX)
        packed = {
            **config,
            **({"weights": "float16"} if half else {}),
            "packed_from": model_directory.version_digest(folder),
            "sha256": {name: model_directory.sha256_of(new / name) for name in model_directory.CHECKSUMMED},
        }
        text = json.dumps(packed, indent=2, allow_nan=False) + "\n"
        (new / model_directory.CONFIG).write_text(text, encoding="utf-8")
        digest = model_directory.version_digest(new)
        (new / CARD).write_text(card(packed, metrics, digest, report, intro), encoding="utf-8")
    difference, same_top = _compared(folder, target)
    size = sum(path.stat().st_size for path in target.iterdir())
    return Packed(digest, size, difference, same_top)


def _halved(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    halved = {}
    for name, value in weights.items():
        halved[name] = value.half() if value.is_floating_point() and value.ndim > 1 else value
        if not halved[name].isfinite().all():
            raise UserError(f"the weights {name} are too large for half precision: pack without --half")
    return halved


def _without_digests(index: TrainingIndex) -> TrainingIndex:
    if not index.training_groups:
        raise UserError("the training photos have no groups, so their digests are needed: no --groups-alone")
    return replace(index, training_digests=(), validation_digests=())


def _compared(one: Path, other: Path) -> tuple[float, float]:
    rows = [_answers(folder) for folder in (one, other)]
    same = rows[0].argmax(axis=1) == rows[1].argmax(axis=1)
    return float(np.abs(rows[0] - rows[1]).max()), float(same.mean())


@torch.no_grad()
def _answers(folder: Path) -> npt.NDArray[np.float32]:
    """Probabilities of random pictures, (PROBES, cells)."""
    model = checkpoint.load(folder)
    px = model.network.image_px
    coarse = torch.rand((PROBES, 3, 9, 9), generator=torch.Generator().manual_seed(0))
    pictures = torch.nn.functional.interpolate(coarse, (px, px), mode="bilinear")
    logits = model.network(4 * pictures - 2)
    finest = logits if isinstance(logits, Tensor) else logits[-1]
    return np.asarray(finest.softmax(dim=1).numpy(), dtype=np.float32)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.pack",
        description="Make a model version smaller, to be shipped, with a model card.",
    )
    parser.add_argument("model", metavar="MODEL", help="a model version directory")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the packed version")
    parser.add_argument("--half", action="store_true", help="store weights as float16")
    parser.add_argument(
        "--groups-alone", action="store_true", help="leave the digests of photos out: all of them have groups"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="report.json of planet_core.evaluate")
    parser.add_argument("--intro", type=Path, metavar="FILE", help="Markdown that the card begins with")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 2 for what cannot be done, 130 when stopped."""
    options = parse_arguments(arguments)
    try:
        with stopping_on_signals():
            report = json.loads(options.report.read_text(encoding="utf-8")) if options.report else None
            intro = options.intro.read_text(encoding="utf-8") if options.intro else ""
            packed = pack(
                options.model,
                options.out,
                half=options.half,
                groups_alone=options.groups_alone,
                report=report,
                intro=intro,
            )
    except (ModelDirectoryError, UserError, ValueError) as error:
        print(f"pack: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"pack: {error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    except Stopped:
        print("pack: stopped", file=sys.stderr)
        return 130
    print(
        f"model version {packed.digest[:12]} in {options.out}, {packed.bytes / 1e6:.2f} MB; on {PROBES}"
        f" random pictures probabilities differ by at most {packed.difference:.1e}, the top cell is the same"
        f" for {packed.same_top:.0%}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
