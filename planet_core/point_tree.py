"""The best of many points under a distribution over the same points, by branch and bound (numpy only).

Points are halved along the widest axis, again and again: a tree whose nodes are (member point, radius). Two
facts make it fast. Mass that lies within r of a point can be put on that point: no candidate's expected loss
changes by more than the mass times the loss of r, so that far and light parts of a distribution become a few
points, with an error that is known. And no candidate within r of a node's point is better than that point
would be if every distance were shorter by r: nodes that cannot hold the best candidate are dropped whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from planet_core import geo

FIRST_LEVEL = 5  # 32 nodes: with fewer, nothing is ever dropped
_BLOCK_PAIRS = 1 << 15  # pairs of points worked on at a time: they stay in cache
_ROUGHLY = (16.0, 2.0, 0.4)  # times the tolerance: errors of moved mass, tried in turn; the last one decides
_HEAVY = 0.999  # of the mass is not moved: the fewest points that hold so much
_HARDLY = 0.02
_LOCAL = 1.0  # a move is weighed by its distance if it is shorter than this over the decay

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Loss:
    """What a distance costs: `weight * (1 - exp(-decay * km))`, or `weight * km` where decay is 0.

    Both are metrics of the sphere: they rise with the distance, and satisfy the triangle inequality.
    """

    decay: float
    weight: float

    def of(self, km: FloatArray) -> FloatArray:
        """The cost of distances, in their shape."""
        if self.decay:
            return np.asarray(-self.weight * np.expm1(-self.decay * km))
        return self.weight * km


@dataclass(frozen=True, eq=False)
class Level:
    """Nodes (m,): `ends[i] : ends[i + 1]` of the tree's order, a member point and the radius around it.

    Attributes:
        ends: (m + 1,).
        points: (m,), position in the tree's order of the member nearest to the middle.
        radius_km: (m,), distance from that member to the farthest one.
    """

    ends: IntArray
    points: IntArray
    radius_km: FloatArray


@dataclass(frozen=True, eq=False)
class Tree:
    """Points on the sphere, ordered so that every node is a run of them.

    Attributes:
        order: (n,), the points' indices in the tree's order.
        vectors: (n, 3), unit vectors in the tree's order.
        levels: coarse first; each halves the nodes of the one before, the last has a point a node.
    """

    order: IntArray
    vectors: FloatArray
    levels: tuple[Level, ...]


def cached(lat: FloatArray, lng: FloatArray) -> Tree:
    """`build`, remembered for the last few sets of points."""
    return _build(lat.tobytes(), lng.tobytes())


@lru_cache(maxsize=4)
def _build(lat: bytes, lng: bytes) -> Tree:
    return build(np.frombuffer(lat), np.frombuffer(lng))


def build(lat: FloatArray, lng: FloatArray) -> Tree:
    """The tree of points (n,) in degrees, n at least 1."""
    vectors = geo.unit_vectors(lat, lng)
    count = len(vectors)
    order = np.arange(count)
    found: list[IntArray] = []
    for depth in range(int(np.log2(count)) + 1):
        ends = np.arange(2**depth + 1) * count >> depth
        if depth:
            order = order[_along_widest_axis(vectors[order], found[-1])]
        found.append(ends)
    ordered = vectors[order]
    # the order inside a node changes as its children are split, so members are chosen when all is done
    levels = [_level(ordered, ends) for ends in found[min(FIRST_LEVEL, len(found) - 1) :]]
    single = np.arange(count + 1)
    return Tree(order, ordered, (*levels, Level(single, single[:-1], np.zeros(count))))


def _along_widest_axis(vectors: FloatArray, ends: IntArray) -> IntArray:
    """The order that sorts each node (a run of the vectors) along its own widest axis."""
    low = np.minimum.reduceat(vectors, ends[:-1])
    high = np.maximum.reduceat(vectors, ends[:-1])
    node = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    axis = np.argmax(high - low, axis=1)
    return np.lexsort((vectors[np.arange(len(vectors)), axis[node]], node))


def _level(vectors: FloatArray, ends: IntArray) -> Level:
    node = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    middle = np.add.reduceat(vectors, ends[:-1])
    nearness = np.einsum("ij,ij->i", vectors, middle[node])
    points = np.lexsort((nearness, node))[ends[1:] - 1]
    cosine = np.einsum("ij,ij->i", vectors, vectors[points][node])
    radius = np.arccos(np.clip(np.minimum.reduceat(cosine, ends[:-1]), -1, 1))
    slack = 3e-8  # radians: what rounding may hide from a cosine near 1
    return Level(ends, points, geo.EARTH_RADIUS_KM * (radius + slack))


@dataclass(frozen=True, eq=False)
class Sources:
    """A distribution moved to s points.

    Attributes:
        vectors: (s, 3), unit vectors.
        weights: (s,), mass; sums to 1.
        spread: (s,), for a loss with decay: a distance d to point i may be wrong by so much that the expected
            loss changes by at most `weight * spread[i] * exp(-decay * d)`; 0 where nothing was moved.
        error: what the rest may change of any expected loss.
    """

    vectors: FloatArray
    weights: FloatArray
    spread: FloatArray
    error: float


def best(tree: Tree, mass: FloatArray, loss: Loss, tolerance: float) -> int:
    """The index of a point whose expected loss is at most `tolerance` above the least.

    Args:
        mass: (n,), not negative, sum 1, for the points as they were given to `build`.
    """
    ordered = mass[tree.order]
    sources = _moved(tree, ordered, loss, _ROUGHLY[0] * tolerance)
    if len(sources.weights) > len(ordered) / 4:  # little is saved by an error
        sources = _moved(tree, ordered, loss, _HARDLY * tolerance)
    chosen, others = _search(tree, int(ordered.argmax()), sources, loss, tolerance)
    for finer in _ROUGHLY[1:]:
        if not others.size:
            break
        points = np.concatenate([[chosen], others])
        sources = _moved(tree, ordered, loss, finer * tolerance)
        value, error, _ = _expected(tree.vectors[points], None, sources, loss)
        first = int((value + error).argmin())
        chosen, others = int(points[first]), points[value - error < (value + error)[first] - tolerance]
    return int(tree.order[chosen])


def _search(tree: Tree, first: int, sources: Sources, loss: Loss, tolerance: float) -> tuple[int, IntArray]:
    """(position of a good point, positions of those that may be better by more than the tolerance).

    The good point is `first`, unless a better one is met.
    """
    value, error, _ = _expected(tree.vectors[[first]], None, sources, loss)
    least, chosen = float(value[0] + error[0]), first
    nodes = np.arange(len(tree.levels[0].points))
    for level, finer in zip(tree.levels, (*tree.levels[1:], None), strict=True):
        points = level.points[nodes]
        value, error, bound = _expected(tree.vectors[points], level.radius_km[nodes], sources, loss)
        most = value + error
        if most.min() < least:
            least, chosen = float(most.min()), int(points[most.argmin()])
        nodes = nodes[bound < least - tolerance]
        if finer is None or not nodes.size:
            break
        nodes = _children(level, finer, nodes)
    return chosen, nodes  # what is left are points: the last level has one a node


def _children(level: Level, finer: Level, nodes: IntArray) -> IntArray:
    first = np.searchsorted(finer.ends, level.ends[nodes])
    last = np.searchsorted(finer.ends, level.ends[nodes + 1])
    most = int((last - first).max())
    children = first[:, None] + np.arange(most)
    return children[children < last[:, None]]


def _moved(tree: Tree, mass: FloatArray, loss: Loss, tolerance: float) -> Sources:
    """The mass put on fewer points, so that no candidate's expected loss changes by more than `tolerance`.

    The heaviest points stay. The fewest points come of nodes whose moves cost about the same, so one limit
    holds for all, and is lowered until the sum is small enough.
    """
    descending = np.argsort(-mass)
    heavy = descending[: 1 + int(np.searchsorted(np.cumsum(mass[descending]), _HEAVY))]
    light = mass.copy()
    light[heavy] = 0.0
    total = np.concatenate([[0.0], np.cumsum(light)])
    masses = [np.diff(total[level.ends]) for level in tree.levels]
    costs = [here * loss.of(level.radius_km) for here, level in zip(masses, tree.levels, strict=True)]
    limit = tolerance / 64
    while True:
        points, weights, radius_km, cost = _cut(tree, masses, costs, limit)
        if cost.sum() <= tolerance:
            break
        limit /= 2
    local = loss.decay * radius_km < _LOCAL if loss.decay else np.zeros(len(points), dtype=bool)
    spread = np.where(local, weights * np.expm1(np.minimum(loss.decay * radius_km, _LOCAL)), 0.0)
    return Sources(
        tree.vectors[np.concatenate([heavy, points])],
        np.concatenate([mass[heavy], weights]),
        np.concatenate([np.zeros(len(heavy)), spread]),
        float(cost[~local].sum()),
    )


def _cut(
    tree: Tree, masses: list[FloatArray], costs: list[FloatArray], limit: float
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """(points, masses, radii, costs), each (s,), of the coarsest nodes that move at a cost in the limit."""
    parts = []
    nodes = np.arange(len(tree.levels[0].points))
    for depth, level in enumerate(tree.levels):
        here, cost = masses[depth][nodes], costs[depth][nodes]
        done = cost <= limit
        kept = nodes[done & (here > 0)]
        parts.append((level.points[kept], masses[depth][kept], level.radius_km[kept], costs[depth][kept]))
        if done.all():
            break
        nodes = _children(level, tree.levels[depth + 1], nodes[~done])
    points, weights, radius_km, cost = (np.concatenate(part) for part in zip(*parts, strict=True))
    return points, weights, radius_km, cost


def _expected(
    candidates: FloatArray, radius_km: FloatArray | None, sources: Sources, loss: Loss
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(expected loss, how far it may be off, a bound below that of every point in the radius), each (c,).

    Without radii the bound is the value less its error.
    """
    value, error, bound = np.empty((3, len(candidates)))
    # a vector times itself must not come out below 1, or a point would lie 0.1 m from itself
    stretched = np.ascontiguousarray(sources.vectors.T * (1 + 4e-16))
    total = sources.weights.sum()
    light, moved = sources.weights.astype(np.float32), sources.spread.astype(np.float32)
    for block in _blocks(len(candidates), len(stretched.T)):
        cosine = candidates[block] @ stretched
        np.clip(cosine, -1, 1, out=cosine)
        distance = np.arccos(cosine, out=cosine).astype(np.float32)  # from here on float32 is exact enough
        distance *= np.float32(geo.EARTH_RADIUS_KM)
        if radius_km is not None:
            nearer = distance - radius_km[block, None].astype(np.float32)
            np.maximum(nearer, 0, out=nearer)
            near, spread = _sums(nearer, light, moved, total, loss)
            bound[block] = near - spread
        value[block], error[block] = _sums(distance, light, moved, total, loss)
    if radius_km is None:
        bound = value - error
    return value, error + sources.error, bound - sources.error


def _sums(
    distance_km: Float32Array, light: Float32Array, moved: Float32Array, total: float, loss: Loss
) -> tuple[FloatArray | Float32Array, FloatArray | Float32Array | float]:
    """(expected loss, how far it may be off) of distances (c, s), which are overwritten."""
    if not loss.decay:
        return loss.weight * (distance_km @ light), 0.0
    distance_km *= np.float32(-loss.decay)
    near = np.exp(distance_km, out=distance_km)
    return loss.weight * (total - near @ light), loss.weight * (near @ moved)


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    step = max(1, _BLOCK_PAIRS // columns)
    for start in range(0, rows, step):
        yield slice(start, start + step)
