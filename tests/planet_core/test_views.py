from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from planet_core import images, views
from tests.planet_core.made import gradient_panorama, noise_picture


def quarters() -> Image.Image:
    """Wide, with another colour in each quarter and a white middle."""
    pixels = np.zeros((80, 160, 3), dtype=np.uint8)
    pixels[:40, :80, 0] = pixels[:40, 80:, 1] = pixels[40:, :80, 2] = 200
    pixels[40:, 80:, :2] = 200
    pixels[30:50, 70:90] = 255
    return Image.fromarray(pixels)


def test_one_crop_is_the_middle_square() -> None:
    picture = noise_picture(1, (90, 50))
    [square] = views.crops(picture, 1, 32)
    assert np.array_equal(square, images.fit_square(picture, 32))


def test_five_crops_are_the_corners_and_the_middle() -> None:
    crops = [np.asarray(crop, dtype=float) for crop in views.crops(quarters(), 5, 64)]
    assert [crop.shape for crop in crops] == [(64, 64, 3)] * 5
    corners = [
        crop[row, column]
        for crop, (row, column) in zip(crops, [(4, 4), (4, -5), (-5, 4), (-5, -5)], strict=False)
    ]
    for corner, colour in zip(corners, [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)], strict=True):
        assert corner == pytest.approx(colour, abs=3)
    assert crops[4][32, 32] == pytest.approx((255, 255, 255), abs=3)
    # 7/8 of the shorter side, 80: a corner's square ends at pixel 70, before the white middle
    assert (crops[0][:, -1].min(axis=1) < 100).all()
    assert all((crops[n][32:44, 32:44].min(axis=2) < 250).any() for n in range(4))


@pytest.mark.parametrize("count", [0, 2, 10])
def test_other_numbers_of_crops_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"1 or 5 crops of a picture, not {count}"):
        views.crops(noise_picture(1), count, 32)


def test_headings_go_around_the_horizon() -> None:
    assert views.headings(4) == [0, 90, 180, 270]
    assert views.headings(3) == [0, 120, 240]
    panorama = gradient_panorama()
    seen = views.panorama_views(panorama, 4, 48)
    for view, heading in zip(seen, views.headings(4), strict=True):
        assert np.array_equal(view, images.cut_view(panorama, heading, fov=90, size=(48, 48)))
    assert not np.array_equal(seen[0], seen[1])
    with pytest.raises(ValueError, match="at least one heading, not 0"):
        views.panorama_views(panorama, 0, 48)
    with pytest.raises(ValueError, match="twice as wide as high, not 64 x 48"):
        views.panorama_views(noise_picture(1), 4, 48)


def test_fusion_takes_the_mean_it_says() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(7), 6).astype(np.float32)
    arithmetic = views.fuse(rows, 3, "arithmetic")
    np.testing.assert_allclose(arithmetic[1], rows[3:].mean(axis=0), rtol=1e-6)
    geometric = views.fuse(rows, 3, "geometric")
    product = np.prod(rows[:3].astype(float), axis=0) ** (1 / 3)
    np.testing.assert_allclose(geometric[0], product / product.sum(), rtol=1e-6)
    assert geometric.shape == arithmetic.shape == (2, 7)
    assert geometric.dtype == np.float32
    np.testing.assert_allclose(geometric.sum(axis=1), 1, atol=1e-6)


def test_four_equal_views_are_as_sure_as_one() -> None:
    row = np.array([0.7, 0.2, 0.1], dtype=np.float32)
    for fusion in views.FUSIONS:
        np.testing.assert_allclose(views.fuse(np.tile(row, (4, 1)), 4, fusion)[0], row, rtol=1e-6)


def test_a_flat_view_takes_nothing_from_the_order_of_the_others() -> None:
    clear, dull = [0.98, 0.01, 0.01], [1 / 3, 1 / 3, 1 / 3]
    assert views.fuse([clear, dull], 2, "geometric")[0, 0] > views.fuse([clear, dull], 2, "arithmetic")[0, 0]


def test_what_was_rounded_to_nothing_does_not_break_the_fusion() -> None:
    fused = views.fuse([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], 2, "geometric")[0]
    np.testing.assert_allclose(fused, [0.5, 0.5, 0.0], atol=1e-6)


def test_fusions_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown fusion 'best'"):
        views.fuse([[1.0]], 1, "best")
    with pytest.raises(ValueError, match=r"shape \(3, 2\) are not those of 2 views each"):
        views.fuse(np.full((3, 2), 0.5), 2, "geometric")


def test_conditions_have_names() -> None:
    assert [views.crop_condition(1), views.crop_condition(5)] == ["view", "five-crop"]
    assert views.panorama_condition(4) == "panorama-4"
    assert views.panorama_condition(8, "arithmetic") == "panorama-8-arithmetic"
