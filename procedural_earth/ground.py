"""What the ground is made of at a point: road and paint, verge, fields, meadow, forest, rock, sand, snow.

All patterns are blurred to the footprint of the pixel that sees them, so nothing shimmers far away.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy.typing as npt

from procedural_earth import noise as pictures
from procedural_earth.compiled import compiled, inlined
from procedural_earth.mesh import Clue
from procedural_earth.noise import chance, detail, fbm, noise, smooth
from procedural_earth.road import (
    SIDE_BEND,
    SIDE_HALF,
    SIDE_LEFT,
    SIDE_PAVED,
    SIDE_RIGHT,
    SIDE_SLOPE,
    SIDE_U,
    road_at,
)
from procedural_earth.terrain import Land, shore, wooded

Array = npt.NDArray[Any]

# rows of Look.palette, linear albedo
GRASS, GRASS_DRY, BARE, ROCK, BEACH, FOREST, SNOW, ROAD, SHOULDER, PAVEMENT, CENTRE_LINE, EDGE_LINE, UNDERWOOD = range(13)

_GRASS, _EARTH, _ASPHALT, _PEBBLES = pictures.GRASS, pictures.EARTH, pictures.ASPHALT, pictures.PEBBLES
_ROCK, _SAND, _SMOOTH = pictures.ROCK, pictures.SAND, pictures.SMOOTH
_TERRAIN, _ROAD = int(Clue.TERRAIN), int(Clue.ROAD)

NO_LINE, DASHED, SOLID, DOUBLE = range(4)
UNPAVED, PAVED = 0, 1


class Look(NamedTuple):
    """Colours and shares of the ground of one scene.

    Attributes:
        palette: float64 (13, 3), linear albedo, rows as named above.
        crops: float64 (N, 8): two colours, metres between rows, how much the rows show.
        bare: 0 closed sward .. 1 bare earth.
        sandy: 0..1, how much of the bare earth is fine sand.
        farms: 0..1, share of level land in fields.
        snow: 0..1, snow cover at the camera.
        snow_line: z above which there is snow.
        paved: PAVED or UNPAVED.
        centre: NO_LINE, DASHED, SOLID or DOUBLE.
        dash, gap: Metres.
        edge: NO_LINE, DASHED or SOLID.
        wear: 0 new .. 1 old road and paint.
        wet: 0..1.
        texels, starts: The detail pictures.
        seed: Hash of the place's identity.
    """

    palette: Array
    crops: Array
    bare: float
    sandy: float
    farms: float
    snow: float
    snow_line: float
    paved: int
    centre: int
    dash: float
    gap: float
    edge: int
    wear: float
    wet: float
    texels: Array
    starts: Array
    seed: int


@inlined
def band(value: float, middle: float, half: float, blur: float) -> float:
    """Share of a pixel `blur` wide at `value` that lies within `half` of `middle`."""
    blur = max(blur, 1e-4)
    low = max(middle - half, value - 0.5 * blur)
    high = min(middle + half, value + 0.5 * blur)
    return max(high - low, 0.0) / blur


@compiled
def dashes(along: float, dash: float, gap: float, blur: float) -> float:
    """Share of a pixel `blur` long that is dash and not gap."""
    period = dash + gap
    if blur >= period:
        return dash / period
    low = (along - 0.5 * blur) / period
    high = (along + 0.5 * blur) / period
    share = dash / period
    total = math.floor(high) * share + min(high - math.floor(high), share)
    total -= math.floor(low) * share + min(low - math.floor(low), share)
    return total * period / max(blur, 1e-4)


@inlined
def _mix(a: tuple[float, float, float], palette: Array, row: int, share: float) -> tuple[float, float, float]:
    return (
        a[0] + (palette[row, 0] - a[0]) * share,
        a[1] + (palette[row, 1] - a[1]) * share,
        a[2] + (palette[row, 2] - a[2]) * share,
    )


@inlined
def _times(a: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    return a[0] * factor, a[1] * factor, a[2] * factor


@compiled
def _carriageway(
    look: Look, x: float, y: float, offset: float, along: float, half: float, paved: int, main: bool,
    across_blur: float, along_blur: float, grain_blur: float,
) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    """Colour, slopes to east and north, gloss of the road's surface."""
    palette = look.palette
    if paved == UNPAVED:
        value, tint, dx, dy = detail(look.texels, look.starts, _PEBBLES, x, y, 2.3, grain_blur)
        value2, _t, dx2, dy2 = detail(look.texels, look.starts, _EARTH, x, y, 9.7, grain_blur)
        colour = (palette[SHOULDER, 0], palette[SHOULDER, 1], palette[SHOULDER, 2])
        track = math.exp(-(((abs(abs(offset) - 0.85)) / 0.38) ** 2))
        middle = math.exp(-((offset / 0.35) ** 2)) + smooth(half - 0.9, half, abs(offset))
        colour = _times(colour, 1.0 + 0.28 * value + 0.16 * value2 + 0.10 * track)
        tufts = smooth(0.0, 0.5, value2 + middle - 0.85 + 0.3 * noise(x / 2.1, y / 2.1, look.seed + 5))
        colour = _mix(colour, palette, GRASS_DRY, 0.55 * tufts * (1.0 - 0.7 * look.bare))
        rough = 0.8 - 0.5 * track
        return colour[0], colour[1], colour[2], (dx * 0.8 + dx2 * 0.5) * rough, (dy * 0.8 + dy2 * 0.5) * rough, 0.02
    value, tint, dx, dy = detail(look.texels, look.starts, _ASPHALT, x, y, 1.25, grain_blur)
    cloudy, spots, _a, _b = detail(look.texels, look.starts, _SMOOTH, x, y, 11.0, grain_blur)
    colour = (palette[ROAD, 0], palette[ROAD, 1], palette[ROAD, 2])
    lane = abs(abs(offset) - 0.5 * half)
    tracks = math.exp(-(((lane - 0.75) / 0.34) ** 2))
    oil = math.exp(-((lane / 0.4) ** 2))
    shade = 1.0 + 0.34 * value * (1.0 - 0.35 * tracks) + 0.13 * cloudy
    shade *= 1.0 + 0.06 * tracks - (0.05 + 0.05 * look.wear) * oil * (1.0 + 0.6 * spots)
    shade *= 1.0 - 0.10 * look.wear * smooth(half - 0.7, half, abs(offset))
    # repairs: darker or paler sheets laid across a lane
    cell = math.floor(along / 17.0)
    lot = chance(int(cell), 1 if offset > 0 else 2, look.seed + 71)
    if lot < 0.09 + 0.22 * look.wear:
        start = cell * 17.0 + 9.0 * chance(int(cell), 3, look.seed + 72)
        length = 1.5 + 6.0 * chance(int(cell), 4, look.seed + 73)
        near = 0.35 * half * chance(int(cell), 5, look.seed + 74)
        inside = band(along, start + 0.5 * length, 0.5 * length, along_blur) * band(
            abs(offset), near + 0.28 * half, 0.30 * half, across_blur
        )
        tone = -0.26 if chance(int(cell), 6, look.seed + 75) < 0.7 else 0.13
        shade *= 1.0 + tone * inside
    # cracks, some of them sealed with tar: lines of equal noise
    if look.wear > 0.12 and across_blur < 0.25:
        wx = x + 0.25 * noise(x * 1.3, y * 1.3, look.seed + 60)
        wy = y + 0.25 * noise(x * 1.3 + 9.0, y * 1.3, look.seed + 61)
        line = abs(noise(wx / 4.6, wy / 4.6, look.seed + 62)) * 3.0
        area = smooth(0.25 - 0.6 * look.wear, 0.55, noise(x / 13.0, y / 13.0, look.seed + 63))
        width = 0.02 + 0.012 * look.wear
        shade *= 1.0 - 0.62 * area * band(line, 0.0, width, max(across_blur, 0.012) * 1.4)
    colour = _times(colour, shade)
    if main:
        paint, yellow = _paint(look, x, y, offset, along, half, across_blur, along_blur)
        worn = 1.0 - look.wear * (0.25 + 0.45 * smooth(-0.3, 0.5, value + 0.6 * cloudy))
        row = CENTRE_LINE if yellow else EDGE_LINE
        bright = 1.0 + 0.10 * value
        target = (palette[row, 0] * bright, palette[row, 1] * bright, palette[row, 2] * bright)
        share = paint * worn
        colour = (
            colour[0] + (target[0] - colour[0]) * share,
            colour[1] + (target[1] - colour[1]) * share,
            colour[2] + (target[2] - colour[2]) * share,
        )
    flat = 1.0 - 0.8 * look.wet
    return colour[0], colour[1], colour[2], dx * 0.75 * flat, dy * 0.75 * flat, 0.04 + 0.5 * look.wet


@compiled
def _paint(
    look: Look, x: float, y: float, offset: float, along: float, half: float, across_blur: float, along_blur: float
) -> tuple[float, bool]:
    """Share of the pixel that is painted, and whether it is the centre line."""
    edge = 0.0
    if look.edge == SOLID:
        edge = band(abs(offset), half - 0.32, 0.065, across_blur)
    elif look.edge == DASHED:
        edge = band(abs(offset), half - 0.32, 0.065, across_blur) * dashes(along, 1.0, 2.0, along_blur)
    centre = 0.0
    if look.centre == DASHED:
        centre = band(offset, 0.0, 0.065, across_blur) * dashes(along, look.dash, look.gap, along_blur)
    elif look.centre == SOLID:
        centre = band(offset, 0.0, 0.065, across_blur)
    elif look.centre == DOUBLE:
        centre = band(abs(offset), 0.13, 0.055, across_blur)
    if centre >= edge:
        return centre, True
    return edge, False


@compiled
def _field(
    look: Look, u: float, v: float, x: float, y: float, blur: float, grain_blur: float
) -> tuple[float, float, float, float, float, float]:
    """Colour of a parcel of farmland, how much it stands here 0..1, and the slopes of its rows."""
    uw = u + 14.0 * noise(u / 170.0, v / 170.0, look.seed + 20)
    vw = v + 14.0 * noise(u / 170.0 + 40.0, v / 170.0, look.seed + 21)
    row = math.floor(vw / 95.0)
    long = 110.0 + 120.0 * chance(int(row), 0, look.seed + 22)
    shift = 300.0 * chance(int(row), 1, look.seed + 22)
    column = math.floor((uw + shift) / long)
    inside_v = min(vw - row * 95.0, (row + 1) * 95.0 - vw)
    inside_u = min(uw + shift - column * long, (column + 1) * long - uw - shift)
    inside = min(inside_u, inside_v)
    lot = chance(int(column), int(row), look.seed + 23)
    if lot > look.farms:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    pick = int(chance(int(column), int(row), look.seed + 24) * look.crops.shape[0])
    crop = look.crops[pick]
    across = u if chance(int(column), int(row), look.seed + 25) < 0.35 else v
    spacing = max(crop[6], 0.2)
    strong = crop[7] * (1.0 - smooth(0.25 * spacing, 0.9 * spacing, blur))
    phase = across / spacing
    phase -= math.floor(phase)
    wave = 0.5 + 0.5 * math.cos(2.0 * math.pi * phase)
    wave = wave * wave * (3 - 2 * wave)
    value, tint, dx, dy = detail(look.texels, look.starts, _GRASS, x, y, 3.1, grain_blur)
    tall, _t, _dx, _dy = detail(look.texels, look.starts, _SMOOTH, x, y, 37.0, grain_blur)
    share = 1.0 - strong + strong * 2.0 * wave if strong > 0 else 1.0
    blend = min(max(crop[7] * (1.0 - share) + 0.5 * crop[7] * (1 - strong / max(crop[7], 1e-6)), 0.0), 1.0)
    tone = (0.88 + 0.24 * chance(int(column), int(row), look.seed + 26)) * (1.0 + 0.30 * value + 0.12 * tall)
    # tractor tracks
    tram = across / 18.0
    tram = abs(tram - math.floor(tram) - 0.5) * 18.0
    tone *= 1.0 - 0.22 * band(abs(tram), 0.9, 0.2, max(blur, 0.05))
    stand = smooth(0.5, 2.4, inside)
    lean = strong * math.sin(2.0 * math.pi * phase) * 0.6
    along_u = across == u
    return (
        (crop[0] + (crop[3] - crop[0]) * blend) * tone,
        (crop[1] + (crop[4] - crop[1]) * blend) * tone,
        (crop[2] + (crop[5] - crop[2]) * blend) * tone,
        stand,
        lean if along_u else 0.0,
        0.0 if along_u else lean,
    )


@compiled
def _wild(
    look: Look, land: Land, x: float, y: float, z: float, steep: float, distance: float, across: float, blur: float
) -> tuple[float, float, float, float, float, float]:
    """Colour, slopes and forest share of ground that nobody tills: grass, bare earth, rock, forest seen from afar."""
    palette = look.palette
    value, tint, dx, dy = detail(look.texels, look.starts, _GRASS, x, y, 1.9, blur)
    value2, tint2, dx2, dy2 = detail(look.texels, look.starts, _GRASS, 0.8 * x + 0.6 * y, 0.8 * y - 0.6 * x, 7.3, blur)
    patch, drift, _a, _b = detail(look.texels, look.starts, _SMOOTH, x, y, 83.0, blur)
    wide = noise(x / 260.0, y / 260.0, look.seed + 10)
    dry = smooth(-0.75, 0.9, 0.55 * patch + 0.5 * wide + 0.35 * tint2)
    colour = _mix((palette[GRASS, 0], palette[GRASS, 1], palette[GRASS, 2]), palette, GRASS_DRY, dry)
    colour = _times(colour, 1.0 + 0.40 * value + 0.22 * value2 + 0.08 * tint)
    sx = 0.55 * dx + 0.4 * dx2
    sy = 0.55 * dy + 0.4 * dy2
    bare = smooth(-0.12, 0.25, look.bare * 1.5 - 0.75 + 0.30 * drift + 0.22 * value2 + 0.2 * wide)
    if bare > 0.0:
        picture = _SAND if look.sandy > 0.5 else _EARTH
        e, et, ex, ey = detail(look.texels, look.starts, picture, x, y, 3.7, blur)
        e2, et2, ex2, ey2 = detail(look.texels, look.starts, _PEBBLES, x, y, 2.9, blur)
        stony = (1.0 - look.sandy) * smooth(-0.2, 0.5, patch)
        earth = _times(
            (palette[BARE, 0], palette[BARE, 1], palette[BARE, 2]),
            1.0 + 0.26 * e * (1 - stony) + 0.26 * e2 * stony + 0.10 * patch + 0.10 * wide,
        )
        colour = (
            colour[0] + (earth[0] - colour[0]) * bare,
            colour[1] + (earth[1] - colour[1]) * bare,
            colour[2] + (earth[2] - colour[2]) * bare,
        )
        sx += (ex * 0.6 * (1 - stony) + ex2 * stony * 0.8 - sx) * bare
        sy += (ey * 0.6 * (1 - stony) + ey2 * stony * 0.8 - sy) * bare
    shade = 0.0
    if distance > 110.0:
        shade = wooded(land, x, y, z, distance) * smooth(36.0, 48.0, across)
        shade = smooth(0.05, 0.5, shade)
        if shade > 0.0:
            t, tt, tx, ty = detail(look.texels, look.starts, _PEBBLES, x, y, 210.0, blur)
            t2, tt2, tx2, ty2 = detail(look.texels, look.starts, _SMOOTH, y, x, 610.0, blur)
            crown = 0.72 + 0.42 * t + 0.22 * tt + 0.18 * t2
            fr = palette[FOREST, 0] * crown
            fg = palette[FOREST, 1] * crown
            fb = palette[FOREST, 2] * crown
            colour = (colour[0] + (fr - colour[0]) * shade, colour[1] + (fg - colour[1]) * shade, colour[2] + (fb - colour[2]) * shade)
            sx += (tx * 1.1 + tx2 - sx) * shade
            sy += (ty * 1.1 + ty2 - sy) * shade
    return colour[0], colour[1], colour[2], sx, sy, shade


@compiled
def _weather(
    look: Look, land: Land, x: float, y: float, z: float, steep: float, blur: float, away: float,
    colour: tuple[float, float, float], sx: float, sy: float, wood: float,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """Rock on steep slopes, beach, snow on top of `colour`."""
    palette = look.palette
    n1 = 0.0
    if steep > 0.3:
        n1 = noise(x / 90.0, y / 90.0, look.seed + 13)
        crag = smooth(0.50, 0.85, steep + 0.22 * n1)
        if crag > 0.0:
            r, rt, rx, ry = detail(look.texels, look.starts, _ROCK, x + 0.7 * z, y - 0.9 * z, 60.0, blur)
            r2, rt2, rx2, ry2 = detail(look.texels, look.starts, _ROCK, x - 0.5 * z, y + 0.8 * z, 410.0, blur)
            tone = 0.9 + 0.30 * r + 0.25 * r2 + 0.08 * rt
            colour = (
                colour[0] + (palette[ROCK, 0] * tone - colour[0]) * crag,
                colour[1] + (palette[ROCK, 1] * tone - colour[1]) * crag,
                colour[2] + (palette[ROCK, 2] * tone - colour[2]) * crag,
            )
            sx += (0.8 * rx + 0.9 * rx2 - sx) * crag
            sy += (0.8 * ry + 0.9 * ry2 - sy) * crag
    if away < 400.0:
        s, st, ex, ey = detail(look.texels, look.starts, _SAND, x, y, 3.3, blur)
        edge = 28.0 + 14.0 * noise(x / 41.0, y / 41.0, look.seed + 14)
        beach = (1.0 - smooth(0.6 * edge, edge, away)) * (1.0 - smooth(0.35, 0.7, steep))
        wet = 1.0 - smooth(0.5, 3.0, away)
        tone = (1.0 + 0.16 * s) * (1.0 - 0.42 * wet)
        colour = (
            colour[0] + (palette[BEACH, 0] * tone - colour[0]) * beach,
            colour[1] + (palette[BEACH, 1] * tone - colour[1]) * beach,
            colour[2] + (palette[BEACH, 2] * tone - colour[2]) * beach,
        )
        sx += (0.5 * ex - sx) * beach
        sy += (0.5 * ey - sy) * beach
    if look.snow > 0.01 or z > look.snow_line - 400.0:
        w, wt, wx, wy = detail(look.texels, look.starts, _SMOOTH, x, y, 5.3, blur)
        w2, wt2, wx2, wy2 = detail(look.texels, look.starts, _SMOOTH, x, y, 190.0, blur)
        high = smooth(-180.0, 260.0, z - look.snow_line + 160.0 * w2 + 120.0 * n1)
        amount = max(look.snow, high)
        cover = smooth(0.0, 0.3, amount * 1.45 - 0.45 + 0.16 * w + 0.2 * w2) * (1.0 - 0.85 * smooth(0.62, 1.05, steep + 0.2 * n1))
        cover *= 1.0 - 0.72 * wood
        tone = 1.0 + 0.035 * w
        colour = (
            colour[0] + (palette[SNOW, 0] * tone - colour[0]) * cover,
            colour[1] + (palette[SNOW, 1] * tone - colour[1]) * cover,
            colour[2] + (palette[SNOW, 2] * tone - colour[2]) * cover,
        )
        sx += (0.35 * wx + 0.3 * wx2 - sx) * cover
        sy += (0.35 * wy + 0.3 * wy2 - sy) * cover
    return colour[0], colour[1], colour[2], sx, sy


@compiled
def ground_at(
    look: Look, land: Land, x: float, y: float, z: float, steep: float, long: float, wide: float, ax: float, ay: float
) -> tuple[float, float, float, float, float, float, int]:
    """The ground at (x, y): albedo, slopes of its fine relief to east and north, gloss, clue.

    Args:
        steep: Tangent of the slope.
        long, wide: Length and width in metres of the pixel's footprint.
        ax, ay: Unit vector along its length.
    """
    distance = math.sqrt(x * x + y * y)
    u = x * land.hx + y * land.hy
    v = x * land.hy - y * land.hx
    blur = math.sqrt(long * wide)
    if blur > 3.0 * wide:
        blur = 3.0 * wide
    offset, along, _z, slope = road_at(land.road, u, v)
    across = abs(offset)
    length = math.sqrt(1.0 + slope * slope)
    # the direction of the road here, and how long the footprint is across and along it
    dx = (land.hx + slope * land.hy) / length
    dy = (land.hy - slope * land.hx) / length
    cosine = abs(ax * dx + ay * dy)
    sine = math.sqrt(max(1.0 - cosine * cosine, 0.0))
    across_blur = math.sqrt((long * sine) ** 2 + (wide * cosine) ** 2)
    along_blur = math.sqrt((long * cosine) ** 2 + (wide * sine) ** 2)
    half = land.half_width
    away = shore(land, x, y)
    on_road = 0.0
    on_side = 0.0
    side_paved = UNPAVED
    side_offset = 0.0
    side_half = 1.0
    on_walk = 0.0
    verge = across - half - land.sidewalk
    if half > 0.0 and abs(u) < 1990.0:
        ragged = 0.0
        if across < half + 3.0:
            ragged = 0.10 * noise(x / 0.7, y / 0.7, look.seed + 30) + 0.16 * noise(x / 3.3, y / 3.3, look.seed + 31)
            if land.sidewalk > 0:
                ragged = 0.0
            elif look.paved == UNPAVED:
                ragged *= 2.5
        on_road = band(across, 0.0, half + ragged * 0.5, across_blur)
        for number in range(land.sides.shape[0]):
            side = land.sides[number]
            if (offset < 0 and side[SIDE_LEFT] > 0) or (offset >= 0 and side[SIDE_RIGHT] > 0):
                gap = u - side[SIDE_U] - side[SIDE_SLOPE] * v - side[SIDE_BEND] * v * v
                # the corners of the junction are rounded
                flare = 5.0 * max(1.0 - (across - half) / 5.0, 0.0) ** 2
                if across > 900.0:
                    continue
                share = band(gap, 0.0, side[SIDE_HALF] + flare + 0.6 * ragged, along_blur)
                if share > on_side:
                    on_side = share
                    side_paved = PAVED if side[SIDE_PAVED] > 0 else UNPAVED
                    side_offset = gap
                    side_half = side[SIDE_HALF]
                verge = min(verge, abs(gap) - side[SIDE_HALF] - flare - land.sidewalk)
        if land.sidewalk > 0.0:
            on_walk = max(1.0 - smooth(-0.5 * across_blur, 0.5 * across_blur + 1e-3, verge), 0.0)
            on_walk *= 1.0 - on_road
            on_walk *= 1.0 - on_side
    made = on_road + (1.0 - on_road) * max(on_side, on_walk)
    r = g = b = sx = sy = 0.0
    gloss = 0.0
    if made < 0.999:
        colour = (0.0, 0.0, 0.0)
        r, g, b, sx, sy, wood = _wild(look, land, x, y, z, steep, distance, across, blur)
        if look.farms > 0.0 and verge > 3.0 and distance < 9000.0 and steep < 0.4:
            cr, cg, cb, stand, lu, lv = _field(look, u, v, x, y, max(long * 0.5, wide), blur)
            stand *= 1.0 - wood
            stand *= smooth(4.0, 8.0, verge) * (1.0 - smooth(0.22, 0.4, steep)) * (1.0 - smooth(0.0, 1.0, 1.0 - (away - 60.0) / 60.0))
            r += (cr - r) * stand
            g += (cg - g) * stand
            b += (cb - b) * stand
            sx += (lu * land.hx + lv * land.hy) * stand
            sy += (lu * land.hy - lv * land.hx) * stand
        if half > 0.0 and verge < 4.0 and land.sidewalk <= 0.0:
            # the shoulder: gravel that the grass creeps into
            value, tint, px, py = detail(look.texels, look.starts, _PEBBLES, x, y, 1.7, blur)
            creep = 0.35 * noise(x / 1.1, y / 1.1, look.seed + 33) + 0.5 * noise(x / 4.7, y / 4.7, look.seed + 34)
            share = 1.0 - smooth(0.15, 1.0, verge + 0.6 * creep)
            tone = 1.0 + 0.3 * value
            share *= 0.9
            r += (look.palette[SHOULDER, 0] * tone - r) * share
            g += (look.palette[SHOULDER, 1] * tone - g) * share
            b += (look.palette[SHOULDER, 2] * tone - b) * share
            sx += (px * 0.7 - sx) * share
            sy += (py * 0.7 - sy) * share
        r, g, b, sx, sy = _weather(look, land, x, y, z, steep, blur, away, (r, g, b), sx, sy, wood)
    clue = _TERRAIN
    if on_walk > 0.002:
        value, tint, px, py = detail(look.texels, look.starts, _ASPHALT, x, y, 2.1, blur)
        slab = 0.0
        joint = 0.0
        if blur < 0.3:
            a = along / 0.6
            o = (across - half) / 0.6
            joint = max(
                band(abs(a - math.floor(a + 0.5)) * 0.6, 0.0, 0.006, along_blur),
                band(abs(o - math.floor(o + 0.5)) * 0.6, 0.0, 0.006, across_blur),
            )
            slab = chance(int(math.floor(a)), int(math.floor(o)), look.seed + 35) - 0.5
        tone = (1.0 + 0.14 * value + 0.10 * slab) * (1.0 - 0.45 * joint)
        kerb = band(across, half + 0.07, 0.075, across_blur)
        tone = tone + (1.22 + 0.1 * value - tone) * kerb
        gutter = band(across, half - 0.0, 0.03, across_blur)
        tone *= 1.0 - 0.4 * gutter
        r += (look.palette[PAVEMENT, 0] * tone - r) * on_walk
        g += (look.palette[PAVEMENT, 1] * tone - g) * on_walk
        b += (look.palette[PAVEMENT, 2] * tone - b) * on_walk
        sx += (0.2 * px - sx) * on_walk
        sy += (0.2 * py - sy) * on_walk
        if on_walk > 0.5:
            clue = _ROAD
    if on_side > 0.002 and on_road < 0.999:
        cr, cg, cb, px, py, shine = _carriageway(
            look, x, y, side_offset, across, side_half, side_paved, False, along_blur, across_blur, blur
        )
        r += (cr - r) * on_side
        g += (cg - g) * on_side
        b += (cb - b) * on_side
        sx += (px - sx) * on_side
        sy += (py - sy) * on_side
        if on_side > 0.5:
            clue = _ROAD
    if on_road > 0.002:
        cr, cg, cb, px, py, gloss = _carriageway(
            look, x, y, offset, along, half, look.paved, True, across_blur, along_blur, blur
        )
        r += (cr - r) * on_road
        g += (cg - g) * on_road
        b += (cb - b) * on_road
        sx += (px - sx) * on_road
        sy += (py - sy) * on_road
        gloss *= on_road
        if on_road > 0.5:
            clue = _ROAD
    if look.snow > 0.55 and made > 0.002:
        # ploughed: packed snow with two dark tracks
        w, wt, wx, wy = detail(look.texels, look.starts, _SMOOTH, x, y, 4.1, blur)
        lane = abs(abs(offset) - 0.5 * half) if half > 2.65 else across
        tracks = math.exp(-(((lane - 0.75) / 0.26) ** 2)) * on_road
        cover = made * smooth(0.55, 0.95, look.snow) * (0.80 + 0.25 * w - 0.72 * tracks)
        cover = min(max(cover, 0.0), 1.0)
        r += (0.93 * look.palette[SNOW, 0] - r) * cover
        g += (0.93 * look.palette[SNOW, 1] - g) * cover
        b += (0.94 * look.palette[SNOW, 2] - b) * cover
        sx *= 1.0 - 0.8 * cover
        sy *= 1.0 - 0.8 * cover
        gloss *= 1.0 - cover
    return max(r, 0.003), max(g, 0.003), max(b, 0.003), sx, sy, gloss, clue
