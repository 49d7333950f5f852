from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = (ROOT / "docs" / "settings.md").read_text()
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))


def calls() -> dict[str, list[ast.expr]]:
    """Each variable that the settings read, with the further arguments of the helper that reads it."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "geogame" / "settings.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("env_"):
            name = ast.literal_eval(node.args[0])
            found[name] = node.args[1:]
    return found


def test_the_settings_read_something() -> None:
    assert {"DATABASE_URL", "REDIS_URL", "MEDIA_ROOT", "SECRET_KEY", "DEBUG", "PORT"} <= set(calls())


def test_each_variable_is_explained_and_each_explained_one_is_read() -> None:
    assert sorted(SECTIONS) == sorted(calls())


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_each_section_says_meaning_default_and_example(name: str) -> None:
    meaning, *items = SECTIONS[name].strip().split("\n- ")
    assert len(meaning.split()) >= 5
    assert [item.split(":")[0] for item in items] == ["Default", "Example"]
    assert f"`{name}=" in items[1]


@pytest.mark.parametrize("name", sorted(calls()))
def test_a_simple_default_is_the_one_of_the_code(name: str) -> None:
    default = calls()[name][0] if calls()[name] else None
    if isinstance(default, ast.Constant) and default.value != "":
        value = default.value
        expected = str(int(value)) if isinstance(value, bool | float) else str(value)
        assert f"- Default: `{expected}`" in SECTIONS[name]
