"""The test photos that put most confidence into a cell (paper section 3, figure 7).

    python -m planet_core.exemplars MODEL SOURCE --cells TOKEN ... --out FILE.png
    python -m planet_core.exemplars MODEL SOURCE --top 6 --out FILE.png

Photos stream by: of each cell the best `count` are remembered by number, confidence and group alone, so
memory grows with the cells and not with the photos; a second pass over the list finds what the numbers mean.
Of a group (one walk, one album) a cell shows only the best photo, and photos that the model trained on are
left out, unless asked for. A panorama is looked at in four directions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from planet_core import geo, s2
from planet_core.images import ImageError, is_panorama_shape, load
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.outputs import OutputError, while_somebody_reads, writable_file
from planet_core.partition import Partition
from planet_core.predict import Predictor
from planet_core.sources.open_source import kinds_help, open_source
from planet_core.sources.photo import Photo, Source, SourceError
from planet_core.stopping import Stopped, UserError, stopping_on_signals

COUNT = 5  # photos of each cell, as in the paper's figure
MOST_CELLS, MOST_PHOTOS = 100, 20  # of one sheet
BATCH = 32
PANORAMA_SIDE = 2048

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
Progress = Callable[[int, float], None]
"""Called with (photos done, share of the source passed)."""


@dataclass(frozen=True)
class Exemplar:
    """One photo of a cell: the model's confidence in the cell, and how far the photo was taken from it.

    Attributes:
        distance_km: from the photo to the centre of the cell; None for a source without places.
        in_cell: whether it was taken in the cell; None likewise.
    """

    photo: Photo
    confidence: float
    distance_km: float | None
    in_cell: bool | None


@dataclass(frozen=True)
class CellExemplars:
    """A cell with its photos, the most confident first, and the sum of all photos' confidence in it."""

    cell: int
    token: str
    lat: float
    lng: float
    total: float
    exemplars: list[Exemplar]


@dataclass(frozen=True)
class Found:
    """What a search gave.

    Attributes:
        cells: the chosen ones, in the order asked for, or those with the highest sum of confidence first.
        photos: how many were looked at.
        trained_on: how many were left out because the model trained on them or their group.
        unreadable: how many pictures could not be used, and the first reasons.
    """

    cells: list[CellExemplars]
    photos: int
    trained_on: int
    unreadable: int
    reasons: list[str]


class BestOfCells:
    """The `count` most confident photos of each of some cells, one of a group; see the module.

    Attributes:
        scores: float32 (cells, count), descending; -1 where there is no photo yet.
        numbers: int64 (cells, count), of the photos.
        totals: float64 (cells,), the sum of all photos' confidence.
    """

    def __init__(self, cells: int, count: int) -> None:
        self.scores = np.full((cells, count), -1.0, dtype=np.float32)
        self.numbers = np.full((cells, count), -1, dtype=np.int64)
        self.totals = np.zeros(cells)
        self._groups = np.zeros((cells, count), dtype=np.int64)  # 0: no photo

    def add(self, number: int, group: str, confidences: FloatArray) -> None:
        """Looks at one photo; of equal ones the earlier stays.

        Args:
            number: names the photo.
            group: "" for none.
            confidences: (cells,).
        """
        self.totals += confidences
        touched = np.flatnonzero(confidences > self.scores[:, -1])
        key = _group_key(group) if group else -1 - number
        same = self._groups[touched] == key  # (touched, count)
        # it takes the place of its group's photo, or else of the last
        slot = np.where(same.any(axis=1), same.argmax(axis=1), same.shape[1] - 1)
        better = confidences[touched] > self.scores[touched, slot]
        touched, slot = touched[better], slot[better]
        self.scores[touched, slot] = confidences[touched]
        self.numbers[touched, slot] = number
        self._groups[touched, slot] = key
        order = np.argsort(-self.scores[touched], axis=1, kind="stable")
        for rows in (self.scores, self.numbers, self._groups):
            rows[touched] = np.take_along_axis(rows[touched], order, axis=1)


def _group_key(group: str) -> int:
    """A positive number for a group's name, so that names need not be kept."""
    return 1 + int.from_bytes(hashlib.blake2b(group.encode(), digest_size=7).digest())


def find_exemplars(
    predictor: Predictor,
    source: Source,
    *,
    cells: Sequence[int] | None = None,
    top: int | None = None,
    count: int = COUNT,
    seen: TrainingIndex | None = None,
    progress: Progress | None = None,
) -> Found:
    """Streams the photos of a source through a model.

    Args:
        source: read twice; the second time without looking at pictures.
        cells: the classes wanted; or
        top: that many cells: those with the highest sum of all photos' confidence.
        count: photos of each cell, at most.
        seen: photos that this index knows as trained on are left out; the source then needs digests.
        progress: called after each batch; what it raises ends the work.

    Raises:
        SourceError: the source cannot be read.
        UserError: it holds no photo that can be used.
        ValueError: neither or both of `cells` and `top`, no such class, or numbers below 1.
    """
    wanted = _wanted(predictor.partition, cells, top, count)
    best = BestOfCells(wanted.size, count)
    left_out, looked_at = 0, 0
    reasons: list[str] = []
    unreadable = 0
    for batch in _batches(source):
        fresh = [
            (n, photo) for n, photo in batch if not (seen and seen.trained_on(photo.digest, photo.group))
        ]
        left_out += len(batch) - len(fresh)
        read = [(n, photo, _picture(photo)) for n, photo in fresh]
        bad = [str(picture) for _, _, picture in read if isinstance(picture, ImageError)]
        unreadable += len(bad)
        reasons += bad[: 5 - len(reasons)]
        for number, group, confidences in _confidences(predictor, read):
            best.add(number, group, confidences[wanted])
            looked_at += 1
        if progress:
            progress(batch[-1][0] + 1, source.share)
    if not looked_at:
        raise UserError(_no_photos(source, left_out, unreadable, reasons))
    order = np.arange(wanted.size) if top is None else np.argsort(-best.totals, kind="stable")[:top]
    photos = _photos_by_number(source, set(best.numbers[order].ravel().tolist()))
    found = [_cell(predictor.partition, int(wanted[k]), best, int(k), photos) for k in order]
    return Found(found, looked_at, left_out, unreadable, reasons)


def _wanted(partition: Partition, cells: Sequence[int] | None, top: int | None, count: int) -> IntArray:
    if (cells is None) == (top is None):
        raise ValueError("give either cells or top")
    if count < 1 or (top is not None and top < 1) or (cells is not None and not len(cells)):
        raise ValueError("at least one cell and one photo of each must be asked for")
    if cells is None:
        return np.arange(len(partition), dtype=np.int64)
    wanted = np.asarray(cells, dtype=np.int64)
    if wanted.min() < 0 or wanted.max() >= len(partition):
        raise ValueError(f"the model has {len(partition)} cells: there is no cell {wanted.max()}")
    return wanted


def _batches(source: Source) -> Iterator[list[tuple[int, Photo]]]:
    numbered = enumerate(source)
    while batch := list(islice(numbered, BATCH)):
        yield batch


def _picture(photo: Photo) -> Image.Image | ImageError:
    """The picture, as large as it is needed, or why there is none."""
    try:
        if photo.projection == "equirectangular":
            picture = load(photo.read(), max_side=PANORAMA_SIDE, name=photo.name)
            if not is_panorama_shape(picture.size):
                return ImageError("not-a-panorama", f"{photo.name} is no whole panorama: it is not 2:1")
            return picture
        return load(photo.read(), shorter_side=640, name=photo.name)
    except ImageError as error:
        return error
    except OSError as error:
        return ImageError("missing", f"cannot read {photo.name}: {error.strerror or error}")


def _confidences(
    predictor: Predictor, read: list[tuple[int, Photo, Image.Image | ImageError]]
) -> Iterator[tuple[int, str, FloatArray]]:
    """(number, group, distribution) of each photo with a picture, in order."""
    rows: dict[int, FloatArray] = {}
    for projection, distributions in (
        ("flat", predictor.distributions),
        ("equirectangular", predictor.panorama_distributions),
    ):
        chosen = [
            (n, picture)
            for n, photo, picture in read
            if photo.projection == projection and isinstance(picture, Image.Image)
        ]
        found = distributions([picture for _, picture in chosen])
        rows |= {n: row for (n, _), row in zip(chosen, found, strict=True)}
    for number, photo, _ in read:
        if number in rows:
            yield number, photo.group, rows[number]


def _photos_by_number(source: Source, numbers: set[int]) -> dict[int, Photo]:
    before, source.digests = source.digests, False
    try:
        return {number: photo for number, photo in enumerate(source) if number in numbers}
    finally:
        source.digests = before


def _no_photos(source: Source, left_out: int, unreadable: int, reasons: list[str]) -> str:
    first = [*reasons, *map(str, source.errors)][:1]
    return (
        f"there is no photo to look at in {source.path}: the model trained on {left_out}, {unreadable}"
        f" pictures and {len(source.errors)} rows could not be used{': ' + first[0] if first else ''}"
    )


def _cell(
    partition: Partition, cell: int, best: BestOfCells, row: int, photos: dict[int, Photo]
) -> CellExemplars:
    lat, lng = (float(values[cell]) for values in partition.centers())
    exemplars = []
    for number, score in zip(best.numbers[row].tolist(), best.scores[row].tolist(), strict=True):
        photo = photos.get(number)
        if photo is None:
            continue
        located = np.isfinite(photo.lat)
        distance = geo.haversine_km(lat, lng, photo.lat, photo.lng) if located else None
        inside = bool(partition.lookup(photo.lat, photo.lng) == cell) if located else None
        exemplars.append(Exemplar(photo, score, distance, inside))
    token = s2.tokens(partition.cell_ids[[cell]])[0]
    return CellExemplars(cell, token, lat, lng, float(best.totals[row]), exemplars)


# ------------------------------------------------------------------------------------------------
# Command line


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 2 for what cannot be done, 130 when stopped."""
    options = _parser().parse_args(arguments)
    try:
        with stopping_on_signals(), while_somebody_reads():
            _run(options)
    except (ModelDirectoryError, SourceError, OutputError, UserError, ValueError) as error:
        print(f"exemplars: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"exemplars: cannot write {options.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    except Stopped:
        print("exemplars: stopped, nothing was written", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.exemplars",
        description="Draw, for some cells, the photos that put most confidence into them.",
        epilog=f"Kinds of sources:\n{kinds_help()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", help="a model version directory")
    parser.add_argument("source", help="test photos, a .csv file or kind:path")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--cells", nargs="+", metavar="TOKEN", help="S2 tokens of cells of the model")
    which.add_argument("--top", type=int, metavar="N", help="the N cells the photos put most confidence into")
    parser.add_argument("--out", required=True, metavar="FILE.png", help="the contact sheet")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"photos a cell ({COUNT})")
    parser.add_argument(
        "--trained-too", action="store_true", help="also show photos that the model trained on"
    )
    parser.add_argument("--json", action="store_true", help="print the photos as JSON")
    return parser


def _run(options: argparse.Namespace) -> None:
    from planet_core.exemplar_sheet import draw

    writable_file(options.out, ".png")
    asked = len(options.cells) if options.cells else options.top
    if not 1 <= asked <= MOST_CELLS or not 1 <= options.count <= MOST_PHOTOS:
        raise UserError(f"a sheet shows 1 to {MOST_CELLS} cells with 1 to {MOST_PHOTOS} photos each")
    predictor = Predictor.load(options.model)
    seen = None if options.trained_too else TrainingIndex.load(options.model)
    source = open_source(options.source, digests=seen is not None, need_places=False)
    cells = _classes(predictor.partition, options.cells) if options.cells else None
    with tqdm(desc="exemplars", unit=" photos", disable=None) as bar:

        def progress(done: int, _share: float) -> None:
            bar.update(done - bar.n)

        found = find_exemplars(
            predictor, source, cells=cells, top=options.top, count=options.count, seen=seen, progress=progress
        )
    draw(found.cells, options.count, options.out)
    if options.json:
        print(json.dumps(as_dict(found)))
        return
    print(
        f"{found.photos} photos for {len(found.cells)} cells ({found.trained_on} left out: the model trained"
        f" on them; {found.unreadable} unreadable). Wrote {options.out}"
    )
    for reason in found.reasons:
        print(f"skipped: {reason}", file=sys.stderr)


def _classes(partition: Partition, tokens: Sequence[str]) -> list[int]:
    """The classes of tokens. Raises UserError for a token that is not a cell of the model."""
    try:
        ids = s2.from_tokens(tokens)
    except s2.CellIdError as error:
        raise UserError(f"--cells: {error}") from error
    classes = np.searchsorted(partition.cell_ids, ids)
    for token, cell_id, index in zip(tokens, ids, classes, strict=True):
        if index == len(partition) or partition.cell_ids[index] != cell_id:
            some = ", ".join(partition.tokens()[:5])
            raise UserError(f"--cells: {token} is no cell of this model; some that are: {some}")
    return [int(index) for index in classes]


def as_dict(found: Found) -> dict[str, Any]:
    """Everything as JSON values."""
    return {
        "photos": found.photos,
        "trained_on": found.trained_on,
        "unreadable": found.unreadable,
        "cells": [
            {
                "token": cell.token,
                "index": cell.cell,
                "lat": cell.lat,
                "lng": cell.lng,
                "total": cell.total,
                "exemplars": [
                    {
                        "path": os.fspath(one.photo.path),
                        "id": one.photo.id,
                        "confidence": one.confidence,
                        "distance_km": one.distance_km,
                        "in_cell": one.in_cell,
                    }
                    for one in cell.exemplars
                ],
            }
            for cell in found.cells
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
