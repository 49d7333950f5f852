from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planet_core import s2
from planet_core.album_split import FINE_LEVEL, split_albums
from planet_core.albums import Album, AlbumPhoto


def album(name: str, *places: tuple[float, float] | None) -> Album:
    photos = [
        AlbumPhoto(Path(f"{name}-{number}.jpg"), *(place or (None, None)), None)
        for number, place in enumerate(places)
    ]
    return Album(name, tuple(photos), "made")


def towns(count: int) -> list[Album]:
    return [album(f"town-{n}", (40 + n / 10, 10.0), (40 + n / 10, 10.01)) for n in range(count)]


def names(albums: list[Album]) -> list[str]:
    return [one.id for one in albums]


def test_whole_albums_are_held_out_and_none_is_lost() -> None:
    made = towns(40)
    learnt, held = split_albums(made, 0.15, seed=3)
    assert sorted(names(learnt) + names(held)) == sorted(names(made))
    assert len(held) == 6
    assert names(learnt) == [name for name in names(made) if name in names(learnt)], "in their order"
    assert names(split_albums(made, 0.15, seed=3)[1]) == names(held)
    assert names(split_albums(made, 0.15, seed=4)[1]) != names(held)


@pytest.mark.parametrize("seed", range(5))
def test_no_place_is_on_both_sides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = [
        album(str(n), *[(40 + float(lat) / 50, 10.0) for lat in rng.integers(0, 60, 2)]) for n in range(30)
    ]
    sides = [
        {
            int(cell)
            for one in side
            for cell in s2.cell_ids([p.lat for p in one.photos], [10.0] * 2, FINE_LEVEL)
        }
        for side in split_albums(made, 0.3, seed)
    ]
    assert not sides[0] & sides[1]


def test_where_all_albums_hang_together_none_is_held_out() -> None:
    chain = [album(str(n), (40 + n / 10, 10.0), (40.1 + n / 10, 10.0)) for n in range(20)]
    assert split_albums(chain) == (chain, [])


def test_albums_without_a_place_are_learnt_from() -> None:
    nowhere = album("nowhere", None, None)
    assert split_albums([nowhere]) == ([nowhere], [])
    assert nowhere in split_albums([*towns(20), nowhere], 0.5)[0]
