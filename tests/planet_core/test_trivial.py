from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from planet_core import geo, trivial
from planet_core.partition import Partition
from planet_core.trivial import BestPoint, MostFrequentCell, NearestColours, RandomPhoto, TrainingPhotos
from tests.planet_core.made import noise_picture

LAT = np.array([48.8, 48.9, 48.7, -33.9, 40.7])
LNG = np.array([2.3, 2.4, 2.2, 151.2, -74.0])
PARTITION = Partition.at_level(LAT, LNG, 5, 1)


def plain(colour: tuple[int, int, int]) -> np.ndarray:
    return trivial.thumbnail(Image.new("RGB", (40, 30), colour))


COLOURS = np.stack([plain(c) for c in [(250, 0, 0), (240, 10, 0), (0, 0, 250), (0, 250, 0), (9, 9, 9)]])
PHOTOS = TrainingPhotos(LAT, LNG, COLOURS)


def test_the_most_frequent_cell_answers_its_centre() -> None:
    lat, lng = MostFrequentCell.fit(PHOTOS, PARTITION).answer(COLOURS[:2])
    counts = PARTITION.recount(LAT, LNG).counts
    centers = PARTITION.centers()
    assert counts.max() == 3
    assert lat.tolist() == [centers[0][counts.argmax()]] * 2
    assert lng.tolist() == [centers[1][counts.argmax()]] * 2


@pytest.mark.parametrize("rule", ["max-score", "min-distance"])
def test_the_best_point_is_best_among_the_training_places(rule: str) -> None:
    player = BestPoint.fit(PHOTOS, rule)
    distance = geo.haversine_km(LAT[:, None], LNG[:, None], LAT, LNG)
    cost = distance if rule == "min-distance" else -np.exp(-10 * distance / 14917)
    best = cost.mean(axis=0).argmin()
    assert (player.lat, player.lng) == (LAT[best], LNG[best])


def test_many_places_are_counted_in_cells_first(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    lat, lng = rng.normal(47, 1, 3000), rng.normal(8, 1, 3000)
    photos = TrainingPhotos(np.append(lat, -30.0), np.append(lng, 150.0))
    exact = BestPoint.fit(photos, "min-distance")
    monkeypatch.setattr(trivial, "MOST_PLACES", 200)
    places = trivial._places(photos)
    assert places[0].size <= 200
    assert places[2].sum() == 3001
    near = BestPoint.fit(photos, "min-distance")
    assert geo.haversine_km(near.lat, near.lng, exact.lat, exact.lng) < 30


def test_random_photos_follow_the_density() -> None:
    player = RandomPhoto.fit(PHOTOS, seed=1)
    many = np.zeros((2000, 16, 16, 3), dtype=np.uint8)
    lat, lng = player.answer(many)
    assert set(zip(lat, lng, strict=True)) == set(zip(LAT, LNG, strict=True))
    assert np.mean(lat == LAT[3]) == pytest.approx(0.2, abs=0.03)
    assert np.array_equal(player.answer(many)[0], lat)


def test_the_nearest_colours_are_found() -> None:
    player = NearestColours.fit(PHOTOS)
    lat, _ = player.answer(np.stack([plain((245, 0, 0)), plain((0, 240, 0)), plain((0, 0, 240))]))
    assert lat[0] in LAT[:2]
    assert lat[1] == LAT[3]
    assert lat[2] == LAT[2]
    own, _ = player.answer(COLOURS[2:])
    assert own.tolist() == LAT[2:].tolist()


def test_the_distance_of_colours_is_chi_squared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trivial, "AT_ONCE", 3)  # several parts
    thumbnails = np.stack([trivial.thumbnail(noise_picture(n)) for n in range(8)])
    player = NearestColours.fit(TrainingPhotos(np.arange(8.0), np.zeros(8), thumbnails))
    rows = trivial.colour_histograms(thumbnails).astype(float)
    for one in rows:
        total = one + rows
        expected = np.divide((one - rows) ** 2, total, where=total > 0, out=np.zeros_like(rows)).sum(axis=1)
        found = trivial._chi_squared(one.astype(np.float32), player.histograms)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_of_several_neighbours_the_middle_one_answers() -> None:
    lat = np.array([48.0, 48.5, 49.0, -33.0])
    photos = TrainingPhotos(lat, np.zeros(4), np.stack([plain((200, 0, 0))] * 3 + [plain((0, 0, 200))]))
    assert NearestColours.fit(photos, 3).answer(plain((200, 0, 0))[None])[0].tolist() == [48.5]
    assert NearestColours.fit(photos, 50).k == 4


def test_colours_are_those_of_cie_lab() -> None:
    lab = trivial._lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]], dtype=np.uint8))
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2], [32.3, 79.19, -107.86]]
    np.testing.assert_allclose(lab, expected, atol=0.05)
    histograms = trivial.colour_histograms(np.stack([trivial.thumbnail(noise_picture(n)) for n in range(3)]))
    assert histograms.shape == (3, 4 * 14 * 14)
    np.testing.assert_allclose(histograms.sum(axis=1), 1, rtol=1e-6)


def test_players_by_colour_need_pictures() -> None:
    assert "nearest colours" in trivial.fit_all(PHOTOS, PARTITION)
    places = TrainingPhotos(LAT, LNG)
    assert list(trivial.fit_all(places, PARTITION)) == [
        "most frequent cell",
        "best point for the score",
        "best point for the distance",
        "random training photo",
    ]
    with pytest.raises(ValueError, match="need the training pictures"):
        NearestColours.fit(places)
    with pytest.raises(ValueError, match="k must be"):
        NearestColours.fit(PHOTOS, 0)
    with pytest.raises(ValueError, match="need training photos"):
        TrainingPhotos(np.array([]), np.array([]))
