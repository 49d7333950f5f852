from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from planet_core.near_duplicates_pairs import (
    EXAMINED,
    KINDS,
    TRAINED,
    TWO_AT_ONCE,
    Amounts,
    make,
)
from tests.planet_core.made_scenes import scene


def alike(first: Image.Image, second: Image.Image) -> float:
    """Mean difference per pixel of the two, brought to one size."""
    one, two = (np.asarray(picture.resize((64, 48)), dtype=np.float64) for picture in (first, second))
    return float(abs(one - two).mean())


@pytest.mark.parametrize("kind", [*KINDS, TWO_AT_ONCE])
@pytest.mark.parametrize("amounts", [EXAMINED, TRAINED])
def test_a_made_duplicate_is_another_picture_of_the_same(kind: str, amounts: Amounts) -> None:
    picture = scene(3)
    before = picture.tobytes()
    for seed in range(6):
        made = make(picture, kind, np.random.default_rng(seed), amounts)
        assert made.mode == "RGB"
        assert made.tobytes() != before
        assert make(picture, kind, np.random.default_rng(seed), amounts).tobytes() == made.tobytes()
    assert picture.tobytes() == before


@pytest.mark.parametrize("size", [(16, 16), (17, 400), (400, 17)])
@pytest.mark.parametrize("kind", [*KINDS, TWO_AT_ONCE])
def test_odd_shapes_are_altered_as_well(kind: str, size: tuple[int, int]) -> None:
    for seed in range(4):
        made = make(Image.new("RGB", size, "teal"), kind, np.random.default_rng(seed), TRAINED)
        assert min(made.size) >= 1


def test_what_each_kind_does() -> None:
    picture, rng = scene(4, (200, 100)), np.random.default_rng(0)
    assert make(picture, "re-encoded", rng).size == (200, 100)
    assert make(picture, "cropped", rng).size == (160, 80)
    width, height = make(picture, "resized", rng).size
    assert width < 130
    assert height < 65
    assert 0 < alike(picture, make(picture, "re-encoded", rng)) < 12
    greys = [np.ptp(np.asarray(make(picture, "re-toned", rng)), axis=2).max() == 0 for _ in range(60)]
    assert 0 < sum(greys) < 30  # one in six
    sizes = {make(picture, "rotated", rng).size for _ in range(20)}
    assert (200, 100) in sizes
    assert len(sizes) > 3


def test_a_cropped_rotation_has_no_empty_corner() -> None:
    white = Image.new("RGB", (120, 90), "white")
    for seed in range(12):
        made = make(white, "rotated", np.random.default_rng(seed), TRAINED)
        if made.size != white.size:
            assert np.asarray(made).min() > 200


def test_a_caption_is_text_over_a_border() -> None:
    grey = Image.new("RGB", (160, 120), (128, 128, 128))
    for seed in range(10):
        made = np.asarray(make(grey, "captioned", np.random.default_rng(seed)))
        bars = [made[:5], made[-5:], made[:10], made[-10:]]
        assert any(np.ptp(bar) > 100 or (bar != 128).all() for bar in bars)
        assert (made == 128).all(axis=2).mean() > 0.6


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'blurred' \(one of re-encoded, .*two at once\)"):
        make(scene(0), "blurred", np.random.default_rng(0))


def test_pairs_and_bits_do_not_load_torch() -> None:
    code = (
        "import sys, planet_core.near_duplicates_bits, planet_core.near_duplicates_pairs,"
        " planet_core.near_duplicates_sequences, planet_core.near_duplicates_sides;"
        " sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
