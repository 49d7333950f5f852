"""What docs/responsible-use.md promises, where no other test sees to it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "responsible-use.md").read_text()
FOR_PLAYERS = ("pages", "live", "rooms", "games", "round_sets", "studies", "profiles", "ratings", "accounts")
READS_FILES = {"FileField", "ImageField", "ClearableFileInput", "FileInput", "MultiPartParser"}


def modules_for_players() -> list[Path]:
    found = [path for app in FOR_PLAYERS for path in (ROOT / "geogame" / app).rglob("*.py")]
    return [path for path in found if path.name != "admin.py" and "migrations" not in path.parts]


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)
    assert len(named) >= 8
    for path, name in named:
        tree = ast.walk(ast.parse((ROOT / path).read_text()))
        assert name in {node.name for node in tree if isinstance(node, ast.FunctionDef)}, f"{path}::{name}"


def test_no_page_for_players_takes_a_file() -> None:
    paths = modules_for_players()
    assert len(paths) > 100
    for path in paths:
        tree = ast.parse(path.read_text())
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not (names | attributes) & READS_FILES, path
        assert "FILES" not in attributes, path
    templates = [path for path in (ROOT / "templates").rglob("*.html") if "admin" not in path.parts]
    assert len(templates) > 50
    for path in templates:
        text = path.read_text().lower()
        assert "multipart/form-data" not in text, path
        assert not re.search(r"type=[\"']?file", text), path
    for path in (ROOT / "static" / "js").rglob("*.js"):
        if "admin" not in path.parts:
            assert not re.search(r"type\s*=\s*[\"']file|new FileReader", path.read_text()), path


def test_a_prediction_is_of_a_panorama_with_a_place() -> None:
    from geogame.panoramas.models import Panorama
    from geogame.predictions.models import Prediction

    assert Prediction._meta.get_field("panorama").null is False
    assert Panorama._meta.get_field("lat").null is False
    assert Panorama._meta.get_field("lng").null is False


def test_the_shipped_models_know_drawings_alone(db: None, settings: object) -> None:
    from geogame.registry.services import install_shipped

    version = install_shipped(ROOT / "procedural_earth" / "model", name="PlaNet Earth")
    assert version is not None
    assert version.trained_on_drawings
    assert "**What it is not for.** Photographs." in version.card
    albums = install_shipped(ROOT / "procedural_earth" / "album_model", name="PlaNet Earth, albums")
    assert albums is not None
    assert albums.trained_on_drawings
    assert "It learnt from drawn pictures." in albums.card
    others = [path for path in ROOT.glob("*/**/*.safetensors") if "node_modules" not in path.parts]
    shipped = {path for path in others if not {"data", ".venv"} & set(path.parts)}
    folders = ("model", "album_model")
    assert shipped == {ROOT / "procedural_earth" / folder / "model.safetensors" for folder in folders}
