from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from planet_core import album_evaluation, geo
from planet_core.album_evaluation import ORACLE, ORDERS, Order, Photos, evaluate, together, verdict
from planet_core.albums import Album, AlbumPhoto
from planet_core.intervals import Estimate, student_t
from planet_core.paper_numbers import ALBUMS

SCALES = ("1", "25", "200", "750", "2500")


def album(name: str, places: list[tuple[float, float] | None], cueless: tuple[int, ...] = ()) -> Album:
    photos = [
        AlbumPhoto(Path(f"{name}-{n}"), *(place or (None, None)), None, "none" if n in cueless else None)
        for n, place in enumerate(places)
    ]
    return Album(name, tuple(photos), "made")


def trips(count: int, seed: int = 0) -> tuple[Photos, np.random.Generator]:
    """Albums of 1 to 12 photos in Europe, some with a second place far away."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        home = rng.uniform((40, 0), (60, 20))
        length = int(rng.integers(1, 13))
        away = rng.random() < 0.4
        places = [
            home + rng.normal(0, 1, 2) + (away and n > length // 2) * np.array([0, 60]) for n in range(length)
        ]
        cueless = tuple(np.flatnonzero(rng.random(length) < 0.2).tolist())
        made.append(album(str(number), [(float(lat), float(lng)) for lat, lng in places], cueless))
    return Photos.of(made), rng


def answers(photos: Photos, rng: np.random.Generator, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Answers that are off by so many degrees, wholly or (one in three) not at all."""
    off = rng.normal(0, degrees, (2, len(photos))) * (rng.random(len(photos)) < 0.67)
    return photos.lat + off[0], photos.lng + off[1]


def kilometres(photos: Photos, points: tuple[np.ndarray, np.ndarray]) -> list[float]:
    """One photo after another, by the spherical law of cosines."""
    found = []
    for lat1, lng1, lat2, lng2 in zip(*points, photos.lat, photos.lng, strict=True):
        a, b, c = (math.radians(x) for x in (lat1, lat2, lng2 - lng1))
        cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(c)
        found.append(geo.EARTH_RADIUS_KM * math.acos(min(1.0, cosine)))
    return found


def test_photos_stand_album_by_album() -> None:
    photos = Photos.of([album("a", [(1, 2), None], cueless=(1,)), album("b", [(3, 4)])])
    assert photos.album.tolist() == [0, 0, 1]
    assert photos.position.tolist() == [0, 1, 0]
    assert photos.length.tolist() == [2, 2, 1]
    assert photos.located.tolist() == [True, False, True]
    assert photos.cueless.tolist() == [False, True, False]


def test_shares_and_medians_are_those_counted_one_by_one() -> None:
    photos, rng = trips(30)
    rows = {"single": answers(photos, rng, 5), "avg": answers(photos, rng, 2)}
    report = evaluate(photos, rows)
    for name, points in rows.items():
        km = kilometres(photos, points)
        found = report["rows"][name]
        assert found["photos"] == len(km)
        assert found["albums"] == 30
        for scale in SCALES:
            share = sum(distance <= float(scale) for distance in km) / len(km)
            assert found["within_km"][scale]["value"] == pytest.approx(share)
            assert found["within_km"][scale]["low"] <= share <= found["within_km"][scale]["high"]
        assert found["median_km"] == pytest.approx(float(np.median(km)), rel=1e-6)


def test_photos_without_a_place_are_not_scored_and_no_answer_is_a_miss() -> None:
    photos = Photos.of([album("a", [(1, 2), None, (1, 2)]), album("b", [None]), album("c", [(5, 5)])])
    lat, lng = np.array([1, 9, np.nan, 9, 5.0]), np.array([2, 9, np.nan, 9, 5.0])
    report = evaluate(photos, {"single": (lat, lng)})
    assert (report["albums"], report["photos"]) == (3, 5)
    assert report["scored"] == {"albums": 2, "photos": 3}
    assert report["rows"]["single"]["within_km"]["1"]["value"] == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="no photo has a place"):
        evaluate(Photos.of([album("b", [None])]), {})
    with pytest.raises(ValueError, match="'single' answers 2 photos, the albums have 5"):
        evaluate(photos, {"single": (lat[:2], lng[:2])})


def test_paired_differences_are_those_computed_album_by_album() -> None:
    photos, rng = trips(25, seed=1)
    rows = {
        name: answers(photos, rng, degrees) for name, degrees in (("single", 5), ("avg", 2), (ORACLE, 0.01))
    }
    (pair,) = evaluate(photos, rows)["pairs"]
    better, worse = kilometres(photos, rows["avg"]), kilometres(photos, rows["single"])
    for scale in (200, 750):
        differences: dict[int, list[int]] = {}
        for number, first, second in zip(photos.album.tolist(), better, worse, strict=True):
            differences.setdefault(number, []).append((first <= scale) - (second <= scale))
        total = sum(len(values) for values in differences.values())
        mean = sum(sum(values) for values in differences.values()) / total
        square = sum((sum(values) - mean * len(values)) ** 2 for values in differences.values())
        half = student_t(24) * math.sqrt(25 / 24 * square) / total
        found = pair["scales"][str(scale)]["difference"]
        assert found["value"] == pytest.approx(mean)
        assert (found["low"], found["high"]) == pytest.approx((mean - half, mean + half))
        assert pair["scales"][str(scale)]["judged"]


def test_scales_are_judged_where_the_oracle_reaches_half() -> None:
    photos, rng = trips(25)
    rows = {"single": answers(photos, rng, 5), "avg": answers(photos, rng, 0)}
    coarse = photos.lat + 3, photos.lng  # 333 km away
    (pair,) = evaluate(photos, {**rows, ORACLE: coarse})["pairs"]
    assert [pair["scales"][scale]["judged"] for scale in SCALES] == [False, False, False, True, True]
    (without,) = evaluate(photos, rows)["pairs"]
    assert not any(scale["judged"] for scale in without["scales"].values())
    assert without["verdict"] == "open"


def test_verdicts() -> None:
    above, around, below = Estimate(2, 1, 3), Estimate(0, -1, 1), Estimate(-2, -3, -1)
    assert [verdict(d, strictly=True) for d in (above, around, below)] == ["holds", "open", "contradicted"]
    assert [verdict(d, strictly=False) for d in (above, around, below)] == ["holds", "holds", "contradicted"]
    assert verdict(Estimate(1, None, None), strictly=True) == "open"
    assert together(["holds", "open"]) == "open"
    assert together(["holds", "holds"]) == "holds"
    assert together(["holds", "contradicted", "open"]) == "contradicted"
    assert together([]) == "open"


def test_the_papers_orders_hold_in_its_own_table() -> None:
    for order in ORDERS:
        for better, worse in zip(ALBUMS[order.better], ALBUMS[order.worse], strict=True):
            assert better is not None
            assert worse is not None
            assert better > worse, order.name
    assert Order("a", "b").name == "b < a"


def test_first_photos_against_last() -> None:
    photos, rng = trips(60, seed=2)
    lat, lng = answers(photos, rng, 0)
    lost = photos.position < 2
    report = evaluate(photos, {"lstm": (lat + 20 * lost, lng)})
    rows = {(part["first"], part["last"]): part["rows"]["lstm"] for part in report["positions"]}
    assert [rows[key]["within_km"]["200"]["value"] for key in ((1, 1), (2, 2), (3, 3))] == [0, 0, 1]
    assert rows[1, 1]["photos"] == 60
    assert rows[4, 5]["photos"] == int(np.isin(photos.position, (3, 4)).sum())
    found = report["first_and_last"]
    long = photos.length >= 4
    first = long & (photos.position < photos.length // 4)
    last = long & (photos.position >= photos.length - photos.length // 4)
    parts = found["rows"]["lstm"]["within_km"]["200"]
    assert found["albums"] == len(set(photos.album[long].tolist()))
    assert parts["first"]["value"] == pytest.approx(1 - lost[first].mean())
    assert parts["last"]["value"] == pytest.approx(1 - lost[last].mean())
    difference = parts["last_minus_first"]
    assert difference["value"] == pytest.approx(parts["last"]["value"] - parts["first"]["value"])
    assert difference["low"] <= difference["value"] <= difference["high"]


def test_the_interval_of_last_less_first_is_that_of_a_jackknife() -> None:
    photos, rng = trips(80, seed=3)
    hits = answers(photos, rng, 3)[0] == photos.lat
    first, last = photos.position == 0, photos.position == photos.length - 1
    found = album_evaluation._difference_of_parts(hits, last, first, photos.album)
    left_out = np.array(
        [
            hits[last & (photos.album != number)].mean() - hits[first & (photos.album != number)].mean()
            for number in range(80)
        ]
    )
    error = math.sqrt(79 / 80 * ((left_out - left_out.mean()) ** 2).sum())
    assert found.low is not None
    assert found.value - found.low == pytest.approx(student_t(79) * error, rel=0.05)


def test_albums_that_no_single_answer_can_get_right() -> None:
    paris, rome, tokyo = (48.9, 2.3), (41.9, 12.5), (35.7, 139.7)
    made = [album("a", [paris, paris]), album("b", [paris, rome]), album("c", [paris, tokyo, paris])]
    photos = Photos.of(made)
    one_place = np.full(len(photos), paris[0]), np.full(len(photos), paris[1])
    report = evaluate(photos, {"avg": one_place, "lstm": (photos.lat, photos.lng)})
    wide = report["several_places"]
    assert [wide[scale]["albums"] for scale in SCALES] == [2, 2, 2, 1, 1]  # Paris to Rome is 1,105 km
    assert wide["200"]["share"] == pytest.approx(2 / 3)
    assert wide["200"]["photos"] == 5
    assert wide["200"]["rows"]["avg"]["value"] == pytest.approx(3 / 5)
    assert wide["200"]["avg_against"]["lstm"]["value"] == pytest.approx(2 / 5)


def test_photos_without_a_cue_are_counted_apart() -> None:
    photos, rng = trips(30)
    points = answers(photos, rng, 4)
    km = np.array(kilometres(photos, points))
    cues = evaluate(photos, {"single": points})["cues"]
    for name, chosen in (("none", photos.cueless), ("some", ~photos.cueless)):
        assert cues[name]["photos"] == chosen.sum()
        value = cues[name]["rows"]["single"]["within_km"]["200"]["value"]
        assert value == pytest.approx((km[chosen] <= 200).mean())
    assert evaluate(Photos.of([album("a", [(1, 2)])]), {})["cues"] is None


def test_one_album_of_one_photo_has_numbers_without_intervals() -> None:
    photos = Photos.of([album("a", [(1.0, 2.0)])])
    report = evaluate(
        photos, {"single": (np.array([1.0]), np.array([2.0])), "avg": (np.array([50.0]), np.zeros(1))}
    )
    assert report["rows"]["single"]["within_km"]["1"] == {"value": 1.0, "low": None, "high": None}
    assert report["first_and_last"]["rows"] == {}
    assert report["pairs"][0]["verdict"] == "open"


def test_an_album_of_five_thousand_photos() -> None:
    rng = np.random.default_rng(0)
    places = [tuple(place) for place in rng.uniform((-60, -170), (70, 170), (5000, 2)).tolist()]
    photos = Photos.of([album("long", places), album("short", [(0.0, 0.0)])])  # type: ignore[arg-type]
    report = evaluate(photos, {"avg": (np.zeros(5001), np.zeros(5001))})
    assert report["several_places"]["2500"]["albums"] == 1
