"""Which parts of a photo the answer rests on: a grey box slid over it (paper section 4, figure 10).

    python -m planet_core.occlusion MODEL IMAGE --out FILE [--lat LAT --lng LNG] [--positions 20] [--json]

Each value of the map is the model's confidence in one cell with the box at one place: in the true cell, as in
the paper; where no truth is given, or it lies in a cell that the partition dropped, in the cell that is the
most probable one without a box. The result says which. The box has the mean colour of the model's
normalisation, as a grey. The model sees the middle square of a photo, so a map covers that square.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor
from tqdm import tqdm

from planet_core import s2
from planet_core.images import ImageError, Picture, load
from planet_core.model_directory import ModelDirectoryError
from planet_core.outputs import OutputError, while_somebody_reads, writable_file
from planet_core.predict import BATCH, Predictor
from planet_core.stopping import Stopped, stopping_on_signals

POSITIONS = 20
BOX = 0.2
"""Side of the box by the side of the square, unless so few positions would leave gaps between boxes."""

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called with (boxes done, boxes in all)."""


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """How sure the model is of one cell while a box hides a part of the photo.

    Attributes:
        values: float32 (rows, columns), probability of the cell with the box at each place; row 0 is on top.
        baseline: the same without a box.
        target: `true-cell`, the cell that holds the given truth, or `top-cell`, the most probable one.
        reason: why it is that cell, in words.
        cell: the class.
        token: its S2 token.
        lat, lng: its centre, degrees.
        starts: int64 (positions,), where boxes begin along both sides of the square, in its pixels.
        box_px: side of the box in these pixels.
        image_px: side of the square that the model sees.
    """

    values: FloatArray
    baseline: float
    target: str
    reason: str
    cell: int
    token: str
    lat: float
    lng: float
    starts: npt.NDArray[np.int64]
    box_px: int
    image_px: int

    def on_square(self) -> FloatArray:
        """The mean value of the boxes that cover each pixel of the square, float32 (image_px, image_px)."""
        covers = np.zeros((self.image_px, len(self.starts)))  # covers[pixel, k]: whether box k lies on it
        for k, start in enumerate(self.starts.tolist()):
            covers[start : start + self.box_px, k] = 1.0
        covers /= covers.sum(axis=1, keepdims=True)
        return np.asarray(covers @ self.values @ covers.T, dtype=np.float32)

    def on_pixels(self, height: int, width: int) -> FloatArray:
        """The map on the pixels of the photo at any size, float32 (height, width).

        NaN outside the middle square, which the model does not see. For the heat of an area, take
        `nanmean` of `baseline - on_pixels(...)` under its mask.

        Args:
            height, width: of the photo, or of anything of the same shape.

        Raises:
            ValueError: a size below 1.
        """
        if height < 1 or width < 1:
            raise ValueError(f"a photo is at least one pixel high and wide, not {height} x {width}")
        side = min(height, width)
        whole = np.full((height, width), np.nan, dtype=np.float32)
        square = self.on_square()
        rows, columns = (_source_pixels(length, side, self.image_px) for length in (height, width))
        seen_rows, seen_columns = rows >= 0, columns >= 0
        whole[np.ix_(seen_rows, seen_columns)] = square[np.ix_(rows[seen_rows], columns[seen_columns])]
        return whole

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "target": self.target,
            "reason": self.reason,
            "cell": {"index": self.cell, "token": self.token, "lat": self.lat, "lng": self.lng},
            "baseline": self.baseline,
            "positions": len(self.starts),
            "box_px": self.box_px,
            "image_px": self.image_px,
            "starts_px": self.starts.tolist(),
            "values": [[round(value, 7) for value in row] for row in self.values.tolist()],
        }


def _source_pixels(length: int, side: int, image_px: int) -> npt.NDArray[np.int64]:
    """For each pixel along a photo's side, the pixel of the square at its centre; -1 outside the square."""
    place = (np.arange(length) + 0.5 - (length - side) / 2) / side
    pixels = np.clip(np.floor(place * image_px), 0, image_px - 1).astype(np.int64)
    return np.where((place >= 0) & (place < 1), pixels, -1)


def occlusion_map(
    predictor: Predictor,
    picture: Picture,
    lat: float | None = None,
    lng: float | None = None,
    positions: int = POSITIONS,
    box: float | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> OcclusionMap:
    """Slides a grey box over a picture, `positions` x `positions` places, in batches.

    Args:
        picture: a PIL image or a uint8 array (height, width, 3).
        lat, lng: where it was taken, degrees, both or neither.
        positions: places along each side, from edge to edge.
        box: side of the box by the side of the square, above 0 and at most 1; boxes must leave no gaps.
        batch: pictures in a forward pass.
        progress: called after each batch; what it raises ends the work.

    Raises:
        TypeError: a picture of another type.
        ValueError: a place not on the earth, or positions, box or batch out of range.
    """
    _check_place(lat, lng)
    if batch < 1:
        raise ValueError(f"a batch holds at least 1 picture, not {batch}")
    square = predictor.tensor([picture])[0]  # uint8 (px, px, 3)
    starts, box_px = _places(square.shape[0], positions, box)
    undisturbed = predictor.probabilities_of(square[None])[0]
    cell, target, reason = _target(predictor, undisturbed, lat, lng)

    values = np.empty(positions * positions, dtype=np.float32)
    grey = round(255 * float(np.mean(predictor.config["normalisation"]["mean"])))
    if progress:
        progress(0, values.size)
    for first, hidden in _occluded(square, starts, box_px, grey, batch):
        values[first : first + len(hidden)] = predictor.probabilities_of(hidden)[:, cell]
        if progress:
            progress(first + len(hidden), values.size)

    center_lat, center_lng = predictor.partition.centers()
    return OcclusionMap(
        values.reshape(positions, positions),
        float(undisturbed[cell]),
        target,
        reason,
        cell,
        s2.tokens(predictor.partition.cell_ids[[cell]])[0],
        float(center_lat[cell]),
        float(center_lng[cell]),
        starts,
        box_px,
        square.shape[0],
    )


def _check_place(lat: float | None, lng: float | None) -> None:
    if (lat is None) != (lng is None):
        raise ValueError("a true place needs both latitude and longitude")
    if lat is not None and lng is not None:
        s2.check_coordinates(lat, lng)


def _places(px: int, positions: int, box: float | None) -> tuple[npt.NDArray[np.int64], int]:
    """(where boxes begin along a side, side of the box), in pixels."""
    if not 1 <= positions <= px:
        raise ValueError(f"positions must be from 1 to {px}, the side of the model's input, not {positions}")
    if box is None:
        box = max(BOX, 1 / positions)
    if not 0 < box <= 1:
        raise ValueError(f"the box must be above 0 and at most 1 of the photo's side, not {box}")
    box_px = max(1, math.ceil(box * px - 1e-9))
    starts = np.rint(np.linspace(0, px - box_px, positions)).astype(np.int64)
    steps = np.diff(np.append(starts, px))
    if steps.max() > box_px:
        raise ValueError(
            f"{positions} positions of a box of {box:g} leave gaps that no box covers:"
            f" give at least {math.ceil(px / box_px)} positions or a larger box"
        )
    return starts, box_px


def _target(
    predictor: Predictor, probabilities: FloatArray, lat: float | None, lng: float | None
) -> tuple[int, str, str]:
    """(class, target, why) of the confidence to be drawn."""
    if lat is None or lng is None:
        return int(probabilities.argmax()), "top-cell", "no true place was given"
    cell = int(predictor.partition.lookup(lat, lng))
    if cell >= 0:
        return cell, "true-cell", f"the photo was taken in it, at {lat:.4f}, {lng:.4f}"
    reason = f"the true place {lat:.4f}, {lng:.4f} lies in no cell of the model"
    return int(probabilities.argmax()), "top-cell", reason


def _occluded(
    square: Tensor, starts: npt.NDArray[np.int64], box_px: int, grey: int, batch: int
) -> Iterator[tuple[int, Tensor]]:
    """(number of the first box, the squares with their boxes) batch by batch, all of nearly one size.

    One tensor is used again and again: only boxes are painted, and painted over with the photo.
    """
    places = [(top, left) for top in starts.tolist() for left in starts.tolist()]
    count = math.ceil(len(places) / batch)
    edges = [len(places) * k // count for k in range(count + 1)]
    squares = square.repeat(math.ceil(len(places) / count), 1, 1, 1)  # (B, px, px, 3)
    for first, end in itertools.pairwise(edges):
        boxes = [
            (k, slice(top, top + box_px), slice(left, left + box_px))
            for k, (top, left) in enumerate(places[first:end])
        ]
        for k, rows, columns in boxes:
            squares[k, rows, columns] = grey
        yield first, squares[: end - first]
        for k, rows, columns in boxes:
            squares[k, rows, columns] = square[rows, columns]


# ------------------------------------------------------------------------------------------------
# Command line


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 2 for what cannot be done, 130 when stopped."""
    options = _parser().parse_args(arguments)
    try:
        with stopping_on_signals(), while_somebody_reads():
            _run(options)
    except (ModelDirectoryError, ImageError, OutputError, ValueError) as error:
        print(f"occlusion: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"occlusion: cannot write {options.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    except Stopped:
        print("occlusion: stopped, nothing was written", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.occlusion",
        description="Show which parts of a photo the model's answer rests on, by sliding a grey box over it.",
    )
    parser.add_argument("model", help="a model version directory")
    parser.add_argument("image", help="a JPEG, PNG or WebP file")
    parser.add_argument("--out", required=True, metavar="FILE", help="the photo with heat, .png or .jpg")
    parser.add_argument("--lat", type=float, help="where the photo was taken, degrees")
    parser.add_argument("--lng", type=float, help="(without a place: the model's top cell is drawn)")
    parser.add_argument(
        "--positions", type=int, default=POSITIONS, metavar="N", help=f"along each side ({POSITIONS})"
    )
    parser.add_argument(
        "--box", type=float, metavar="SHARE", help=f"side of the box, of the photo's side ({BOX})"
    )
    parser.add_argument("--json", action="store_true", help="print the values as JSON")
    return parser


def _run(options: argparse.Namespace) -> None:
    from planet_core.occlusion_picture import draw

    writable_file(options.out, ".png", ".jpg", ".jpeg")
    _check_place(options.lat, options.lng)
    picture = load(options.image)
    predictor = Predictor.load(options.model)
    with tqdm(desc="occlusion", unit=" boxes", disable=None) as bar:

        def progress(done: int, boxes: int) -> None:
            bar.total = boxes
            bar.update(done - bar.n)

        found = occlusion_map(
            predictor, picture, options.lat, options.lng, options.positions, options.box, progress=progress
        )
    draw(found, picture, options.out)
    if options.json:
        print(json.dumps(found.as_dict()))
        return
    least, most = float(found.values.min()), float(found.values.max())
    print(
        f"{found.target} {found.token} ({found.reason}): {found.baseline:.2%} without a box,"
        f" {least:.2%} to {most:.2%} with one. Wrote {options.out}"
    )


if __name__ == "__main__":
    sys.exit(main())
