"""Trees, shrubs, grass and crops as meshes: sprites that face the camera far off, leaf cards close to it.

A scene has one camera that never moves, so a sprite can face it; a second, hidden quad across it throws the
shadow.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import CASTS_SHADOW, VISIBLE, Clue, Material, Mesh
from procedural_earth.objects.growth import Plant
from procedural_earth.objects.solids import Solid, instances, linear
from procedural_earth.objects.species import LOW, SPECIES, Species
from procedural_earth.objects.sprites import draw
from procedural_earth.objects.textures import BOOK
from procedural_earth.objects.winter import bare_conifer, bare_tree

Array = npt.NDArray[np.float64]

VARIANTS = 3
_BARE_TEXELS = 640
_TWIG = ((60, 50, 47), (112, 98, 92))
SEASONS = ("green", "autumn", "bare", "snow")
TREES = tuple(SPECIES)
NEUTRAL = "broadleaf"
"""The one tree of a world without the climate's clue."""


def species_of(kind: str) -> Species:
    """The species of a name; a name that is not known grows as `broadleaf`."""
    return SPECIES.get(kind) or LOW.get(kind) or SPECIES[NEUTRAL]


def season_of(kind: str, wears: str, snow: float) -> str:
    """Which of SEASONS a plant shows.

    Args:
        wears: what leaf-shedding trees wear: "green", "spring", "autumn" or "bare" (`facts.leaves`).
        snow: lying snow, 0..1.
    """
    species = species_of(kind)
    if not species.sheds and (snow > 0.45 or species.autumn is None):
        return "snow" if snow > 0.45 else "green"
    if species.sheds and wears == "bare":
        return "bare"
    return "autumn" if wears == "autumn" or (wears == "bare" and species.autumn) else "green"


@lru_cache(maxsize=256)
def plant(kind: str, variant: int) -> Plant:
    """The plant of that kind and variant, grown once."""
    seed = np.random.SeedSequence(
        [sum(ord(c) << (8 * (i % 4)) for i, c in enumerate(kind)) & 0x7FFFFFFF, variant]
    )
    return species_of(kind).grow(np.random.Generator(np.random.PCG64(seed)))


@lru_cache(maxsize=256)
def _form(kind: str, variant: int, season: str) -> Plant:
    """The plant as it stands in that season: in winter those that shed their leaves are wood alone."""
    grown = plant(kind, variant)
    if season != "bare":
        return grown
    rng = np.random.Generator(np.random.PCG64(variant + 71))
    shape = getattr(species_of(kind).grow, "keywords", {}).get("shape")
    return bare_conifer(rng, grown) if shape is None else bare_tree(rng, shape)


def _texels(kind: str, season: str) -> int:
    """Height of a sprite: twigs are finer than leaves."""
    return _BARE_TEXELS if season == "bare" else species_of(kind).texels


def _palette(species: Species, season: str) -> Array:
    rows = [species.leaf, species.second, species.bark]
    if season == "autumn" and species.autumn is not None:
        low, high = species.autumn
        rows[0] = species.autumn
        rows[1] = ((low[0], int(low[1] * 0.75), low[2]), (high[0], int(high[1] * 0.78), high[2]))
    if season == "bare":
        rows[0] = _TWIG
    colours = np.array(rows, dtype=np.float64)
    if season == "bare":
        # weathered: half of the way to grey
        colours[2] = np.floor(0.45 * colours[2] + 0.55 * colours[2].mean(axis=1, keepdims=True) + 6)
    return colours / 255


def _turn(variant: int) -> float:
    return 0.7 + 2.1 * variant


@lru_cache(maxsize=256)
def frame(kind: str, variant: int, season: str = "green") -> tuple[float, float]:
    """Half width and height of a sprite's picture in heights of the plant, so that no twig is cut off."""
    grown, turn = _form(kind, variant, season), _turn(variant)
    points = np.concatenate([grown.at, grown.wood[:, :3], grown.wood[:, 3:6]])
    across = np.abs(points[:, 0] * np.cos(turn) - points[:, 1] * np.sin(turn))
    reach = float(grown.size[:, 0].max()) if len(grown.size) else float(grown.wood[:, 6].max())
    return float(across.max()) + reach, max(float(points[:, 2].max()) + reach, 0.6)


def sprite(kind: str, variant: int, season: str) -> int:
    """Index of the sprite's texture in the book, drawn at first use."""
    species = species_of(kind)

    def make():  # type: ignore[no-untyped-def]
        half, top = frame(kind, variant, season)
        tall = _texels(kind, season)
        width = max(32, int(round(tall * 2 * half / top / 16) * 16))
        return draw(
            _form(kind, variant, season),
            _palette(species, season),
            height=tall,
            width=width,
            turn=_turn(variant),
            half_width=half,
            thickness=species.thickness,
            snow=0.75 if season == "snow" else 0.0,
            top=top,
            rng=np.random.Generator(np.random.PCG64(variant + 11)),
        )

    return BOOK.index(("plant", kind, variant, season), make)


@lru_cache(maxsize=1024)
def _quad(texture: int, size: tuple[float, float], flags: int, double: bool) -> Mesh:
    """An upright sprite quad of half width and height, facing south; `double` adds one across it."""
    solid = Solid(Clue.VEGETATION, Material.FOLIAGE)
    half, top = size
    uv = [(0, 1), (1, 1), (1, 0), (0, 0)]
    corners = [(-half, 0, -0.015), (half, 0, -0.015), (half, 0, top), (-half, 0, top)]
    solid.polygon(corners, texture=texture, uv=uv, flags=flags)
    if double:
        across = [(0, x, z) for x, _, z in corners]
        solid.polygon(
            across, texture=texture, uv=uv, flags=CASTS_SHADOW if not flags & CASTS_SHADOW else flags
        )
    return solid.mesh()


def billboards(
    kind: str,
    season: str,
    places: npt.NDArray[np.floating],
    heights_m: npt.NDArray[np.floating],
    variants: npt.NDArray[np.integer],
    tint: npt.NDArray[np.floating],
    *,
    eye: tuple[float, float] = (0.0, 0.0),
    shadow_m: float = 140.0,
) -> list[Mesh]:
    """Sprites of one kind at N places that face the camera at `eye`.

    Args:
        places: (N, 3) feet, metres. heights_m: (N,). variants: (N,) 0 … VARIANTS - 1. tint: (N, 3) factors.
        shadow_m: within this distance a tree has a second quad that throws its shadow.
    """
    meshes: list[Mesh] = []
    east, north = places[:, 0] - eye[0], places[:, 1] - eye[1]
    distance, facing = np.hypot(east, north), np.rad2deg(np.arctan2(east, north))
    for variant in range(VARIANTS):
        index = sprite(kind, variant, season)
        for near in (True, False):
            here = np.flatnonzero((variants == variant) & ((distance < shadow_m) == near))
            if len(here) == 0:
                continue
            flags = VISIBLE | CASTS_SHADOW if near else VISIBLE
            flat = _quad(index, frame(kind, variant, season), flags, False)
            meshes.append(instances(flat, places[here], facing[here], heights_m[here], tint[here]))
            if near:
                cross = _shadow_quad(index, frame(kind, variant, season))
                meshes.append(instances(cross, places[here], facing[here], heights_m[here], tint[here]))
    return meshes


@lru_cache(maxsize=512)
def _shadow_quad(texture: int, size: tuple[float, float]) -> Mesh:
    quad = _quad(texture, size, CASTS_SHADOW, False)
    turn = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], np.float32)
    return Mesh(**{**vars(quad), "positions": quad.positions @ turn, "normals": quad.normals @ turn})


def tufts(
    kind: str,
    places: npt.NDArray[np.floating],
    heights_m: npt.NDArray[np.floating],
    chance: npt.NDArray[np.floating],
    tint: npt.NDArray[np.floating],
    *,
    season: str = "green",
    eye: tuple[float, float] = (0.0, 0.0),
) -> list[Mesh]:
    """Low plants (grass, reeds, crops) as quads that face the camera, roughly; they throw no shadow.

    Args:
        chance: (N, 2) from 0 to 1, of each plant's picture and of how it is turned.
    """
    meshes: list[Mesh] = []
    facing = np.rad2deg(np.arctan2(places[:, 0] - eye[0], places[:, 1] - eye[1])) + 50 * chance[:, 1] - 25
    for variant in range(2):
        here = np.flatnonzero((chance[:, 0] < 0.5) == (variant == 0))
        if len(here):
            quad = _quad(sprite(kind, variant, season), frame(kind, variant, season), VISIBLE, False)
            meshes.append(instances(quad, places[here], facing[here], heights_m[here], tint[here]))
    return meshes


def near_tree(kind: str, variant: int, season: str) -> Mesh:
    """A tree for a few metres' distance, one unit high: wood as tubes, leaves as cards of their clumps."""
    return _near_tree(kind, variant, season)


@lru_cache(maxsize=96)
def _near_tree(kind: str, variant: int, season: str) -> Mesh:
    species = species_of(kind)
    if not species.near:
        return crossed(kind, variant, season)
    grown = plant(kind, variant)
    solid = Solid(Clue.VEGETATION, Material.BARK)
    bark = linear(*(np.array(species.bark).mean(axis=0)))
    stout = grown.wood[:, 6] > (0.0016 if season == "bare" else 0.0026)
    for piece in grown.wood[stout]:
        sides = 7 if piece[6] > 0.012 else 4
        solid.tube(piece[:3], piece[3:6], piece[6], bark, end_radius=piece[7], sides=sides)
    if season != "bare":
        _cards(solid, grown, kind, season, variant)
        # the cards would darken each other: two hidden sprites throw the crown's shadow instead
        solid.add(_quad(sprite(kind, variant, season), frame(kind, variant, season), CASTS_SHADOW, True))
    return solid.mesh()


def _cards(solid: Solid, grown: Plant, kind: str, season: str, variant: int) -> None:
    from procedural_earth.objects.sprites import sky_access

    texture = clump_sprite(kind, season)
    rng = np.random.Generator(np.random.PCG64(variant + 5))
    centres = grown.clumps[:, :3]
    middle = (grown.at.min(axis=0) + grown.at.max(axis=0)) / 2
    extent = np.maximum((grown.at.max(axis=0) - grown.at.min(axis=0)) / 2, 1e-3)
    access = np.clip(sky_access(grown.at, 1.2), 0, 1)
    leaves = len(grown.at) // max(len(centres), 1)
    needle = kind in ("spruce", "larch")
    least = 0.018 if needle else 0.05
    size = np.clip(grown.clumps[:, 3], least, 0.12) * 1.35
    shades = np.empty(len(centres))
    sides, lifts = np.empty((2, len(centres), 2, 3))
    mirrored = np.empty((len(centres), 2), bool)
    for i, centre in enumerate(centres):
        if needle:
            near = np.argpartition(np.abs(grown.at - centre).sum(axis=1), 40)[:40]
            shades[i] = min(1.0, 0.75 + 0.5 * float(access[near].mean()))
        else:
            shades[i] = min(1.0, 0.75 + 0.5 * float(access[i * leaves : (i + 1) * leaves].mean()))
        for k in range(2):
            turn = rng.uniform(0, np.pi) + k * 1.57
            sides[i, k] = np.cos(turn), np.sin(turn), rng.normal(0, 0.15)
            lifts[i, k] = rng.normal(0, 0.25), rng.normal(0, 0.25), 1.0
            mirrored[i, k] = rng.random() < 0.5
    a, b = np.array([-1.0, 1, 1, -1])[:, None], np.array([-1.0, -1, 1, 1])[:, None]
    out = a * sides[:, :, None] + b * lifts[:, :, None]
    corners = centres[:, None, None] + size[:, None, None, None] * out
    outward = ((centres - middle) / extent)[:, None, None]
    normals = outward * 0.8 + out * 0.5 + np.array([0, 0, 0.55])
    normals /= np.linalg.norm(normals, axis=3, keepdims=True)
    plain = np.array([(0, 1), (1, 1), (1, 0), (0, 0)], float)
    uv = np.where(mirrored[:, :, None, None], np.array([1, 0]) + plain * np.array([-1, 1]), plain)
    solid.quads(
        corners.reshape(-1, 4, 3), normals.reshape(-1, 4, 3), uv.reshape(-1, 4, 2),
        np.repeat(shades, 2)[:, None, None], Material.FOLIAGE, texture=texture, flags=VISIBLE,
    )  # fmt: skip


def clump_sprite(kind: str, season: str) -> int:
    """Index of the texture of one leaf clump of that kind."""
    species = species_of(kind)

    def make():  # type: ignore[no-untyped-def]
        rng = np.random.Generator(np.random.PCG64(29))
        grown = plant(kind, 0)
        needle = kind in ("pine", "spruce", "larch")
        count = 560 if needle else 330
        length, width = (
            (0.17, 0.011)
            if needle
            else (0.115, 0.115 * float(np.clip(grown.size[:, 1].mean() / grown.size[:, 0].mean(), 0.25, 0.6)))
        )
        out = rng.normal(size=(count, 3))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        at = out * (rng.random(count) ** 0.5)[:, None] * np.array([0.78, 0.78, 0.62]) + np.array([0, 0, 1.0])
        along = out * (1.1 if needle else 0.6) + rng.normal(0, 0.5, (count, 3)) + np.array([0, 0, -0.25])
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        facing = rng.normal(0, 0.5, (count, 3)) + out * 0.4 + np.array([0, 0, 0.5])
        facing /= np.linalg.norm(facing, axis=1, keepdims=True)
        size = np.array([[length, width]]) * rng.uniform(0.65, 1.15, (count, 1))
        ends = at[::9]
        wood = np.concatenate(
            [np.tile([[0.0, 0.0, 0.85]], (len(ends), 1)), ends, np.tile([[0.02, 0.008]], (len(ends), 1))],
            axis=1,
        )
        tone = np.clip(rng.normal(0.5, 0.24, count), 0, 1)
        hue = np.where(rng.random(count) < 0.12, 1, 0)
        tuft = Plant(at, along, facing, size, tone, hue, wood, np.full(len(wood), 2), np.zeros((0, 4)))
        texture = draw(
            tuft,
            _palette(species, season),
            height=192,
            width=192,
            turn=0.0,
            half_width=1.0,
            thickness=0.7,
            snow=0.75 if season == "snow" else 0.0,
            top=2.0,
            rng=rng,
        )
        return texture.rgba

    return BOOK.index(("clump", kind, season), make)


def crossed(kind: str, variant: int, season: str) -> Mesh:
    """Two sprites across each other, one unit high."""
    return _quad(sprite(kind, variant, season), frame(kind, variant, season), VISIBLE | CASTS_SHADOW, True)
