from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planet_core import recipe, s2
from planet_core.run_log import RunLog
from planet_core.sources.csv_photos import Photo
from planet_core.sources.photo import LISTED
from planet_core.stopping import UserError
from planet_core.training_data import fingerprint, make_index, make_sides, read_photos

TINY = recipe.load("tiny")


def test_photos_in_dropped_cells_do_not_train_but_are_examined() -> None:
    town = [Photo(Path("x"), 48.85 + 0.05 * i, 2.35, digest=f"t{i}") for i in range(20)]
    other = [Photo(Path("x"), -33.87 + 0.05 * i, 151.2, digest=f"o{i}") for i in range(20)]
    lost = [Photo(Path("x"), -80 + i, -100 + i, digest=f"l{i}") for i in range(3)]
    sides = make_sides([*town, *other, *lost], replace(TINY, min_photos=4), seed=1)
    outside = sides.classes < 0
    assert outside.sum() == 3
    assert not sides.training[outside].any()
    assert sides.validation[outside].any()
    assert sides.training.sum() == sides.partition.counts.sum()
    index = make_index([*town, *other, *lost], sides, TINY)
    assert set(index.training_digests) == {
        p.digest for p, t in zip([*town, *other, *lost], sides.training, strict=True) if t
    }
    assert np.all(s2.levels(index.training_cells) == TINY.fine_level)


def towns() -> list[Photo]:
    places = [(48.85 + 0.05 * i, 2.35) for i in range(20)] + [(-33.87 + 0.05 * i, 151.2) for i in range(20)]
    return [Photo(Path("x"), lat, lng, digest=f"{n}") for n, (lat, lng) in enumerate(places)]


def test_a_recipe_may_ask_for_the_cells_of_one_level() -> None:
    sides = make_sides(towns(), replace(TINY, level=4), seed=0)
    assert set(sides.partition.levels().tolist()) == {4}
    with pytest.raises(UserError, match="level 4 alone"):
        make_sides(towns(), replace(TINY, level=4, min_photos=30), seed=0)


def test_coarser_partitions_count_the_training_photos_alone() -> None:
    sides = make_sides(
        towns(), replace(TINY, max_photos=6, min_photos=1, coarser=((30, 1, 8), (12, 1, 9))), seed=0
    )
    assert len(sides.coarser[0]) <= len(sides.coarser[1]) < len(sides.partition)
    assert [level.counts.sum() for level in sides.coarser] == [sides.training.sum()] * 2


def test_a_fingerprint_changes_with_the_data_and_its_order() -> None:
    photos = towns()
    moved = [replace(photos[0], lat=1.0), *photos[1:]]
    assert fingerprint(photos) == fingerprint(list(photos))
    assert len({fingerprint(p) for p in (photos, moved, photos[::-1], photos[1:])}) == 4
    panorama = [replace(photos[0], projection="equirectangular"), *photos[1:]]
    assert fingerprint(panorama) != fingerprint(photos)


def test_bad_rows_beyond_those_that_are_listed_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    rows = "a.jpg,1,2\n" + "none.jpg,1,2\n" * (LISTED + 3)
    (tmp_path / "photos.csv").write_text("path,lat,lng\n" + rows)
    stream = io.StringIO()
    with contextlib.closing(RunLog(tmp_path / "run", stream)) as log:
        photos, skipped = read_photos([f"csv:{tmp_path / 'photos.csv'}"], log)
    assert len(photos) == 1
    assert skipped == {"unusable row": LISTED + 3}
    said = stream.getvalue().splitlines()
    assert len(said) == LISTED + 1
    assert said[-1] == f"skipped 3 more rows of csv:{tmp_path / 'photos.csv'}"
