from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from procedural_earth.mesh import CASTS_SHADOW, VISIBLE, Clue, Mesh
from procedural_earth.objects import lettering, palette, sign_faces, signs, vegetation, vehicles
from procedural_earth.objects.building_parts import BAY_M
from procedural_earth.objects.buildings import FAMILIES, SIZES, building
from procedural_earth.objects.fields import crop_at, crop_names
from procedural_earth.objects.flags import LAYOUTS, flag_texture, flagpole
from procedural_earth.objects.furniture import bollard, rarity, utility_pole, wires
from procedural_earth.objects.landmarks import KINDS, landmark
from procedural_earth.objects.solids import Solid, instances, linear
from procedural_earth.objects.species import LOW, SPECIES
from procedural_earth.objects.textures import BOOK, SCENE_FIRST, compact

NAMES = {
    "Latin": "Überlingen", "Cyrillic": "Тея", "Greek": "Θεσσαλονίκη", "Arabic": "القاهرة", "Hebrew": "חולון",
    "Devanagari": "दिल्ली", "Thai": "มีนบุรี", "Chinese": "北京", "Japanese": "南木曽町", "Korean": "서울",
    "Bengali": "ঢাকা", "Georgian": "თბილისი", "Armenian": "Երևան", "Khmer": "ភ្នំពេញ", "Amharic": "አዲስ",
    "Tamil": "சென்னை", "Lao": "ວຽງຈັນ", "Burmese": "ရန်ကုန်", "Sinhala": "කොළඹ",
}  # fmt: skip
fonts = pytest.mark.skipif(not lettering.fonts_folder().is_dir(), reason="needs the fonts of npm ci")


def sound(mesh: Mesh) -> None:
    """What every mesh must keep for the rasteriser."""
    count, faces = len(mesh.positions), len(mesh.triangles)
    assert faces > 0
    assert np.isfinite(mesh.positions).all()
    assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-3)
    assert mesh.triangles.min() >= 0
    assert mesh.triangles.max() < count
    assert mesh.colours.min() >= 0
    assert mesh.colours.max() <= 1
    for column in (mesh.material, mesh.texture, mesh.clue, mesh.flags):
        assert column is not None
        assert len(column) == faces
    assert mesh.texture.max() < len(BOOK)


def test_instances_turn_clockwise_and_scale() -> None:
    solid = Solid(Clue.OTHER)
    solid.box((-1, 0, 0), (1, 4, 1), linear(255, 0, 0))
    made = instances(
        solid.mesh(), np.array([[10, 0, 5.0], [0, 0, 0]]), np.array([90.0, 0.0]), np.array([2.0, 1.0])
    )
    first = made.positions[: len(made.positions) // 2]
    assert first[:, 0].min() == pytest.approx(10)
    assert first[:, 0].max() == pytest.approx(18)  # its y axis looks east
    assert first[:, 2].max() == pytest.approx(7)
    one = instances(solid.mesh(), np.array([[10, 0, 5.0]]), np.array([90.0]), np.array([2.0]))
    assert np.allclose(one.positions, first, atol=1e-4)
    assert np.allclose(one.normals, made.normals[: len(one.normals)], atol=1e-5)


def test_compact_renumbers_textures_and_keeps_plain_triangles() -> None:
    shared = BOOK.index("test of compact", lambda: np.zeros((2, 2, 4), np.uint8))
    solid = Solid(Clue.SIGN)
    corners = [(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)]
    for texture in (-1, SCENE_FIRST, shared):
        solid.polygon(corners, texture=texture, uv=signs.UV)
    own = BOOK[shared]
    mesh, textures = compact(solid.mesh(), [own])
    assert mesh.texture.tolist() == [-1, -1, 1, 1, 0, 0]
    assert textures == (own, own)


@pytest.mark.parametrize("family", FAMILIES)
def test_buildings_are_sound_and_stand_on_the_ground(family: str) -> None:
    for size in SIZES:
        house = building(family, size, 0)
        mesh = house.painted((0.5, 0.4, 0.3), (0.2, 0.1, 0.1), (0.9, 0.9, 0.9))
        sound(mesh)
        assert (mesh.clue == Clue.BUILDING).all()
        assert mesh.positions[:, 2].min() < 0.01  # no gap below it
        assert house.width_m > BAY_M
        assert 2 < mesh.positions[:, 2].max() < 90


def test_a_building_wears_its_paint() -> None:
    house = building("nordic_timber", "small", 1)
    wall = (0.31, 0.02, 0.01)
    painted = house.painted(wall, (0.1, 0.1, 0.1), (0.8, 0.8, 0.8))
    assert np.isclose(painted.colours, wall, atol=1e-4).all(axis=1).any()
    assert house.mesh.colours.min() < 0  # the kept one stays unpainted


@pytest.mark.parametrize("kind", KINDS)
def test_landmarks_are_sound(kind: str) -> None:
    sound(landmark(kind).painted((0.5, 0.5, 0.5), (0.2, 0.1, 0.1), (0.9, 0.9, 0.9)))


@pytest.mark.parametrize("kind", vehicles.KINDS)
def test_vehicles_have_their_length_wheels_on_the_ground_and_plates(kind: str) -> None:
    plate = BOOK.index("a plate", lambda: sign_faces.number_plate("", "white"))
    mesh = vehicles.vehicle(kind, (0.3, 0.3, 0.3), (plate, 4.6), (plate, 4.6))
    sound(mesh)
    assert mesh.positions[:, 2].min() == pytest.approx(0, abs=0.03)
    assert np.ptp(mesh.positions[:, 1]) == pytest.approx(vehicles.LENGTH_M[kind], rel=0.2)
    assert mesh.texture[mesh.clue == Clue.PLATE].tolist() in ([plate] * 4, [plate] * 2)
    bare = vehicles.vehicle(kind, (0.3, 0.3, 0.3), (-1, 4.6), (-1, 4.6))
    assert not (bare.clue == Clue.PLATE).any()


def test_front_and_rear_plates_are_told_apart() -> None:
    front = BOOK.index("front", lambda: sign_faces.number_plate("", "white"))
    rear = BOOK.index("rear", lambda: sign_faces.number_plate("", "yellow"))
    mesh = vehicles.vehicle("sedan", (0.3, 0.3, 0.3), (front, 4.6), (rear, 4.6))
    for texture, ahead in ((front, True), (rear, False)):
        corners = mesh.positions[mesh.triangles[mesh.texture == texture].ravel()]
        assert (corners[:, 1] > 0).all() == ahead


def test_the_plants_of_the_facts_grow() -> None:
    assert {
        "spruce", "pine", "birch", "broadleaf", "poplar", "olive", "cypress", "palm_coconut", "palm_date",
        "acacia",
        "eucalyptus", "rainforest", "bamboo", "cactus", "shrub", "baobab", "larch",
    } <= set(SPECIES)  # fmt: skip
    assert {"wheat", "maize", "rice_paddy", "vineyard", "sunflower", "tea"} <= set(LOW)


@pytest.mark.parametrize("kind", ["birch", "spruce", "palm_date", "cactus"])
def test_a_sprite_is_a_plant_with_a_foot_and_air_around(kind: str) -> None:
    texture = BOOK[vegetation.sprite(kind, 0, "green")]
    alpha = texture.rgba[..., 3] / 255
    assert 0.03 < alpha.mean() < 0.9
    height, width = alpha.shape
    assert alpha[-2:, width // 4 : -width // 4].max() > 0.5  # it does not float
    assert alpha[:, 0].mean() < 0.2
    assert texture.normal is not None
    assert texture.normal.shape == (height, width, 3)


def test_seasons_change_what_a_tree_wears() -> None:
    assert vegetation.season_of("birch", "bare", 0.0) == "bare"
    assert vegetation.season_of("birch", "autumn", 0.0) == "autumn"
    assert vegetation.season_of("spruce", "bare", 0.9) == "snow"
    assert vegetation.season_of("palm_coconut", "bare", 0.0) == "green"
    cover = {s: BOOK[vegetation.sprite("birch", 0, s)].rgba[..., 3].mean() for s in ("green", "bare")}
    assert cover["bare"] < 0.6 * cover["green"]
    green, autumn = (BOOK[vegetation.sprite("birch", 0, s)].rgba.astype(float) for s in ("green", "autumn"))
    assert (autumn[..., 0] - autumn[..., 1]).mean() > (green[..., 0] - green[..., 1]).mean() + 20


def test_the_same_plant_grows_twice_alike() -> None:
    kind = SPECIES["shrub"]
    first, second = (kind.grow(np.random.Generator(np.random.PCG64(3))) for _ in range(2))
    assert np.array_equal(first.at, second.at)
    assert np.array_equal(first.wood, second.wood)


def test_billboards_face_the_eye_and_throw_one_shadow_each() -> None:
    feet = np.array([[10.0, 0, 0], [0, 300.0, 0]])
    meshes = vegetation.billboards(
        "shrub", "green", feet, np.ones(2), np.zeros(2, int), np.ones((2, 3), np.float32), eye=(0.0, 0.0)
    )
    seen = [m for m in meshes if m.flags is not None and (m.flags & VISIBLE).all()]
    for mesh, foot in zip(seen, feet, strict=True):
        across = mesh.positions[1] - mesh.positions[0]
        assert abs(across @ foot) < 1e-3 * np.linalg.norm(foot)
    hidden = [m for m in meshes if m.flags is not None and (m.flags == CASTS_SHADOW).all()]
    assert [len(m.triangles) for m in hidden] == [2]


def test_near_trees_are_sound() -> None:
    sound(vegetation.near_tree("olive", 0, "green"))
    sound(vegetation.near_tree("birch", 0, "bare"))


@fonts
@pytest.mark.parametrize("script", NAMES)
def test_names_are_written_in_their_script(script: str) -> None:
    text = NAMES[script]
    assert lettering.readable(text, "Fallback", script) == (text, script)
    image = lettering.write(text, script, 48, (0, 0, 0))
    ink = np.asarray(image)[..., 3] > 128
    assert ink.any(axis=0).mean() > 0.5
    assert image.width > 20


@fonts
def test_a_missing_glyph_falls_back_to_latin_and_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    lettering._warned.clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert lettering.readable("ᠮᠣ", "Mongol", "Mongolian") == ("Mongol", "Latin")
    assert len(caplog.records) == 1
    assert "npm ci" in caplog.text


@fonts
def test_a_town_sign_shows_its_letters_only_where_it_may() -> None:
    lettered, aspect = sign_faces.town_sign("มีนบุรี", "Min Buri", "Thai", "blue", "white")
    blank, _ = sign_faces.town_sign("มีนบุรี", "Min Buri", "Thai", "blue", "white", lettering=False)
    other, _ = sign_faces.town_sign("Ulm", "Ulm", "Latin", "blue", "white", lettering=False)
    assert aspect > 1
    assert len(np.unique(lettered[20:-20, 20:-20, :3].reshape(-1, 3), axis=0)) > 5
    inner = blank[20:-20, 20:-20, :3]
    assert (inner == inner[0, 0]).all()
    assert np.array_equal(other, blank)  # nor does its size tell the name


@fonts
def test_every_language_of_the_facts_has_shop_words_that_can_be_written() -> None:
    for language, words in lettering.SHOP_WORDS.items():
        script = {v: k for k, v in lettering._SCRIPT_LANGUAGE.items()}.get(language, "Latin")
        if language in ("fa", "ur"):
            script = "Arabic"
        elif language in ("uk", "bg", "sr"):
            script = "Cyrillic"
        elif language == "ne":
            script = "Devanagari"
        for word in words:
            assert lettering.readable(word, "", script) == (word, script)


def test_warnings_differ_by_family_and_picture() -> None:
    faces = [
        sign_faces.warning(style, "cattle") for style in ("vienna-white", "vienna-yellow", "diamond-yellow")
    ]
    faces += [
        sign_faces.warning("vienna-white", picture)
        for picture in sign_faces.PICTOGRAMS
        if picture != "cattle"
    ]
    for i, one in enumerate(faces):
        assert all((one != other).any() for other in faces[i + 1 :])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_flags_show_their_colours(layout: str) -> None:
    texture = flag_texture(layout, ("red", "white", "blue"))
    assert texture >= 0
    assert len(np.unique(BOOK[texture].rgba.reshape(-1, 4), axis=0)) >= 2
    sound(flagpole(layout, ("red", "white", "blue")))


def test_an_unknown_flag_leaves_its_pole_bare() -> None:
    assert flag_texture("none", ("red",)) == -1
    assert (flagpole("none", ()).texture == -1).all()


def test_furniture_is_sound() -> None:
    for style in ("white|black-slant|silver", "none", "black|white-ring|red"):
        sound(bollard(style))
    for kind in ("wood", "concrete", "metal"):
        sound(utility_pole(kind, 1, True))
    assert rarity("yellow_school_bus") is None
    box = rarity("red_post_box")
    assert box is not None
    sound(box)


def test_wires_hang_below_their_poles_tops() -> None:
    feet = np.array([[0.0, 0, 0], [0, 40, 2], [0, 80, 0]])
    hung = wires(feet, np.tile([[1.0, 0.0]], (3, 1)), 0, np.random.Generator(np.random.PCG64(1)))
    assert len(hung.starts) == 2 * 8 * 5
    low = np.minimum(hung.starts[:, 2], hung.ends[:, 2])
    assert low.min() > 4.5
    assert np.allclose(hung.ends[0], hung.starts[1])


def test_colour_names_of_the_facts_are_known() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    for name in ("plaster-color", "mud", "siding", "wood-red", "limestone", "no such wall"):
        assert all(0 <= value <= 1 for value in palette.wall_paint(rng, (name,), "cream"))
    for name in ("corrugated", "hip-terracotta", "kawara", "thatch"):
        assert all(0 <= value <= 1 for value in palette.roof_paint(rng, (name,), "red"))
    assert palette.named("K") == palette.named("black")


def test_crops_are_named_from_the_ground() -> None:
    from procedural_earth import ground
    from procedural_earth import palette as earth

    rows = [[0.1] * 6 + list(earth.CROPS[name][2:]) for name in ("wheat", "tea")]
    fields = dict.fromkeys(ground.Look._fields, 0.0)
    look = ground.Look(**{**fields, "crops": np.array(rows), "farms": 1.1, "seed": 5})  # type: ignore[arg-type]
    assert crop_names(look) == ["wheat", "tea"]
    x = np.linspace(-400, 400, 300)
    crop, edge, _ = crop_at(look, (0.0, 1.0), x, x * 0.3)
    assert set(crop) == {0, 1}
    assert edge.min() >= 0


def test_without_fonts_signs_are_in_plain_latin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(lettering.FONT_VARIABLE, str(tmp_path))
    monkeypatch.setattr(lettering, "_warned", set())
    for _ in range(2):
        text, script = lettering.readable("Тея", "Teya 12", "Cyrillic")
        assert (text, script) == ("Teya 12", "Latin")
        assert np.asarray(lettering.write(text, script, 32, (0, 0, 0)))[..., 3].any()
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "Signs in Cyrillic script show Latin names",
        "Signs are lettered plainly",
    ]
