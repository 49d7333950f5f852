"""How much probability a distribution over cells gives to each country, by polygons (numpy only).

The probability of a cell is spread evenly over its land: over those points of a regular grid in the cell that
lie in a country (`planet_core.geography`). A cell without such a point, one around a small island, belongs to
the country of its photos' centroid; where that is open sea, its probability goes to no country.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planet_core import s2
from planet_core.distributions import checked_probabilities
from planet_core.geography import countries_at
from planet_core.partition import Partition

GRID_LEVEL = 8
"""Grids are at least as fine as S2 cells of this level, some 30 km, as far as `MOST_STEPS` allows."""
LEAST_STEPS, MOST_STEPS = 3, 5
"""So often is a cell quartered: 64 to 1,024 points."""
LEAST_PROBABILITY = 1e-4
"""Countries with less are not named."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CellCountries:
    """The countries of a partition's cells; entry i says that `cells[i]` lies in `codes[countries[i]]`.

    Attributes:
        codes: ISO 3166-1 alpha-2 codes.
        cells, countries: int64 (entries,).
        shares: float64 (entries,), of the cell's land; those of one cell add up to 1.
        partition: what the cells are of.
    """

    codes: tuple[str, ...]
    cells: IntArray
    countries: IntArray
    shares: FloatArray
    partition: Partition

    @classmethod
    def of(cls, partition: Partition) -> CellCountries:
        """Looks every cell up, which takes some seconds for 25,000 cells: keep what it gives."""
        cells, found = _on_land(partition.cell_ids)
        without = np.setdiff1d(np.arange(len(partition)), cells)
        lat, lng = partition.centroids()
        fallback = countries_at(lat[without], lng[without])
        cells = np.concatenate([cells, without[fallback != ""]])
        codes, countries = np.unique(np.concatenate([found, fallback[fallback != ""]]), return_inverse=True)
        keys, points = np.unique(cells * max(1, len(codes)) + countries, return_counts=True)
        cells, countries = np.divmod(keys, max(1, len(codes)))
        shares = points / np.bincount(cells, points, len(partition))[cells]
        return cls(tuple(codes.tolist()), cells, countries, shares, partition)

    def probabilities(
        self, probabilities: npt.ArrayLike, least: float = LEAST_PROBABILITY
    ) -> dict[str, float]:
        """Countries with at least that probability, the most probable first; together about 1 at most.

        Args:
            probabilities: (cells,), one distribution; see `distributions.checked_probabilities`.

        Raises:
            ProbabilityError: probabilities that do not fit the partition or are no distribution.
        """
        values = checked_probabilities(self.partition, probabilities)
        sums = np.bincount(self.countries, values[self.cells] * self.shares, len(self.codes))
        order = np.argsort(-sums, kind="stable")
        return {self.codes[number]: float(sums[number]) for number in order.tolist() if sums[number] >= least}


def _on_land(ids: npt.NDArray[np.uint64]) -> tuple[IntArray, npt.NDArray[np.str_]]:
    """(cells, countries): the number of the cell and the country of each grid point on land."""
    levels = s2.levels(ids)
    numbers: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    countries: list[npt.NDArray[np.str_]] = [np.zeros(0, dtype="<U2")]
    for level in np.unique(levels).tolist():
        chosen = np.flatnonzero(levels == level)
        points = ids[chosen][:, None]
        for _ in range(_steps(level)):
            points = s2.children(points).reshape(len(chosen), -1)
        found = countries_at(*s2.centers(points.ravel()))
        land = np.flatnonzero(found != "")
        numbers.append(np.repeat(chosen, points.shape[1])[land])
        countries.append(found[land])
    return np.concatenate(numbers), np.concatenate(countries)


def _steps(level: int) -> int:
    return min(s2.MAX_LEVEL - level, max(LEAST_STEPS, min(MOST_STEPS, GRID_LEVEL - level)))
