"""The road under the camera and those that meet it: lines in the plane, found again from any point.

The main road is a graph over its own axis: u metres along the heading at the camera, v = c(u) to the right. That
makes the way from a point to its place on the road a look-up. Side roads are graphs over v.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth.compiled import inlined

Array = npt.NDArray[Any]

STEP_M = 2.0
REACH_M = 2000.0
_ROWS = int(2 * REACH_M / STEP_M) + 1

# columns of the table of the main road
_V, _SLOPE, _Z, _S = range(4)
# columns of the table of side roads
SIDE_U, SIDE_SLOPE, SIDE_BEND, SIDE_LEFT, SIDE_RIGHT, SIDE_HALF, SIDE_PAVED = range(7)


@dataclass(frozen=True, eq=False)
class Road:
    """The main road, its side roads and what lies beside them.

    Attributes:
        heading_deg: Direction of the road at the camera, clockwise from north; the u axis.
        table: float64 (2001, 4), a row each 2 m of u from -2000 m: v, dv/du, z, distance along the road.
        sides: float64 (N, 7), a row a side road: u at the junction, du/dv, its change, 1 if it goes to the left,
            1 if to the right, half its width, 1 if paved.
        half_width_m: From the centre line to the edge of the carriageway.
        surface: "asphalt", "gravel" or "dirt".
        sidewalk_m: Width of the pavement behind the kerb; 0 in the country.
    """

    heading_deg: float
    table: Array
    sides: Array
    half_width_m: float
    surface: str
    sidewalk_m: float

    @property
    def axis(self) -> tuple[float, float]:
        """The u axis as x and y."""
        angle = math.radians(self.heading_deg)
        return math.sin(angle), math.cos(angle)

    def at(self, distance_m: npt.ArrayLike, offset_m: npt.ArrayLike = 0.0) -> tuple[Array, Array, Array, Array]:
        """x, y, z and heading (degrees) at a distance along the road (0 under the camera), `offset_m` to the right.

        Distances beyond the ends of the road (about 2 km) stay at the end.
        """
        s = np.asarray(distance_m, float)
        along = self.table[:, _S]
        u = np.interp(s, along, np.linspace(-REACH_M, REACH_M, _ROWS))
        row = np.clip((u + REACH_M) / STEP_M, 0, _ROWS - 1)
        v, slope, z = (np.interp(row, np.arange(_ROWS), self.table[:, column]) for column in (_V, _SLOPE, _Z))
        length = np.hypot(1.0, slope)
        u = u - offset_m * slope / length
        v = v + offset_m / length
        hx, hy = self.axis
        heading = self.heading_deg + np.degrees(np.arctan(slope))
        return u * hx + v * hy, u * hy - v * hx, z, heading % 360.0

    def locate(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
        """Distance along the road and offset to the right of it (metres) of points."""
        hx, hy = self.axis
        x, y = np.asarray(x, float), np.asarray(y, float)
        u, v = x * hx + y * hy, x * hy - y * hx
        row = np.clip((u + REACH_M) / STEP_M, 0, _ROWS - 1)
        centre, slope, along = (
            np.interp(row, np.arange(_ROWS), self.table[:, column]) for column in (_V, _SLOPE, _S)
        )
        length = np.hypot(1.0, slope)
        return along + (v - centre) * slope / length, (v - centre) / length

    def clearance(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Array:
        """Metres from points to the nearest edge of any carriageway or pavement; negative on it."""
        hx, hy = self.axis
        x, y = np.asarray(x, float), np.asarray(y, float)
        u, v = x * hx + y * hy, x * hy - y * hx
        _, offset = self.locate(x, y)
        away: Array = np.abs(offset) - self.half_width_m - self.sidewalk_m
        for side in self.sides:
            distance = u - side_u(side, v)
            reached = np.where(offset < 0, side[SIDE_LEFT], side[SIDE_RIGHT]) > 0
            beside = np.abs(distance) / math.hypot(1.0, side[SIDE_SLOPE]) - side[SIDE_HALF] - self.sidewalk_m
            away = np.where(reached, np.minimum(away, beside), away)
        return away


def side_u(side: Array, v: Any) -> Any:
    """u of a side road's centre at v."""
    return side[SIDE_U] + side[SIDE_SLOPE] * v + side[SIDE_BEND] * v * v


def lay(
    rng: np.random.Generator, heading_deg: float, half_width_m: float, surface: str, settlement: float, relief: float
) -> Road:
    """A road of its own: bends that suit the relief (0 flat .. 1 mountains), side roads by settlement (0..1)."""
    u = np.linspace(-REACH_M, REACH_M, _ROWS)
    v, slope = np.zeros(_ROWS), np.zeros(_ROWS)
    straight = 1.0 - 0.75 * settlement
    for length in (1700.0, 800.0, 380.0):
        steep = straight * rng.uniform(0.03, 0.16) * (1.0 + 1.2 * relief) * (length / 900.0) ** 0.25
        phase = rng.uniform(0, 2 * np.pi)
        wave = 2 * np.pi / length
        v += steep / wave * (np.sin(wave * u + phase) - np.sin(phase) - wave * u * np.cos(phase))
        slope += steep * (np.cos(wave * u + phase) - np.cos(phase))
    table = np.zeros((_ROWS, 4))
    table[:, _V], table[:, _SLOPE] = v, slope
    lengths = np.hypot(1.0, slope)
    along = np.concatenate([[0.0], np.cumsum(0.5 * (lengths[1:] + lengths[:-1]) * STEP_M)])
    table[:, _S] = along - along[_ROWS // 2]
    count = rng.poisson(1.1) if settlement < 0.3 else 2 + rng.poisson(3 * settlement)
    sides = np.zeros((count, 7))
    taken: list[float] = []
    for side in sides:
        for _ in range(20):
            place = rng.choice([-1, 1]) * rng.uniform(18, 70 + 260 * (1 - settlement))
            if all(abs(place - other) > 45 for other in taken):
                break
        taken.append(place)
        which = rng.random()
        paved = surface == "asphalt" and rng.random() < 0.25 + 0.75 * settlement
        side[:] = (
            place, rng.uniform(-0.25, 0.25) * straight, rng.normal(0, 0.0012) * straight,
            which < 0.65, which > 0.35, min(half_width_m * 0.85, 2.7), paved,
        )  # fmt: skip
    return Road(heading_deg, table, sides, half_width_m, surface, 2.2 if settlement > 0.45 and surface == "asphalt" else 0.0)


@inlined
def road_at(table: Array, u: float, v: float) -> tuple[float, float, float, float]:
    """Offset to the right, distance along, height and slope of the main road beside the point (u, v)."""
    rows = table.shape[0]
    row = min(max((u + 2000.0) / 2.0, 0.0), rows - 1.001)
    i = int(row)
    part = row - i
    other = 1.0 - part
    slope = table[i, 1] * other + table[i + 1, 1] * part
    # cubic between two rows, by their slopes: no corners
    h1 = part * part * (3.0 - 2.0 * part)
    centre = (
        table[i, 0] * (1.0 - h1)
        + table[i + 1, 0] * h1
        + 2.0 * (part * other * other * table[i, 1] - part * part * other * table[i + 1, 1])
    )
    length = math.sqrt(1.0 + slope * slope)
    offset = (v - centre) / length
    return (
        offset,
        table[i, 3] * other + table[i + 1, 3] * part + offset * slope,
        table[i, 2] * other + table[i + 1, 2] * part,
        slope,
    )
