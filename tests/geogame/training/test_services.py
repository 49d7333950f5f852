from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.utils import timezone

from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.training import services, states
from geogame.training.errors import TrainingError
from geogame.training.models import TrainingJob
from tests.geogame.training.conftest import MakeJob

State = TrainingJob.State


@pytest.fixture
def ada(db: None) -> User:
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="start_trainingjob"))
    return user


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs that the worker was told of."""
    told: list[int] = []
    monkeypatch.setattr(states, "enqueue", lambda task, *, queue, job_id: told.append(job_id))
    return told


def changes(job: TrainingJob) -> list[tuple[str, str, str | None]]:
    return [
        (change.before, change.after, change.by.get_username() if change.by else None)
        for change in job.changes.all()
    ]


# --- Who may ---------------------------------------------------------------------------------------------
def test_only_staff_with_the_permission_may_start(ada: User) -> None:
    assert services.may_start(ada)
    ada.is_staff = False
    assert not services.may_start(ada)
    assert not services.may_start(User.objects.create_user("ben", is_staff=True))
    assert not services.may_start(AnonymousUser())


# --- Making one ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "message", "field"),
    [
        ({"recipe": "huge"}, r"no recipe 'huge'; the recipes are .*tiny", "recipe"),
        ({"values": {"epochs": 0}}, "epochs must be at least 1", "epochs"),
        ({"values": {"epochs": "many"}}, "epochs is a value of the kind int", "epochs"),
        ({"values": {"max_photos": -3}}, "max_photos must be at least 1", "max_photos"),
        ({"seed": -1}, "seed is -1", "seed"),
        ({"devices": 0}, "0 devices", "devices"),
        ({"devices": 65}, "65 devices", "devices"),
    ],
)
def test_what_makes_no_sense_is_refused_before_there_is_a_job(
    make_job: MakeJob, options: dict[str, Any], message: str, field: str
) -> None:
    with pytest.raises(TrainingError, match=message) as refused:
        make_job(**options)
    assert refused.value.field == field
    assert not TrainingJob.objects.exists()


def test_a_value_that_no_recipe_has_is_refused(make_job: MakeJob) -> None:
    with pytest.raises(TrainingError, match="sets no value of a recipe"):
        make_job(values={"wings": 2})


def test_an_empty_map_is_refused(db: None) -> None:
    empty = data_set_of_map(Map.objects.create(name="Empty", slug="empty"))
    with pytest.raises(TrainingError, match="import some first"):
        services.create_job(data_set=empty, recipe="tiny")


def test_a_data_set_that_was_not_read_is_refused(db: None) -> None:
    data_set = DataSet.objects.create(name="Folder", kind="source", source="/photos")
    with pytest.raises(TrainingError, match="read it first"):
        services.create_job(data_set=data_set, recipe="tiny")


def test_values_of_the_recipe_are_kept(make_job: MakeJob) -> None:
    job = make_job(values={"epochs": 3, "crop_side": [0.4, 1.0], "optimiser": "adagrad"}, seed=7, devices=2)
    recipe = services.recipe_of(job.recipe, job.values)
    assert (recipe.epochs, recipe.crop_side, recipe.optimiser) == (3, (0.4, 1.0), "adagrad")


def test_a_full_disk_is_said_before_there_is_a_job(make_job: MakeJob, settings: Any) -> None:
    job = make_job()
    job.run_directory.mkdir(parents=True)
    (job.run_directory / "large").write_bytes(b"x" * 2000)
    settings.TRAINING_DISK_GB = 1e-6
    with pytest.raises(TrainingError, match="TRAINING_DISK_GB allows 1e-06: delete jobs"):
        make_job()
    services.request_stop(job)
    with pytest.raises(TrainingError, match="delete jobs"):
        services.resume(job)


# --- What people do is written down ----------------------------------------------------------------------
def test_each_change_is_on_record_with_who_and_when(make_job: MakeJob, ada: User) -> None:
    job = make_job(by=ada)
    services.request_stop(job, by=ada)
    services.resume(job, by=ada)
    assert states.claim(job)
    states.begin(job)
    services.request_stop(job, by=ada)
    states.stop(job, "Stopped.")
    assert changes(job) == [
        *(("", "queued", "ada"), ("queued", "stopped", "ada"), ("stopped", "queued", "ada")),
        *(("queued", "preparing", None), ("preparing", "running", None)),
        *(("running", "stopping", "ada"), ("stopping", "stopped", None)),
    ]
    assert all(change.at for change in job.changes.all())
    logged = LogEntry.objects.filter(object_id=str(job.pk)).order_by("pk")
    assert [entry.user_id for entry in logged] == [ada.pk] * 4
    assert logged[0].is_addition()


def test_a_job_that_has_ended_cannot_be_stopped(job: TrainingJob) -> None:
    services.request_stop(job)
    with pytest.raises(TrainingError, match="has ended already"):
        services.request_stop(job)


def test_asking_twice_to_stop_is_harmless(job: TrainingJob) -> None:
    states.claim(job)
    services.request_stop(job)
    services.request_stop(job)
    assert (job.state, job.changes.filter(after="stopping").count()) == (State.STOPPING, 1)


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.STOPPING, State.SUCCEEDED])
def test_only_a_stopped_or_failed_job_goes_on(job: TrainingJob, state: str) -> None:
    TrainingJob.objects.update(state=state)
    with pytest.raises(TrainingError, match="Only a stopped or failed job"):
        services.resume(job)


def test_a_clone_has_the_same_values(make_job: MakeJob, ada: User) -> None:
    job = make_job(values={"epochs": 3}, seed=4, devices=2)
    copy = services.clone(job, seed=5, by=ada)
    assert (copy.values, copy.seed, copy.devices, copy.data_set) == ({"epochs": 3}, 5, 2, job.data_set)
    assert (copy.cloned_from, copy.requested_by, copy.state) == (job, ada, State.QUEUED)


# --- Deleting --------------------------------------------------------------------------------------------
def test_deleting_frees_the_disk(
    job: TrainingJob, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    job.run_directory.mkdir(parents=True)
    (job.run_directory / "metrics.jsonl").write_text("{}")
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(job, by=ada)
    assert not job.run_directory.exists()
    assert not TrainingJob.objects.exists()
    assert LogEntry.objects.get(action_flag=3).user == ada


@pytest.mark.parametrize("state", states.ACTIVE)
def test_a_job_that_runs_is_not_deleted(job: TrainingJob, state: str) -> None:
    TrainingJob.objects.update(state=state)
    with pytest.raises(TrainingError, match="stop it first"):
        services.delete(job)
    assert TrainingJob.objects.exists()


def test_a_job_whose_model_plays_is_not_deleted(job: TrainingJob, model_version: ModelVersion) -> None:
    TrainingJob.objects.update(state=State.SUCCEEDED, model_version=model_version)
    with pytest.raises(TrainingError, match="is in play"):
        services.delete(job)
    ModelVersion.objects.update(is_active=False)
    services.delete(job)
    assert ModelVersion.objects.filter(pk=model_version.pk).exists()
    assert model_version.path.is_dir()


# --- Whose turn it is ------------------------------------------------------------------------------------
def test_a_job_is_claimed_once(job: TrainingJob) -> None:
    assert states.claim(job)
    assert not states.claim(job)
    assert (job.state, job.runs) == (State.PREPARING, 1)


def test_only_so_many_jobs_run_at_once_and_the_next_is_called(
    make_job: MakeJob, settings: Any, sent: list[int]
) -> None:
    first, second, third = make_job(), make_job(), make_job()
    settings.TRAINING_PARALLEL_JOBS = 2
    assert [states.claim(job) for job in (first, second, third)] == [True, True, False]
    assert sent == []
    states.fail(first, "No photos.")
    assert sent == [third.pk]
    assert states.claim(third)


def test_progress_is_stored_and_raises_the_version(job: TrainingJob) -> None:
    states.claim(job)
    version = job.version
    assert states.beat(job, progress=0.5, message="Epoch 3")
    assert states.beat(job)
    job.refresh_from_db()
    assert (job.progress, job.message, job.version) == (0.5, "Epoch 3", version + 1)


def test_a_job_that_shall_stop_still_has_a_heartbeat(job: TrainingJob) -> None:
    states.claim(job)
    services.request_stop(job)
    TrainingJob.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert not states.beat(job, progress=0.5)
    assert states.is_held(job)
    assert states.look_after_lost_jobs() == 0


# --- Jobs that nobody runs -------------------------------------------------------------------------------
def lose(job: TrainingJob) -> None:
    TrainingJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))


def test_a_job_that_nobody_runs_any_more_is_queued_again(job: TrainingJob, sent: list[int]) -> None:
    states.claim(job)
    assert states.look_after_lost_jobs() == 0
    lose(job)
    assert states.look_after_lost_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.losses, sent) == (State.QUEUED, 1, [job.pk])
    assert "worker that ran it was gone" in job.message


def test_a_job_that_is_lost_again_and_again_fails_with_the_reason(job: TrainingJob) -> None:
    for _ in range(4):
        assert states.claim(job)
        lose(job)
        states.look_after_lost_jobs()
    job.refresh_from_db()
    assert (job.state, job.runs) == (State.FAILED, 4)
    assert "happened 4 times" in job.message
    services.resume(job)
    assert job.losses == 0


def test_a_job_that_was_to_stop_when_it_was_lost_is_stopped(job: TrainingJob) -> None:
    states.claim(job)
    services.request_stop(job)
    lose(job)
    assert states.look_after_lost_jobs() == 1
    job.refresh_from_db()
    assert job.state == State.STOPPED


def test_who_lost_the_job_can_change_it_no_more(job: TrainingJob) -> None:
    states.claim(job)
    former = TrainingJob.objects.get()
    lose(job)
    states.look_after_lost_jobs()
    assert states.claim(job)
    assert not states.beat(former, progress=0.9)
    assert not states.is_held(former)
    assert not states.fail(former, "Too late.")
    job.refresh_from_db()
    assert (job.state, job.progress) == (State.PREPARING, 0.0)


def test_a_job_whose_message_was_lost_is_called_again_now_and_then(job: TrainingJob, sent: list[int]) -> None:
    assert states.queue_waiting_jobs_again() == 0
    TrainingJob.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert states.queue_waiting_jobs_again() == 1
    assert states.queue_waiting_jobs_again() == 0
    assert sent == [job.pk]


def test_a_job_that_was_given_back_is_called_at_once(job: TrainingJob, sent: list[int]) -> None:
    states.claim(job)
    states.give_back(job, "The worker was shut down.")
    assert states.queue_waiting_jobs_again() == 1
    assert sent == [job.pk]


def test_a_job_that_waits_for_its_turn_is_not_called(make_job: MakeJob, sent: list[int]) -> None:
    states.claim(make_job())
    make_job()
    TrainingJob.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert states.queue_waiting_jobs_again() == 0
    assert sent == []
