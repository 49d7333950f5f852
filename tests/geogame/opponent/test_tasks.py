from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from geogame.accounts.models import Player
from geogame.games.models import Guess, Round, Seal
from geogame.games.services import start_game
from geogame.opponent.inference import predict_panorama, predictor_at
from geogame.opponent.tasks import answer_round, warm_up
from geogame.panoramas.fair import fair_picture
from geogame.panoramas.models import Map, Panorama
from geogame.predictions.models import Prediction
from geogame.predictions.queries import stored
from geogame.registry.models import ModelVersion
from planet_core import images

MakeMap = Callable[..., Map]


@pytest.fixture
def round_(alice: Player, make_map: MakeMap, model_version: ModelVersion) -> Round:
    return start_game(player=alice, map_=make_map(1)).rounds.get()


def test_the_answer_is_sealed_and_opens_the_round(round_: Round, model_version: ModelVersion) -> None:
    answer_round(round_id=round_.pk)
    round_.refresh_from_db()
    assert round_.state == Round.State.OPEN
    guess = Guess.objects.get()
    assert guess.player.model_version == model_version
    assert len(guess.seal.top_cells) == 5
    assert guess.seal.rule == "top-cell"
    assert guess.seal.seen_in_training is False


def test_the_whole_distribution_is_stored_and_named_by_the_seal(
    round_: Round, model_version: ModelVersion
) -> None:
    answer_round(round_id=round_.pk)
    prediction = Prediction.objects.get()
    probabilities = np.frombuffer(prediction.distribution, dtype="<f4")
    assert len(probabilities) == model_version.cells
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert prediction.digest == hashlib.sha256(bytes(prediction.distribution)).hexdigest()
    assert Seal.objects.get().prediction_digest == prediction.digest


def test_a_prediction_is_computed_once(alice: Player, round_: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_round(round_id=round_.pk)
    monkeypatch.setattr("geogame.opponent.inference.predictor_at", None)
    again = start_game(player=alice, map_=round_.game.map).rounds.get()
    answer_round(round_id=again.pk)
    again.refresh_from_db()
    assert again.state == Round.State.OPEN
    assert Prediction.objects.count() == 1


def test_a_task_delivered_twice_does_nothing(round_: Round) -> None:
    answer_round(round_id=round_.pk)
    answer_round(round_id=round_.pk)
    assert Guess.objects.count() == 1


def test_a_round_that_is_gone_is_no_error(db: None) -> None:
    answer_round(round_id=12345)


def test_a_picture_that_is_gone_makes_the_round_void(round_: Round) -> None:
    round_.panorama.path.unlink()
    answer_round(round_id=round_.pk)
    round_.refresh_from_db()
    assert (round_.state, bool(round_.void_reason)) == (Round.State.CLOSED, True)


def test_a_damaged_model_opens_the_round_without_it(
    round_: Round, model_version: ModelVersion, settings: object, media_root: object
) -> None:
    predictor_at.cache_clear()
    ModelVersion.objects.update(directory="nowhere")
    answer_round(round_id=round_.pk)
    round_.refresh_from_db()
    assert "could not look" in round_.model_absent


@pytest.mark.parametrize(
    ("digest", "group", "expected"),
    [("trained-on", "", True), ("other", "trained-on-walk", True), ("other", "other-walk", False)],
)
def test_the_seal_says_whether_the_model_trained_on_the_picture(
    round_: Round, digest: str, group: str, expected: bool
) -> None:
    Panorama.objects.update(digest=digest, group=group)
    answer_round(round_id=round_.pk)
    assert Seal.objects.get().seen_in_training is expected


@pytest.mark.parametrize("projection", ["flat", "equirectangular"])
def test_the_model_looks_at_the_very_file_that_people_get(
    alice: Player, make_map: MakeMap, model_version: ModelVersion, projection: str
) -> None:
    round_ = start_game(player=alice, map_=make_map(1, projection=projection)).rounds.get()
    answer_round(round_id=round_.pk)
    fair = fair_picture(round_.panorama)
    served = images.load(fair.path.read_bytes())
    [expected] = predictor_at(model_version.path, model_version.digest).predict([served])
    prediction = Prediction.objects.get()
    assert prediction.distribution == expected.probabilities.tobytes()
    assert fair.digest.startswith(prediction.view.removeprefix("fair "))


def test_a_prediction_of_another_view_is_not_used(round_: Round, model_version: ModelVersion) -> None:
    answer_round(round_id=round_.pk)
    Prediction.objects.update(view="heading=0 pitch=0 fov=90")
    assert stored(model_version, round_.panorama) is None
    new = predict_panorama(model_version, round_.panorama)
    assert Prediction.objects.count() == 2
    assert stored(model_version, round_.panorama) == new


def test_warming_up_without_a_model_is_no_error(db: None) -> None:
    warm_up()
