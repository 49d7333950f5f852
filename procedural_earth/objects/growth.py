"""How trees grow: wood as tapering segments and leaves as small blades, all in units of the tree's height.

A crown is filled with leaf clumps gathered in lobes; every clump is then joined to the nearest wood that
leads
down to the trunk (a cheap space colonisation), and branches thicken by the pipe model: the cross-section of a
branch is the sum of those it carries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Generator = np.random.Generator


@dataclass
class Plant:
    """A grown plant; N leaves and M pieces of wood. Colours are rows of the species' palette.

    Attributes:
        at: (N, 3) centres of leaves. along: (N, 3) their unit axes. facing: (N, 3) their unit normals.
        size: (N, 2) half length and half width. tone: (N,) 0 dark … 1 light. hue: (N,) palette row.
        wood: (M, 8) start xyz, end xyz, start and end radius. bark: (M,) palette row.
        clumps: (C, 4) centres and radii of leaf clumps.
    """

    at: Array
    along: Array
    facing: Array
    size: Array
    tone: Array
    hue: npt.NDArray[np.int64]
    wood: Array
    bark: npt.NDArray[np.int64]
    clumps: Array


@dataclass(frozen=True)
class Crown:
    """Shape of a tree with a round crown; lengths in tree heights.

    Attributes:
        base, width: where the crown begins and its half width.
        profile: half width at equal steps from base to top, 1 is `width`.
        clumps, lobes: how many leaf clumps and how many groups of them.
        clump: radius of a clump. leaves: leaves in each. leaf: half length and half width of one.
        flat: height of a clump over its width. trunk: radius at the ground. lean: sway of the trunk.
        droop: how far leaves hang. shell: 0 fills the crown evenly, 1 only its skin.
    """

    base: float
    width: float
    profile: tuple[float, ...]
    clumps: int = 110
    lobes: int = 16
    clump: float = 0.07
    leaves: int = 60
    leaf: tuple[float, float] = (0.011, 0.006)
    flat: float = 0.75
    trunk: float = 0.022
    lean: float = 0.04
    droop: float = 0.0
    shell: float = 0.5
    stems: int = 1


def unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def crown_tree(rng: Generator, shape: Crown) -> Plant:
    """A tree with a trunk and a crown of leaf clumps."""
    clumps = _clumps(rng, shape)
    wood = _branches(rng, shape, clumps)
    leaves = shape.leaves * 2
    at, along, facing = _blades(rng, clumps, leaves, shape.flat, shape.droop)
    count = len(at)
    size = np.array(shape.leaf)[None] * rng.uniform(0.55, 1.0, (count, 1))
    groups = np.repeat(rng.uniform(-0.18, 0.18, len(clumps)), leaves)
    tone = np.clip(rng.normal(0.5, 0.2, count) + groups, 0, 1)
    hue = np.where(rng.random(count) < 0.12, 1, 0)
    radius = np.full((len(clumps), 1), shape.clump)
    centres = np.concatenate([clumps, radius], axis=1)
    return Plant(at, along, facing, size, tone, hue, wood, np.full(len(wood), 2), centres)


def _clumps(rng: Generator, shape: Crown) -> Array:
    """(C, 3) centres of clumps inside the crown's envelope, gathered around lobes."""
    lobes = inside(rng, shape, shape.lobes, 0.55 + 0.3 * shape.shell)
    near = inside(rng, shape, shape.clumps * 3, 0.5 + 0.5 * shape.shell)
    gap = np.linalg.norm(near[:, None] - lobes[None], axis=2).min(axis=1)
    order = np.argsort(gap + rng.uniform(0, 0.06, len(gap)))
    kept = near[order[: shape.clumps * 2]]
    return _spread(rng, kept, shape.clumps)


def inside(rng: Generator, shape: Crown, count: int, outward: float) -> Array:
    """(count, 3) points in the crown's envelope; `outward` keeps them from its middle, 0..1."""
    t = rng.random(count)
    steps = np.linspace(0, 1, len(shape.profile))
    weight = np.interp(t, steps, shape.profile)
    again = rng.random(count) > weight  # wide parts of the crown hold more
    t = np.where(again, rng.random(count), t)
    limit = np.interp(t, steps, shape.profile) * shape.width
    radius = np.sqrt(rng.uniform(outward * 0.6, 1.0, count)) * limit
    angle = rng.uniform(0, 2 * np.pi, count)
    z = shape.base + (1 - shape.base) * t
    return np.stack([np.cos(angle) * radius, np.sin(angle) * radius, z], axis=1)


def _spread(rng: Generator, points: Array, count: int) -> Array:
    """The `count` points that keep farthest from each other, taken greedily."""
    chosen = [int(rng.integers(len(points)))]
    gap = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(count, len(points)):
        pick = int(np.argmax(gap))
        chosen.append(pick)
        gap = np.minimum(gap, np.linalg.norm(points - points[pick], axis=1))
    return points[chosen]


def _branches(rng: Generator, shape: Crown, clumps: Array) -> Array:
    """(M, 8) wood from the ground to every clump, thicker the more it carries."""
    nodes, parents = _trunks(rng, shape)
    for index in np.argsort(np.linalg.norm(clumps[:, :2], axis=1) + 0.5 * clumps[:, 2]):
        goal = clumps[index]
        have = np.asarray(nodes)
        gap = np.linalg.norm(have - goal, axis=1)
        rise = np.maximum(0.0, have[:, 2] - goal[2] + 0.35 * np.hypot(*(have - goal)[:, :2].T))
        start = int(np.argmin(gap + 1.6 * rise))
        middle = (have[start] + goal) / 2
        middle[2] += 0.12 * float(gap[start]) + rng.normal(0, 0.008)
        middle[:2] += rng.normal(0, 0.014, 2)
        nodes += [middle, goal]
        parents += [start, len(nodes) - 2]
    return _thicken(np.asarray(nodes), np.asarray(parents), shape.trunk)


def _trunks(rng: Generator, shape: Crown) -> tuple[list[Array], list[int]]:
    nodes: list[Array] = []
    parents: list[int] = []
    top = shape.base + 0.62 * (1 - shape.base)
    for stem in range(shape.stems):
        lean = rng.normal(0, shape.lean, 2) * (1 if shape.stems == 1 else 2.2)
        sway = rng.normal(0, shape.lean * 0.5, 2)
        foot = rng.normal(0, 0.02, 2) if stem else np.zeros(2)
        for i, t in enumerate(np.linspace(0, 1, 9)):
            xy = foot + lean * t + sway * np.sin(t * 5)
            nodes.append(np.array([xy[0], xy[1], top * t]))
            parents.append(len(nodes) - 2 if i else -1)
    return nodes, parents


def _thicken(nodes: Array, parents: npt.NDArray[np.int64], trunk: float) -> Array:
    load = np.zeros(len(nodes))
    load[np.setdiff1d(np.arange(len(nodes)), parents)] = 1.0
    for index in range(len(nodes) - 1, -1, -1):
        if parents[index] >= 0:
            load[parents[index]] += load[index]
    radius = trunk * np.sqrt(load / load.max())
    joined = np.flatnonzero(parents >= 0)
    start = parents[joined]
    # a branch leaves with its own thickness, not with that of the wood it leaves from
    first = np.minimum(radius[start], radius[joined] * 1.35)
    flare = np.where(nodes[start, 2] < 1e-6, 1.35, 1.0)
    ends = [nodes[start], nodes[joined], (first * flare)[:, None], radius[joined][:, None]]
    return np.concatenate(ends, axis=1)


def _blades(
    rng: Generator, clumps: Array, leaves: int, flat: float, droop: float
) -> tuple[Array, Array, Array]:
    """Leaf centres, axes and normals around clump centres (C, 3); radius is applied by the caller's scale."""
    count = len(clumps) * leaves
    out = unit(rng.normal(size=(count, 3)))
    reach = rng.random(count) ** 0.4
    offset = out * reach[:, None] * np.array([1.0, 1.0, flat])
    middle = np.repeat(clumps, leaves, axis=0)
    gap = np.linalg.norm(clumps[:, None] - clumps[None], axis=2)
    np.fill_diagonal(gap, np.inf)
    radius = np.repeat(np.clip(gap.min(axis=1) * 1.05, 0.03, 0.11), leaves)
    at = middle + offset * radius[:, None]
    facing = unit(out * 0.8 + rng.normal(0, 0.55, (count, 3)) + np.array([0, 0, 0.55]))
    along = unit(np.cross(facing, rng.normal(size=(count, 3))) + np.array([0, 0, -droop]))
    return at, along, facing


def conifer(
    rng: Generator,
    *,
    width: float,
    base: float,
    whorls: int,
    droop: float,
    density: float = 1.0,
    leaf: tuple[float, float] = (0.018, 0.0040),
    power: float = 0.9,
    ragged: float = 0.18,
) -> Plant:
    """A tree of whorls of branches along one straight trunk: spruce, fir, larch."""
    at, wood, clumps = [], [(0, 0, 0, 0, 0, 0.97, 0.017, 0.002)], []
    for t in np.linspace(0, 1, whorls) ** 0.92:
        z = base + (0.985 - base) * t
        reach = width * ((1 - t) ** power + 0.035)
        count = int(rng.integers(6, 9))
        angles = rng.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count + rng.normal(0, 0.2, count)
        for angle in angles:
            length = reach * rng.uniform(1 - 2.2 * ragged, 1 + ragged)
            points = _bough(rng, z, angle, length, droop)
            wood.append((*points[0], *points[len(points) // 2], 0.0035, 0.002))
            clumps.append((*points[2 * len(points) // 3], length * 0.45))
            at.append(_needles(rng, points, length, density))
    place = np.concatenate(at)
    count = len(place)
    outward = unit(place * np.array([1, 1, 0.0]) + np.array([0, 0, 0.25]))
    along = unit(outward + rng.normal(0, 0.55, (count, 3)) + np.array([0, 0, -0.35]))
    facing = unit(rng.normal(0, 0.6, (count, 3)) + np.array([0, 0, 0.9]) + outward * 0.5)
    size = np.array(leaf)[None] * rng.uniform(0.7, 1.3, (count, 1))
    tone = np.clip(rng.normal(0.45, 0.2, count) + 0.25 * np.hypot(place[:, 0], place[:, 1]) / width, 0, 1)
    hue = np.where(rng.random(count) < 0.15, 1, 0)
    timber = np.asarray(wood, dtype=np.float64)
    return Plant(place, along, facing, size, tone, hue, timber, np.full(len(timber), 2), np.asarray(clumps))


def _bough(rng: Generator, z: float, angle: float, length: float, droop: float) -> Array:
    s = np.linspace(0.05, 1, 9)
    sag = -droop * length * (s**1.6) + 0.28 * droop * length * s**5
    side = rng.normal(0, 0.05) * s * length
    x = np.cos(angle) * s * length - np.sin(angle) * side
    y = np.sin(angle) * s * length + np.cos(angle) * side
    return np.stack([x, y, z + sag], axis=1)


def _needles(rng: Generator, points: Array, length: float, density: float) -> Array:
    count = max(10, int(900 * length * density))
    s = rng.uniform(0.08, 1, count) ** 0.8 * (len(points) - 1)
    low = np.minimum(s.astype(int), len(points) - 2)
    part = (s - low)[:, None]
    line = points[low] * (1 - part) + points[low + 1] * part
    spread = 0.2 * length * (1.05 - s / (len(points) - 1)) + 0.004
    jitter = rng.normal(size=(count, 3)) * spread[:, None] * np.array([1, 1, 0.32])
    return np.asarray(line + jitter + np.array([0, 0, -0.3]) * np.abs(jitter[:, 2:3]))


def palm(
    rng: Generator,
    *,
    fronds: int,
    length: float,
    lean: float,
    trunk: float,
    stiff: float = 0.0,
    dead: int = 4,
) -> Plant:
    """A palm: one curved trunk and a head of feather leaves."""
    steps = np.linspace(0, 1, 10)
    bend = rng.uniform(0, 2 * np.pi)
    drift = lean * steps**1.8
    top = 1 - 0.55 * length
    stem = np.stack([np.cos(bend) * drift, np.sin(bend) * drift, steps * top], axis=1)
    radius = trunk * (1 - 0.35 * steps + 0.35 * np.exp(-steps * 9))
    wood = [np.concatenate([stem[:-1], stem[1:], radius[:-1, None], radius[1:, None]], axis=1)]
    leaves: list[Array] = []
    axes: list[Array] = []
    hues: list[Array] = []
    clumps = []
    for i in range(fronds + dead):
        old = i >= fronds
        rise = rng.uniform(-1.2, -0.8) if old else 1.35 - 1.75 * ((i + 0.5) / fronds) ** 0.8
        angle = i * 2.39996 + rng.normal(0, 0.15)
        line = _frond(
            stem[-1], angle, rise, length * rng.uniform(0.85, 1.1), 0.5 if old else 1.0 - 0.6 * stiff
        )
        wood.append(
            np.concatenate([line[:-1], line[1:], np.tile([[0.004, 0.003]], (len(line) - 1, 1))], axis=1)
        )
        clumps.append((*line[len(line) // 2], length * 0.5))
        centre, axis = _leaflets(rng, line, length)
        leaves.append(centre)
        axes.append(axis)
        hues.append(np.full(len(centre), 1.0 if old else 0.0))
    at, along = np.concatenate(leaves), np.concatenate(axes)
    count = len(at)
    facing = unit(np.cross(along, rng.normal(size=(count, 3))) + np.array([0, 0, 0.5]))
    size = np.array([0.058 * length / 0.34, 0.0034])[None] * rng.uniform(0.8, 1.2, (count, 1))
    tone = np.clip(rng.normal(0.5, 0.2, count), 0, 1)
    timber = np.concatenate(wood)
    bark = np.where(np.arange(len(timber)) < 9, 2, 0)
    hue = np.concatenate(hues).astype(np.int64)
    return Plant(at, along, facing, size, tone, hue, timber, bark, np.asarray(clumps))


def _frond(start: Array, angle: float, rise: float, length: float, sag: float) -> Array:
    s = np.linspace(0, 1, 12)
    pitch = np.maximum(rise - sag * 2.1 * s**1.3, -1.5)
    step = length / 11
    out = np.concatenate([[0], np.cumsum(np.cos(pitch[:-1]) * step)])
    up = np.concatenate([[0], np.cumsum(np.sin(pitch[:-1]) * step)])
    return np.stack([start[0] + np.cos(angle) * out, start[1] + np.sin(angle) * out, start[2] + up], axis=1)


def _leaflets(rng: Generator, line: Array, length: float) -> tuple[Array, Array]:
    s = np.linspace(0.6, len(line) - 1.02, 44)
    low = s.astype(int)
    part = (s - low)[:, None]
    at = line[low] * (1 - part) + line[low + 1] * part
    forward = unit(line[low + 1] - line[low])
    side = unit(np.cross(forward, np.array([0, 0, 1.0])))
    reach = 0.05 * length / 0.34 * np.sin(np.pi * (0.12 + 0.82 * s / (len(line) - 1)))[:, None] + 0.012
    centres, axes = [], []
    for sign in (-1.0, 1.0):
        axis = unit(side * sign + forward * 0.75 + np.array([0, 0, -0.45]) + rng.normal(0, 0.12, at.shape))
        centres.append(at + axis * reach)
        axes.append(axis)
    return np.concatenate(centres), np.concatenate(axes)


def bamboo(rng: Generator) -> Plant:
    """A clump of arching culms with hanging leaves."""
    wood, leaves, clumps = [], [], []
    for _ in range(34):
        foot = np.append(rng.normal(0, 0.07, 2), 0)
        angle, arch, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.3), rng.uniform(0.65, 1.0)
        s = np.linspace(0, 1, 11)[:, None]
        way = np.array([np.cos(angle), np.sin(angle), 0])
        rise = np.array([0, 0, 1.0])
        line = foot + way * arch * s**2.6 + rise * height * (s - 0.1 * arch * 4 * s**4)
        wood.append(np.concatenate([line[:-1], line[1:], np.tile([[0.006, 0.005]], (10, 1))], axis=1))
        t = rng.uniform(0.3, 1, 130) ** 0.7 * 9.99
        low = t.astype(int)
        leaves.append(line[low] + rng.normal(0, 0.035, (130, 3)))
        clumps.append((*line[8], 0.09))
    at = np.concatenate(leaves)
    count = len(at)
    along = unit(rng.normal(0, 0.6, (count, 3)) + np.array([0, 0, -0.8]))
    facing = unit(np.cross(along, rng.normal(size=(count, 3))))
    size = np.array([0.02, 0.0035])[None] * rng.uniform(0.7, 1.3, (count, 1))
    timber = np.concatenate(wood)
    tone = np.clip(rng.normal(0.5, 0.22, count), 0, 1)
    hue = np.where(rng.random(count) < 0.2, 1, 0)
    return Plant(at, along, facing, size, tone, hue, timber, np.full(len(timber), 2), np.asarray(clumps))


def cactus(rng: Generator) -> Plant:
    """A column cactus with a few raised arms; all of it is wood with green bark."""
    wood = [(0, 0, i * 0.1, 0, 0, i * 0.1 + 0.1, 0.055, 0.055 if i < 9 else 0.03) for i in range(10)]
    for _ in range(int(rng.integers(2, 5))):
        z, angle = rng.uniform(0.3, 0.6), rng.uniform(0, 2 * np.pi)
        x, y = np.cos(angle), np.sin(angle)
        out, top = 0.15, z + rng.uniform(0.18, 0.38)
        wood.append((0, 0, z, x * out, y * out, z + 0.03, 0.036, 0.04))
        wood.append((x * out, y * out, z + 0.03, x * out, y * out, top, 0.04, 0.038))
        wood.append((x * out, y * out, top, x * out, y * out, top + 0.03, 0.038, 0.015))
    none = np.zeros((0, 3))
    timber = np.asarray(wood, dtype=np.float64)
    bark = np.zeros(len(timber), np.int64)
    empty = np.zeros(0)
    return Plant(none, none, none, np.zeros((0, 2)), empty, bark[:0], timber, bark, np.zeros((0, 4)))


def blades(
    rng: Generator, *, count: int, spread: float, lean: float, width: float, heads: float = 0.0
) -> Plant:
    """A tuft of upright blades: grass, reeds, cereals.

    `heads` is the share that carries an ear or a flower.
    """
    foot = np.concatenate([rng.normal(0, spread, (count, 2)), np.zeros((count, 1))], axis=1)
    angle = rng.uniform(0, 2 * np.pi, count)
    height = rng.uniform(0.45, 1.0, count)
    out = np.abs(rng.normal(0, lean, count))
    way = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)
    knots = [
        foot
        + way * (out * t**2)[:, None]
        + np.array([0, 0, 1.0]) * (height * (t - 0.18 * out * t**3))[:, None]
        for t in np.linspace(0, 1, 6)
    ]
    pieces = []
    for i in range(5):
        first, last = width * (1 - i / 5.2), width * (1 - (i + 1) / 5.2)
        radii = np.tile([[first, last]], (count, 1))
        pieces.append(np.concatenate([knots[i], knots[i + 1], radii], axis=1))
    wood = np.concatenate(pieces)
    bark = np.tile(rng.integers(0, 2, count), 5)
    eared = np.flatnonzero(rng.random(count) < heads)
    at = knots[-1][eared]
    along = unit(knots[-1][eared] - knots[-2][eared])
    facing = unit(rng.normal(size=(len(eared), 3)) + np.array([0, -1.0, 0]))
    size = np.tile([[0.05, 0.018]], (len(eared), 1)) * rng.uniform(0.8, 1.2, (len(eared), 1))
    tone = rng.uniform(0.3, 1, len(eared))
    return Plant(at, along, facing, size, tone, np.full(len(eared), 2), wood, bark, np.zeros((0, 4)))
