"""The shape of the ground: true elevation at the scale of kilometres, made-up detail of the same roughness below it,
the road cut into it, the coast, and the meshes that show it out to the horizon.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from procedural_earth.compiled import compiled
from procedural_earth.mesh import VISIBLE, Clue, Material, Mesh
from procedural_earth.noise import fbm, noise, smooth
from procedural_earth.road import SIDE_BEND, SIDE_HALF, SIDE_LEFT, SIDE_RIGHT, SIDE_SLOPE, SIDE_U, road_at

Array = npt.NDArray[Any]

DEM_STEP_M, DEM_SIDE = 4000.0, 41
SEA_STEP_M, SEA_SIDE = 700.0, 81
STRIP_M = 64.0
"""Half the width of the strip along the road that has a mesh of its own."""
HORIZON_M = 70_000.0
_DROP = 1.0 / (2.0 * 6_371_000.0 * 7.0 / 6.0)


class Land(NamedTuple):
    """Everything that fixes the height of the ground, as the compiled code takes it.

    Attributes:
        hx, hy: Direction of the road's u axis.
        road: Table of the main road (`Road.table`), heights filled in.
        sides: Table of side roads.
        half_width: Of the carriageway; 0 where there is no road.
        sidewalk: Width of the pavement, 0 in the country.
        dem: float64 (41, 41), true elevation around the camera each 4 km less that at the origin; rows go north.
        sea: float64 (81, 81), 0 land .. 1 sea each 700 m, blurred.
        sea_level: z of the sea; -1e6 without one near.
        relief: Metres, how far true heights spread around the camera.
        rugged: 0 rolling .. 1 alpine: the form of the made-up hills.
        flat: 0..1, how much of a town has been levelled.
        woods: 0..1, share of far land under forest. tree_line: z above which there is none.
        dunes: Metres.
        seed: Hash of the place's identity.
    """

    hx: float
    hy: float
    road: Array
    sides: Array
    half_width: float
    sidewalk: float
    dem: Array
    sea: Array
    sea_level: float
    relief: float
    rugged: float
    flat: float
    woods: float
    tree_line: float
    dunes: float
    seed: int


@compiled
def _spline(grid: Array, x: float, y: float, step: float) -> float:
    """Cubic B-spline through a square grid centred on the origin."""
    side = grid.shape[0]
    half = side // 2
    gx = min(max(x / step + half, 1.0), side - 2.001)
    gy = min(max(y / step + half, 1.0), side - 2.001)
    i = int(gx)
    j = int(gy)
    a = gx - i
    b = gy - j
    ax = ((1 - a) ** 3 / 6, (3 * a**3 - 6 * a * a + 4) / 6, (-3 * a**3 + 3 * a * a + 3 * a + 1) / 6, a**3 / 6)
    by = ((1 - b) ** 3 / 6, (3 * b**3 - 6 * b * b + 4) / 6, (-3 * b**3 + 3 * b * b + 3 * b + 1) / 6, b**3 / 6)
    total = 0.0
    for q in range(4):
        row = 0.0
        for p in range(4):
            row += ax[p] * grid[j - 1 + q, i - 1 + p]
        total += by[q] * row
    return total


@compiled
def shore(land: Land, x: float, y: float) -> float:
    """About how many metres inland a point is; negative at sea, large where no sea is near."""
    if land.sea_level < -1e5:
        return 1e6
    wet = _spline(land.sea, x, y, SEA_STEP_M)
    if wet < 0.02:
        return 2000.0
    if wet > 0.98:
        return -2000.0
    away = (0.5 - wet) * 2400.0
    if abs(away) < 700.0:
        away += 190.0 * fbm(x / 900.0, y / 900.0, 5, land.seed + 900)
    return away


@compiled
def hills(land: Land, x: float, y: float, feature: float) -> float:
    """The ground without roads, but for details below `feature` metres and those of the verge."""
    distance = math.sqrt(x * x + y * y)
    z = _spline(land.dem, x, y, DEM_STEP_M)
    if land.half_width > 0.0 and distance < 9000.0:
        # the land is calm along the road, so that it need not climb what no road climbs
        along_u = x * land.hx + y * land.hy
        offset, _s, _z, _slope = road_at(land.road, along_u, x * land.hy - y * land.hx)
        calm = math.sqrt(offset * offset + 0.09 * along_u * along_u)
        distance += (min(calm, distance) - distance) * (1.0 - smooth(1500.0, 4500.0, abs(along_u)))
    far = 0.10 + 0.90 * smooth(60.0, 3600.0 - 1500.0 * land.rugged, distance)
    height = land.relief * (0.85 + 0.75 * land.rugged)
    length = 7000.0
    total = 0.0
    gain = 1.0
    px = x + 500.0 * noise(x / 3100.0, y / 3100.0, land.seed + 77)
    py = y + 500.0 * noise(x / 3100.0, y / 3100.0, land.seed + 78)
    octave = 0
    previous = 1.0
    while length > max(feature * 1.5, 40.0) and octave < 9:
        n = noise(px / length + 31.7 * octave, py / length - 17.1 * octave, land.seed + octave)
        ridge = 1.0 - 1.9 * abs(n)
        ridge = ridge * abs(ridge) * previous
        form = land.rugged * (ridge - 0.15) + (1.0 - land.rugged) * n
        total += gain * form
        previous = min(max(0.35 + 0.65 * (0.5 + 0.5 * ridge), 0.0), 1.0)
        gain *= 0.5 - 0.03 * (1.0 - land.rugged)
        length *= 0.5
        octave += 1
    dune = 0.0
    if land.dunes > 0.0 and feature < 400.0:
        swell = noise(px / 640.0, py / 410.0, land.seed + 50)
        crest = 1.0 - abs(noise(px / 230.0 + 0.4 * swell, py / 150.0, land.seed + 51)) * 1.7
        dune = land.dunes * (0.55 * swell + 0.6 * max(crest, 0.0) ** 2 * (0.6 + 0.6 * swell)) * smooth(40.0, 420.0, distance)
    # roads run in valleys: around them the mountains stand up
    total += 0.42 * land.rugged * smooth(150.0, 3500.0, distance)
    return z + dune + height * far * total * (1.0 - land.flat * (1.0 - smooth(300.0, 2500.0, distance)))


@compiled
def _coast(land: Land, z: float, away: float) -> float:
    """Height with a shore: the land comes down to the sea, the sea floor goes on below."""
    if away > 1900.0:
        return max(z, land.sea_level + 1.0)
    if away < 0.0:
        return land.sea_level + max(0.06 * away, -25.0)
    steep = 0.035 + 0.35 * land.rugged
    limit = land.sea_level + 0.05 * min(away, 30.0) + steep * max(away - 25.0, 0.0)
    limit += 1e-5 * away * away
    return min(max(z, land.sea_level + 0.04 * min(away, 40.0)), limit)


@compiled
def ground(land: Land, x: float, y: float, feature: float) -> float:
    """Height of the ground, roads included, without the Earth's curve; details below `feature` metres left out."""
    z = hills(land, x, y, feature)
    u = x * land.hx + y * land.hy
    v = x * land.hy - y * land.hx
    offset, along, road_z, _slope = road_at(land.road, u, v)
    across = abs(offset)
    rough = 0.0
    if across > land.half_width + 4.0 and feature < 60.0:
        bumps = min(0.35 + 0.012 * land.relief, 3.5) * (1.0 - 0.75 * land.flat)
        rough = 1.6 * bumps * noise(x / 61.0, y / 61.0, land.seed + 40)
        if feature < 20.0:
            rough += 0.6 * bumps * noise(x / 23.0, y / 23.0, land.seed + 41)
        if feature < 7.0:
            rough += 0.16 * noise(x / 7.3, y / 7.3, land.seed + 42)
        rough *= smooth(land.half_width + 4.0, land.half_width + 30.0, across)
    for number in range(land.sides.shape[0]):
        side = land.sides[number]
        if (offset < 0 and side[SIDE_LEFT] > 0) or (offset >= 0 and side[SIDE_RIGHT] > 0):
            gap = abs(u - side[SIDE_U] - side[SIDE_SLOPE] * v - side[SIDE_BEND] * v * v)
            rough *= smooth(side[SIDE_HALF] + 1.0, side[SIDE_HALF] + 16.0, gap)
    z += rough
    away = shore(land, x, y)
    if away < 1e5:
        z = _coast(land, z, away)
    if land.half_width <= 0.0:
        return z
    beyond = smooth(1700.0, 1990.0, abs(u))
    edge = land.half_width + land.sidewalk
    bank = 10.0 + 2.2 * abs(z - road_z) + 26.0 * land.flat
    keep = smooth(edge + 3.2, edge + 3.2 + bank, across)
    keep = keep + (1.0 - keep) * beyond
    if keep >= 1.0:
        return z
    bed = road_z - 0.02 * min(across, edge)
    if land.sidewalk > 0.0:
        if across > land.half_width:
            bed += 0.14
    elif across > edge:
        ditch = 0.45 * smooth(edge + 0.9, edge + 2.3, across) * (1.0 - smooth(edge + 2.5, edge + 4.6, across))
        for number in range(land.sides.shape[0]):
            side = land.sides[number]
            if (offset < 0 and side[SIDE_LEFT] > 0) or (offset >= 0 and side[SIDE_RIGHT] > 0):
                gap = abs(u - side[SIDE_U] - side[SIDE_SLOPE] * v - side[SIDE_BEND] * v * v)
                ditch *= smooth(side[SIDE_HALF] + 0.5, side[SIDE_HALF] + 3.0, gap)
        bed -= ditch + 0.05 * smooth(edge, edge + 0.5, across)
        bed += 0.1 * noise(x / 3.1, y / 3.1, land.seed + 43) * smooth(edge + 1.0, edge + 3.0, across)
    return bed + (z - bed) * keep


@compiled
def ground_many(land: Land, x: Array, y: Array, feature: Array, out: Array) -> None:
    """`ground` of arrays of points."""
    for i in range(x.shape[0]):
        out[i] = ground(land, x[i], y[i], feature[i])


@compiled
def _profile(land: Land, x: Array, y: Array, out: Array) -> None:
    for i in range(x.shape[0]):
        z = hills(land, x[i], y[i], 150.0)
        away = shore(land, x[i], y[i])
        if away < 1e5:
            z = max(_coast(land, z, away), land.sea_level + 1.8)
        out[i] = z


def grade(land: Land) -> Land:
    """The land with the road's heights filled in, and z = 0 moved to the road under the camera."""
    table = land.road.copy()
    u = np.linspace(-2000.0, 2000.0, len(table))
    pick = np.arange(0, len(table), 10)
    x = u[pick] * land.hx + table[pick, 0] * land.hy
    y = u[pick] * land.hy - table[pick, 0] * land.hx
    z = np.zeros(len(pick))
    _profile(land, x, y, z)
    spread = np.exp(-0.5 * (np.arange(-9, 10) / (3.0 + 1.5 * land.flat)) ** 2)
    padded = np.concatenate([np.full(9, z[0]), z, np.full(9, z[-1])])
    level = np.convolve(padded, spread / spread.sum(), "valid")
    if land.sea_level > -1e5:
        level = np.maximum(level, land.sea_level + 1.8)
    table[:, 2] = np.interp(np.arange(len(table)), pick, level)
    table[:, 2] = np.convolve(np.pad(table[:, 2], 12, mode="edge"), np.full(25, 1 / 25), "valid")
    origin = table[len(table) // 2, 2]
    table[:, 2] -= origin
    sea_level = land.sea_level - origin if land.sea_level > -1e5 else land.sea_level
    return land._replace(road=table, dem=land.dem - origin, sea_level=float(sea_level))


def height(land: Land, x: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """Height of the ground at points near the camera (metres), in every detail, with the Earth's curve."""
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    out = np.zeros(x.size)
    ground_many(land, x.ravel(), y.ravel(), np.zeros(x.size), out)
    return (out - (x.ravel() ** 2 + y.ravel() ** 2) * _DROP).reshape(x.shape)


@compiled
def wooded(land: Land, x: float, y: float, z: float, distance: float) -> float:
    """0 open .. 1 forest; woods begin at some distance from the camera, where no single trees stand."""
    if land.woods < 0.02 or distance < 120.0:
        return 0.0
    mass = 0.75 * noise(x / 900.0, y / 900.0, land.seed + 11) + 0.55 * noise(x / 240.0, y / 240.0, land.seed + 12)
    mass += 0.12 * noise(x / 55.0, y / 55.0, land.seed + 13)
    share = smooth(-0.03, 0.04, mass + 1.7 * land.woods - 0.85) * smooth(120.0, 220.0, distance)
    return share * (1.0 - smooth(land.tree_line - 120.0, land.tree_line + 60.0, z + 150.0 * mass))


@compiled
def _raise(land: Land, x: Array, y: Array, feature: Array, sink: bool, positions: Array) -> None:
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            z = ground(land, x[i, j], y[i, j], feature[i, j])
            if sink:
                u = x[i, j] * land.hx + y[i, j] * land.hy
                v = x[i, j] * land.hy - y[i, j] * land.hx
                offset, _s, _z, _slope = road_at(land.road, u, v)
                inside = 1.0 - smooth(STRIP_M - 14.0 - 1.5 * feature[i, j], STRIP_M - 1.0, abs(offset))
                x_far = math.sqrt(x[i, j] * x[i, j] + y[i, j] * y[i, j])
                wood = wooded(land, x[i, j], y[i, j], z, x_far)
                if wood > 0.0 and abs(offset) > 40.0 and shore(land, x[i, j], y[i, j]) > 60.0:
                    crown = 0.75 + 0.5 * noise(x[i, j] / 14.0, y[i, j] / 14.0, land.seed + 14)
                    z += 13.0 * wood * crown * smooth(40.0, 70.0, abs(offset))
                z -= inside * (1.0 - smooth(1650.0, 1800.0, abs(u))) * (1.5 + 1.2 * feature[i, j])
            positions[i, j, 0] = x[i, j]
            positions[i, j, 1] = y[i, j]
            positions[i, j, 2] = z - (x[i, j] * x[i, j] + y[i, j] * y[i, j]) * _DROP


@compiled
def _grid_normals(positions: Array, wrap: bool, normals: Array) -> None:
    rows, columns = positions.shape[0], positions.shape[1]
    for i in range(rows):
        for j in range(columns):
            up = min(i + 1, rows - 1)
            down = max(i - 1, 0)
            if wrap:
                right = (j + 1) % columns
                left = (j - 1) % columns
            else:
                right = min(j + 1, columns - 1)
                left = max(j - 1, 0)
            ax = positions[i, right, 0] - positions[i, left, 0]
            ay = positions[i, right, 1] - positions[i, left, 1]
            az = positions[i, right, 2] - positions[i, left, 2]
            bx = positions[up, j, 0] - positions[down, j, 0]
            by = positions[up, j, 1] - positions[down, j, 1]
            bz = positions[up, j, 2] - positions[down, j, 2]
            nx = ay * bz - az * by
            ny = az * bx - ax * bz
            nz = ax * by - ay * bx
            if nz < 0:
                nx, ny, nz = -nx, -ny, -nz
            length = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
            normals[i, j, 0] = nx / length
            normals[i, j, 1] = ny / length
            normals[i, j, 2] = nz / length


def _grid_mesh(positions: Array, wrap: bool, material: Material, clue: Clue) -> Mesh:
    rows, columns = positions.shape[:2]
    normals = np.zeros_like(positions)
    _grid_normals(positions, wrap, normals)
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if wrap else columns - 1), indexing="ij")
    a = i * columns + j
    b = i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    triangles = np.stack([np.stack([a, b, d], -1), np.stack([a, d, c], -1)], 2).reshape(-1, 3)
    count, vertices = len(triangles), rows * columns
    return Mesh(
        positions.reshape(-1, 3).astype(np.float32),
        normals.reshape(-1, 3).astype(np.float32),
        np.zeros((vertices, 2), np.float32),
        np.ones((vertices, 3), np.float32),
        triangles.astype(np.int32),
        np.full(count, material, np.uint8),
        np.full(count, -1, np.int16),
        np.full(count, clue, np.uint8),
        np.full(count, VISIBLE, np.uint8),
    )


def _ring_radii() -> Array:
    near = np.geomspace(34.0, 1200.0, 54)
    far = np.geomspace(1200.0, HORIZON_M, 84)
    return np.concatenate([near, far[1:]])


RING_COLUMNS = 288


def _columns(sector: tuple[float, float] | None) -> tuple[Array, bool]:
    """Angles of the spokes, and whether they go all round; `sector`: middle and half width, degrees."""
    step = 360.0 / RING_COLUMNS
    if sector is None:
        return np.deg2rad(np.arange(RING_COLUMNS) * step), True
    first = math.floor((sector[0] - sector[1]) / step)
    last = math.ceil((sector[0] + sector[1]) / step)
    if last - first >= RING_COLUMNS:
        return np.deg2rad(np.arange(RING_COLUMNS) * step), True
    return np.deg2rad((np.arange(first, last + 1) % RING_COLUMNS) * step), False


def rings(land: Land, sector: tuple[float, float] | None) -> Mesh:
    """The land beyond the strip, on rings around the camera out to the horizon.

    Args:
        sector: Heading and half width (degrees) of what is wanted, or None for all; the same grid either way.
    """
    radii = _ring_radii()
    angles, wrap = _columns(sector)
    x, y = radii[:, None] * np.sin(angles), radii[:, None] * np.cos(angles)
    feature = np.broadcast_to(np.gradient(radii)[:, None], x.shape)
    positions = np.zeros((*x.shape, 3))
    _raise(land, x, y, feature, land.half_width > 0, positions)
    return _grid_mesh(positions, wrap, Material.GROUND, Clue.TERRAIN)


def _strip_axes(land: Land) -> tuple[Array, Array]:
    ahead = [0.0]
    while ahead[-1] < 1850.0:
        ahead.append(ahead[-1] + max(1.6, 0.055 * ahead[-1]))
    u = np.array(ahead)
    edge = land.half_width
    if land.sidewalk > 0:
        out = [0.0, edge / 2, edge, edge + 0.04, edge + land.sidewalk]
    else:
        out = [0.0, edge / 2, edge, edge + 0.5]
    last = out[-1]
    out += [last + d for d in (0.9, 1.6, 2.3, 2.9, 3.7, 4.6, 6.0, 8.0, 10.5, 13.5, 17.0, 22.0, 28.0, 35.0, 43.0, 52.0)]
    out.append(STRIP_M)
    t = np.array(sorted(set(out)))
    return np.concatenate([-u[:0:-1], u]), np.concatenate([-t[:0:-1], t])


def strip(land: Land) -> Mesh:
    """The road and what lies within 64 m of it, on a grid that follows the road."""
    u, t = _strip_axes(land)
    row = (u + 2000.0) / 2.0
    centre, slope = (np.interp(row, np.arange(len(land.road)), land.road[:, column]) for column in (0, 1))
    length = np.hypot(1.0, slope)
    # offsets are kept from crossing on the inside of a bend by measuring them along v
    pu = u[:, None] - (t[None] * (slope / length)[:, None]) * (np.abs(t[None]) < 12) - (
        12 * np.sign(t[None]) * (slope / length)[:, None]
    ) * (np.abs(t[None]) >= 12)
    pv = np.interp(
        (pu + 2000.0) / 2.0, np.arange(len(land.road)), land.road[:, 0]
    ) + t[None] * np.hypot(1.0, np.interp((pu + 2000.0) / 2.0, np.arange(len(land.road)), land.road[:, 1]))
    x, y = pu * land.hx + pv * land.hy, pu * land.hy - pv * land.hx
    positions = np.zeros((*x.shape, 3))
    _raise(land, x, y, np.zeros_like(x), False, positions)
    return _grid_mesh(positions, False, Material.GROUND, Clue.TERRAIN)


def sea(land: Land, sector: tuple[float, float] | None) -> Mesh:
    """The level water, on rings; empty where there is no sea near."""
    if land.sea_level < -1e5:
        return Mesh()
    radii = np.concatenate([[0.0], np.geomspace(20.0, HORIZON_M, 60)])
    angles, wrap = _columns(sector)
    angles = angles[:: 4] if wrap else np.concatenate([angles[:-1:4], angles[-1:]])
    x, y = radii[:, None] * np.sin(angles), radii[:, None] * np.cos(angles)
    positions = np.stack([x, y, land.sea_level - (x * x + y * y) * _DROP], -1)
    return _grid_mesh(positions, wrap, Material.WATER, Clue.WATER)


@compiled
def _shore_many(land: Land, x: Array, y: Array, out: Array) -> None:
    for i in range(x.shape[0]):
        out[i] = shore(land, x[i], y[i])


def shore_many(land: Land, x: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """About how many metres inland points are; negative at sea, large where no sea is near."""
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    out = np.zeros(x.size)
    _shore_many(land, x.ravel(), y.ravel(), out)
    return out.reshape(x.shape)
