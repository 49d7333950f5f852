from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_core import splits

photo = st.tuples(st.integers(-1, 3), st.integers(0, 8), st.sampled_from(["", "", "a", "b", "c", "d"]))
photo_lists = st.lists(photo, max_size=60)


def columns(photos: list[tuple[int, int, str]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    classes = np.array([photo[0] for photo in photos], dtype=np.int64)
    cells = np.array([photo[1] for photo in photos], dtype=np.uint64)
    return classes, cells, [photo[2] for photo in photos]


@given(photo_lists, st.integers(0, 5), st.sampled_from([0.1, 0.2, 0.5]))
def test_no_place_and_no_group_is_on_both_sides(
    photos: list[tuple[int, int, str]], seed: int, share: float
) -> None:
    classes, cells, groups = columns(photos)
    validation = splits.split(classes, cells, groups, share, seed)
    sides: dict[object, set[bool]] = {}
    for cell, group, side in zip(cells.tolist(), groups, validation.tolist(), strict=True):
        sides.setdefault(cell, set()).add(side)
        if group:
            sides.setdefault(group, set()).add(side)
    assert all(len(side) == 1 for side in sides.values())


@given(photo_lists, st.integers(0, 5), st.sampled_from([0.1, 0.2, 0.5]))
def test_every_class_keeps_at_least_half_of_its_photos(
    photos: list[tuple[int, int, str]], seed: int, share: float
) -> None:
    classes, cells, groups = columns(photos)
    validation = splits.split(classes, cells, groups, share, seed)
    for value in set(classes.tolist()) - {-1}:
        mine = classes == value
        assert 2 * validation[mine].sum() <= mine.sum()


@given(photo_lists, st.integers(0, 5))
def test_the_same_seed_gives_the_same_split(photos: list[tuple[int, int, str]], seed: int) -> None:
    assert np.array_equal(
        splits.split(*columns(photos), seed=seed), splits.split(*columns(photos), seed=seed)
    )


@given(photo_lists)
def test_units_are_the_connected_components(photos: list[tuple[int, int, str]]) -> None:
    _, cells, groups = columns(photos)
    unit = splits.units(cells, groups)
    # spreading labels until nothing changes is the plain way to find components
    label = list(range(len(photos)))
    for _ in photos:
        for a in range(len(photos)):
            for b in range(a):
                if cells[a] == cells[b] or (groups[a] and groups[a] == groups[b]):
                    label[a] = label[b] = min(label[a], label[b])
    pairs = set(zip(unit.tolist(), label, strict=True))
    assert len(pairs) == len(set(unit.tolist())) == len(set(label))
    assert sorted(set(unit.tolist())) == list(range(len(set(label))))


def test_photos_without_a_group_are_not_tied_together() -> None:
    assert len(set(splits.units(np.arange(5, dtype=np.uint64), [""] * 5).tolist())) == 5


def test_a_group_ties_its_places_together() -> None:
    unit = splits.units(np.array([1, 2, 3, 3], dtype=np.uint64), ["walk", "walk", "", "walk"])
    assert set(unit.tolist()) == {0}


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_the_share_is_met_in_every_class_where_units_are_small(share: float) -> None:
    classes = np.repeat(np.arange(-1, 4), 100)
    cells = np.arange(500, dtype=np.uint64)
    validation = splits.split(classes, cells, [""] * 500, share)
    for value in range(-1, 4):
        assert validation[classes == value].mean() == pytest.approx(share, abs=0.011)


def test_seeds_give_different_splits() -> None:
    classes, cells = np.zeros(50, dtype=np.int64), np.arange(50, dtype=np.uint64)
    splits_seen = {splits.split(classes, cells, [""] * 50, seed=seed).tobytes() for seed in range(5)}
    assert len(splits_seen) == 5


def test_a_class_in_one_place_is_not_examined() -> None:
    classes = np.array([0, 0, 0, 1, 1, 1, 1])
    cells = np.array([7, 7, 7, 1, 2, 3, 4], dtype=np.uint64)
    for seed in range(10):
        assert not splits.split(classes, cells, [""] * 7, seed=seed)[:3].any()


def test_no_photos_and_share_zero_hold_nothing_out() -> None:
    assert splits.split(*columns([])).tolist() == []
    assert not splits.split(*columns([(0, 1, ""), (0, 2, "")]), share=0).any()


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="do not match"):
        splits.split(np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.uint64), ["", ""])
    with pytest.raises(ValueError, match=r"between 0 and 0\.5"):
        splits.split(*columns([(0, 1, "")]), share=0.9)
