"""Trees, hedges, shrubs and crops.

Single ones by the road, woods where the ground has them, gardens in towns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procedural_earth.facts import leaves
from procedural_earth.ground import Look
from procedural_earth.layout_parts import Array, Parts, Site, density, dry
from procedural_earth.mesh import Mesh
from procedural_earth.objects import fields, furniture, vegetation
from procedural_earth.objects.species import LOW, SPECIES
from procedural_earth.objects.vegetation import NEUTRAL, VARIANTS

Generator = np.random.Generator
NEAR_M = 26.0
_FAR_M = 330.0
_MOST_NEAR = 14
_LOW_KINDS = ("shrub", "birch_shrub", "dry_shrub", "tea_shrub")
_DRY_GROUND = ("desert_sand", "desert_gravel", "dry_grass", "savanna_grass")


def _mix(site: Site) -> tuple[list[str], Array]:
    """Kinds of plants and their weights."""
    if "climate" in site.without:
        return [NEUTRAL], np.ones(1)
    pairs = [(name if name in SPECIES else NEUTRAL, weight) for name, weight in site.facts.vegetation]
    if not pairs:
        return [], np.zeros(0)
    arid = sum(weight for name, weight in site.facts.ground if name in _DRY_GROUND)
    if arid > 0.5:
        pairs = [("dry_shrub" if name == "shrub" else name, weight) for name, weight in pairs]
    weights = np.array([weight for _, weight in pairs], float)
    return [name for name, _ in pairs], weights / weights.sum()


def _openness(site: Site) -> float:
    """How many single trees open ground carries, 0..1."""
    if "climate" in site.without:
        return 0.3
    ground = dict(site.facts.ground)
    empty = (
        ground.get("desert_sand", 0) + ground.get("desert_gravel", 0) * 0.8 + ground.get("tundra", 0) * 0.7
    )
    return float(np.clip(0.9 * (1 - empty), 0.04, 1))


@dataclass(frozen=True)
class Chance:
    """What is left to chance for each of N plants, drawn before it is known which of them have room.

    A clue that is switched off makes room or takes it; the other plants then stay as they were.

    Attributes:
        kind: (N,) number of the kind.
        size: (N,) 0..1 between the least and the greatest height of the kind.
        tone: (N, 3) tint.
        variant: (N,) number of the shape.
        turn: (N,) degrees.
    """

    kind: Array
    size: Array
    tone: Array
    variant: Array
    turn: Array

    @classmethod
    def draw(cls, rng: Generator, count: int, weights: Array) -> Chance:
        """Chance for so many plants of kinds with these weights."""
        return cls(
            rng.choice(len(weights), size=count, p=weights),
            rng.beta(2.2, 2.0, count),
            np.exp(rng.normal(0, 0.09, (count, 1)) + rng.normal(0, 0.035, (count, 3))),
            rng.integers(0, VARIANTS, count),
            rng.uniform(0, 360, count),
        )

    def of(self, rows: Array) -> Chance:
        """That of some of the plants."""
        return Chance(self.kind[rows], self.size[rows], self.tone[rows], self.variant[rows], self.turn[rows])


def build_green(parts: Parts, look: Look) -> None:
    """Plants the scene's trees, shrubs and crops."""
    site = parts.site
    names, weights = _mix(site)
    if names:
        x, y, z, chance = _sites(parts, look, site.rng("green"), weights)
        _plant(parts, names, chance, x, y, z)
        _avenue(parts, site.rng("avenue"), names, weights)
    if "crops" not in site.without and "climate" not in site.without:
        build_crops(parts, look)
    _rocks(parts, site.rng("rocks"))


def _sites(parts: Parts, look: Look, rng: Generator, weights: Array) -> tuple[Array, Array, Array, Chance]:
    """Where trees stand: thick in woods, thin in the open, denser close by than far away."""
    site, town = parts.site, density(parts.site)
    count = 2400
    r = 7.0 * (_FAR_M / 7.0) ** rng.random(count) ** 0.8
    angle = rng.uniform(0, 2 * np.pi, count)
    x, y = site.eye[0] + r * np.sin(angle), site.eye[1] + r * np.cos(angle)
    clear = site.road.clearance(x, y)
    draw = rng.random(count)
    keep = (draw < 0.86) & (clear > rng.uniform(1.6, 7.0, count)) & ((r > 9) | (clear > 4))
    chance = Chance.draw(rng, count, weights)
    rows = np.flatnonzero(keep)
    x, y, draw = x[rows], y[rows], draw[rows]
    count = len(x)
    z0 = np.zeros(count)
    wood = fields.woods_share(site.land, x, y, z0) if "climate" not in site.without else np.full(count, 0.2)
    crop, edge, _ = fields.crop_at(look, site.road.axis, x, y)
    hedge = (crop >= 0) & (edge < 2.2)
    tilled = (crop >= 0) & ~hedge
    groves = (0.5 + 0.5 * np.sin(x / 37 + 3 * np.sin(y / 71))) * (
        0.5 + 0.5 * np.sin(y / 43 + 2 * np.sin(x / 59))
    )
    opens = 0.16 * _openness(site) * groves * (1 - 0.45 * town)
    cover = np.where(wood > 0.4, 0.85 * (1 - 0.8 * town), opens)
    cover = np.where(hedge, np.maximum(cover, 0.35), cover)
    cover = np.where(tilled & (wood < 0.95), 0.004, cover)
    keep = draw < cover
    x, y, rows = x[keep], y[keep], rows[keep]
    keep = dry(site, x, y, 9.0) & parts.free(x, y, 1.8) & _apart(x - site.eye[0], y - site.eye[1])
    x, y, rows = x[keep], y[keep], rows[keep]
    z = site.height(x, y)
    keep = z < site.land.tree_line + 40
    return x[keep], y[keep], z[keep], chance.of(rows[keep])


def _apart(x: Array, y: Array) -> Array:
    """(N,) one tree a cell of 4.5 m, close to the camera, where crowns that cut each other show."""
    _, first = np.unique(np.floor(x / 4.5) * 1000 + np.floor(y / 4.5), return_index=True)
    keep = np.hypot(x, y) > 90.0
    keep[first] = True
    return np.asarray(keep)


def _plant(parts: Parts, names: list[str], chance: Chance, x: Array, y: Array, z: Array) -> None:
    site = parts.site
    distance = np.hypot(x - site.eye[0], y - site.eye[1])
    wears = "green" if "climate" in site.without else leaves(site.facts.lat, site.facts.lng, site.day_of_year)
    lying = 0.0 if "climate" in site.without else site.snow
    near = np.zeros(len(x), bool)
    near[np.argsort(distance)[:_MOST_NEAR]] = True
    near &= distance < NEAR_M
    for number, name in enumerate(names):
        here = np.flatnonzero(chance.kind == number)
        if len(here) == 0:
            continue
        low, high = SPECIES[name].height_m
        heights = low + (high - low) * chance.size[here]
        crown = 0.5 * SPECIES[name].aspect * heights
        # no crown over the camera, no trunk by the kerb
        beside = site.road.clearance(x[here], y[here]) + site.road.sidewalk_m
        room = np.minimum(distance[here] - 6.0 - crown, beside - np.maximum(0.55 * crown + 0.4, 2.5))
        here, heights = here[room > 0], heights[room > 0]
        season = vegetation.season_of(name, wears, lying)
        close = near[here] & (season != "bare")  # twigs are finer in the sprite
        feet = np.stack([x[here], y[here], z[here]], axis=1)
        tint, variants = chance.tone[here].astype(np.float32), chance.variant[here]
        far = ~close
        parts.add(
            vegetation.billboards(
                name, season, feet[far], heights[far], variants[far], tint[far], eye=site.eye[:2]
            )
        )
        for i in np.flatnonzero(close):
            tree = vegetation.near_tree(name, int(variants[i]), season)
            turn = float(chance.turn[here[i]])
            if not SPECIES[name].near:
                turn = float(np.rad2deg(np.arctan2(feet[i, 0] - site.eye[0], feet[i, 1] - site.eye[1])))
            parts.put(
                tree, float(feet[i, 0]), float(feet[i, 1]), turn, scale=float(heights[i]), z=float(feet[i, 2])
            )


def _avenue(parts: Parts, rng: Generator, names: list[str], weights: Array) -> None:
    """Street trees in towns, or a row along a country road."""
    site, town = parts.site, density(parts.site)
    tall = [
        i
        for i, name in enumerate(names)
        if name not in (*_LOW_KINDS, "cactus", "rainforest", "spruce", "larch")
    ]
    if not tall or rng.random() > (0.55 if town > 0.4 else 0.16) * _openness(site):
        return
    kind = names[tall[int(np.argmax(rng.random(len(tall)) * weights[tall]))]]
    spacing = float(rng.uniform(9, 18))
    along = np.arange(-200.0, 201.0, spacing) + rng.uniform(0, spacing)
    along = np.concatenate([along, along + spacing / 2])
    sides = np.repeat([1, -1], len(along) // 2)
    at = site.road.half_width_m + site.road.sidewalk_m + (0.9 if town > 0.4 else rng.uniform(2.5, 4.0))
    x, y, _, _ = site.road.at(along + rng.normal(0, 0.5, len(along)), sides * at)
    ok = (site.road.clearance(x, y) > 0.6) & parts.free(x, y, 1.0) & dry(site, x, y, 8)
    ok &= (np.hypot(x - site.eye[0], y - site.eye[1]) > 7) & (rng.random(len(x)) < 0.86)
    chance = Chance.draw(rng, len(x), np.ones(1)).of(ok)
    x, y = x[ok], y[ok]
    if len(x):
        parts.take(x, y, 0.8)
        _plant(parts, [kind], chance, x, y, site.height(x, y))


def build_crops(parts: Parts, look: Look) -> None:
    """Crops as plants in the fields nearest to the camera."""
    site, rng = parts.site, parts.site.rng("crops")
    names = fields.crop_names(look)
    if look.farms < 0.02 or not any(name in LOW for name in names):
        return
    count = 5000
    r = 7.0 + 48.0 * np.sqrt(rng.random(count)) ** 1.4
    angle = rng.uniform(0, 2 * np.pi, count)
    chance, tone = rng.random((count, 3)), np.exp(rng.normal(0, 0.08, (count, 1)))
    x, y = site.eye[0] + r * np.sin(angle), site.eye[1] + r * np.cos(angle)
    rows = np.flatnonzero(site.road.clearance(x, y) > 2.0)
    x, y = x[rows], y[rows]
    crop, edge, across = fields.crop_at(look, site.road.axis, x, y)
    standing = np.array([name in LOW for name in names])
    keep = (crop >= 0) & (edge > 1.6)
    keep[keep] &= standing[crop[keep]]
    x, y, crop, across, rows = x[keep], y[keep], crop[keep], across[keep], rows[keep]
    if len(x) == 0:
        return
    x, y = _into_rows(site, look, x, y, crop, across)
    keep = (site.road.clearance(x, y) > 2.6) & dry(site, x, y, 6) & parts.free(x, y, 0.6)
    x, y, crop, chance, tone = x[keep], y[keep], crop[keep], chance[rows[keep]], tone[rows[keep]]
    z = site.height(x, y)
    meshes: list[Mesh] = []
    for field in np.unique(crop):
        here, name = np.flatnonzero(crop == field), names[int(field)]
        low, high = LOW[name].height_m
        feet = np.stack([x[here], y[here], z[here]], axis=1)
        heights = low + (high - low) * chance[here, 0]
        tint = np.repeat(tone[here], 3, axis=1).astype(np.float32)
        meshes += vegetation.tufts(name, feet, heights, chance[here, 1:], tint, eye=site.eye[:2])
    parts.add(meshes)


def _into_rows(site: Site, look: Look, x: Array, y: Array, crop: Array, across: Array) -> tuple[Array, Array]:
    """Moves plants to the middle of the rows that the ground paints."""
    hx, hy = site.road.axis
    u, v = x * hx + y * hy, x * hy - y * hx
    spacing = np.maximum(look.crops[crop, 6], 0.2)
    u = np.where(across, (np.floor(u / spacing) + 0.5) * spacing, u)
    v = np.where(across, v, (np.floor(v / spacing) + 0.5) * spacing)
    return u * hx + v * hy, u * hy - v * hx


def _rocks(parts: Parts, rng: Generator) -> None:
    """Boulders on dry, high or cold ground."""
    site = parts.site
    if "climate" in site.without or (site.facts.koeppen[:1] not in ("E", "B") and site.land.rugged < 0.5):
        return
    count = int(rng.integers(20, 90))
    r, angle = 6 + 70 * rng.random(count) ** 0.8, rng.uniform(0, 2 * np.pi, count)
    x, y = site.eye[0] + r * np.sin(angle), site.eye[1] + r * np.cos(angle)
    size = 0.2 + 0.9 * rng.random(count) ** 3.0
    tint = np.exp(rng.normal(0, 0.12, (count, 1)) * np.ones((1, 3))).astype(np.float32)
    which, turn = rng.integers(0, 4, count), rng.uniform(0, 360, count)
    ok = (site.road.clearance(x, y) > 1.2) & dry(site, x, y, 2) & parts.free(x, y, 0.4)
    for k in range(4):
        pick = ok & (which == k)
        parts.put_many(furniture.rock(k), x[pick], y[pick], turn[pick], scale=size[pick], tint=tint[pick])
