from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from geogame.datasets import places as places_file
from geogame.datasets import queries
from geogame.datasets.errors import DataSetError
from geogame.datasets.lists import has_drawings
from geogame.datasets.models import DataSet
from geogame.datasets.places import make_places
from geogame.datasets.queries import photo_list, places, preview, split_summary
from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map, Panorama
from planet_core import recipe, s2, train_cnn
from planet_core.partition import Partition
from planet_core.run_log import read_events
from tests.planet_core.made import coloured_towns

MakeMap = Callable[..., Map]
TINY = recipe.load("tiny")


def read_set(lat: np.ndarray, lng: np.ndarray, groups: list[str] | None = None) -> DataSet:
    """A data set of a source that was read, with these places."""
    data_set = DataSet.objects.create(
        name=f"Places {DataSet.objects.count()}", kind="source", state="ready", read_at=timezone.now()
    )
    data_set.directory.mkdir(parents=True)
    digests = [f"{number:064x}" for number in range(len(lat))]
    found = make_places(lat.tolist(), lng.tolist(), groups or [""] * len(lat), digests)
    places_file.save(found, data_set.directory / places_file.FILE)
    return data_set


def towns(photos: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Places around 300 towns of very different size."""
    rng = np.random.default_rng(seed)
    lat, lng = rng.uniform(-60, 70, 300), rng.uniform(-180, 180, 300)
    town = (300 * rng.uniform(size=photos) ** 3).astype(int)
    spread = rng.normal(0, 0.3, (2, photos))
    return np.clip(lat[town] + spread[0], -89, 89), (lng[town] + spread[1] + 180) % 360 - 180


def test_the_list_of_a_map_is_what_training_reads(make_map: MakeMap, tmp_path: Path) -> None:
    map_ = make_map(3, groups=["a", "", "c"], licence="CC0")
    withdrawn = map_.panoramas.first()
    assert withdrawn is not None
    [source] = photo_list(data_set_of_map(map_), tmp_path)
    kind, _, path = source.partition(":")
    assert (kind, Path(path).parent) == ("csv", tmp_path)
    with Path(path).open() as file:
        rows = list(csv.DictReader(file))
    assert {row["digest"] for row in rows} == set(Panorama.objects.values_list("digest", flat=True))
    assert sorted(row["group"] for row in rows) == ["", "a", "c"]
    assert all(Path(row["path"]).is_file() for row in rows)
    Panorama.objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now())
    photo_list(data_set_of_map(map_), tmp_path)
    assert withdrawn.digest not in Path(path).read_text()


def test_an_upload_that_was_not_read_has_no_list(db: None) -> None:
    with pytest.raises(DataSetError, match="has not been read yet: read it first"):
        photo_list(DataSet.objects.create(name="New", kind="upload"))


def test_drawn_pictures_are_told(make_map: MakeMap) -> None:
    assert not has_drawings(data_set_of_map(make_map(1, name="Photos")))
    assert has_drawings(data_set_of_map(make_map(1, name="Drawn", drawn=True)))


def test_places_of_a_map_are_known_before_it_is_read(make_map: MakeMap) -> None:
    map_ = make_map(4, groups=["a", "a", "", "b"])
    found = places(data_set_of_map(map_))
    rows = list(map_.panoramas.order_by("digest").values_list("lat", "lng", "group", "digest"))
    assert list(zip(found.lat.tolist(), found.lng.tolist(), found.groups(), strict=True)) == [
        row[:3] for row in rows
    ]
    assert found.digest_set() == {row[3] for row in rows}


def test_other_places_are_known_when_they_were_read(db: None) -> None:
    with pytest.raises(DataSetError, match="has not been read yet"):
        places(DataSet.objects.create(name="New", kind="source"))
    data_set = read_set(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), ["x", "", "y"])
    found = places(data_set)
    assert found.lat.tolist() == [1, 2, 3]
    assert found.groups() == ["x", "", "y"]
    assert sorted(found.digest_set()) == [f"{number:064x}" for number in range(3)]


def test_a_damaged_file_of_places_is_a_clear_error(db: None) -> None:
    data_set = read_set(np.array([1.0]), np.array([2.0]))
    (data_set.directory / places_file.FILE).write_bytes(b"PK nothing")
    with pytest.raises(DataSetError, match=r"places.npz"):
        places(data_set)


def test_the_preview_counts_as_the_partition_does(db: None) -> None:
    lat, lng = towns(3000)
    found = preview(read_set(lat, lng), 100, 10, 12)
    partition = Partition.build(lat, lng, 100, 10, 12)
    assert found["cells"] == len(partition)
    assert found["photos_in_cells"] == int(partition.counts.sum())
    assert found["photos_in_cells"] + found["photos_outside"] == 3000
    assert (found["smallest"], found["largest"]) == (partition.counts.min(), partition.counts.max())
    assert len(found["rings"]) >= found["shown"] == len(partition)


def test_each_ring_goes_around_its_cell(db: None) -> None:
    lat = np.array([48.85, 10.0, -16.8, 89.9, -45.0])
    lng = np.array([2.35, 20.0, 179.999, 10.0, -100.0])
    cells = s2.parents(s2.cell_ids(lat, lng), 9)
    for cell, (here_lat, here_lng) in zip(cells, zip(*s2.centers(cells), strict=True), strict=True):
        [ring] = queries.rings(np.array([cell]))
        assert ring[0] == ring[-1]
        corners = np.array(ring)
        assert corners[:, 0].min() <= here_lat <= corners[:, 0].max()
        off = (corners[:, 1] - here_lng + 180) % 360 - 180
        assert off.min() <= 0 <= off.max()
        assert np.abs(np.diff(corners[:, 1])).max() < 180
    [*faces] = queries.rings(np.array([s2.parents(s2.cell_ids([0.0], [0.0]), 0)[0]]))
    assert len(faces[0]) > 9  # bent edges


def test_of_many_cells_the_largest_are_drawn(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_RINGS", 5)
    lat, lng = towns(3000)
    found = preview(read_set(lat, lng), 50, 5, 12)
    assert found["shown"] == 5 < found["cells"]
    sizes = [max(point[0] for point in ring) - min(point[0] for point in ring) for ring in found["rings"]]
    partition = Partition.build(lat, lng, 50, 5, 12)
    assert min(sizes) > 0.5 * 180 / 2 ** (np.sort(partition.levels())[4] + 1)


@pytest.mark.parametrize(
    ("values", "reason"), [((0, 1, 10), "give no cells"), ((10, 1, 31), "max_level must be between 0 and 30")]
)
def test_values_that_make_no_sense_are_a_clear_error(
    db: None, values: tuple[int, int, int], reason: str
) -> None:
    with pytest.raises(DataSetError, match=reason):
        preview(read_set(np.array([1.0]), np.array([2.0])), *values)


def test_a_preview_of_100_000_photos_is_quick(db: None) -> None:
    lat, lng = towns(100_000)
    data_set = read_set(lat, lng)
    places(data_set)
    began = time.process_time()
    first = preview(data_set, 100, 10, 12)
    assert time.process_time() - began < 0.3
    assert first["shown"] > 500
    began = time.process_time()
    assert preview(data_set, 100, 10, 12) is first
    assert time.process_time() - began < 0.01


def test_a_data_set_that_was_read_again_is_looked_at_again(db: None) -> None:
    data_set = read_set(np.arange(10.0), np.arange(10.0))
    assert preview(data_set, 5, 1, 8)["photos_in_cells"] == 10
    found = make_places([1.0, 2.0], [1.0, 2.0], ["", ""], ["0" * 64, "1" * 64])
    places_file.save(found, data_set.directory / places_file.FILE)
    data_set.read_at = timezone.now()
    data_set.save()
    assert preview(data_set, 5, 1, 8)["photos_in_cells"] == 2


@pytest.mark.slow
def test_the_split_is_the_one_of_training(db: None, tmp_path: Path) -> None:
    path = coloured_towns(tmp_path, photos_each=8)
    with path.open() as file:
        rows = list(csv.DictReader(file))
    lat, lng = (np.array([float(row[name]) for row in rows]) for name in ("lat", "lng"))
    data_set = read_set(lat, lng, [row["group"] for row in rows])
    run = tmp_path / "run"
    command = ["--recipe", "tiny", "--epochs", "1", "--seed", "3", "--data", str(path), "--run", str(run)]
    assert train_cnn.main(command) == 0
    [data] = [event for event in read_events(run) if event["event"] == "data"]
    found = split_summary(data_set, TINY, seed=3)
    for name in ("photos", "photos_training", "photos_validation", "photos_outside_cells", "cells"):
        assert found[name] == data[name]
    assert found["groups"] == found["groups_training"] + found["groups_validation"] == 12
    listed = found["largest_cells"]
    assert sum(cell["training"] for cell in listed) == found["photos_training"]
    assert found["empty_cells"] == 0


def test_a_split_that_leaves_one_class_is_a_clear_error(db: None) -> None:
    with pytest.raises(DataSetError, match="two are needed"):
        split_summary(read_set(np.ones(5), np.ones(5)), TINY)


def test_a_split_over_several_partitions_names_them(db: None) -> None:
    lat, lng = towns(2000)
    nested = replace(TINY, max_photos=50, min_photos=5, coarser=((200, 5, 10),))
    found = split_summary(read_set(lat, lng), nested)
    assert found["coarser_cells"][0] < found["cells"]
