from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Permission, User
from django.test import Client

from geogame.datasets.services import data_set_of_map
from geogame.live import training
from geogame.panoramas.models import Map
from geogame.training import states
from geogame.training.models import TrainingJob
from geogame.training.services import create_job
from tests.geogame.training.test_live import write_steps
from tests.sockets import Socket

Talk = Callable[[Socket], Awaitable[None]]


@pytest.fixture
def job(make_map: Callable[..., Map]) -> TrainingJob:
    return create_job(data_set=data_set_of_map(make_map()), recipe="tiny")


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_trainingjob"))
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "REST_S", 0.01)
    monkeypatch.setattr(training, "LOOK_S", 0.05)


def converse(job: TrainingJob, client: Client | None, talk: Talk, origin: str = "http://testserver") -> None:
    async def run() -> None:
        socket = Socket(f"/ws/training/{job.token}/", client, origin)
        await talk(socket)
        await socket.close()

    async_to_sync(run)()


def test_the_first_frames_are_the_job_and_its_curve(staff: Client, job: TrainingJob) -> None:
    write_steps(job.run_directory, [3.0, 2.0])

    async def talk(socket: Socket) -> None:
        assert await socket.connect()
        frame, curve = await socket.receive(), await socket.receive()
        assert (frame["type"], frame["version"], frame["state"]["state"]) == ("job", job.version, "queued")
        assert (curve["type"], curve["steps"], curve["last_step"]) == ("curve", [1, 2], 2)

    converse(job, staff, talk)


def test_a_page_hears_what_is_new_and_only_that(
    staff: Client, job: TrainingJob, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LOOK_S", 600.0)  # it is told, and need not look
    write_steps(job.run_directory, [3.0, 2.0])

    def goes_on() -> None:
        write_steps(job.run_directory, [1.0], first=3)
        with django_capture_on_commit_callbacks(execute=True):
            states.claim(job)

    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await socket.receive()
        await sync_to_async(goes_on)()
        frame, curve = await socket.receive(), await socket.receive()
        assert frame["state"]["state"] == "preparing"
        assert (curve["after"], curve["steps"], curve["loss"]) == (2, [3], [1.0])

    converse(job, staff, talk)


def test_a_job_that_changes_all_the_time_is_told_as_it_is_last(
    staff: Client, job: TrainingJob, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "REST_S", 0.3)
    monkeypatch.setattr(training, "LOOK_S", 600.0)
    states.claim(job)

    def beats() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            for number in range(50):
                states.beat(job, progress=number / 50)

    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await sync_to_async(beats)()
        frames = [await socket.receive()]
        while frames[-1]["state"]["share"] < 0.98:
            frames.append(await socket.receive())
        assert len(frames) < 10
        assert await socket.nothing_more()

    converse(job, staff, talk)


def test_what_the_message_server_lost_is_found(staff: Client, job: TrainingJob) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await sync_to_async(states.claim)(job)  # within the test's transaction nobody is told
        assert (await socket.receive())["state"]["state"] == "preparing"

    converse(job, staff, talk)


def test_nothing_new_is_not_told(staff: Client, job: TrainingJob) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        assert await socket.nothing_more()

    converse(job, staff, talk)


def test_a_stranger_hears_nothing(client: Client, job: TrainingJob) -> None:
    client.force_login(User.objects.create_user("ben", is_staff=True))

    async def talk(socket: Socket) -> None:
        assert await socket.connect()
        assert (await socket.receive())["code"] == 4404

    converse(job, client, talk)
    converse(job, None, talk)


def test_who_may_no_more_is_hung_up_on(staff: Client, job: TrainingJob) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await sync_to_async(User.objects.update)(is_staff=False)
        assert (await socket.receive())["code"] == 4404

    converse(job, staff, talk)


def test_a_deleted_job_hangs_up(staff: Client, job: TrainingJob) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await sync_to_async(TrainingJob.objects.all().delete)()
        assert (await socket.receive())["code"] == 4404

    converse(job, staff, talk)


def test_the_socket_takes_no_messages(staff: Client, job: TrainingJob) -> None:
    async def talk(socket: Socket) -> None:
        await socket.connect()
        await socket.receive()
        await socket.send('{"type": "stop"}')
        assert (await socket.receive())["code"] == "unknown-type"

    converse(job, staff, talk)


def test_another_site_cannot_listen(staff: Client, job: TrainingJob) -> None:
    async def run() -> None:
        socket = Socket(f"/ws/training/{job.token}/", staff, "https://elsewhere.example")
        assert not await socket.connect()

    async_to_sync(run)()
