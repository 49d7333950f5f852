from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmark.pairs import pairs_of
from benchmark.rounds import Rounds
from geogame.accounts.models import Player
from geogame.albums.models import AlbumRound
from geogame.albums.services import start_album
from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from geogame.reports.models import StoredReport
from geogame.reports.queries import maps_played
from geogame.reports.rows import rows_of
from geogame.reports.stored import refresh_all
from tests.geogame.albums.playing import PLACES, album_of, play, seal


@pytest.fixture
def played(alice: Player, make_panorama: Callable[..., Panorama], model_version: ModelVersion) -> AlbumRound:
    round_ = start_album(player=alice, map_=album_of(make_panorama).map)
    seal(round_)
    return play(round_, alice, [(1.0, 2.0)] * len(PLACES))


def test_each_photo_has_a_row_of_the_person_and_of_both_sides(played: AlbumRound, alice: Player) -> None:
    rows = list(rows_of())
    assert len(rows) == 9
    assert {row.condition for row in rows} == {"album"}
    assert {row.album for row in rows} == {str(played.album_id)}
    assert {row.player_id for row in rows} == {alice.token, "PlaNet tiny single", "PlaNet tiny album"}
    assert {(row.exposure, row.group_exposure) for row in rows if row.player_kind == "person"} == {(1, 1)}
    assert {row.seen_in_training for row in rows if row.player_kind == "model"} == {False}
    assert [(row.true_lat, row.true_lng) for row in rows[::3]] == PLACES


def test_photos_of_an_album_are_one_scene(played: AlbumRound) -> None:
    pairs = pairs_of(Rounds.from_rows(rows_of()))
    assert len(pairs) == 6
    assert len(np.unique(pairs.panoramas)) == 3
    assert len(np.unique(pairs.scenes)) == 1


def test_who_is_not_in_reports_has_no_rows(played: AlbumRound) -> None:
    Player.objects.update(in_reports=False)
    assert list(rows_of()) == []


def test_what_is_not_handed_in_has_no_rows(
    alice: Player, make_panorama: Callable[..., Panorama], model_version: ModelVersion
) -> None:
    seal(start_album(player=alice, map_=album_of(make_panorama).map))
    assert list(rows_of()) == []


def test_models_that_were_late_have_timeouts(
    alice: Player, make_panorama: Callable[..., Panorama], model_version: ModelVersion
) -> None:
    from geogame.albums.lifecycle import go_without_model

    round_ = start_album(player=alice, map_=album_of(make_panorama).map)
    go_without_model(round_)
    play(round_, alice, PLACES)
    outcomes = [(row.player_kind, row.outcome) for row in rows_of()]
    assert outcomes.count(("model", "timeout")) == 6
    assert outcomes.count(("person", "answered")) == 3


def test_albums_have_a_report_of_their_own(played: AlbumRound) -> None:
    assert maps_played() == [played.album.map]
    refresh_all()
    report = StoredReport.objects.get()
    assert (report.condition, report.source) == ("album", "photo")
    assert {line["model"] for line in report.summary} == {"PlaNet tiny single", "PlaNet tiny album"}
    assert {line["panoramas"] for line in report.summary} == {1}, "one trip"
