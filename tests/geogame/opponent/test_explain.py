"""What lies behind an answer: drawn by a process of its own, shown once the round is closed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django.fixtures import Settings

from geogame.accounts.models import Player
from geogame.games.models import Game, Round
from geogame.games.services import place_guess, start_game
from geogame.opponent import explain, tasks
from geogame.opponent.inference import predict_panorama, predictor_at
from geogame.opponent.tasks import answer_round, explain_waiting
from geogame.panoramas.fair import fair_picture
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import withdraw
from geogame.predictions import explanations
from geogame.predictions.explanations import ask, claim_next, path_of, queue_waiting_again, retry
from geogame.predictions.models import Explanation, Prediction
from geogame.registry.models import ModelVersion
from planet_core import probability_map

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]
State = Explanation.State
WIDTH = 256


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(explain, "WIDTH_PX", WIDTH)
    settings.EXPLAIN_POSITIONS = 2


@pytest.fixture
def prediction(make_panorama: Callable[..., Panorama], model_version: ModelVersion) -> Prediction:
    return predict_panorama(model_version, make_panorama())


def rgba(name: str) -> np.ndarray[Any, Any]:
    path = path_of(name)
    assert path
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def test_it_is_asked_for_and_drawn(prediction: Prediction) -> None:
    explanation = ask(prediction)
    assert explanation.state == State.COMING
    assert explain.work(idle_s=0) == 1
    explanation.refresh_from_db()
    assert explanation.state == State.READY
    assert ask(prediction) == explanation
    assert claim_next() is None


def test_the_layer_is_where_the_probability_is_in_mercator(prediction: Prediction) -> None:
    probabilities = np.zeros(prediction.model_version.cells, dtype="<f4")
    probabilities[3] = 1.0
    prediction.distribution = probabilities.tobytes()
    prediction.save()
    explanation = ask(prediction)
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    layer = rgba(explanation.probability)
    assert layer.shape == (WIDTH, WIDTH, 4)
    assert rgba(explanation.probability_dark).shape == layer.shape
    rows, columns = np.nonzero(layer[..., 3])
    version = prediction.model_version
    lat, lng = predictor_at(version.path, version.digest).partition.centers()
    y = WIDTH * (0.5 - np.arcsinh(np.tan(np.radians(lat[3]))) / (2 * np.pi))
    assert rows.min() <= y <= rows.max() + 1
    assert columns.min() <= WIDTH * (lng[3] / 360 + 0.5) <= columns.max() + 1
    assert len(rows) < WIDTH * WIDTH / 20


def test_the_scale_says_what_the_colours_mean() -> None:
    scale = explain.scale()
    assert scale["least"] < 0.001 < 99 < scale["most"]
    for colours in scale["colours"].values():
        assert len(colours) == explain.SCALE_STEPS
        assert all(len(colour) == len("#rrggbbaa") for colour in colours)


@pytest.mark.parametrize("projection", ["flat", "equirectangular"])
def test_the_heat_has_the_shape_of_the_picture_that_the_model_looked_at(
    make_panorama: Callable[..., Panorama], model_version: ModelVersion, projection: str
) -> None:
    panorama = make_panorama(projection=projection)
    explanation = ask(predict_panorama(model_version, panorama))
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    fair = fair_picture(panorama)
    assert rgba(explanation.occlusion).shape[:2] == (fair.height, fair.width)


def test_the_heat_is_that_of_the_models_own_top_cell(
    prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    of_core = explain.occlusion_map

    def note(*args: Any, **kwargs: Any) -> Any:
        seen.append(of_core(*args, **kwargs))
        return seen[-1]

    monkeypatch.setattr(explain, "occlusion_map", note)
    ask(prediction)
    explain.work(idle_s=0)
    [heat] = seen
    assert (heat.target, heat.lat, heat.lng) == ("top-cell", prediction.lat, prediction.lng)
    assert heat.baseline == pytest.approx(prediction.top_cells[0]["probability"], rel=1e-4)


def test_without_positions_only_the_map_is_drawn(prediction: Prediction, settings: Settings) -> None:
    settings.EXPLAIN_POSITIONS = 0
    explanation = ask(prediction)
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    assert (explanation.state, explanation.occlusion) == (State.READY, "")
    assert explanation.probability


def files_of_explanations(settings: Settings) -> list[Path]:
    return [*(Path(settings.MEDIA_ROOT) / "explanations").rglob("*.webp")]


def test_a_withdrawn_picture_takes_its_explanation_along(prediction: Prediction, settings: Settings) -> None:
    explanation = ask(prediction)
    explain.work(idle_s=0)
    assert len(files_of_explanations(settings)) == 3
    withdraw(prediction.panorama)
    explanation.refresh_from_db()
    assert (explanation.state, explanation.message) == (State.FAILED, "The picture has been withdrawn.")
    assert not retry(explanation)
    assert ask(prediction).state == State.FAILED
    assert explain.work(idle_s=0) == 0
    assert files_of_explanations(settings) == []


def test_a_picture_withdrawn_while_it_is_explained_leaves_no_file(
    prediction: Prediction, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    explanation = ask(prediction)
    drawn = probability_map.probability_image

    def drawn_meanwhile(*args: Any) -> Any:
        withdraw(Panorama.objects.get(pk=prediction.panorama_id))
        return drawn(*args)

    monkeypatch.setattr(explain, "probability_image", drawn_meanwhile)
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    assert (explanation.state, explanation.probability) == (State.FAILED, "")
    assert files_of_explanations(settings) == []


def test_a_picture_that_is_lost_leaves_the_map_of_probabilities(prediction: Prediction) -> None:
    explanation = ask(prediction)
    Panorama.objects.update(file_digest="e" * 64)
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    assert explanation.state == State.FAILED
    assert path_of(explanation.probability)
    assert explanation.message
    assert retry(explanation)
    assert not retry(explanation)


def test_a_model_that_is_gone_is_named(prediction: Prediction) -> None:
    explain._partition.cache_clear()
    ModelVersion.objects.update(directory="nowhere")
    explanation = ask(prediction)
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    assert explanation.state == State.FAILED
    assert "nowhere" in explanation.message


def test_files_that_are_lost_are_drawn_again(prediction: Prediction) -> None:
    explanation = ask(prediction)
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    path = path_of(explanation.probability)
    assert path
    path.unlink()
    assert ask(prediction).state == State.COMING
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    assert path_of(explanation.probability)
    assert len([*path.parent.parent.rglob("*.webp")]) == 3


def test_an_interruption_gives_it_back(prediction: Prediction, monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = ask(prediction)

    def interrupt(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(explain, "occlusion_map", interrupt)
        with pytest.raises(KeyboardInterrupt):
            explain.work(idle_s=0)
    assert explanations.any_waits()
    explain.work(idle_s=0)
    explanation.refresh_from_db()
    assert explanation.state == State.READY


def test_one_that_nobody_works_on_any_more_is_revived_and_fails_at_last(
    prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("geogame.predictions.explanations.enqueue", lambda task, *, queue: told.append(task))
    explanation = ask(prediction)
    assert told == ["opponent.explain_waiting"]
    for _ in range(explanations.MOST_LOSSES + 1):
        assert claim_next() == explanation
        assert claim_next() is None
        assert queue_waiting_again() == 0
        Explanation.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
        queue_waiting_again()
    explanation.refresh_from_db()
    assert explanation.state == State.FAILED
    assert len(told) == 1 + explanations.MOST_LOSSES


def test_a_message_that_was_lost_is_sent_again_once_in_a_while(
    prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(prediction)
    assert queue_waiting_again() == 0
    Explanation.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    assert (queue_waiting_again(), queue_waiting_again()) == (1, 0)


def test_the_worker_starts_one_process(prediction: Prediction, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "start_one", lambda *words, log: started.append(words))
    explain_waiting()
    assert started == []
    ask(prediction)
    with tasks.only_one(tasks.EXPLAINER) as alone:
        assert alone
        explain_waiting()
    assert started == []
    explain_waiting()
    assert started == [("explain", "--background")]


def test_the_command_draws_what_waits(prediction: Prediction) -> None:
    explanation = ask(prediction)
    out = io.StringIO()
    call_command("explain", stdout=out)
    assert "ready" in out.getvalue()
    explanation.refresh_from_db()
    assert explanation.state == State.READY


# ---- in a game


@pytest.fixture
def game(alice: Player, make_map: MakeMap, model_version: ModelVersion) -> Game:
    game = start_game(player=alice, map_=make_map(2, projection="equirectangular"))
    answer_round(game.rounds.get().pk)
    return game


@pytest.fixture
def browser(client: Client, alice: Player, sign_in: SignIn) -> Client:
    sign_in(client, alice)
    return client


def close(game: Game, player: Player) -> Round:
    round_ = game.rounds.get(number=1)
    place_guess(game=game, player=player, round_token=round_.token, lat=1, lng=2)
    round_.refresh_from_db()
    return round_


def address(game: Game, round_: Round, name: str = "") -> str:
    return f"/api/games/{game.token}/rounds/{round_.token}/layers/{name}"


NAMES = ["probability.webp", "probability-dark.webp", "occlusion.webp", "view.jpg"]


def test_an_open_round_has_no_layers(game: Game, browser: Client) -> None:
    round_ = game.rounds.get()
    assert Explanation.objects.get().state == State.COMING  # drawn while the player looks
    explain.work(idle_s=0)
    response = browser.get(address(game, round_))
    assert (response.status_code, response.json()["error"]["code"]) == (409, "round-open")
    for name in NAMES:
        assert browser.get(address(game, round_, name)).status_code == 404


def test_a_closed_round_has_layers_as_soon_as_they_are_drawn(
    game: Game, alice: Player, browser: Client
) -> None:
    round_ = close(game, alice)
    result = browser.get(f"/api/games/{game.token}/").json()["results"][0]
    assert result["model"]["layers"]["state"] == "coming"
    before = browser.get(address(game, round_)).json()
    assert (before["state"], before["probability"], before["occlusion"]) == ("coming", None, None)
    explain.work(idle_s=0)
    response = browser.get(address(game, round_))
    layers = response.json()
    assert layers["state"] == "ready"
    [[south, west], [north, east]] = layers["probability"]["bounds"]
    assert (south, west, east) == (-north, -180, 180)
    assert north == pytest.approx(85.0511, abs=1e-4)
    assert layers["probability"]["scale"]["colours"]["light"]
    urls = [layers["probability"]["url"], layers["probability"]["dark_url"]]
    urls += [layers["occlusion"]["url"], layers["view"]["url"]]
    assert urls == [address(game, round_, name) for name in NAMES]
    for url in urls:
        shown = browser.get(url)
        assert shown.status_code == 200
        assert shown["Cache-Control"] == "private, no-store"
        Image.open(io.BytesIO(shown.content)).verify()
    assert shown.content == fair_picture(round_.panorama).path.read_bytes()
    assert "no-store" in response["Cache-Control"]


def test_somebody_elses_layers_do_not_exist(
    game: Game, alice: Player, client: Client, sign_in: SignIn
) -> None:
    round_ = close(game, alice)
    explain.work(idle_s=0)
    for signed_in in (False, True):
        if signed_in:
            sign_in(client, Player.objects.create(kind="person", name="Mallory"))
        for name in ["", *NAMES]:
            assert client.get(address(game, round_, name)).status_code == 404


def test_the_round_that_is_drawn_ahead_does_not_exist(game: Game, alice: Player, browser: Client) -> None:
    close(game, alice)
    ahead = game.rounds.get(number=2)
    assert browser.get(address(game, ahead)).status_code == 404
    assert browser.get(address(game, ahead, "view.jpg")).status_code == 404


@pytest.mark.parametrize("name", ["secret.webp", "probability.jpg", "view.webp", "..%2Fdb.webp"])
def test_there_are_no_other_files(game: Game, alice: Player, browser: Client, name: str) -> None:
    assert browser.get(address(game, close(game, alice), name)).status_code == 404


def test_a_round_without_the_model_has_only_its_view(
    alice: Player, make_map: MakeMap, browser: Client
) -> None:
    game = start_game(player=alice, map_=make_map(1), version=None)
    layers = browser.get(address(game, close(game, alice))).json()
    assert (layers["state"], layers["probability"], bool(layers["view"])) == ("none", None, True)
    assert not Explanation.objects.exists()


def test_a_game_with_a_withdrawn_picture_keeps_its_result_and_says_so(
    game: Game, alice: Player, browser: Client
) -> None:
    round_ = close(game, alice)
    explain.work(idle_s=0)
    before = browser.get(f"/api/games/{game.token}/").json()["results"][0]
    assert before["withdrawn"] is False
    withdraw(round_.panorama)
    layers = browser.get(address(game, round_)).json()
    assert layers == {"state": "none", "probability": None, "occlusion": None, "view": None}
    for name in NAMES:
        assert browser.get(address(game, round_, name)).status_code == 404
    after = browser.get(f"/api/games/{game.token}/").json()["results"][0]
    assert after["withdrawn"] is True
    assert after["model"].pop("layers")["state"] == "none"
    before["model"].pop("layers")
    same = {"withdrawn": None, "picture": None}
    assert {**after, **same} == {**before, **same}


def test_the_layers_tell_no_name_of_a_file(game: Game, alice: Player, browser: Client) -> None:
    round_ = close(game, alice)
    explain.work(idle_s=0)
    told = json.dumps(browser.get(address(game, round_)).json())
    explanation = Explanation.objects.get(prediction__panorama=round_.panorama)
    for name in (explanation.probability, explanation.occlusion, round_.panorama.file):
        assert name not in told
