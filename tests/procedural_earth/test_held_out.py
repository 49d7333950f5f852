from __future__ import annotations

import numpy as np

from planet_core import geo, s2
from procedural_earth import held_out
from procedural_earth.places import sample


def test_no_held_out_place_is_within_20_km_of_a_training_place() -> None:
    training, examined = sample(12_000, seed=1), sample(12_000, seed=2)
    learnt = held_out.is_for_training(training.lat, training.lng)
    kept = held_out.is_held_out(examined.lat, examined.lng)
    assert learnt.sum() > 11_000
    assert kept.sum() > 100
    for lat, lng in zip(examined.lat[kept], examined.lng[kept], strict=True):
        nearest = geo.haversine_km(lat, lng, training.lat[learnt], training.lng[learnt]).min()
        assert nearest > held_out.MARGIN_KM


def test_the_margin_is_measured_to_the_edge_of_the_cell() -> None:
    cells = s2.cell_ids(*np.mgrid[-60:60:2.0, -180:180:2.0].reshape(2, -1), held_out.LEVEL)
    kept = np.unique(cells[~held_out.is_for_training(*s2.centers(cells))])
    assert len(kept) > 50
    lat, lng = s2.centers(kept)
    assert held_out.is_held_out(lat, lng).all()
    corner_lat, corner_lng = s2.vertices(kept)
    toward = 0.9 * corner_lat[:, 0] + 0.1 * lat, 0.9 * corner_lng[:, 0] + 0.1 * lng
    far = np.abs(corner_lng[:, 0] - lng) < 10  # not across the antimeridian
    assert not held_out.is_held_out(toward[0][far], toward[1][far]).any()


def test_about_one_cell_in_25_is_held_out() -> None:
    rng = np.random.default_rng(0)
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000))), rng.uniform(-180, 180, 20_000)
    assert 0.03 < 1 - held_out.is_for_training(lat, lng).mean() < 0.05
    assert 0.01 < held_out.is_held_out(lat, lng).mean() < 0.03


def test_no_places_are_no_trouble() -> None:
    none = np.empty(0)
    assert held_out.is_held_out(none, none).shape == held_out.is_for_training(none, none).shape == (0,)
