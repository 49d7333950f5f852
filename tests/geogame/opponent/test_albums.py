from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from geogame.accounts.models import Player
from geogame.albums.models import Album, AlbumPin, AlbumPrediction, AlbumRound
from geogame.albums.services import start_album
from geogame.opponent import inference
from geogame.opponent.tasks import answer_album
from geogame.panoramas.models import Panorama
from geogame.predictions.models import Prediction
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_album_version, active_version, active_versions
from geogame.registry.services import activate, register
from planet_core import album as album_models
from planet_core import album_checkpoint, checkpoint
from tests.geogame.albums.playing import album_of


@pytest.fixture
def album(make_panorama: Callable[..., Panorama]) -> Album:
    return album_of(make_panorama)


@pytest.fixture
def round_(album: Album, alice: Player, model_version: ModelVersion) -> AlbumRound:
    return start_album(player=alice, map_=album.map)


@pytest.fixture
def album_version(model_version: ModelVersion) -> ModelVersion:
    """A small LSTM with random weights, in play."""
    directory = Path(settings.MODEL_ROOT) / "album-lstm"
    width = checkpoint.load(model_version.path).network.embedding
    values = {
        "image_model": model_version.digest,
        "recipe": {"name": "none"},
        "trained_on": {"albums": 0, "photos": 0, "drawn": False},
    }
    network = album_models.build("lstm", width, model_version.cells, hidden=8)
    album_checkpoint.save(directory, network, values, {})
    version = register(directory=directory, name="Little LSTM")
    activate(version)
    return version


def test_both_sides_answer_and_open_the_round(round_: AlbumRound, model_version: ModelVersion) -> None:
    answer_album(round_id=round_.pk)
    round_.refresh_from_db()
    assert round_.state == AlbumRound.State.OPEN
    seals = {seal.side: seal for seal in round_.seals.all()}
    assert (seals["single"].model, seals["single"].variant) == (str(model_version), "")
    assert (seals["album"].model, seals["album"].variant) == (f"{model_version}, avg", "avg")
    assert set(round_.pins.values_list("seen_in_training", flat=True)) == {False}


def test_single_answers_are_the_stored_predictions(round_: AlbumRound) -> None:
    answer_album(round_id=round_.pk)
    stored = {one.panorama_id: (one.lat, one.lng) for one in Prediction.objects.all()}
    for pin in round_.pins.filter(side="single").select_related("photo"):
        assert (pin.lat, pin.lng) == stored[pin.photo.panorama_id]


def test_the_average_is_the_top_cell_of_the_mean(round_: AlbumRound, model_version: ModelVersion) -> None:
    answer_album(round_id=round_.pk)
    rows = [np.frombuffer(one.distribution, dtype="<f4") for one in Prediction.objects.all()]
    best = int(np.mean(np.stack(rows).astype(np.float64), axis=0).argmax())
    lats, lngs = inference.predictor_at(model_version.path, model_version.digest).partition.centers()
    places = set(round_.pins.filter(side="album").values_list("lat", "lng"))
    assert places == {(float(lats[best]), float(lngs[best]))}


def test_a_task_delivered_twice_does_nothing(round_: AlbumRound) -> None:
    answer_album(round_id=round_.pk)
    answer_album(round_id=round_.pk)
    assert AlbumPin.objects.count() == 6


def test_a_photo_that_cannot_be_read_is_left_out(round_: AlbumRound) -> None:
    round_.album.photos.get(number=2).panorama.path.write_bytes(b"no picture")
    answer_album(round_id=round_.pk)
    assert set(round_.pins.values_list("photo__number", flat=True)) == {1, 3}


def test_a_damaged_model_opens_the_round_without_it(round_: AlbumRound) -> None:
    inference.predictor_at.cache_clear()
    ModelVersion.objects.update(directory="nowhere")
    answer_album(round_id=round_.pk)
    round_.refresh_from_db()
    assert (round_.state, round_.pins.count()) == (AlbumRound.State.OPEN, 0)
    assert "could not look" in round_.model_absent


def test_an_album_version_hangs_on_its_image_version(
    album_version: ModelVersion, model_version: ModelVersion
) -> None:
    assert (album_version.kind, album_version.needs) == ("album", model_version)
    model_version.refresh_from_db()
    assert model_version.is_active, "one of each kind plays"
    assert active_version() == model_version
    assert active_versions() == [model_version]
    assert active_album_version(model_version) == album_version


def test_the_album_version_answers_once_and_is_kept(
    album: Album, alice: Player, album_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_ = start_album(player=alice, map_=album.map)
    assert round_.album_version == album_version
    answer_album(round_id=round_.pk)
    seal = round_.seals.get(side="album")
    assert (seal.model, seal.variant) == (str(album_version), "lstm")
    assert AlbumPrediction.objects.count() == 1
    monkeypatch.setattr("geogame.opponent.albums.predictor_at", None)
    other = Player.objects.create(kind="person", name="Other")
    again = start_album(player=other, map_=album.map)
    answer_album(round_id=again.pk)
    places = [list(one.pins.filter(side="album").values_list("lat", "lng")) for one in (round_, again)]
    assert places[0] == places[1] != []


def test_an_album_version_that_cannot_answer_leaves_its_place_to_the_average(
    album: Album, alice: Player, album_version: ModelVersion, model_version: ModelVersion
) -> None:
    from geogame.opponent import albums

    albums.predictor_at.cache_clear()
    ModelVersion.objects.filter(pk=album_version.pk).update(directory="nowhere")
    round_ = start_album(player=alice, map_=album.map)
    answer_album(round_id=round_.pk)
    assert round_.seals.get(side="album").model == f"{model_version}, avg"
