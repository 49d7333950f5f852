"""Predictions ahead of play: the chain of steps, and what interrupts it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from geogame.accounts.models import Player
from geogame.games.services import start_game
from geogame.opponent import ahead
from geogame.opponent.inference import predictor_at
from geogame.opponent.tasks import answer_round, predict_ahead
from geogame.panoramas.models import Map
from geogame.panoramas.services import publish_map, unpublish_map, withdraw
from geogame.predictions import services
from geogame.predictions.models import Prediction, PredictionJob
from geogame.predictions.queries import missing
from geogame.registry.models import ModelVersion

MakeMap = Callable[..., Map]
Messages = list[dict[str, Any]]
State = PredictionJob.State


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch, db: None) -> Messages:
    """What chains send to themselves; nothing takes it by itself."""
    sent: Messages = []
    monkeypatch.setattr("geogame.predictions.services.enqueue", lambda task, *, queue, **kw: sent.append(kw))
    return sent


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is one batch of one picture."""
    monkeypatch.setattr(ahead, "STEP_S", 0.0)
    monkeypatch.setattr(ahead.Pace, "size", lambda pace: 1)


def run_all(messages: Messages, most: int = 100) -> int:
    steps = 0
    while messages:
        steps += 1
        assert steps < most
        predict_ahead(**messages.pop(0))
    return steps


def test_everything_on_open_maps_is_predicted_and_the_job_says_so(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages
) -> None:
    make_map(3)
    make_map(2, name="Around", projection="equirectangular")
    unpublish_map(make_map(1, name="Closed"))
    predict_ahead()
    run_all(messages)
    job = PredictionJob.objects.get()
    assert (job.state, job.done, job.total) == (State.SUCCEEDED, 5, 5)
    assert Prediction.objects.count() == 5
    assert not missing(model_version).exists()


def test_what_is_predicted_ahead_is_what_a_round_would_get(
    alice: Player, make_map: MakeMap, model_version: ModelVersion, messages: Messages
) -> None:
    map_ = make_map(4)
    predict_ahead()
    run_all(messages)
    ahead_of_play = Prediction.objects.get(panorama=map_.panoramas.earliest("pk"))
    Prediction.objects.all().delete()
    map_.panoramas.set([ahead_of_play.panorama])
    answer_round(start_game(player=alice, map_=map_).rounds.get().pk)
    in_the_round = Prediction.objects.get()
    assert in_the_round.view == ahead_of_play.view
    assert in_the_round.lat == pytest.approx(ahead_of_play.lat)
    assert in_the_round.top_cells[0]["probability"] == pytest.approx(
        ahead_of_play.top_cells[0]["probability"], rel=1e-4
    )


def test_a_step_ends_after_its_time_and_queues_up_behind_others(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, one_by_one: None
) -> None:
    make_map(3)
    predict_ahead()
    assert Prediction.objects.count() == 1
    job = PredictionJob.objects.get()
    assert messages == [{"job_id": job.pk, "ticket": job.ticket}]
    run_all(messages)
    assert Prediction.objects.count() == 3


def test_a_round_that_waits_is_given_way_to(
    alice: Player,
    make_map: MakeMap,
    model_version: ModelVersion,
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ahead.Pace, "size", lambda pace: 1)
    map_ = make_map(4)
    round_ = start_game(player=alice, map_=map_).rounds.get()
    predict_ahead()
    assert Prediction.objects.count() == 1
    answer_round(round_.pk)
    run_all(messages)
    assert Prediction.objects.count() == 4


def test_nothing_is_done_where_nothing_is_missing(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages
) -> None:
    make_map(2)
    predict_ahead()
    run_all(messages)
    predict_ahead()
    assert (PredictionJob.objects.count(), messages) == (1, [])


def test_without_a_model_nothing_is_done(make_map: MakeMap, messages: Messages) -> None:
    make_map(2)
    predict_ahead()
    assert (PredictionJob.objects.count(), messages) == (0, [])


def test_zero_switches_it_off(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, settings: Settings
) -> None:
    settings.PREDICT_AHEAD_BATCH = 0
    make_map(2)
    predict_ahead()
    assert not PredictionJob.objects.exists()


def test_one_chain_at_a_time(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, one_by_one: None
) -> None:
    make_map(3)
    predict_ahead()
    predict_ahead()
    assert (PredictionJob.objects.count(), len(messages), Prediction.objects.count()) == (1, 1, 1)


def test_a_message_that_comes_twice_makes_no_second_chain(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, one_by_one: None
) -> None:
    make_map(4)
    predict_ahead()
    first = messages[0]
    predict_ahead(take_over=True)  # another worker starts
    assert PredictionJob.objects.get().ticket != first["ticket"]
    before = Prediction.objects.count()
    predict_ahead(**first)
    assert Prediction.objects.count() == before


def test_what_comes_in_meanwhile_is_predicted_too(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, one_by_one: None
) -> None:
    late = make_map(1, name="Late")  # the lowest primary key
    unpublish_map(late)
    make_map(2)
    predict_ahead()
    predict_ahead(**messages.pop())
    publish_map(late)
    predict_ahead()  # the message of publish_map
    run_all(messages)
    job = PredictionJob.objects.get()
    assert (job.state, job.done, job.total) == (State.SUCCEEDED, 3, 3)


def test_a_picture_that_cannot_be_read_is_passed_over_and_counted(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages
) -> None:
    map_ = make_map(3)
    map_.panoramas.earliest("pk").path.write_bytes(b"broken")
    predict_ahead()
    run_all(messages)
    job = PredictionJob.objects.get()
    assert (job.state, job.done, job.unreadable) == (State.SUCCEEDED, 2, 1)
    assert job.message == "1 picture could not be read."


def test_what_was_withdrawn_is_not_missing(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages
) -> None:
    map_ = make_map(2)
    withdraw(map_.panoramas.earliest("pk"))
    assert missing(model_version).count() == 1


def test_each_version_in_play_predicts(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, one_by_one: None
) -> None:
    make_map(2)
    other = ModelVersion.objects.get()
    other.pk, other.digest, other.name = None, "f" * 64, "Other"
    other.save()
    predict_ahead()
    run_all(messages)
    assert [version.predictions.count() for version in ModelVersion.objects.all()] == [2, 2]


def test_a_version_that_cannot_be_loaded_does_not_stop_the_others(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages
) -> None:
    make_map(2)
    broken = ModelVersion.objects.get()
    broken.pk, broken.digest, broken.name, broken.directory = None, "f" * 64, "Broken", "nowhere"
    broken.activated_at = timezone.now()
    broken.save()
    predict_ahead()
    run_all(messages)
    job = PredictionJob.objects.get()
    assert (job.state, job.done) == (State.FAILED, 2)
    assert "Broken (ffffffff) cannot be loaded" in job.message
    assert model_version.predictions.count() == 2


def test_a_job_is_stopped_and_resumed(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, one_by_one: None
) -> None:
    make_map(3)
    predict_ahead()
    services.request_stop(PredictionJob.objects.get())
    run_all(messages)
    job = PredictionJob.objects.get()
    assert (job.state, job.done) == (State.STOPPED, 1)
    predict_ahead(take_over=True)  # a start of the game leaves it alone
    assert (PredictionJob.objects.count(), messages) == (1, [])
    assert services.resume(job)
    run_all(messages)
    job.refresh_from_db()
    assert (job.state, job.done, Prediction.objects.count()) == (State.SUCCEEDED, 3, 3)
    assert not services.resume(job)


def test_a_worker_that_was_killed_is_taken_over(
    make_map: MakeMap,
    model_version: ModelVersion,
    messages: Messages,
    one_by_one: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_map(3)

    def die(*args: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(ahead, "predict_batch", die)
        with pytest.raises(MemoryError):
            predict_ahead()
    assert services.queue_lost_job_again() == 0  # its heartbeat is fresh
    PredictionJob.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
    assert services.queue_lost_job_again() == 1
    assert messages == [{"take_over": True}]
    run_all(messages)
    job = PredictionJob.objects.get()
    assert (job.state, job.done, job.losses) == (State.SUCCEEDED, 3, 0)


def test_pictures_that_kill_the_worker_again_and_again_end_the_job(
    make_map: MakeMap, model_version: ModelVersion, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_map(1)

    def die(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(ahead, "predict_batch", die)
    for _ in range(services.MOST_LOSSES):
        with pytest.raises(MemoryError):
            predict_ahead(take_over=True)
    predict_ahead(take_over=True)
    job = PredictionJob.objects.get()
    assert job.state == State.FAILED
    assert "3 times at the same pictures, behind panorama 0" in job.message


def test_maps_models_and_drawn_pictures_start_it(
    make_map: MakeMap, model_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    for module in ("panoramas.services", "registry.services"):
        monkeypatch.setattr(f"geogame.{module}.enqueue", lambda task, *, queue, **kw: sent.append(task))
    publish_map(make_map(1))
    from geogame.registry.services import activate

    activate(model_version)
    assert sent == ["opponent.predict_ahead"] * 3


# ---- in the foreground


def predict(*arguments: str) -> str:
    out = io.StringIO()
    call_command("predict_ahead", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_command_predicts_what_is_missing(make_map: MakeMap, model_version: ModelVersion) -> None:
    make_map(2)
    assert "2 of 2 predicted, 2 of them now" in predict()
    assert "2 of 2 predicted, 0 of them now" in predict()


def test_the_command_takes_one_map_and_one_model(make_map: MakeMap, model_version: ModelVersion) -> None:
    make_map(2)
    closed = make_map(1, name="Closed")
    unpublish_map(closed)
    ModelVersion.objects.update(is_active=False)
    said = predict("--map", "Closed", "--model", model_version.digest[:8])
    assert "1 of 1 predicted" in said
    assert Prediction.objects.get().panorama == closed.panoramas.get()


def test_the_command_takes_single_pictures(make_map: MakeMap, model_version: ModelVersion) -> None:
    wanted = [str(pk) for pk in make_map(4).panoramas.values_list("pk", flat=True)[1:3]]
    assert "2 of 2 predicted, 2 of them now" in predict("--panoramas", *wanted)
    assert sorted(Prediction.objects.values_list("panorama", flat=True)) == [int(pk) for pk in wanted]


def test_the_command_says_what_is_wrong(
    make_map: MakeMap, model_version: ModelVersion, tmp_path: object
) -> None:
    make_map(2).panoramas.earliest("pk").path.unlink()
    with pytest.raises(CommandError, match="no map “Nowhere”"):
        predict("--map", "Nowhere")
    with pytest.raises(CommandError, match=r"'xyz' is no model version\. Model versions: PlaNet tiny"):
        predict("--model", "xyz")
    with pytest.raises(CommandError, match="1 picture could not be read"):
        predict()
    predictor_at.cache_clear()
    ModelVersion.objects.update(directory="nowhere")
    Prediction.objects.all().delete()
    with pytest.raises(CommandError, match="cannot be loaded"):
        predict()
    ModelVersion.objects.update(is_active=False)
    with pytest.raises(CommandError, match="No model plays"):
        predict()
