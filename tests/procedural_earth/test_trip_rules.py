from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from procedural_earth import cueless, seeds, trip_rules


@pytest.fixture
def rngs() -> list[np.random.Generator]:
    return [seeds.generator("rules", number) for number in range(400)]


def test_chances_sum_to_one() -> None:
    for chances in (trip_rules.JOURNEYS, trip_rules.NO_CUE_KINDS):
        assert sum(chances.values()) == pytest.approx(1)
    assert sum(trip_rules.PHOTOS_OF_STOP) == pytest.approx(1)
    assert sum(trip_rules.SKIPPED_DAYS) == pytest.approx(1)


def test_about_a_third_of_the_trips_fly(rngs: list[np.random.Generator]) -> None:
    journeys = Counter(trip_rules.pick(rng, trip_rules.JOURNEYS) for rng in rngs)
    assert 0.26 < (journeys["flight"] + journeys["return flight"]) / len(rngs) < 0.40
    assert set(journeys) == set(trip_rules.JOURNEYS)


def test_photos_of_a_trip(rngs: list[np.random.Generator]) -> None:
    counts = [trip_rules.photo_count(rng) for rng in rngs]
    assert 15 < np.mean(counts) < 17
    assert min(counts) >= trip_rules.PHOTOS_LEAST
    assert max(counts) <= trip_rules.PHOTOS_MOST


@pytest.mark.parametrize("stays", [1, 2, 3])
@pytest.mark.parametrize("photos", [8, 17, 25])
def test_every_stay_has_its_share_of_the_photos(
    rngs: list[np.random.Generator], photos: int, stays: int
) -> None:
    drawn = [trip_rules.shares(rng, photos, stays) for rng in rngs]
    assert {sum(shares) for shares in drawn} == {photos}
    assert {len(shares) for shares in drawn} == {stays}
    assert min(min(shares) for shares in drawn) >= 2
    assert stays == 1 or len({tuple(shares) for shares in drawn}) > 2


def test_a_stay_begins_with_an_arrival(rngs: list[np.random.Generator]) -> None:
    assert all(trip_rules.events_of_day(rng, True, 5) == ["arrival"] for rng in rngs)
    later = [trip_rules.events_of_day(rng, False, 5) for rng in rngs]
    trips = [events for events in later if "day trip" in events]
    assert 0.5 < len(trips) / len(later) < 0.7
    assert all("around" not in events for events in trips)
    assert {events[-1] for events in trips} == {"day trip", "evening"}


def test_there_are_no_more_day_trips_than_places(rngs: list[np.random.Generator]) -> None:
    assert all("day trip" not in trip_rules.events_of_day(rng, False, 0) for rng in rngs)
    assert max(trip_rules.events_of_day(rng, False, 1).count("day trip") for rng in rngs) == 1
    assert max(trip_rules.events_of_day(rng, False, 2).count("day trip") for rng in rngs) == 2


@pytest.mark.parametrize("half_day", [0.5, 2.0, 7.0, 12.0])
def test_hours_are_in_order_apart_and_bright(rngs: list[np.random.Generator], half_day: float) -> None:
    for rng, stops in zip(rngs, itertools.cycle((1, 2, 3)), strict=False):
        hours = trip_rules.hours_of_day(rng, stops, half_day)
        assert len(hours) == stops
        assert 12 - half_day - 1e-3 <= hours[0]
        assert hours[-1] <= 12 + half_day + 1e-3
        apart = min(trip_rules.STOP_HOURS_APART, 2 * half_day / stops)
        assert (np.diff(hours) >= apart - 2e-3).all()


def test_photos_of_a_stop_look_in_different_directions(rngs: list[np.random.Generator]) -> None:
    counts = Counter()
    for rng in rngs:
        shots = trip_rules.shots_of_stop(rng, 25, 10)
        counts[len(shots)] += 1
        assert [shot.minutes for shot in shots] == sorted(shot.minutes for shot in shots)
        assert shots[0].minutes == 0
        for one, other in itertools.combinations(shots, 2):
            turn = abs((one.heading - other.heading + 180) % 360 - 180)
            assert turn >= trip_rules.SAME_DIRECTION_DEG - 0.11
    assert set(counts) == {1, 2, 3, 4, 5}
    assert max(len(trip_rules.shots_of_stop(rng, 2, 10)) for rng in rngs) == 2


def test_first_photos_show_nothing_more_often(rngs: list[np.random.Generator]) -> None:
    early = [trip_rules.shots_of_stop(rng, 1, 0)[0] for rng in rngs]
    late = [trip_rules.shots_of_stop(rng, 1, 9)[0] for rng in rngs]
    assert 0.28 < np.mean([shot.cueless for shot in early]) < 0.42
    assert 0.12 < np.mean([shot.cueless for shot in late]) < 0.22
    assert {shot.shows for shot in early} == {"view", *trip_rules.NO_CUE_KINDS}
    zoomed = [shot.fov for shot in late if shot.fov != trip_rules.FOV_DEG]
    assert 0.07 < len(zoomed) / len(late) < 0.18
    low, high = trip_rules.ZOOMED_FOV_DEG
    assert low <= min(zoomed) <= max(zoomed) <= high


def test_every_kind_without_cues_can_be_drawn() -> None:
    assert set(trip_rules.NO_CUE_KINDS) == set(cueless.KINDS)


@pytest.mark.parametrize("kind", list(cueless.KINDS))
def test_pictures_without_cues_follow_from_their_seed(kind: str) -> None:
    pictures = [np.asarray(cueless.draw(kind, 32, seed), np.int64) for seed in (1, 1, 2)]
    assert pictures[0].shape == (32, 32, 3)
    assert (pictures[0] == pictures[1]).all()
    assert np.abs(pictures[0] - pictures[2]).mean() > 5
    assert pictures[0].std() > 10, "something is to be seen"


def test_pictures_without_cues_refuse_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="of the kind 'cat': choose from room, food, close-up"):
        cueless.draw("cat", 32, 1)
    with pytest.raises(ValueError, match="7 px wide; give at least 8"):
        cueless.draw("room", 7, 1)
