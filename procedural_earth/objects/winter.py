"""Trees without their leaves: wood that grows towards free space, thins out quickly and ends in fine twigs.

Space colonisation (Runions et al. 2007): points fill the crown, each pulls at the nearest wood, and goes once
wood has come near. Thickness follows Leonardo's rule: what leaves a fork is as thick, in section, as what
enters it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from procedural_earth.objects.growth import Array, Crown, Generator, Plant, inside, unit

_STEP = 0.022
_REACHED = 0.030
_MOST_FORKS = 2
_LEONARDO = 2.15
_TWIGS = 5


def bare_tree(rng: Generator, shape: Crown) -> Plant:
    """A round tree in winter, in units of its height."""
    goals = np.concatenate([inside(rng, shape, 1300, 0.3), inside(rng, shape, 1100, 0.9)])
    nodes, parents = _colonise(rng, _stem(rng, shape), goals)
    wood = _thick(nodes, parents, shape.trunk * 0.95)
    tips = np.setdiff1d(np.arange(len(nodes)), parents)
    ways = unit(nodes[tips] - nodes[parents[tips]])
    twigs = _twigs(rng, nodes[tips], ways, shape.droop)
    return _only_wood(np.concatenate([wood, twigs]))


def bare_conifer(rng: Generator, grown: Plant) -> Plant:
    """A larch in winter: its trunk, whole boughs, and twigs that hang from them."""
    trunk, boughs = grown.wood[:1] * np.array([1, 1, 1, 1, 1, 1, 0.72, 0.8]), grown.wood[1:].copy()
    boughs[:, 2:6:3] += rng.normal(0, 0.014, (len(boughs), 1))
    boughs[:, 5] += rng.uniform(-0.1, 0.22, len(boughs)) * np.hypot(boughs[:, 3], boughs[:, 4])
    start, half = boughs[:, :3], boughs[:, 3:6] - boughs[:, :3]
    tip = start + 2.1 * half + np.array([0, 0, 0.12]) * np.linalg.norm(half, axis=1, keepdims=True)
    middle = boughs[:, 3:6]
    thick = np.tile([[0.0030, 0.0018]], (len(boughs), 1))
    pieces = [
        trunk,
        np.concatenate([start, middle, thick], axis=1),
        np.concatenate([middle, tip, thick * 0.6], axis=1),
    ]
    for part in np.linspace(0.2, 1.0, 13):
        at = np.where(
            part < 0.5, start + (middle - start) * 2 * part, middle + (tip - middle) * (2 * part - 1)
        )
        length = np.linalg.norm(tip - start, axis=1, keepdims=True) * rng.uniform(0.12, 0.34, (len(at), 1))
        for side in (-1.0, 1.0):
            ahead = unit(tip - start)
            across = np.stack([-ahead[:, 1], ahead[:, 0], np.zeros(len(at))], axis=1) * side
            way = unit(ahead * 0.9 + across + np.array([0, 0, -0.45]) + rng.normal(0, 0.45, at.shape))
            ends = at + way * length * (1.1 - 0.6 * part)
            pieces.append(np.concatenate([at, ends, np.tile([[0.0008, 0.0004]], (len(at), 1))], axis=1))
    return _only_wood(np.concatenate(pieces))


def _only_wood(wood: Array) -> Plant:
    none, empty = np.zeros((0, 3)), np.zeros(0)
    rows = np.zeros(0, np.int64)
    bark = np.where(wood[:, 6] < 0.0035, 0, 2)  # twigs are dark, even those of birches
    return Plant(none, none, none, np.zeros((0, 2)), empty, rows, wood, bark, np.zeros((0, 4)))


def _stem(rng: Generator, shape: Crown) -> tuple[Array, npt.NDArray[np.int64]]:
    """Nodes of the trunks, up to where branches take over, and the node that each stands on."""
    nodes: list[Array] = []
    parents: list[int] = []
    slender = float(np.clip((0.46 - shape.width) / 0.3, 0, 1))
    top = shape.base + (0.16 + 0.62 * slender) * (1 - shape.base)
    for _ in range(shape.stems):
        lean, bend = rng.normal(0, shape.lean, 2), rng.normal(0, shape.lean * 0.3, 2)
        for i, t in enumerate(np.linspace(0, 1, max(3, int(top / _STEP)))):
            nodes.append(np.array([*(lean * t + bend * np.sin(3 * t)), max(top, 0.1) * t]))
            parents.append(len(nodes) - 2 if i else -1)
    return np.asarray(nodes), np.asarray(parents)


def _colonise(
    rng: Generator, stem: tuple[Array, npt.NDArray[np.int64]], goals: Array
) -> tuple[Array, npt.NDArray[np.int64]]:
    nodes, parents = stem
    before = np.where(parents >= 0, parents, 0)
    ways = unit(nodes - nodes[before] + np.array([0, 0, 1e-6]))
    gaps = np.linalg.norm(goals[:, None] - nodes[None], axis=2)
    nearest, gap = gaps.argmin(axis=1), gaps.min(axis=1)
    forks = np.zeros(len(nodes), np.int64)
    for _ in range(90):
        # a point between two branches would let its nearest grow in vain for ever
        left = (gap > _REACHED) & (forks[nearest] < _MOST_FORKS)
        goals, nearest, gap = goals[left], nearest[left], gap[left]
        if len(goals) == 0:
            break
        pull = np.zeros((len(nodes), 3))
        np.add.at(pull, nearest, unit(goals - nodes[nearest]))
        growing = np.unique(nearest)
        forks[growing] += 1
        way = unit(pull[growing]) + 1.1 * ways[growing] + rng.normal(0, 0.08, (len(growing), 3))
        way = unit(way + np.array([0, 0, 0.06]))
        fresh = nodes[growing] + way * _STEP
        gaps = np.linalg.norm(goals[:, None] - fresh[None], axis=2)
        closer = gaps.min(axis=1) < gap
        nearest = np.where(closer, len(nodes) + gaps.argmin(axis=1), nearest)
        gap = np.minimum(gap, gaps.min(axis=1))
        nodes, ways = np.concatenate([nodes, fresh]), np.concatenate([ways, way])
        parents = np.concatenate([parents, growing])
        forks = np.concatenate([forks, np.zeros(len(growing), np.int64)])
    return nodes, parents


def _thick(nodes: Array, parents: npt.NDArray[np.int64], trunk: float) -> Array:
    """(M, 8) wood between the nodes and those they stand on."""
    load = np.zeros(len(nodes))
    load[np.setdiff1d(np.arange(len(nodes)), parents)] = 1.0
    for index in range(len(nodes) - 1, -1, -1):
        if parents[index] >= 0:
            load[parents[index]] += load[index]
    radius = np.maximum(trunk * (load / load.max()) ** (1 / _LEONARDO), 0.0006)
    joined = np.flatnonzero(parents >= 0)
    start = parents[joined]
    first = np.minimum(radius[start], radius[joined] * 1.12)
    flare = 1 + 0.35 * np.exp(-nodes[start, 2] / 0.02)
    return np.concatenate(
        [nodes[start], nodes[joined], (first * flare)[:, None], radius[joined][:, None]], axis=1
    )


def _twigs(rng: Generator, at: Array, ways: Array, droop: float) -> Array:
    """(M, 8) a spray of fine twigs, of two pieces each, at every tip."""
    at, ways = np.repeat(at, _TWIGS, axis=0), np.repeat(ways, _TWIGS, axis=0)
    length = rng.uniform(0.018, 0.042, (len(at), 1)) * (1 + 0.6 * droop)
    way = unit(ways + rng.normal(0, 0.42, at.shape))
    middle = at + way * length * 0.5
    ends = (
        middle
        + unit(way + rng.normal(0, 0.2, at.shape) + np.array([0, 0, 0.25 - 1.5 * droop])) * length * 0.6
    )
    fine = np.tile([[0.0006, 0.0004]], (len(at), 1))
    return np.concatenate(
        [np.concatenate([at, middle, fine], axis=1), np.concatenate([middle, ends, fine * 0.7], axis=1)]
    )
