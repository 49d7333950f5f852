from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from planet_core.near_duplicates_sequences import Sequences
from planet_core.sources.photo import Photo

METRE = 1 / 111_195  # degrees of latitude


def walk(
    *metres: float, group: str = "walk", times: list[str] | None = None, folder: str = "a"
) -> list[Photo]:
    """Frames so many metres north of the first."""
    return [
        Photo(
            Path(folder) / f"{group}-{n}.jpg",
            50 + north * METRE,
            8.0,
            group,
            taken_at=times[n] if times else "",
        )
        for n, north in enumerate(metres)
    ]


def pairs(photos: list[Photo]) -> set[tuple[int, int]]:
    """Each pair once, after both ways round were found."""
    found = [(first, second) for first, second in Sequences(photos).consecutive(photos).tolist()]
    assert len(found) == len(set(found))
    assert {(second, first) for first, second in found} == set(found)
    return {(first, second) for first, second in found if first < second}


def test_neighbours_in_the_list_are_consecutive_where_there_are_no_times() -> None:
    assert pairs(walk(0, 40, 80, 120)) == {(0, 1), (1, 2), (2, 3)}
    assert pairs(walk(0, 40, 80, 120, group="")) == {(0, 1), (1, 2), (2, 3)}


def test_frames_of_one_spot_are_consecutive_in_any_order() -> None:
    assert pairs(walk(0, 20, 24, 44)) == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)}


def test_a_sequence_ends_at_a_gap() -> None:
    assert pairs(walk(0, 40, 95, 130)) == {(0, 1), (2, 3)}
    # back at the first place later: neighbours there, but another sequence
    assert pairs(walk(0, 10, 90, 5, 15)) == {(0, 1), (3, 4)}


def test_times_say_the_order_and_where_it_ends() -> None:
    times = ["2024-05-01T10:00:04", "2024-05-01T10:00:00", "2024-05-01T10:00:02", "2024-05-01T10:30:00"]
    assert pairs(walk(80, 0, 40, 81, times=times)) == {(1, 2), (0, 2)}
    zoned = ["2024-05-01T10:00:04+02:00", "2024-05-01T08:00:02+00:00"]
    assert pairs(walk(0, 40, times=zoned)) == {(0, 1)}
    # without a time, or with no readable one, a frame is not between those that have one
    mixed = walk(0, 40, 20, times=["2024-05-01T10:00:00", "2024-05-01T10:00:02", "noon"])
    assert pairs(mixed) == {(0, 1)}


def test_different_groups_are_different_sequences() -> None:
    first, second = walk(0, 40), walk(5, 45, group="another day")
    assert pairs(first + second) == {(0, 1), (2, 3)}
    assert pairs([photo for both in zip(first, second, strict=True) for photo in both]) == {(0, 2), (1, 3)}


def test_panoramas_with_a_group_each_are_frames_of_their_folder() -> None:
    drive = [
        replace(frame, group=f"panorama {n}", path=Path("drive") / f"{n}-{view}.jpg")
        for n, frame in enumerate(walk(0, 40, 80))
        for view in range(2)
    ]
    within, across = {(0, 1), (2, 3), (4, 5)}, {(i, j) for i in (0, 1) for j in (2, 3)}
    assert pairs(drive) == within | across | {(i + 2, j + 2) for i, j in across}
    apart = [replace(photo, path=Path(str(n)) / "x.jpg") for n, photo in enumerate(walk(0, 40, group=""))]
    assert pairs(apart) == set()


def test_a_whole_sequence_is_together() -> None:
    photos = walk(0, 40, 80) + walk(5, 45, group="another day")
    found = {(first, second) for first, second in Sequences(photos).together(photos).tolist()}
    assert found == {(i, j) for i in range(3) for j in range(3) if i != j} | {(3, 4), (4, 3)}
    assert Sequences(photos).together([]).shape == (0, 2)


def test_a_part_of_the_photos_keeps_the_order_of_all() -> None:
    photos = walk(0, 40, 80, 120)
    part = [photos[3], photos[0], photos[2]]
    assert Sequences(photos).consecutive(part).tolist() == [[0, 2], [2, 0]]
    assert Sequences(photos).consecutive([]).shape == (0, 2)


@pytest.mark.parametrize(("group", "expected"), [("", set()), ("scene", {(0, 1)})])
def test_photos_without_places_are_frames_of_their_group_alone(group: str, expected: set[object]) -> None:
    photos = [Photo(Path(f"{n}.jpg"), math.nan, math.nan, group) for n in range(2)]
    assert pairs(photos) == expected


def test_frames_on_both_sides_of_the_antimeridian_are_near() -> None:
    photos = [Photo(Path(f"{n}.jpg"), 0, lng, "walk") for n, lng in enumerate((179.9999, -179.9999))]
    assert pairs(photos) == {(0, 1)}
