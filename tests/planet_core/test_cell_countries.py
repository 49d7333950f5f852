from __future__ import annotations

import numpy as np
import pytest

from planet_core import s2
from planet_core.cell_countries import CellCountries
from planet_core.distributions import ProbabilityError
from planet_core.geography import countries_at
from planet_core.partition import Partition

STRASBOURG, KEHL = (48.5734, 7.7521), (48.5728, 7.8152)


def partition_at(level: int, *places: tuple[float, float]) -> Partition:
    lat, lng = np.array(places).T
    return Partition.at_level(lat, lng, level, 1)


def test_a_cell_inside_a_country_is_that_countrys() -> None:
    found = CellCountries.of(partition_at(10, (47.0, 2.5), (52.5, 13.4)))
    assert found.codes == ("DE", "FR")
    assert found.shares.tolist() == [1, 1]
    first = s2.cell_ids(47.0, 2.5, 10) < s2.cell_ids(52.5, 13.4, 10)
    probabilities = found.probabilities([0.7, 0.3] if first else [0.3, 0.7])
    assert list(probabilities) == ["FR", "DE"]
    assert probabilities["FR"] == pytest.approx(0.7)


def test_a_cell_on_a_border_is_shared_by_its_land() -> None:
    partition = partition_at(7, STRASBOURG)
    found = CellCountries.of(partition).probabilities([1.0])
    assert {"FR", "DE"} <= set(found)
    assert sum(found.values()) == pytest.approx(1)
    # an independent count: random points in the cell
    rng = np.random.default_rng(0)
    lat, lng = s2.centers(partition.cell_ids)
    points = lat + rng.uniform(-1, 1, 200_000), lng + rng.uniform(-1.5, 1.5, 200_000)
    inside = partition.lookup(*points) == 0
    weights = np.cos(np.radians(points[0][inside]))
    countries = countries_at(points[0][inside], points[1][inside])
    for code in ("FR", "DE"):
        share = weights[countries == code].sum() / weights[countries != ""].sum()
        assert found[code] == pytest.approx(share, abs=0.05)


def test_an_island_that_no_point_meets_has_the_country_of_its_photos() -> None:
    found = CellCountries.of(partition_at(3, (-15.965, -5.707)))  # Saint Helena
    assert found.probabilities([1.0]) == {"SH": 1.0}


def test_the_open_sea_is_no_country() -> None:
    found = CellCountries.of(partition_at(8, (47.0, 2.5), (0.0, -30.0)))
    assert sum(found.probabilities([0.5, 0.5]).values()) == pytest.approx(0.5)
    assert CellCountries.of(partition_at(8, (0.0, -30.0))).probabilities([1.0]) == {}


def test_leaves_and_faces_are_looked_up_too() -> None:
    assert CellCountries.of(partition_at(30, KEHL)).probabilities([1.0]) == {"DE": 1.0}
    everywhere = CellCountries.of(partition_at(0, STRASBOURG)).probabilities([1.0])
    assert len(everywhere) > 20
    assert sum(everywhere.values()) == pytest.approx(1)


def test_hardly_probable_countries_are_not_named() -> None:
    found = CellCountries.of(partition_at(10, (47.0, 2.5), (52.5, 13.4)))
    assert len(found.probabilities([0.99995, 0.00005])) == 1
    assert len(found.probabilities([0.99995, 0.00005], least=0)) == 2


def test_what_is_no_distribution_is_refused() -> None:
    found = CellCountries.of(partition_at(10, STRASBOURG))
    with pytest.raises(ProbabilityError):
        found.probabilities([0.5, 0.5])
