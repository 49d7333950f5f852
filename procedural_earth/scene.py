"""A place at a moment as something that can be drawn: land, road, light, ground colours, objects."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth import ground, palette, terrain
from procedural_earth import sun as sun_module
from procedural_earth.facts import PlaceFacts, elevation_m, is_sea, snow, temperature
from procedural_earth.grass import tufts
from procedural_earth.ground import Look
from procedural_earth.layout import furnish
from procedural_earth.light import Light
from procedural_earth.mesh import Mesh, Texture, Wires, merge
from procedural_earth.noise import detail_pictures
from procedural_earth.road import Road, lay
from procedural_earth.seeds import generator, number
from procedural_earth.sky import daylight
from procedural_earth.terrain import DEM_SIDE, DEM_STEP_M, SEA_SIDE, SEA_STEP_M, Land
from procedural_earth.withheld import CLUES, MEADOW, nowhere, withheld

Array = npt.NDArray[Any]

__all__ = ["CLUES", "Scene", "Site", "build"]


@dataclass(frozen=True, eq=False)
class Site:
    """What the layout of objects needs to know of a place.

    Attributes:
        facts: Of the place, as far as no clue is switched off.
        road: The road, side roads and pavements.
        land: For `height` and `shore_m`.
        day_of_year: 1..366.
        snow: Cover 0..1.
        seed: Of what changes from day to day: traffic, weather.
        without: Clues that are switched off.
        eye: x, y, z of the camera.
        rural: 1 - settlement, with "settlement" switched off a middling value.
    """

    facts: PlaceFacts
    road: Road
    land: Land
    day_of_year: int
    snow: float
    seed: int
    without: frozenset[str]
    eye: tuple[float, float, float]

    def height(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Array:
        """z of the ground at points (metres)."""
        return terrain.height(self.land, x, y)

    def shore_m(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Array:
        """About how many metres inland points are; negative at sea."""
        return terrain.shore_many(self.land, x, y)

    def rng(self, purpose: str, daily: bool = False) -> np.random.Generator:
        """Random numbers of this place for a purpose; `daily` ones also follow the seed."""
        words = (self.facts.identity, purpose, self.seed) if daily else (self.facts.identity, purpose)
        return generator(*words)


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that is drawn.

    Attributes:
        site: The place.
        facts: All that is known of it.
        land, look, light: As the compiled code takes them.
        eye: float64 (3,).
        heading_deg: Of the panorama's middle.
        objects: Mesh of all that stands on the ground.
        textures: Of that mesh.
        wires: Thin lines.
        exposure: float64 (3,), from radiance to the film, with the white balance.
        sun_deg: Elevation and azimuth of the sun.
        weather: Name of the weather.
    """

    site: Site
    facts: PlaceFacts
    land: Land
    look: Look
    light: Light
    eye: Array
    heading_deg: float
    objects: Mesh
    textures: Sequence[Texture]
    wires: Wires
    exposure: Array
    sun_deg: tuple[float, float]
    weather: str


# weather: cloud cover, sharpness, overcast sheet, share of sun, its weight in dry and in wet climates
WEATHERS: dict[str, tuple[float, float, float, float, float, float]] = {
    "clear": (-2.0, 1.0, 0.0, 1.0, 4.0, 1.2),
    "few clouds": (-0.22, 2.6, 0.0, 1.0, 3.0, 2.4),
    "scattered clouds": (-0.04, 2.2, 0.03, 1.0, 2.0, 3.0),
    "broken clouds": (0.14, 1.9, 0.12, 0.92, 0.8, 2.2),
    "thin clouds": (0.05, 0.8, 0.15, 0.85, 1.2, 1.4),
    "overcast": (0.45, 0.9, 0.85, 0.10, 0.25, 1.3),
}


def _local_grid(
    facts: PlaceFacts, side: int, step_m: float, east_m: float = 0.0, north_m: float = 0.0
) -> tuple[Array, Array]:
    """Latitudes and longitudes of a square grid around the place, or beside it; rows go north."""
    axis = (np.arange(side) - side // 2) * step_m
    north, east = (axis[:, None] + north_m) / 111_195.0, (axis[None] + east_m) / 111_195.0
    lat = np.clip(facts.lat + north + 0 * east, -90.0, 90.0)
    shrink = np.maximum(np.cos(np.deg2rad(facts.lat + north * 0.5)), 0.02)
    lng = facts.lng + east / shrink
    return lat, (lng + 180.0) % 360.0 - 180.0


def _towards_shore(facts: PlaceFacts) -> tuple[float, float]:
    """How far to move (metres east, north) so that a coast within 1.5 km comes into sight.

    The mask of the sea tells its place no better than that; the direction stays true.
    """
    if facts.coast_bearing_deg is None or facts.coast_distance_km > 1.5:
        return 0.0, 0.0
    turn = math.radians(facts.coast_bearing_deg)
    along = np.arange(50.0, 1600.0, 50.0)
    lat = facts.lat + along * math.cos(turn) / 111_195.0
    lng = facts.lng + along * math.sin(turn) / (111_195.0 * max(math.cos(math.radians(facts.lat)), 0.02))
    met = np.flatnonzero(is_sea(np.clip(lat, -90, 90), (lng + 180.0) % 360.0 - 180.0))
    if not len(met):
        return 0.0, 0.0
    step = max(float(along[met[0]]) - float(generator(facts.identity, "shore").uniform(180.0, 420.0)), 0.0)
    return step * math.sin(turn), step * math.cos(turn)


def _sea_grid(facts: PlaceFacts, without: frozenset[str]) -> tuple[Array, bool]:
    if not facts.on_land:
        return np.ones((SEA_SIDE, SEA_SIDE)), True
    if "coast" in without or not math.isfinite(facts.coast_distance_km) or facts.coast_distance_km > 27:
        return np.zeros((SEA_SIDE, SEA_SIDE)), False
    east_m, north_m = _towards_shore(facts)
    lat, lng = _local_grid(facts, SEA_SIDE, SEA_STEP_M, east_m, north_m)
    wet = is_sea(lat, lng).astype(float)
    axis = (np.arange(SEA_SIDE) - SEA_SIDE // 2) * SEA_STEP_M
    near = np.exp(
        -(axis[:, None] ** 2 + axis[None] ** 2) / (2 * (300.0 if east_m or north_m else 450.0) ** 2)
    )
    wet = np.clip(wet - 1.2 * near, 0, 1)
    return wet, bool(wet.any())


def _land(facts: PlaceFacts, road: Road, without: frozenset[str]) -> Land:
    lat, lng = _local_grid(facts, DEM_SIDE, DEM_STEP_M)
    dem = elevation_m(lat, lng).astype(float)
    if "relief" in without:
        dem = np.zeros_like(dem)
    middle = dem[DEM_SIDE // 2 - 4 : DEM_SIDE // 2 + 5, DEM_SIDE // 2 - 4 : DEM_SIDE // 2 + 5]
    spread = float(middle.std())
    relief = float(np.clip(1.15 * spread + 3.0, 4.0, 900.0))
    wet, near = _sea_grid(facts, without)
    level = -1e9
    if near:
        level = 0.0
        # the road keeps above the spray, and sees the water
        dem = np.maximum(dem, float(generator(facts.identity, "shore").uniform(7.0, 20.0)))
    flat = 0.9 * float(np.clip(facts.settlement * 1.4, 0, 1))
    hx, hy = road.axis
    woods, tree_line, dunes = 0.3, 1e6, 0.0
    if "climate" not in without:
        woods = _forest(facts, 10.0)[1]
        summer = float(temperature(facts.lat, facts.lng, 200 if facts.lat >= 0 else 20))
        tree_line = (summer - 9.5) / 0.0065
        dunes = 26.0 * dict(facts.ground).get("desert_sand", 0.0)
    land = Land(
        hx, hy, road.table, road.sides, road.half_width_m if facts.on_land else 0.0, road.sidewalk_m, dem,
        wet, level, relief if facts.on_land else 0.0, float(np.clip((spread - 60.0) / 260.0, 0, 1)), flat,
        woods, tree_line, dunes, number(facts.identity, "land"),
    )  # fmt: skip
    return terrain.grade(land)


def _road(facts: PlaceFacts, without: frozenset[str]) -> Road:
    rng = generator(facts.identity, "road")
    settlement = facts.settlement
    heading = float(rng.uniform(0, 360))
    country = facts.country
    paved = country.paved_share if country else 0.0
    draw = rng.random()
    surface = "asphalt" if draw < max(paved, settlement * 1.3) else "gravel"
    half = float(rng.uniform(2.7, 3.6)) if surface == "asphalt" else float(rng.uniform(2.0, 2.6))
    if settlement > 0.5:
        half += float(rng.uniform(0.2, 1.6))
    spread = 45.0 if "relief" in without else float(np.std(elevation_m(*_local_grid(facts, 9, 4000.0))))
    road = lay(rng, heading, half, surface, settlement, float(np.clip(spread / 300.0, 0, 1)))
    if "road_lines" not in without:
        return road
    # of the same width and course, so that the camera stays where it was
    shown = "asphalt" if draw < max(nowhere().paved_share, settlement * 1.3) else "gravel"
    return dataclasses.replace(road, surface=shown)


def _crops(facts: PlaceFacts, rng: np.random.Generator, day: int, without: frozenset[str]) -> Array:
    mix = dict(facts.crops)
    names = list(mix) or ["pasture"]
    weights = np.array([mix.get(name, 1.0) for name in names])
    names = [*names, "pasture", "ploughed", "stubble"]
    weights = np.concatenate([weights / weights.sum(), [0.25, 0.10, 0.10]])
    warm = float(temperature(facts.lat, facts.lng, day)) if "climate" not in without else 15.0
    rows = []
    for _ in range(12):
        name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        if warm < 6.0 and name not in ("pasture", "vineyard", "olive", "tea"):
            name = "ploughed" if rng.random() < 0.6 else "stubble"
        standing, between, spacing, strength = palette.CROPS.get(name, palette.CROPS["pasture"])
        a = palette.jitter(rng, palette.linear(standing), 0.08)
        b = palette.jitter(rng, palette.linear(between), 0.08)
        rows.append([*a, *b, spacing, strength])
    return np.array(rows)


_CONIFERS = {"spruce", "pine", "larch", "cedar", "cypress"}


def _forest(facts: PlaceFacts, warm: float) -> tuple[Array, float]:
    """Colour of forest from afar, and the share of far land that it covers."""
    total = np.zeros(3)
    woods = 0.0
    wild = {
        "shrub": 0.06,
        "cactus": 0.0,
        "acacia": 0.16,
        "baobab": 0.1,
        "palm_date": 0.04,
        "olive": 0.2,
        "cypress": 0.25,
    }
    for name, weight in facts.vegetation:
        if name in _CONIFERS:
            kind = "conifer"
        elif name in ("rainforest", "palm_coconut", "bamboo"):
            kind = "rainforest"
        elif name in ("acacia", "shrub", "baobab", "olive", "cactus", "eucalyptus"):
            kind = "dry"
        else:
            kind = "bare" if warm < 5 else "autumn" if warm < 9 else "leaf"
        total += weight * palette.linear(palette.FOREST[kind])
        woods += weight * wild.get(name, 0.62)
    return (total if total.any() else palette.linear(palette.FOREST["leaf"])), float(
        np.clip(woods * (1 - 0.6 * facts.settlement), 0, 0.9)
    )


def _lines(facts: PlaceFacts, road: Road, without: frozenset[str]) -> tuple[int, float, float, int]:
    """Kind of the centre line, its dashes and gaps in metres, kind of the edge line."""
    rng = generator(facts.identity, "paint")
    centre = int(rng.choice([ground.DASHED, ground.SOLID, ground.DOUBLE], p=[0.66, 0.12, 0.22]))
    edge = ground.SOLID if rng.random() < 0.85 else ground.DASHED
    kerb_too = rng.random() < 0.3
    dash, gap = float(rng.choice([3.0, 3.0, 4.0, 6.0])), float(rng.choice([4.5, 6.0, 9.0, 12.0]))
    country = facts.country
    if country is None or "road_lines" in without or road.surface != "asphalt":
        return ground.NO_LINE, dash, gap, ground.NO_LINE
    if country.centre_line == "none":
        centre = ground.NO_LINE
    if country.edge_line == "none" or (road.sidewalk_m > 0 and not kerb_too):
        edge = ground.NO_LINE
    return centre, dash, gap, edge


def _colours(facts: PlaceFacts, warm: float, rng: np.random.Generator, without: frozenset[str]) -> Array:
    """The palette of the ground, rows as in `ground`."""
    climate = "climate" not in without
    covers = facts.ground if climate else MEADOW
    cold = float(np.clip((9.0 - warm) / 12.0, 0, 1))
    fresh, dry, bare = (palette.mixed(covers, column) for column in (0, 1, 2))
    fresh = fresh * (1 - 0.6 * cold) + palette.linear("#8f8052") * 0.6 * cold
    dry = dry * (1 - 0.6 * cold) + palette.linear("#94825a") * 0.6 * cold
    if "tint" not in without and facts.on_land:
        seen = palette.linear(facts.ground_rgb)
        seen = palette.jitter(rng, seen / max(float(seen.sum()), 1e-3), 0.10)
        bare = 0.6 * bare + 0.4 * seen / seen.sum() * bare.sum()
    rocks = palette.linear(palette.ROCKS[int(rng.integers(len(palette.ROCKS)))])
    forest = _forest(facts, warm)[0] if climate else palette.linear(palette.FOREST["leaf"])
    lines = facts.country if "road_lines" not in without else None
    dirt = 0.55 * bare + 0.45 * palette.linear("#97897a")
    colours = np.zeros((13, 3))
    worn = 0.6 * float(np.clip((facts.settlement - 0.3) / 0.5, 0, 1))  # yards and trodden ground in towns
    yard = 0.4 * bare + 0.6 * palette.linear("#8c877c")
    colours[ground.GRASS] = palette.jitter(rng, fresh * (1 - worn) + yard * worn, 0.07)
    colours[ground.GRASS_DRY] = palette.jitter(rng, dry * (1 - worn) + yard * worn, 0.07)
    colours[ground.BARE] = palette.jitter(rng, bare, 0.08)
    colours[ground.ROCK] = palette.jitter(rng, 0.7 * rocks + 0.3 * bare, 0.08)
    colours[ground.BEACH] = palette.jitter(rng, palette.linear("#cdb88f"), 0.10)
    colours[ground.FOREST] = palette.jitter(rng, forest, 0.08)
    colours[ground.SNOW] = (0.83, 0.84, 0.86)
    colours[ground.ROAD] = np.array([1.0, 0.99, 0.97]) * rng.uniform(0.075, 0.17)
    colours[ground.SHOULDER] = palette.jitter(rng, dirt, 0.06)
    colours[ground.PAVEMENT] = palette.jitter(rng, palette.linear("#a8a29a"), 0.06)
    colours[ground.CENTRE_LINE] = palette.paint(lines.centre_line if lines else "white")
    colours[ground.EDGE_LINE] = palette.paint(lines.edge_line if lines else "white")
    return colours


def _look(facts: PlaceFacts, road: Road, land: Land, day: int, without: frozenset[str]) -> Look:
    rng = generator(facts.identity, "ground")
    climate = "climate" not in without
    covers = facts.ground if climate else MEADOW
    warm = float(temperature(facts.lat, facts.lng, day)) if climate else 15.0
    colours = _colours(facts, warm, rng, without)
    centre, dash, gap, edge = _lines(facts, road, without)
    cover = float(snow(facts.lat, facts.lng, day)) if climate else 0.0
    freezing = warm / 0.0065  # metres above here at which it freezes, on the mean
    line = freezing + 500.0 if climate else 1e6
    texels, starts = detail_pictures()
    return Look(
        colours, _crops(facts, rng, day, without), palette.share(covers, 3), palette.share(covers, 4),
        facts.field_share * (1 - 0.8 * facts.settlement) * 1.1, cover, line,
        ground.PAVED if road.surface == "asphalt" else ground.UNPAVED, centre,
        dash, gap, edge, float(rng.beta(1.6, 3.0)), 0.0, texels, starts, number(facts.identity, "ground"),
    )  # fmt: skip


def _weather_of(facts: PlaceFacts, seed: int, without: frozenset[str]) -> tuple[str, np.random.Generator]:
    rng = generator(facts.identity, "weather", seed)
    dry = facts.koeppen[:1] == "B" and "climate" not in without
    weights = np.array([row[4] if dry else row[5] for row in WEATHERS.values()])
    return list(WEATHERS)[int(rng.choice(len(WEATHERS), p=weights / weights.sum()))], rng


def _light(
    facts: PlaceFacts,
    date: datetime.date,
    sun_deg: tuple[float, float],
    seed: int,
    look: Look,
    without: frozenset[str],
) -> tuple[Light, Array, str]:
    weather, rng = _weather_of(facts, seed, without)
    cover, sharp, overcast, share, _, _ = WEATHERS[weather]
    lift, turn = np.deg2rad(sun_deg[0]), np.deg2rad(sun_deg[1])
    sun = np.array([math.cos(lift) * math.sin(turn), math.cos(lift) * math.cos(turn), math.sin(lift)])
    linke = float(np.clip(facts.turbidity[date.month - 1] + rng.normal(0, 0.4), 1.8, 9.0))
    day = daylight(sun, linke, overcast, share)
    open_sun = day.sunlight / max(share, 1e-6)
    # ground light comes back up: its mean colour, or snow
    floor = 0.6 * look.palette[ground.GRASS] + 0.4 * look.palette[ground.BARE]
    floor = floor * (1 - look.snow) + look.palette[ground.SNOW] * look.snow
    cloudy = 1.0 + (0.25 if -1 < cover < 0.3 else 0.0)
    ambient = 1.5 * day.ambient * cloudy
    # eyes and cameras take most of the blue out of shade
    ambient = (
        (0.42 - 0.14 * look.snow) * ambient
        + (0.58 + 0.14 * look.snow)
        * float(ambient @ np.array([0.25, 0.65, 0.10]))
        * day.sunlight
        / max(float(day.sunlight @ np.array([0.25, 0.65, 0.10])), 1e-6)
        if float(sun[2]) > 0.0
        else ambient
    )
    level = day.sunlight * max(float(sun[2]), 0.0) + ambient
    bounce = floor * level
    light = Light(
        sun, day.sunlight, open_sun, ambient, bounce, day.table, day.extinction, overcast, cover +
        float(rng.normal(0, 0.05)),
        sharp, float(rng.uniform(0.30, 0.55)), float(rng.uniform(0, 500)), number(facts.identity, "clouds",
        seed),
        np.array([0.016, 0.052, 0.070]), float(rng.uniform(0.10, 0.26)),
    )  # fmt: skip
    bright = day.sunlight * max(float(sun[2]), 0.38) + ambient
    grey = float(bright @ np.array([0.25, 0.65, 0.10])) / math.pi
    # the film is balanced most of the way to the light, as an eye is
    balance = (bright @ np.array([0.25, 0.65, 0.10]) / bright) ** 0.7
    # dusk stays darker than day
    dusk = max(grey, 1e-3) if grey > 0.5 else max(grey, 1e-3) ** 0.6 * 0.5**0.4
    exposure = 1.12 / dusk**0.93 * balance
    return light, exposure, weather


def _sun(facts: PlaceFacts, date: datetime.date, hour: float, without: frozenset[str]) -> tuple[float, float]:
    """Elevation and azimuth of the sun; without that clue the same for every place, day and hour."""
    if "sun" in without:
        return 38.0, 150.0
    where = sun_module.position(facts.lat, date, hour, facts.lng)
    return where.apparent_elevation_deg, where.azimuth_deg


def build(facts: PlaceFacts, date: datetime.date, hour: float, seed: int, without: frozenset[str]) -> Scene:
    """The scene of a place at a date and hour.

    Args:
        hour: Local solar hour, 0..24.
        seed: Of weather, clouds, traffic, camera; another seed is another day at the same place.
        without: Names of `CLUES` to leave out.
    """
    day = date.timetuple().tm_yday
    known, facts = facts, withheld(facts, without)
    road = _road(facts, without)
    land = _land(facts, road, without)
    look = _look(facts, road, land, day, without)
    sun_deg = _sun(facts, date, hour, without)
    light, exposure, weather = _light(facts, date, sun_deg, seed, look, without)
    rng = generator(facts.identity, "camera", seed)
    side = 1.0
    if facts.country is not None and facts.country.drive == "L" and "drive_side" not in without:
        side = -1.0
    lane = side * 0.5 * road.half_width_m + float(rng.normal(0, 0.12)) if facts.on_land else 0.0
    tall = float(rng.uniform(2.2, 2.7)) if facts.on_land else 4.0
    hx, hy = road.axis
    eye = np.array([hy * lane, -hx * lane, tall + (land.sea_level if not facts.on_land else 0.0)])
    heading = (road.heading_deg + float(rng.normal(0, 25)) + (180.0 if rng.random() < 0.5 else 0.0)) % 360.0
    graded = dataclasses.replace(road, table=land.road)
    place = (float(eye[0]), float(eye[1]), float(eye[2]))
    site = Site(facts, graded, land, day, look.snow, seed, without, place)
    objects, textures, wires = _objects(site, look)
    return Scene(
        site, known, land, look, light, eye, heading, objects, textures, wires, exposure, sun_deg, weather
    )


def _objects(site: Site, look: Look) -> tuple[Mesh, Sequence[Texture], Wires]:
    objects, own, wires = furnish(site, look)
    mesh, textures = merge([(objects, own), tufts(site.road, site.land, look, site.eye, site.rng("tufts"))])
    return mesh, textures, wires
