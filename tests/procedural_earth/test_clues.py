from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from procedural_earth.clues import CLUES, SURE_WORDS, Clue, Shot
from procedural_earth.facts_grids import is_sea

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "static" / "learn"


@pytest.mark.parametrize("clue", CLUES, ids=lambda clue: clue.name)
def test_each_clue_is_explained(clue: Clue) -> None:
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", clue.text)) <= 4
    assert clue.sure_words in SURE_WORDS.values()
    assert clue.reason
    for shot in clue.shots:
        assert not is_sea(shot.lat, shot.lng).any()
        dt.date.fromisoformat(shot.date)


def test_names_are_unique() -> None:
    assert len({clue.name for clue in CLUES}) == len(CLUES)


def test_each_clue_has_its_picture_and_all_are_small() -> None:
    assert {path.name for path in PICTURES.iterdir()} == {clue.file for clue in CLUES}
    for clue in CLUES:
        with Image.open(PICTURES / clue.file) as image:
            assert image.size == (640, 400)
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) <= 1_500_000


def test_the_clues_need_no_renderer() -> None:
    program = (
        "import sys, procedural_earth.clues, procedural_earth.play_set, procedural_earth.artist;"
        "print('numba' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


@pytest.mark.slow
@pytest.mark.timeout(400)  # the renderer may have to be compiled first
def test_a_view_shows_what_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    from procedural_earth import clue_pictures

    shot = Shot(place="Lyon", lat=45.76, lng=4.99, date="2025-02-05", hour=12.0, show="sun", pitch=12)
    aim = clue_pictures.aimed(shot)
    assert 170 < aim.heading < 190, "at noon the sun of the north stands in the south"
    assert clue_pictures.view(shot, 96, 64).size == (96, 64)
    trees = Shot(place="Lyon", lat=45.76, lng=4.99, date="2025-02-05", hour=12.0, show="vegetation")
    assert clue_pictures.aimed(trees).found > 0
