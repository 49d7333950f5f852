from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_core.country_polygons import simplified
from planet_core.geography import GeographyError, country_at, country_codes, country_outline


def area(ring: list[list[float]]) -> float:
    """Positive where it turns counter-clockwise."""
    x, y = np.array(ring).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


@pytest.mark.slow
def test_outlines_of_all_countries_are_light_and_follow_geojson() -> None:
    sizes = []
    for code in country_codes():
        outline = country_outline(code)
        polygons = outline["geometry"]["coordinates"]
        assert outline["properties"]["code"] == code
        assert polygons, code
        for outer, *holes in polygons:
            for ring in (outer, *holes):
                assert len(ring) >= 4
                assert ring[0] == ring[-1]
                lng, lat = np.array(ring).T
                assert (np.abs(lng) <= 180).all()
                assert (np.abs(lat) <= 90).all()
            assert area(outer) >= 0 >= max(map(area, holes), default=0)
        sizes.append(len(json.dumps(outline)))
    assert max(sizes) < 80_000
    assert np.median(sizes) < 6_000


def test_an_outline_is_that_of_the_country() -> None:
    from matplotlib.path import Path

    for code, lat, lng in (
        ("FR", 47.0, 2.0),
        ("LS", -29.5, 28.2),
        ("RU", 67.0, -178.0),
        ("NZ", -44.0, 170.5),
    ):
        assert country_at(lat, lng) == code
        polygons = country_outline(code)["geometry"]["coordinates"]
        assert sum(Path(np.array(outer)).contains_point((lng, lat)) for outer, *_ in polygons) == 1


def test_lesotho_is_a_hole_in_south_africa() -> None:
    [_, *holes] = country_outline("ZA")["geometry"]["coordinates"][0]
    assert any(abs(area(hole)) > 2 for hole in holes)


@pytest.mark.slow
def test_a_larger_tolerance_gives_fewer_points() -> None:
    sizes = [len(json.dumps(country_outline("NO", km))) for km in (0.0, 1.0, 5.0, 25.0)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 10 * sizes[-1]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 50.0))
def test_a_simplified_ring_stays_within_the_tolerance(seed: int, tolerance_km: float) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 60))
    radius = rng.uniform(0.5, 1.5, 60)
    ring = np.column_stack([10 + radius * np.cos(angle), 50 + radius * np.sin(angle)])
    small = simplified(ring, tolerance_km)
    assert set(map(tuple, small.tolist())) <= set(map(tuple, ring.tolist()))
    scale = np.array([np.cos(np.radians(ring[:, 1].mean())), 1.0]) * 111.195
    start = small * scale
    line = np.roll(start, -1, axis=0) - start
    from_start = (ring * scale)[:, None] - start
    share = np.clip((from_start * line).sum(axis=2) / np.maximum((line**2).sum(axis=1), 1e-12), 0, 1)
    distance_km = np.linalg.norm(from_start - share[:, :, None] * line, axis=2).min(axis=1)
    assert distance_km.max() <= tolerance_km * (1 + 1e-6)


def test_a_small_country_keeps_its_shape() -> None:
    for code in ("VA", "MC", "SM", "AD", "TV"):
        assert len(country_outline(code)["geometry"]["coordinates"][0][0]) > 8, code


@pytest.mark.parametrize("km", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_that_is_none_is_refused(km: float) -> None:
    with pytest.raises(GeographyError, match="simplify_km"):
        country_outline("DE", km)
