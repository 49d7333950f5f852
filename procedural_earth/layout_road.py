"""What stands along the road: poles with wires, lamps, bollards, rails, signs; and traffic on it."""

from __future__ import annotations

import numpy as np

from procedural_earth.layout_parts import Array, Parts, Site, density, driving_side, dry
from procedural_earth.mesh import Mesh
from procedural_earth.objects import furniture, sign_faces, signs, vehicles
from procedural_earth.objects.textures import BOOK
from procedural_earth.road import SIDE_HALF, SIDE_LEFT, SIDE_RIGHT, SIDE_U, side_u
from procedural_earth.seeds import pick

Generator = np.random.Generator


def _verge(site: Site) -> float:
    """Offset of the first free ground beside carriageway and pavement."""
    return site.road.half_width_m + site.road.sidewalk_m


def build_poles(parts: Parts) -> None:
    """A row of utility poles on one side, with their wires."""
    site = parts.site
    country, rng = site.facts.country, site.rng("poles")
    if "poles" in site.without or country is None:
        return
    chance = float(np.clip(country.poles_per_km / 14.0, 0.05, 0.95)) * (1.0 if density(site) > 0.06 else 0.6)
    for side in (1, -1):
        if rng.random() > (chance if side == 1 else 0.25 * chance):
            continue
        _pole_row(parts, rng, side if rng.random() < 0.5 else -side, country.pole)


def _pole_row(parts: Parts, rng: Generator, side: int, kind: str) -> None:
    site = parts.site
    spacing = rng.uniform(30, 36) if density(site) > 0.4 else rng.uniform(38, 52)
    along = np.arange(-420, 421, spacing) + rng.uniform(0, spacing)
    at = site.road.half_width_m + (
        site.road.sidewalk_m - 0.4 if site.road.sidewalk_m > 0 else rng.uniform(1.6, 4.5)
    )
    x, y, _, heading = site.road.at(along, side * at)
    away = site.road.clearance(x, y) + (site.road.sidewalk_m if site.road.sidewalk_m > 0 else 0.0)
    ok = (away > 0.3) & parts.free(x, y, 0.2) & dry(site, x, y, 4)
    ok &= np.hypot(x - site.eye[0], y - site.eye[1]) > 2.5
    x, y, heading = x[ok], y[ok], heading[ok]
    if len(x) < 2:
        return
    z = site.height(x, y)
    style = int(rng.integers(3)) if kind != "metal" else 2
    with_box = rng.random(len(x)) < 0.16
    for boxed in (True, False):
        pick = with_box == boxed
        parts.put_many(furniture.utility_pole(kind, style, boxed), x[pick], y[pick], heading[pick], z=z[pick])
    parts.take(x, y, 0.35)
    turn = np.deg2rad(heading)
    across = np.stack([np.cos(turn), -np.sin(turn)], axis=1)
    parts.add_wires(furniture.wires(np.stack([x, y, z], axis=1), across, style, rng))


def build_lamps(parts: Parts) -> None:
    """Street lamps in towns."""
    site, town = parts.site, density(parts.site)
    rng = site.rng("lamps")
    if town < 0.35 or rng.random() > 0.4 + 0.6 * town:
        return
    along = np.arange(-180, 181, 28.0) + rng.uniform(0, 28)
    sides = np.where(np.arange(len(along)) % 2 == 0, 1, -1)
    at = site.road.half_width_m + 0.35 if site.road.sidewalk_m > 0 else _verge(site) + 0.9
    x, y, _, heading = site.road.at(along, sides * at)
    ok = (site.road.clearance(x, y) + site.road.sidewalk_m > 0.2) & (
        np.hypot(x - site.eye[0], y - site.eye[1]) > 2.0
    )
    ok &= parts.free(x, y, 0.1)
    parts.put_many(furniture.street_lamp(int(rng.integers(3))), x[ok], y[ok], (heading - 90 * sides)[ok])
    parts.take(x[ok], y[ok], 0.3)


def build_bollards(parts: Parts) -> None:
    """Delineators along country roads."""
    site = parts.site
    country, rng = site.facts.country, site.rng("bollards")
    if "bollards" in site.without or country is None or country.bollard == "none" or density(site) > 0.45:
        return
    spacing = float(rng.choice([25.0, 33.0, 50.0]))
    along = np.arange(-320, 321, spacing) + rng.uniform(0, spacing)
    along = np.concatenate([along, along])
    sides = np.repeat([1, -1], len(along) // 2)
    x, y, _, heading = site.road.at(along, sides * (site.road.half_width_m + 0.75))
    ok = (site.road.clearance(x, y) > 0.35) & dry(site, x, y, 2) & parts.free(x, y, 0.1)
    parts.put_many(
        furniture.bollard(country.bollard), x[ok], y[ok], (heading + np.where(sides > 0, 0, 180))[ok]
    )


def build_rails(parts: Parts) -> None:
    """Guard rails where the ground falls away beside the road."""
    site, rng = parts.site, parts.site.rng("rails")
    if site.road.surface != "asphalt" or density(site) > 0.5:
        return
    along = np.arange(-240.0, 240.0, 4.0)
    for side in (1, -1):
        x0, y0, z0, _ = site.road.at(along, side * (site.road.half_width_m + 0.55))
        x1, y1, _, _ = site.road.at(along, side * (site.road.half_width_m + 9.0))
        falls = z0 - site.height(x1, y1) > 1.9
        falls = np.convolve(falls, np.ones(5), mode="same") >= 3
        ok = falls & (site.road.clearance(x0, y0) > 0.2)
        if ok.any() and rng.random() < 0.9:
            x2, y2, _, _ = site.road.at(along + 4.0, side * (site.road.half_width_m + 0.55))
            course = np.rad2deg(np.arctan2(x2 - x0, y2 - y0))
            size = np.tile([[float(side), 1.0, 1.0]], (int(ok.sum()), 1))
            parts.put_many(furniture.guard_rail(), x0[ok], y0[ok], course[ok], scale=size)
            parts.take(x0[ok], y0[ok], 1.0)


def _style(site: Site) -> str:
    country = site.facts.country
    return country.warning_sign if country is not None else "vienna-white"


def _stand(parts: Parts, mesh: Mesh, along: float, forward: bool, out: float = 1.1) -> bool:
    """Puts a sign where drivers of a direction see it; False where there is no room."""
    site = parts.site
    side = driving_side(site) * (1 if forward else -1)
    for step in (0.0, 4.0, -4.0, 9.0, 14.0):
        here = along + (step if forward else -step)
        x, y, _, heading = site.road.at(here, side * (_verge(site) + out))
        point = (np.array([float(x)]), np.array([float(y)]))
        apart = float(np.hypot(x - site.eye[0], y - site.eye[1]))
        if (
            site.road.clearance(*point)[0] > 0.5
            and apart > 4.5
            and parts.free(*point, 0.7)[0]
            and dry(site, *point, 3)[0]
        ):
            parts.put(mesh, float(x), float(y), float(heading) + (180 if forward else 0))
            parts.take(*point, 1.2)
            return True
    return False


def build_signs(parts: Parts) -> None:
    """Town and direction signs with true names, warnings before bends, limits, stops at side roads."""
    site, rng = parts.site, parts.site.rng("signs")
    country = site.facts.country
    if country is None:
        return
    plain = "signs" in site.without
    _town_signs(parts, rng, plain)
    town = density(site)
    for forward in (True, False):
        bend = _bend(site, forward)
        if town < 0.5 and (bend or rng.random() < 0.2):
            picture = bend or str(
                rng.choice(["cattle", "crossing", "children", "falling_rocks", "bumps", "junction"])
            )
            mesh = signs.blank() if plain else signs.warning(_style(site), picture)
            _stand(parts, mesh, (1 if forward else -1) * rng.uniform(14, 48), forward)
        elif rng.random() < 0.5:
            values = (30, 40, 50) if town > 0.3 else (60, 70, 80, 90)
            if "diamond" in _style(site):
                values = (25, 30, 35) if town > 0.3 else (45, 50, 55)
            value = int(rng.choice(values))
            mesh = signs.blank() if plain else signs.speed_limit(value, _style(site))
            _stand(parts, mesh, (1 if forward else -1) * rng.uniform(12, 60), forward)
    _junction_signs(parts, rng, plain)


def _bend(site: Site, forward: bool) -> str:
    """ "curve_left" or "curve_right" where the road bends 40 to 140 m ahead of drivers, else ""."""
    s = np.array([40.0, 140.0]) * (1 if forward else -1)
    _, _, _, heading = site.road.at(s, np.zeros(2))
    turn = (heading[1] - heading[0] + 180) % 360 - 180
    if abs(turn) < 9:
        return ""
    right = turn > 0
    return "curve_right" if right == forward else "curve_left"


def _town_signs(parts: Parts, rng: Generator, plain: bool) -> None:
    site = parts.site
    country, towns = site.facts.country, site.facts.towns
    if country is None or not towns:
        return
    lettering = not plain and "script" not in site.without
    background, text = country.town_sign_background, country.town_sign_text
    near = towns[0]
    if near.distance_km < 7 and rng.random() < 0.85:
        face, aspect = sign_faces.town_sign(
            near.local_name, near.name, near.script, background, text, lettering=lettering
        )
        height = 0.72 if aspect < 2.6 else 0.62
        mesh = _board(parts, face, height * aspect, height, 1.35, plain)
        forward = bool(rng.random() < 0.5)
        _stand(
            parts,
            mesh,
            (1 if forward else -1) * rng.uniform(11, 24),
            forward,
            out=1.0 + height * aspect * 0.5,
        )
    if rng.random() < 0.6 or near.distance_km >= 7:
        big = sorted(towns[:6], key=lambda town: -town.population)[: int(rng.integers(2, 4))]
        rows = [(t.local_name, t.name, t.script, max(1, round(t.distance_km * 1.2))) for t in big]
        rows.sort(key=lambda row: row[3])
        face, aspect = sign_faces.direction_sign(tuple(rows), background, text, lettering=lettering)
        height = 0.52 * len(rows)
        mesh = _board(parts, face, height * aspect, height, 1.7, plain)
        forward = bool(rng.random() < 0.5)
        _stand(
            parts,
            mesh,
            (1 if forward else -1) * rng.uniform(18, 55),
            forward,
            out=1.0 + height * aspect * 0.5,
        )


def _board(
    parts: Parts, face: sign_faces.Pixels, width: float, height: float, foot: float, plain: bool
) -> Mesh:
    """A board on posts, or a grey one of its size."""
    if plain:
        return signs.blank(width, height)
    return signs.on_post(parts.own_texture(face), width, height, foot, posts=2)


def _junction_signs(parts: Parts, rng: Generator, plain: bool) -> None:
    """Stop or give-way signs for those who come from side roads."""
    site = parts.site
    country = site.facts.country
    word = (
        signs.stop_word(country.script, country.language, country.iso2)
        if country is not None
        else ("STOP", "Latin")
    )
    if "script" in site.without:
        word = ("", "Latin")
    drive = driving_side(site)
    hx, hy = site.road.axis
    for side in site.road.sides:
        for reach, sign in ((side[SIDE_LEFT], -1), (side[SIDE_RIGHT], 1)):
            if reach <= 0 or rng.random() < 0.35:
                continue
            _, offset = site.road.locate(side[SIDE_U] * hx, side[SIDE_U] * hy)
            v = -float(offset) + sign * (site.road.half_width_m + 3.2)
            u = float(side_u(side, v)) - sign * drive * -1 * (side[SIDE_HALF] + 1.2)
            x, y = u * hx + v * hy, u * hy - v * hx
            point = (np.array([x]), np.array([y]))
            if site.road.clearance(*point)[0] < 0.2 or not parts.free(*point, 0.4)[0]:
                continue
            stops = rng.random() < 0.5
            mesh = signs.blank() if plain else signs.stop(*word) if stops else signs.give_way()
            parts.put(mesh, x, y, site.road.heading_deg + 90 * sign)
            parts.take(*point, 0.6)


def plate_text(rng: Generator) -> str:
    """Letters and digits that could stand on a number plate."""
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    first = "".join(letters[int(i)] for i in rng.integers(0, len(letters), 3))
    return f"{first} {int(rng.integers(100, 999))}"


def _plates(site: Site, rng: Generator) -> tuple[tuple[int, float], tuple[int, float]]:
    """Textures and aspects of the front and rear plate, one of a few per country style."""
    country = site.facts.country
    which = int(rng.integers(6))
    if "plates" in site.without or country is None:
        return (-1, 1.0), (-1, 1.0)
    long = country.continent == "EU" or country.region in (
        "north_africa",
        "west_africa",
        "gulf",
        "southern_africa",
        "south_asia",
        "brazil",
    )
    aspect = 4.6 if long else 2.1
    band = (
        country.continent == "EU"
        and country.plate_front == "white"
        and country.iso2 not in ("CH", "GB", "RU", "BY", "LI")
    )

    def one(colour: str) -> tuple[int, float]:
        if colour == "none":
            return -1, aspect
        text = plate_text(np.random.Generator(np.random.PCG64(which)))
        key = ("plate", colour, aspect, band, which)
        return BOOK.index(key, lambda: sign_faces.number_plate(text, colour, aspect, band)), aspect

    return one(country.plate_front), one(country.plate_rear)


def _kinds(site: Site) -> tuple[list[str], Array]:
    """Kinds of vehicles and their weights by region."""
    weights = {
        "hatchback": 5.0, "sedan": 5.0, "estate": 2.0, "suv": 4.0, "pickup": 1.0, "van": 1.6, "truck": 1.0,
        "bus": 0.4, "motorcycle": 0.4, "minibus": 0.6, "kei": 0.0, "tuk_tuk": 0.0, "tractor": 0.3,
        "school_bus": 0.0,
    }  # fmt: skip
    country = site.facts.country
    if country is not None and "plates" not in site.without:
        region = country.region
        if country.iso2 == "JP":
            weights |= {"kei": 9.0, "pickup": 0.1}
        if region in ("north_america", "oceania", "southern_africa", "central_america", "gulf"):
            weights |= {"pickup": 4.5, "suv": 6.0, "hatchback": 2.0}
        if region in ("southeast_asia", "south_asia"):
            weights |= {"motorcycle": 7.0, "tuk_tuk": 2.0, "minibus": 2.0}
        if region.endswith("africa"):
            weights |= {"minibus": 4.0, "motorcycle": 3.0, "pickup": 2.5}
        if "auto_rickshaw" in country.rarities:
            weights["tuk_tuk"] = 4.0
        if "yellow_school_bus" in country.rarities:
            weights["school_bus"] = 0.5
    names = list(weights)
    values = np.array(list(weights.values()))
    return names, values / values.sum()


def build_traffic(parts: Parts) -> None:
    """Cars under way on the country's side, and parked ones in towns."""
    site = parts.site
    rng, town = site.rng("traffic", daily=True), density(site)
    if site.facts.country is None and not site.facts.towns:
        return
    names, weights = _kinds(site)
    drive = driving_side(site)
    count = int(rng.poisson(1.3 + 9 * town))
    for forward in (True, False):
        along = -240.0 + rng.uniform(0, 60)
        for _ in range(count):
            along += rng.uniform(14, 480 / max(count, 1))
            if abs(along) < 11 or along > 260:
                continue
            side = drive * (1 if forward else -1)
            mesh = _any_vehicle(site, rng, names, weights)
            _drive(parts, mesh, along, side * site.road.half_width_m * 0.5, forward)
    if town > 0.25:
        _parked(parts, rng, names, weights, drive, town)


def _any_vehicle(site: Site, rng: Generator, names: list[str], weights: Array) -> Mesh:
    kind = names[pick(rng, weights)]
    front, rear = _plates(site, rng)
    return vehicles.vehicle(kind, vehicles.paint_for(rng, kind), front, rear)


def _drive(parts: Parts, mesh: Mesh, along: float, offset: float, forward: bool) -> None:
    """Puts a vehicle on the road."""
    site = parts.site
    x, y, z, heading = site.road.at(along, offset)
    parts.put(mesh, float(x), float(y), float(heading) + (0 if forward else 180), z=float(z) + 0.02)


def _parked(parts: Parts, rng: Generator, names: list[str], weights: Array, drive: int, town: float) -> None:
    site = parts.site
    parkable = np.array([name in vehicles.CARS for name in names])
    chances = weights * parkable
    chances = chances / chances.sum()
    for side in (1, -1):
        along = -110.0 + rng.uniform(0, 9)
        while along < 110:
            along += rng.uniform(6.2, 9.0) / max(town, 0.3) ** 1.2
            if rng.random() > 0.25 + 0.5 * town or abs(along) < 9:
                continue
            mesh = _any_vehicle(
                site, rng, names, chances
            )  # also where there is no room: the next stays the same
            # wheels on the kerb where the road is narrow
            offset = side * (
                site.road.half_width_m - 0.75 if site.road.half_width_m > 4 else site.road.half_width_m + 1.15
            )
            x, y, _, _ = site.road.at(np.array([along - 2.4, along, along + 2.4]), np.full(3, offset))
            beyond = site.road.locate(x, y)[1]
            if (
                _blocks_side(site, along)
                or not parts.free(x, y, 0.7).all()
                or abs(float(beyond[1])) < site.road.half_width_m * 0.55
            ):
                continue
            _drive(parts, mesh, along, offset, side == drive)
            parts.take(x, y, 1.2)


def _blocks_side(site: Site, along: float) -> bool:
    """Whether a side road's mouth is at that distance."""
    x, y, _, _ = site.road.at(along, 0.0)
    hx, hy = site.road.axis
    u = float(x) * hx + float(y) * hy
    return any(abs(u - side[SIDE_U]) < side[SIDE_HALF] + 7 for side in site.road.sides)


def build_extras(parts: Parts) -> None:
    """Shelters, benches, post boxes and what is rare; turbines far off; bales."""
    site, rng = parts.site, parts.site.rng("extras")
    country, town = site.facts.country, density(site)
    free = _verge(site) + 0.8
    wanted: list[tuple[Mesh | None, float]] = []  # None is left out, and the others stay where they are
    if town > 0.2 and rng.random() < 0.35:
        wanted.append((furniture.bus_shelter(), 1.6))
    if town > 0.3 and rng.random() < 0.5:
        wanted.append((furniture.bench(), 0.6))
    if country is not None and town > 0.05:
        for name in country.rarities:
            rare = furniture.rarity(name)
            if rare is not None and rng.random() < 0.3:
                wanted.append((None if {"signs", "buildings"} & site.without else rare, 0.9))
    for mesh, size in wanted:
        side = 1 if rng.random() < 0.5 else -1
        x, y, _, heading = site.road.at(rng.uniform(-45, 45), side * (free + size * 0.6))
        point = (np.array([float(x)]), np.array([float(y)]))
        far = np.hypot(float(x) - site.eye[0], float(y) - site.eye[1]) > 5
        if (
            mesh is not None
            and far
            and site.road.clearance(*point)[0] > 0.4 + size * 0.4
            and parts.free(*point, size)[0]
            and dry(site, *point, 5)[0]
        ):
            parts.put(mesh, float(x), float(y), float(heading) - 90 * side)
            parts.take(*point, size)
    if (
        country is not None
        and "poles" not in site.without
        and rng.random() < country.wind_turbines * 0.5
        and town < 0.3
    ):
        _turbines(parts, rng)


def _turbines(parts: Parts, rng: Generator) -> None:
    site = parts.site
    bearing, away, count = rng.uniform(0, 2 * np.pi), rng.uniform(900, 2600), int(rng.integers(3, 8))
    across = np.linspace(-1, 1, count) * 180 * count + rng.normal(0, 40, count)
    x = np.sin(bearing) * away + np.cos(bearing) * across
    y = np.cos(bearing) * away - np.sin(bearing) * across
    ok = dry(site, x, y, 30)
    facing = float(rng.uniform(0, 360))
    for i in np.flatnonzero(ok):
        parts.put(furniture.wind_turbine(int(rng.integers(4))), float(x[i]), float(y[i]), facing)
