from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pytest

from planet_core import album_hmm
from planet_core.album_hmm import AlbumHmm, Emission, Track, distance_class, gap_class

CENTERS = np.array([48.0, 48.4, 41.0, 35.0]), np.array([2.0, 2.4, 12.0, 139.0])


def model(cells: int = 4, seed: int = 0) -> AlbumHmm:
    rng = np.random.default_rng(seed)
    travel = rng.dirichlet(np.ones(album_hmm.DISTANCES), album_hmm.GAPS)
    share = rng.dirichlet(np.ones(cells), 2)
    return AlbumHmm(CENTERS[0][:cells], CENTERS[1][:cells], share[0], share[1], travel, Emission(0.7, 0.5))


def track(photos: int, cells: int = 4, seed: int = 1) -> Track:
    rng = np.random.default_rng(seed)
    logs = np.log(rng.dirichlet(np.full(cells, 0.4), photos) + 1e-12)
    return Track(logs, rng.choice([0, 0.1, 2, 30, 500], photos), np.ones(photos, dtype=bool))


def likelihoods(hmm: AlbumHmm, album: Track) -> dict[tuple[int, ...], float]:
    """The joint probability of every path there is, term by term."""
    found = {}
    cells = len(hmm.lat)
    for path in itertools.product(range(cells), repeat=len(album.gaps_hours)):
        value = hmm.weight[path[0]]
        for photo, cell in enumerate(path):
            if photo:
                gap = int(gap_class(album.gaps_hours[photo]))
                row = [_share(hmm, gap, path[photo - 1], to) for to in range(cells)]
                value *= row[cell] / sum(row)
            if album.readable[photo]:
                said = (
                    np.exp(album.log_probabilities[photo, cell]) / hmm.said[cell] ** hmm.emission.prior_power
                )
                value *= said**hmm.emission.temper
        found[path] = float(value)
    return found


def _share(hmm: AlbumHmm, gap: int, before: int, after: int) -> float:
    def apart(to: int) -> int:
        if to == before:
            return 0
        cosine = np.sin(np.radians(hmm.lat[before])) * np.sin(np.radians(hmm.lat[to])) + np.cos(
            np.radians(hmm.lat[before])
        ) * np.cos(np.radians(hmm.lat[to])) * np.cos(np.radians(hmm.lng[before] - hmm.lng[to]))
        return 1 + sum(6371 * np.arccos(cosine) > km for km in album_hmm.DISTANCE_KM)

    as_far = [to for to in range(len(hmm.lat)) if apart(to) == apart(after)]
    return float(hmm.travel[gap, apart(after)] * hmm.weight[after] / hmm.weight[as_far].sum())


@pytest.mark.parametrize("photos", [1, 2, 4])
def test_the_path_is_the_best_of_all_paths(photos: int) -> None:
    for seed in range(2):
        hmm, album = model(seed=seed), track(photos, seed=seed + 10)
        paths = likelihoods(hmm, album)
        assert tuple(hmm.path(album).tolist()) == max(paths, key=paths.__getitem__)


@pytest.mark.parametrize("photos", [1, 2, 4])
def test_the_posterior_is_the_sum_over_all_paths(photos: int) -> None:
    hmm, album = model(), track(photos)
    paths = likelihoods(hmm, album)
    expected = np.zeros((photos, 4))
    for path, value in paths.items():
        expected[np.arange(photos), path] += value
    np.testing.assert_allclose(hmm.posterior(album), expected / sum(paths.values()), rtol=1e-8, atol=1e-12)


def test_a_photo_that_cannot_be_read_says_nothing() -> None:
    hmm, album = model(), track(4)
    lost = replace(album, readable=np.array([True, False, True, True]))
    paths = likelihoods(hmm, lost)
    assert tuple(hmm.path(lost).tolist()) == max(paths, key=paths.__getitem__)
    other = lost.log_probabilities.copy()
    other[1] = np.log([0.97, 0.01, 0.01, 0.01])
    np.testing.assert_array_equal(hmm.posterior(replace(lost, log_probabilities=other)), hmm.posterior(lost))


def test_classes_of_gaps_and_distances() -> None:
    assert gap_class([0, 0.1, 0.25, 0.26, 40, 1e6]).tolist() == [0, 1, 1, 2, 6, 7]
    assert distance_class([0, 50, 51, 6400, 20000]).tolist() == [1, 1, 2, 8, 9]


def test_travel_is_what_training_albums_did() -> None:
    """Within the hour people stay; after days half of them are 47 km on; in between, 800 km."""
    rng = np.random.default_rng(0)
    albums = []
    for _ in range(400):
        cells, gaps = [0], [0.0]
        for _ in range(10):
            kind = rng.integers(3)
            gaps.append([0.5, 100.0, 10.0][kind])
            cells.append([cells[-1], int(rng.integers(2)), 2 if cells[-1] < 2 else 0][kind])
        albums.append((np.array(cells), np.array(gaps)))
    hmm = AlbumHmm.fit(CENTERS, np.array([5, 5, 5, 5]), np.ones(4), albums)
    np.testing.assert_allclose(hmm.travel.sum(axis=1), 1)
    assert hmm.travel[int(gap_class(0.5)), 0] > 0.97
    assert hmm.travel[int(gap_class(10.0)), int(distance_class(1100))] > 0.97
    assert hmm.weight[3] < 0.01 < hmm.weight[1]
    # a gap that was never seen does what all others do together
    np.testing.assert_allclose(hmm.travel[7], hmm.travel[3], atol=0.001)


def test_photos_without_a_cell_belong_to_the_way() -> None:
    album = np.array([0, -1, 0, 2]), np.array([0.0, 0.5, 0.4, 30.0])
    hmm = AlbumHmm.fit(CENTERS, np.ones(4), np.ones(4), [album] * 200)
    assert hmm.travel[int(gap_class(0.9)), 0] > 0.9
    assert hmm.travel[int(gap_class(30)), int(distance_class(1100))] > 0.9
    with pytest.raises(ValueError, match="no travel to learn"):
        AlbumHmm.fit(CENTERS, np.ones(4), np.ones(4), [(np.array([0]), np.zeros(1))])


def test_sure_photos_speak_for_unsure_ones() -> None:
    """Three photos that say nothing between two that know: a jump there and back is the less probable way."""
    travel = np.full((album_hmm.GAPS, album_hmm.DISTANCES), 0.02)
    travel[:, 0] = 0.82
    hmm = replace(model(), travel=travel, emission=Emission())
    logs = np.log(
        np.array([[0.9, 0.05, 0.03, 0.02], *[[0.24, 0.24, 0.25, 0.27]] * 3, [0.9, 0.05, 0.03, 0.02]])
    )
    logs += np.log(hmm.said)
    album = Track(logs, np.full(5, 0.5), np.ones(5, dtype=bool))
    assert hmm.path(album).tolist() == [0] * 5


def world(cells: int) -> AlbumHmm:
    rng = np.random.default_rng(0)
    lat, lng = rng.uniform(-60, 70, cells), rng.uniform(-180, 180, cells)
    share = np.full(cells, 1 / cells)
    travel = np.full((album_hmm.GAPS, album_hmm.DISTANCES), 1 / album_hmm.DISTANCES)
    return AlbumHmm(lat, lng, share, share, travel)


@pytest.mark.slow
def test_an_album_of_five_thousand_photos_is_decoded() -> None:
    hmm = world(552)
    rng = np.random.default_rng(1)
    logs = np.log(rng.dirichlet(np.full(552, 0.1), 5000) + 1e-9)
    started = time.monotonic()
    path = hmm.path(Track(logs, np.ones(5000), np.ones(5000, dtype=bool)))
    assert len(path) == 5000
    assert time.monotonic() - started < 60


def test_many_cells_are_narrowed_to_the_probable_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    hmm = world(300)
    rng = np.random.default_rng(2)
    logs = np.full((6, 300), -20.0)
    likely = rng.choice(300, 40, replace=False)
    logs[:, likely] = np.log(rng.dirichlet(np.ones(40), 6))
    album = Track(logs, np.ones(6), np.ones(6, dtype=bool))
    whole = hmm.path(album)
    everywhere = hmm.posterior(album)
    monkeypatch.setattr(album_hmm, "MOST_CELLS", 40)
    narrowed = world(300)
    np.testing.assert_array_equal(narrowed.path(album), whole)
    posterior = narrowed.posterior(album)
    np.testing.assert_allclose(posterior.sum(axis=1), 1)
    np.testing.assert_allclose(posterior, everywhere, atol=1e-6)


def test_another_emission_keeps_the_travel() -> None:
    hmm, album = model(), track(4)
    hmm.path(album)
    for emission in album_hmm.grid():
        tuned = hmm.tuned(emission)
        fresh = replace(hmm, emission=emission)
        np.testing.assert_array_equal(tuned.path(album), fresh.path(album))
