from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from procedural_earth.__main__ import main

pytestmark = pytest.mark.slow  # the renderer compiles first


def test_draws_a_panorama_and_a_view(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.jpg"
    assert main(["render", "--lat", "48.2", "--lng", "1.5", "--size", "128", "--out", str(out)]) == 0
    assert json.loads(capsys.readouterr().out)["country"] == "FR"
    with Image.open(out) as picture:
        assert picture.size == (128, 64)
    view = tmp_path / "b.png"
    words = ["render", "--lat", "48.2", "--lng", "1.5", "--view", "90", "--size", "64", "--out", str(view)]
    assert main(words) == 0
    with Image.open(view) as picture:
        assert picture.size == (64, 64)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lat", "91", "--lng", "0", "--out", "a.jpg"], "render: latitude 91.0"),
        (["--lat", "1", "--lng", "0", "--hour", "30", "--out", "a.jpg"], "render: the hour is 30.0"),
        (["--lat", "1", "--lng", "0", "--out", "a.gif"], "ends in .jpg or .png"),
        (["--lat", "1", "--lng", "0", "--out", "nowhere/a.jpg"], "no such directory"),
        (["--lat", "1", "--lng", "0", "--size", "99", "--out", "a.jpg"], "multiple of 8"),
        (["--lat", "1", "--lng", "0", "--without", "fun", "--out", "a.jpg"], "unknown clue 'fun'"),
    ],
)
def test_bad_input_says_what_to_do(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["render", *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
