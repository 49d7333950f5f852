from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext

from geogame.datasets import places as files
from geogame.datasets.errors import DataSetError
from geogame.datasets.found import OUTSIDE
from geogame.datasets.lists import Beneath, checked_albums, photo_list
from geogame.datasets.models import DataSet
from geogame.datasets.places import Places, make_places
from planet_core import cell_polygons, s2
from planet_core.albums import FILE, Album, AlbumError, read_albums
from planet_core.partition import Partition
from planet_core.recipe import Recipe
from planet_core.sources.photo import Photo
from planet_core.stopping import UserError
from planet_core.training_data import Sides, make_sides

__all__ = ["albums_of", "photo_list", "places", "preview", "split_summary"]

MOST_RINGS = 2000
FEW_CORNERS_FROM = 5
"""From this level on four corners draw a cell; larger ones have bent edges."""
POLAR = 89.0
"""Cells that reach beyond this latitude may touch a pole, which has any longitude."""
LISTED_CELLS = 20


def places(data_set: DataSet) -> Places:
    """Where its photos are. Those of a map are known before it is read; DataSetError where others are not."""
    if data_set.state == DataSet.State.READY or data_set.kind != DataSet.Kind.MAP:
        if data_set.read_at is None:
            text = gettext("The data set “%(name)s” has not been read yet: read it first.")
            raise DataSetError(text % {"name": data_set})
        return _stored(str(data_set.directory / files.FILE), data_set.read_at.isoformat())
    return _of_map(data_set)


@lru_cache(maxsize=4)
def _stored(path: str, _read_at: str) -> Places:
    return files.load(Path(path))


def _of_map(data_set: DataSet) -> Places:
    if data_set.map is None:
        raise DataSetError(f"The map of the data set “{data_set}” is gone.")
    shown = data_set.map.panoramas.filter(withdrawn_at=None).order_by("digest")
    rows = list(shown.values_list("lat", "lng", "group", "digest"))
    if not rows:
        text = gettext("The map “%(name)s” has no panoramas: import some first.")
        raise DataSetError(text % {"name": data_set.map})
    return make_places(*(list(column) for column in zip(*rows, strict=True)))


def albums_of(data_set: DataSet) -> list[Album]:
    """The albums of a folder of albums, as they are now. DataSetError where they cannot be had."""
    if data_set.kind != DataSet.Kind.ALBUMS:
        text = gettext("“%(name)s” holds single photos: choose a data set of albums.")
        raise DataSetError(text % {"name": data_set})
    folder, is_allowed = Path(checked_albums(data_set.source)), Beneath()
    try:
        albums = read_albums(folder)
    except AlbumError as error:
        raise DataSetError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    for photo in (photo for album in albums for photo in album.photos):
        if not is_allowed(photo.path):
            raise DataSetError(OUTSIDE.format(source=folder / FILE, photo=photo.path))
    return albums


# ------------------------------------------------------------------------------------------------
# The cells that some values give


def preview(data_set: DataSet, max_photos: int, min_photos: int, max_level: int) -> dict[str, Any]:
    """The cells of the data set for these values: how many, how full, and outlines to draw.

    `rings` are closed lines of [lat, lng], at most 2,000, the largest cells first; `shown` says of how many
    cells. Longitudes go beyond 180 where a cell crosses the antimeridian.
    """
    if not 0 <= max_level <= s2.MAX_LEVEL:
        raise DataSetError(f"max_level must be between 0 and {s2.MAX_LEVEL}, not {max_level}.")
    found = places(data_set)
    key = (data_set.token, str(data_set.read_at), len(found), max_photos, min_photos, max_level)
    return _PREVIEWS.get(key) or _remember(key, _preview(found, max_photos, min_photos, max_level))


_PREVIEWS: dict[tuple[object, ...], dict[str, Any]] = {}
_MOST_PREVIEWS = 32


def _remember(key: tuple[object, ...], value: dict[str, Any]) -> dict[str, Any]:
    while len(_PREVIEWS) >= _MOST_PREVIEWS:
        _PREVIEWS.pop(next(iter(_PREVIEWS)), None)
    _PREVIEWS[key] = value
    return value


def _preview(found: Places, max_photos: int, min_photos: int, max_level: int) -> dict[str, Any]:
    try:
        partition = Partition.build(found.lat, found.lng, max_photos, min_photos, max_level)
    except ValueError as error:
        text = gettext("These values give no cells: %(reason)s.")
        raise DataSetError(text % {"reason": error}) from None
    counts = partition.counts
    chosen = _largest(partition)
    return {
        "cells": len(partition),
        "photos_in_cells": int(counts.sum()),
        "photos_outside": len(found) - int(counts.sum()),
        "smallest": int(counts.min()) if len(partition) else 0,
        "largest": int(counts.max()) if len(partition) else 0,
        "shown": len(chosen),
        "rings": rings(partition.cell_ids[chosen]),
    }


def _largest(partition: Partition) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The cells that are drawn: by size on the ground, then by photos."""
    order = np.lexsort((-partition.counts, partition.levels()))
    return order[:MOST_RINGS].astype(np.int64)


def rings(cells: np.ndarray[Any, np.dtype[np.uint64]]) -> list[list[list[float]]]:
    """Closed outlines of cells, [lat, lng] in degrees, rounded to a metre or so."""
    lat, lng = s2.vertices(cells)
    bent = (s2.levels(cells) < FEW_CORNERS_FROM) | (np.abs(lat).max(axis=1) > POLAR)
    drawn: list[list[list[float]]] = []
    for row in np.flatnonzero(bent).tolist():
        for polygon in cell_polygons.polygons(lat[row], lng[row]):
            ring = np.round(np.concatenate([polygon, polygon[:1]])[:, ::-1], 3)
            drawn.append(ring.tolist())
    near = lng[~bent, :1] + (lng[~bent] - lng[~bent, :1] + 180.0) % 360.0 - 180.0
    corners = np.round(np.stack([lat[~bent], near], axis=-1), 5)
    drawn.extend(np.concatenate([corners, corners[:, :1]], axis=1).tolist())
    return drawn


# ------------------------------------------------------------------------------------------------
# The split


def split_summary(data_set: DataSet, recipe: Recipe, seed: int = 0) -> dict[str, Any]:
    """How a recipe splits the data set into training and validation: by photo, group and cell.

    It is the split of `planet_core.train_cnn`, as long as all pictures can be read.
    """
    found = places(data_set)
    groups = found.groups()
    try:
        sides = make_sides(_photos(found, groups), recipe, seed)
    except UserError as error:
        raise DataSetError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    validation = sides.validation
    return {
        "photos": len(found),
        "photos_training": int(sides.training.sum()),
        "photos_validation": int(validation.sum()),
        "photos_outside_cells": int((sides.classes < 0).sum()),
        "groups": len(found.group_names),
        "groups_training": _number_of(found.group[sides.training]),
        "groups_validation": _number_of(found.group[validation]),
        "without_group": int((found.group < 0).sum()),
        **_by_cell(sides),
    }


def _photos(found: Places, groups: list[str]) -> list[Photo]:
    nowhere = Path()
    rows = zip(found.lat.tolist(), found.lng.tolist(), groups, strict=True)
    return [Photo(nowhere, lat, lng, group) for lat, lng, group in rows]


def _number_of(groups: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    return len(np.unique(groups[groups >= 0]))


def _by_cell(sides: Sides) -> dict[str, Any]:
    cells = len(sides.partition)
    training = np.bincount(sides.classes[sides.training], minlength=cells)
    held = sides.validation & (sides.classes >= 0)
    validation = np.bincount(sides.classes[held], minlength=cells)
    lat, lng = sides.partition.centers()
    most = np.argsort(-(training + validation), kind="stable")[:LISTED_CELLS].tolist()
    return {
        "cells": cells,
        "coarser_cells": [len(level) for level in sides.coarser],
        "empty_cells": int((training == 0).sum()),
        "cells_without_validation": int((validation == 0).sum()),
        "largest_cells": [
            {
                "lat": round(float(lat[cell]), 4),
                "lng": round(float(lng[cell]), 4),
                "training": int(training[cell]),
                "validation": int(validation[cell]),
            }
            for cell in most
        ],
    }
