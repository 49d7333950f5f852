"""Houses along the road.

Rows in towns, loose in villages, farmsteads in the country, with what belongs to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from procedural_earth.layout_parts import Array, Parts, Site, density, driving_side, dry
from procedural_earth.mesh import Clue, Material, Mesh
from procedural_earth.objects import furniture, palette, sign_faces
from procedural_earth.objects.building_parts import Building
from procedural_earth.objects.buildings import NEUTRAL, VARIANTS, building
from procedural_earth.objects.flags import flagpole
from procedural_earth.objects.landmarks import landmark, landmark_for
from procedural_earth.objects.lettering import shop_words
from procedural_earth.objects.signs import UV
from procedural_earth.objects.solids import Colour, Solid, linear
from procedural_earth.seeds import pick

Generator = np.random.Generator
TRIMS = ((240, 238, 230), (226, 216, 196), (112, 84, 62), (84, 90, 94))
_FASCIAS = (
    (128, 34, 32),
    (34, 78, 60),
    (36, 60, 108),
    (44, 44, 48),
    (196, 150, 46),
    (230, 226, 214),
    (92, 52, 92),
)
_BLOCK_WALLS = ("concrete", "concrete", "cream", "brick", "grey", "white", "ochre", "pastel")
FENCE_OF = {
    "nordic_timber": ("rail", "hedge", "picket"), "north_american_clapboard": ("picket", "rail"),
    "british_terrace": ("stone_wall", "hedge"), "east_asian": ("wall", "bamboo", "hedge"),
    "southeast_asian_stilt": ("bamboo", "wire"), "african_tin": ("wire", "hedge"), "adobe_flat": ("wall",),
    "latin_colour": ("wall", "wire"), "mediterranean_plaster": ("wall", "hedge", "stone_wall"),
}  # fmt: skip


@dataclass(frozen=True)
class Lot:
    """A house to be.

    Distance along the road, offset of its front from the road's middle (signed), row number.
    """

    along: float
    front: float
    house: Building
    family: str
    size: str
    row: int


def _families(site: Site) -> tuple[list[str], Array]:
    country = site.facts.country
    if "buildings" in site.without or country is None or not country.buildings:
        return [NEUTRAL], np.ones(1)
    names = [name for name, _ in country.buildings]
    weights = np.array([weight for _, weight in country.buildings], float)
    town = density(site)
    for i, name in enumerate(names):
        if name in ("modern_block", "soviet_panel"):
            weights[i] *= np.clip((town - 0.45) * 3, 0.0, 1.2)
    if weights.sum() <= 0:
        weights[:] = 1
    return names, weights / weights.sum()


def _lots(site: Site, rng: Generator, town: float) -> list[Lot]:
    """Rows of houses on both sides, before anything is ruled out."""
    names, weights = _families(site)
    road = site.road
    kerb = road.half_width_m + road.sidewalk_m
    rows = 1 if town < 0.3 else 2 if town < 0.65 else 3
    reach = 90 + 190 * min(1.0, town * 1.6)
    gap = (0.6, 3.0) if town > 0.75 else (2.5, 9) if town > 0.4 else (7, 26)
    setback = (0.4, 2.2) if town > 0.75 else (3, 8) if town > 0.35 else (6, 16)
    shops = float(np.clip((town - 0.3) * 1.4, 0, 0.75))
    found = []
    for side in (-1, 1):
        for row in range(rows):
            along = -reach + rng.uniform(0, 12)
            district = names[pick(rng, weights)]
            while along < reach:
                family = district if rng.random() < 0.75 else names[pick(rng, weights)]
                size = (
                    "shop"
                    if row == 0 and rng.random() < shops
                    else "large"
                    if rng.random() < 0.2 + 0.6 * town
                    else "small"
                )
                if family == "modern_block" and row == 0 and rng.random() < 0.6:
                    size = "shop"
                house = building(family, size, int(rng.integers(VARIANTS)))
                front = (
                    kerb
                    + rng.uniform(*setback) * (0.35 if size == "shop" else 1.0)
                    + row * rng.uniform(24, 30)
                )
                if rng.random() < (0.96 if town > 0.4 else 0.72):
                    found.append(Lot(along + house.width_m / 2, side * front, house, family, size, row))
                along += house.width_m + rng.uniform(*gap) + (0 if row == 0 else 3)
    return found


def _farms(site: Site, rng: Generator) -> list[Lot]:
    """A few loose houses and farmsteads."""
    names, weights = _families(site)
    found = []
    chance = 0.25 + 3.0 * density(site)
    for _ in range(int(rng.poisson(chance * 3.0))):
        along, away = rng.uniform(-260, 260), rng.uniform(14, 110)
        side = 1 if rng.random() < 0.5 else -1
        family = names[pick(rng, weights)]
        if family in ("modern_block", "soviet_panel"):
            continue
        house = building(family, "small" if rng.random() < 0.6 else "large", int(rng.integers(VARIANTS)))
        found.append(Lot(along, side * (site.road.half_width_m + away), house, family, "small", 0))
        if rng.random() < 0.45 and "buildings" not in site.without:
            extra = building("barn", "small", int(rng.integers(VARIANTS)))
            shift = house.width_m / 2 + extra.width_m / 2 + rng.uniform(3, 9)
            found.append(
                Lot(along + shift, side * (site.road.half_width_m + away + 5), extra, "barn", "small", 0)
            )
    return found


def build_town(parts: Parts) -> None:
    """Puts houses with gardens, shops with their names, landmarks and flags."""
    site = parts.site
    rng, town = site.rng("town"), density(site)
    lots = _lots(site, rng, town) if town > 0.1 else _farms(site, rng)
    kept = _kept(parts, lots)
    for lot, x, y, heading, z in kept:
        _house(parts, rng, lot, x, y, heading, z)
    if town > 0.16:
        _landmark(parts, rng)
    if town > 0.2:
        _flag(parts, site.rng("flag"))


def _kept(parts: Parts, lots: list[Lot]) -> list[tuple[Lot, float, float, float, float]]:
    """Lots that keep clear of roads, water, steep ground, the camera and each other.

    Where and how they stand.
    """
    if not lots:
        return []
    site = parts.site
    along = np.array([lot.along for lot in lots])
    sign = np.sign([lot.front for lot in lots])
    depth = np.array([lot.house.depth_m for lot in lots])
    width = np.array([lot.house.width_m for lot in lots])
    offset = np.array([lot.front for lot in lots]) + sign * depth / 2
    x, y, _, heading = site.road.at(along, offset)
    facing = heading - 90 * sign
    turn = np.deg2rad(facing)
    forward = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    side = np.stack([forward[:, 1], -forward[:, 0]], axis=1)
    corners = np.array([(a, b) for a in (-0.5, 0, 0.5) for b in (-0.5, 0.5)])
    points = np.stack([x, y], axis=1)[:, None] + (
        side[:, None] * (corners[None, :, :1] * width[:, None, None])
        + forward[:, None] * (corners[None, :, 1:] * depth[:, None, None])
    )
    px, py = points[..., 0].ravel(), points[..., 1].ravel()
    clear = (site.road.clearance(px, py) > 0.25).reshape(len(lots), -1).all(axis=1)
    clear &= dry(site, px, py, 12.0).reshape(len(lots), -1).all(axis=1)
    clear &= np.hypot(x - site.eye[0], y - site.eye[1]) > np.maximum(width, depth) / 2 + 3.0
    z = np.zeros(points.shape[:2])
    z[clear] = site.height(points[clear][..., 0].ravel(), points[clear][..., 1].ravel()).reshape(
        -1, len(corners)
    )
    clear &= np.ptp(z, axis=1) < 3.2
    kept: list[tuple[Lot, float, float, float, float]] = []
    half, taken = np.hypot(width, depth) / 2, list[int]()
    for i in np.flatnonzero(clear):
        if taken:
            before = np.array(taken)
            near = before[(x[before] - x[i]) ** 2 + (y[before] - y[i]) ** 2 < (half[i] + half[before]) ** 2]
            if len(near) and _overlap(x, y, forward, width / 2, depth / 2, int(i), near).any():
                continue
        taken.append(int(i))
        kept.append(
            (lots[i], float(x[i]), float(y[i]), float(facing[i]), float(0.5 * z[i].mean() + 0.5 * z[i].max()))
        )
        count = max(2, int(width[i] / 5))
        t = (np.arange(count) + 0.5) / count - 0.5
        parts.take(x[i] + side[i, 0] * t * width[i], y[i] + side[i, 1] * t * width[i], depth[i] * 0.5 + 0.8)
    return kept


def _overlap(
    x: Array, y: Array, forward: Array, half_width: Array, half_depth: Array, one: int, others: Array
) -> Array:
    """(N,) whether rectangle `one` meets each of the `others`: separating axes.

    Args:
        x, y, forward, half_width, half_depth: of all rectangles; `forward` is a unit vector each.
    """
    gap_x, gap_y = x[others] - x[one], y[others] - y[one]
    fx, fy = forward[one]
    gx, gy = forward[others, 0], forward[others, 1]
    along, across = np.abs(fx * gx + fy * gy), np.abs(fx * gy - fy * gx)
    width, depth = half_width[others], half_depth[others]
    slack = 0.15
    apart = np.abs(gap_x * fy - gap_y * fx) > half_width[one] + width * along + depth * across - slack
    apart |= np.abs(gap_x * fx + gap_y * fy) > half_depth[one] + width * across + depth * along - slack
    apart |= (
        np.abs(gap_x * gy - gap_y * gx) > width + half_width[one] * along + half_depth[one] * across - slack
    )
    apart |= (
        np.abs(gap_x * gx + gap_y * gy) > depth + half_width[one] * across + half_depth[one] * along - slack
    )
    return np.asarray(~apart)


def _paints(site: Site, rng: Generator, family: str) -> tuple[Colour, Colour, Colour]:
    country = site.facts.country
    if "buildings" in site.without or country is None:
        return linear(214, 206, 192), linear(150, 140, 130), linear(236, 234, 228)
    walls, roofs = country.walls, country.roofs
    defaults = {
        "british_terrace": ("brick", "slate"), "soviet_panel": ("concrete", "concrete"),
        "modern_block": ("concrete", "concrete"),
        "barn": ("falun", "tin"), "adobe_flat": ("adobe", "concrete"), "nordic_timber": ("falun", "black"),
        "east_asian": ("cream", "kawara"), "north_american_clapboard": ("clapboard", "shingle"),
    }.get(family, ("cream", "red"))  # fmt: skip
    if family in (
        "soviet_panel",
        "modern_block",
        "barn",
        "nordic_timber",
        "british_terrace",
        "north_american_clapboard",
    ):
        walls = _BLOCK_WALLS if family == "modern_block" else (defaults[0],)
    if family in ("british_terrace", "east_asian", "soviet_panel", "modern_block", "barn"):
        roofs = (defaults[1],)
    trim = TRIMS[int(rng.integers(len(TRIMS)))] if family != "nordic_timber" else TRIMS[0]
    return (
        palette.wall_paint(rng, walls, defaults[0]),
        palette.roof_paint(rng, roofs, defaults[1]),
        linear(*trim),
    )


def _house(parts: Parts, rng: Generator, lot: Lot, x: float, y: float, heading: float, z: float) -> None:
    site = parts.site
    parts.put(lot.house.painted(*_paints(site, rng, lot.family)), x, y, heading, z=z)
    if lot.size == "shop" and lot.row == 0:
        _fascia(parts, rng, lot, x, y, heading, z)
    elif lot.row == 0 and lot.family not in ("modern_block", "soviet_panel", "barn", "adobe_flat"):
        _garden(parts, rng, lot)


def _fascia(parts: Parts, rng: Generator, lot: Lot, x: float, y: float, heading: float, z: float) -> None:
    """Name boards over a shop's windows."""
    site = parts.site
    country = site.facts.country
    lettered = country is not None and "script" not in site.without and "signs" not in site.without
    latin = shop_words("en", "Latin")
    words = shop_words(country.language, country.script) if country is not None and lettered else latin
    script = country.script if country is not None and lettered else "Latin"
    low = 2.98 if lot.house.height_m > 3.7 and lot.family != "african_tin" else 2.52
    front = lot.house.depth_m / 2 + (0.17 if lot.family != "north_american_clapboard" else -0.8)
    boards = _boards(lot.house.width_m, front, low)
    textures = []
    for _ in range(len(boards.triangles) // 2):
        number, paint = int(rng.integers(len(words))), int(rng.integers(len(_FASCIAS)))
        fill = _FASCIAS[paint]
        ink = (244, 238, 220) if sum(fill) < 420 else (40, 36, 32)
        key = ("fascia", words[number] if lettered else "", script, paint)
        textures.append(
            _book_board(key, words[number], script, latin[number % len(latin)], fill, ink, lettered)
        )
    named = Mesh(**{**vars(boards), "texture": np.repeat(np.array(textures, np.int16), 2)})
    parts.put(named, x, y, heading, z=z)


@lru_cache(maxsize=512)
def _boards(width: float, front: float, low: float) -> Mesh:
    """Blank name boards side by side over a shop front, two triangles each."""
    solid = Solid(Clue.SIGN, Material.LETTERING)
    count = max(1, int(width / 5.2))
    each = width / count
    half = min(each * 0.46, 2.3)
    for i in range(count):
        centre = width / 2 - (i + 0.5) * each
        corners = [
            (centre + half, front, low),
            (centre - half, front, low),
            (centre - half, front, low + 0.5),
            (centre + half, front, low + 0.5),
        ]
        solid.polygon(corners, texture=0, uv=UV)
    return solid.mesh()


def _book_board(
    key: tuple[object, ...],
    word: str,
    script: str,
    latin: str,
    fill: palette.RGB,
    ink: palette.RGB,
    lettered: bool,
) -> int:
    from procedural_earth.objects.textures import BOOK

    return BOOK.index(
        key, lambda: sign_faces.name_board(word, script, latin, fill, ink, lettering=lettered, aspect=8.0)
    )


def _garden(parts: Parts, rng: Generator, lot: Lot) -> None:
    """A fence along the road before the house, with a gap for the gate; a bin."""
    site = parts.site
    kerb = site.road.half_width_m + site.road.sidewalk_m
    side = 1 if lot.front > 0 else -1
    at = kerb + 0.9
    if abs(lot.front) < at + 2.0 or abs(lot.front) > at + 40 or rng.random() < 0.3:
        return
    kinds = (
        FENCE_OF.get(lot.family, ("picket", "hedge", "rail"))
        if "buildings" not in site.without
        else ("rail",)
    )
    kind = kinds[int(rng.integers(len(kinds)))]
    half = lot.house.width_m / 2 + 1.2
    starts = np.arange(lot.along - half, lot.along + half - 2.9, 3.0)
    starts = starts[np.abs(starts + 1.5 - lot.along) > 1.8]
    if len(starts) < 3:
        return
    x, y, _, _ = site.road.at(starts, side * at)
    x2, y2, _, _ = site.road.at(starts + 3.0, side * at)
    ok = (site.road.clearance(x, y) > 0.4) & (site.road.clearance(x2, y2) > 0.4)
    ok &= np.hypot(x - site.eye[0], y - site.eye[1]) > 2.0
    snowy = kind == "hedge" and site.snow > 0.45 and "climate" not in site.without
    panel = furniture.fence(kind, snowy=snowy)
    parts.put_many(panel, x[ok], y[ok], np.rad2deg(np.arctan2(x2 - x, y2 - y))[ok])
    if rng.random() < 0.3:
        bx, by, _, _ = site.road.at(lot.along + 1.0, side * (at - 0.45))
        if site.road.clearance(bx, by) > 0.1:
            parts.put(furniture.bin_(), float(bx), float(by), 0.0)


def _landmark(parts: Parts, rng: Generator) -> None:
    """A church, mosque, temple or water tower behind the houses."""
    site = parts.site
    country = site.facts.country
    if "buildings" in site.without or country is None or rng.random() > 0.55:
        return
    kind = landmark_for(rng, country.region, country.script, density(site))
    along, side = rng.uniform(-170, 170), 1 if rng.random() < 0.5 else -1
    x, y, _, heading = site.road.at(along, side * rng.uniform(38, 90))
    px = float(x) + np.array([-9.0, 9, 9, -9, 0])
    py = float(y) + np.array([-9.0, -9, 9, 9, 0])
    if (
        (site.road.clearance(px, py) > 2).all()
        and dry(site, px, py, 20).all()
        and parts.free(px[4:], py[4:], 12.0)[0]
    ):
        parts.take(px[4:], py[4:], 13.0)
        walls = palette.wall_paint(rng, country.walls, "cream")
        roof = palette.roof_paint(rng, country.roofs, "red")
        z = float(site.height(px, py).mean())
        parts.put(
            landmark(kind).painted(walls, roof, linear(236, 230, 214)),
            float(x),
            float(y),
            float(heading) - 90 * side,
            z=z,
        )


def _flag(parts: Parts, rng: Generator) -> None:
    site = parts.site
    country = site.facts.country
    if country is None or "flags" in site.without or rng.random() > 0.3:
        return
    layout, names = country.flag
    if layout == "none":
        return
    side = driving_side(site)
    for _ in range(6):
        along = rng.uniform(-60, 60)
        at = site.road.half_width_m + site.road.sidewalk_m + rng.uniform(0.8, 4.0)
        x, y, _, _ = site.road.at(along, side * at)
        point = (np.array([float(x)]), np.array([float(y)]))
        if site.road.clearance(*point)[0] > 0.3 and parts.free(*point, 0.4)[0] and abs(along) > 5:
            parts.put(flagpole(layout, tuple(names)), float(x), float(y), float(rng.uniform(0, 360)))
            return
