from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.albums.lifecycle import open_overdue_rounds
from geogame.albums.models import Album, AlbumPin, AlbumRound, Sight
from geogame.albums.services import hand_in, next_photo, place_pin, start_album
from geogame.albums.snapshots import snapshot
from geogame.games.errors import GameError
from geogame.games.seals import digest_of
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import withdraw
from geogame.registry.models import ModelVersion
from planet_core.geo import haversine_km
from planet_core.scoring import points
from tests.geogame.albums.playing import PLACES, album_of, play, seal


def pin(round_: AlbumRound, number: int, lat: float = 1.0, lng: float = 2.0) -> None:
    place_pin(round_=round_, player=round_.player, number=number, lat=lat, lng=lng)


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(GameError) as error:
        act()
    assert error.value.code == code


# --- Start -----------------------------------------------------------------------------------------
def test_a_round_waits_for_the_models_and_shows_nothing(waiting: AlbumRound) -> None:
    assert waiting.state == AlbumRound.State.PREPARING
    assert not Sight.objects.exists()
    refused("round-not-open", lambda: pin(waiting, 1))


def test_starting_again_goes_on_with_the_same_round(waiting: AlbumRound, alice: Player) -> None:
    assert start_album(player=alice, map_=waiting.album.map) == waiting


def test_without_a_model_the_round_opens_at_once(album: Album, alice: Player) -> None:
    round_ = start_album(player=alice, map_=album.map)
    round_.refresh_from_db()
    assert (round_.state, round_.sights.count()) == (AlbumRound.State.OPEN, 1)
    assert "alone" in round_.model_absent


def test_models_that_are_late_do_not_play(waiting: AlbumRound) -> None:
    assert open_overdue_rounds() == 0
    AlbumRound.objects.update(answer_deadline=timezone.now() - timedelta(seconds=1))
    assert open_overdue_rounds() == 1
    assert not seal(waiting), "nobody answers late"
    waiting.refresh_from_db()
    assert waiting.state == AlbumRound.State.OPEN
    assert not waiting.pins.exists()


def test_an_album_that_was_played_comes_after_the_others(
    album: Album, alice: Player, make_panorama: Callable[..., Panorama]
) -> None:
    other = album_of(make_panorama, map_=album.map, name="other")
    first = start_album(player=alice, map_=album.map)
    play(first, alice, [(1.0, 1.0)] * 3)
    second = start_album(player=alice, map_=album.map)
    assert {first.album, second.album} == {album, other}


def test_a_map_without_albums_says_so(alice: Player, make_map: Callable[..., Map]) -> None:
    refused("no-albums", lambda: start_album(player=alice, map_=make_map(1)))


# --- The model answers first -----------------------------------------------------------------------
def test_both_sides_are_sealed_before_the_first_photo_is_shown(waiting: AlbumRound) -> None:
    assert seal(waiting)
    seals = {one.side: one for one in waiting.seals.all()}
    assert set(seals) == {"single", "album"}
    first = waiting.sights.get()
    for one in seals.values():
        assert one.sealed_at <= first.opened_at
        assert digest_of(one.preimage) == one.digest
        assert [photo["number"] for photo in json.loads(one.preimage)["photos"]] == [1, 2, 3]
    assert waiting.pins.count() == 6
    assert not seal(waiting), "once"


def test_what_is_sealed_is_what_the_result_tells(waiting: AlbumRound, alice: Player) -> None:
    seal(waiting)
    shown = snapshot(waiting)
    waiting.refresh_from_db()
    digests = {side["side"]: side["digest"] for side in snapshot(waiting)["model"]["sides"]}
    assert shown["result"] is None
    play(waiting, alice, [(1.0, 2.0)] * 3)
    told = snapshot(waiting)["result"]
    assert told is not None
    assert {one["side"]: one["digest"] for one in told["seals"]} == digests
    sealed = {one["side"]: json.loads(one["preimage"])["photos"] for one in told["seals"]}
    for photo in told["photos"]:
        for side in ("single", "album"):
            there = next(one for one in sealed[side] if one["number"] == photo["number"])
            assert (there["lat"], there["lng"]) == (
                photo["answers"][side]["lat"],
                photo["answers"][side]["lng"],
            )


# --- Photo by photo --------------------------------------------------------------------------------
def test_photos_come_one_after_another(waiting: AlbumRound, alice: Player) -> None:
    seal(waiting)
    refused("no-such-photo", lambda: pin(waiting, 2))
    refused("no-pin", lambda: next_photo(round_=waiting, player=alice, after=1))
    pin(waiting, 1)
    next_photo(round_=waiting, player=alice, after=1)
    next_photo(round_=waiting, player=alice, after=1)
    assert [photo["shown"] for photo in snapshot(waiting)["photos"]] == [True, True, False]
    refused("not-complete", lambda: hand_in(round_=waiting, player=alice))


def test_earlier_pins_move_until_the_album_is_handed_in(waiting: AlbumRound, alice: Player) -> None:
    seal(waiting)
    pin(waiting, 1, 10.0, 10.0)
    pin(waiting, 1, 11.0, 10.0)
    for number in (1, 2):
        next_photo(round_=waiting, player=alice, after=number)
        pin(waiting, number + 1, 5.0, 5.0)
    pin(waiting, 1, *PLACES[0])
    hand_in(round_=waiting, player=alice)
    kept = waiting.pins.get(photo__number=1, side="person")
    assert ((kept.first_lat, kept.first_lng), kept.moves) == ((11.0, 10.0), 1)
    assert kept.distance_km == pytest.approx(0, abs=1e-6)
    assert kept.first_distance_km == pytest.approx(float(haversine_km(11.0, 10.0, *PLACES[0])))
    refused("round-closed", lambda: pin(waiting, 1))
    hand_in(round_=waiting, player=alice)


def test_the_same_pin_again_is_no_move(waiting: AlbumRound, alice: Player) -> None:
    seal(waiting)
    pin(waiting, 1)
    next_photo(round_=waiting, player=alice, after=1)
    pin(waiting, 1)
    assert waiting.pins.get(photo__number=1, side="person").moves == 0


def test_one_pin_a_photo_and_side_by_constraint(waiting: AlbumRound) -> None:
    seal(waiting)
    kept = waiting.pins.filter(side="single").first()
    assert kept
    with pytest.raises(IntegrityError), transaction.atomic():
        AlbumPin.objects.create(round=waiting, photo=kept.photo, side="single", lat=0, lng=0)


def test_longitudes_come_round(waiting: AlbumRound) -> None:
    seal(waiting)
    pin(waiting, 1, 0.0, 180.0)
    assert waiting.pins.get(photo__number=1, side="person").lng == -180.0


# --- Handed in -------------------------------------------------------------------------------------
def test_the_server_computes_distance_and_points(waiting: AlbumRound, alice: Player) -> None:
    seal(waiting, single=(50.0, 8.0), with_album=(40.0, -3.0))
    play(waiting, alice, [(41.0, -3.0)] * 3)
    told = snapshot(waiting)["result"]
    assert told is not None
    for photo, (lat, lng) in zip(told["photos"], PLACES, strict=True):
        for side, place in (("person", (41.0, -3.0)), ("single", (50.0, 8.0)), ("album", (40.0, -3.0))):
            km = float(haversine_km(*place, lat, lng))
            assert photo["answers"][side]["distance_km"] == pytest.approx(km)
            assert photo["answers"][side]["points"] == points(km, waiting.scale_km)
    totals = told["totals"]
    assert totals["album"]["points"] > totals["single"]["points"]
    changed = told["help"]["model"]
    assert (changed["nearer"], changed["farther"]) == (2, 1)
    assert changed["points_after"] == totals["album"]["points"]
    assert told["help"]["you"] is None


def test_what_the_player_knew_is_kept_with_the_pins(waiting: AlbumRound, alice: Player) -> None:
    seal(waiting)
    play(waiting, alice, PLACES)
    again = start_album(player=alice, map_=waiting.album.map)
    seal(again)
    play(again, alice, PLACES)
    first = waiting.pins.filter(side="person")
    assert set(first.values_list("times_revealed", "group_revealed")) == {(0, 0)}
    second = again.pins.filter(side="person")
    assert set(second.values_list("times_revealed", "group_revealed")) == {(1, 2)}
    assert set(again.sights.values_list("times_seen", flat=True)) == {1}


def test_a_photo_that_is_gone_counts_for_nobody(waiting: AlbumRound, alice: Player) -> None:
    seal(waiting)
    pin(waiting, 1)
    next_photo(round_=waiting, player=alice, after=1)
    withdraw(waiting.album.photos.get(number=2).panorama)
    next_photo(round_=waiting, player=alice, after=2)
    pin(waiting, 3)
    hand_in(round_=waiting, player=alice)
    waiting.refresh_from_db()
    told = snapshot(waiting)["result"]
    assert told is not None
    assert [photo["number"] for photo in told["photos"]] == [1, 3]
    assert told["totals"]["single"]["photos"] == 2


def test_a_photo_that_is_gone_before_is_passed_over(
    album: Album, alice: Player, model_version: ModelVersion
) -> None:
    withdraw(album.photos.get(number=1).panorama)
    round_ = start_album(player=alice, map_=album.map)
    seal(round_)
    assert list(round_.sights.values_list("photo__number", flat=True)) == [2]


def test_an_album_of_one_photo_can_be_played(alice: Player, make_panorama: Callable[..., Panorama]) -> None:
    round_ = start_album(player=alice, map_=album_of(make_panorama, [(1.0, 2.0)]).map)
    told = snapshot(play(round_, alice, [(1.0, 2.0)]))["result"]
    assert told is not None
    assert told["winner"] == "you"
