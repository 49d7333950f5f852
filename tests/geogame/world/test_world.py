from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import MapError, unpublish_map
from geogame.world import pictures, runner, services, tasks
from geogame.world.models import WorldJob
from geogame.world.services import WorldError
from procedural_earth import play_set
from procedural_earth.artist import ArtistGone, DrawingFailed, Order
from procedural_earth.play_set import PlaySetError
from tests.geogame.world.conftest import Pencil

State = WorldJob.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def job(pencil: Pencil) -> WorldJob:
    return services.create_job(map_name="Drawn", count=4)


def test_a_job_draws_the_play_set_and_opens_the_map(job: WorldJob, pencil: Pencil) -> None:
    said: list[str] = []
    runner.run_now(job, tell=said.append)
    assert (job.state, job.done) == (State.SUCCEEDED, 4)
    assert [order.lat for order in pencil.orders] == play_set.places(4).lat.tolist()
    job.map.refresh_from_db()
    assert job.map.is_published
    assert said[-1] == "4 of 4 drawn"


def test_what_is_drawn_is_stored_with_its_facts(job: WorldJob, pencil: Pencil) -> None:
    runner.run_now(job)
    panorama = Panorama.objects.order_by("pk")[0]
    order = pencil.orders[0]
    assert panorama.drawn
    assert panorama.is_360
    assert (panorama.facts["version"], panorama.facts["date"]) == ("test", order.date)
    assert panorama.facts["hour"] == order.hour
    assert panorama.taken_at.startswith(f"{order.date}T{int(order.hour):02}:")
    assert "not photographed" in panorama.source
    assert panorama.heading == 12.5
    assert panorama.path.is_file()


def test_no_place_is_drawn_twice(job: WorldJob, pencil: Pencil) -> None:
    runner.run_now(job)
    more = services.create_job(map_name="Drawn", count=6)
    runner.run_now(more)
    places = [(order.lat, order.lng) for order in pencil.orders]
    assert len(places) == len(set(places)) == 6
    assert more.done == Panorama.objects.count() == 6


def test_another_map_takes_what_is_drawn(job: WorldJob, pencil: Pencil) -> None:
    runner.run_now(job)
    other = services.create_job(map_name="Other", count=3)
    runner.run_now(other)
    assert (other.state, other.map.panoramas.count()) == (State.SUCCEEDED, 3)
    assert len(pencil.orders) == 4


def test_the_shipped_pictures_come_first(pencil: Pencil, shipped: Path) -> None:
    job = services.create_job(map_name="Drawn", count=5)
    runner.run_now(job)
    assert (job.done, len(pencil.orders)) == (5, 2)


def test_shipped_pictures_are_imported_once(shipped: Path) -> None:
    map_ = Map.objects.create(name="Drawn", slug="drawn")
    assert list(pictures.import_shipped(map_, shipped, 2)) == [True, True]
    assert list(pictures.import_shipped(map_, shipped, 9)) == [False, False, True]
    first = Panorama.objects.order_by("pk")[0]
    assert first.path.read_bytes() == (shipped / play_set.read(shipped)[0].file).read_bytes()


def test_a_damaged_shipped_picture_is_named(shipped: Path) -> None:
    (shipped / play_set.read(shipped)[1].file).write_bytes(b"broken")
    map_ = Map.objects.create(name="Drawn", slug="drawn")
    with pytest.raises(PlaySetError, match=r"\.jpg is not the file that places.json names"):
        list(pictures.import_shipped(map_, shipped, 9))
    assert map_.panoramas.count() == 1


def test_a_stopped_job_keeps_what_it_drew_and_is_resumed(job: WorldJob, pencil: Pencil) -> None:
    def stop_at_the_third(order: Order) -> None:
        if len(pencil.orders) == 1:
            services.request_stop(job)

    pencil.before = stop_at_the_third
    runner.run_now(job)
    assert (job.state, job.done) == (State.STOPPED, 2)
    assert services.resume(job)
    runner.run_now(job)
    assert (job.state, job.done, len(pencil.orders)) == (State.SUCCEEDED, 4, 4)


def test_a_job_that_waits_is_stopped_at_once(job: WorldJob, pencil: Pencil) -> None:
    services.request_stop(job)
    runner.run_now(job)
    job.refresh_from_db()
    assert (job.state, pencil.orders) == (State.STOPPED, [])


def test_a_complete_job_is_not_resumed(job: WorldJob) -> None:
    runner.run_now(job)
    assert not services.resume(job)


def test_a_place_that_cannot_be_drawn_is_passed_over(job: WorldJob, pencil: Pencil) -> None:
    bad = float(play_set.places(4).lat[1])

    def refuse(order: Order) -> None:
        if order.lat == bad:
            raise DrawingFailed("no such colour")

    pencil.before = refuse
    said: list[str] = []
    runner.run_now(job, tell=said.append)
    assert (job.state, job.done) == (State.SUCCEEDED, 4)
    assert bad not in [order.lat for order in pencil.orders]
    assert any("no such colour" in line for line in said)


def test_when_nothing_can_be_drawn_the_job_fails_with_the_reason(job: WorldJob, pencil: Pencil) -> None:
    def refuse(order: Order) -> None:
        raise DrawingFailed("no such colour")

    pencil.before = refuse
    runner.run_now(job)
    assert job.state == State.FAILED
    assert job.message == "5 pictures in a row failed: no such colour. What was drawn stays."


def die_at(place: int, times: int) -> tuple[Callable[[Order], None], list[int]]:
    """At the place of that number, and which orders came: numbers of places."""
    lats, met = play_set.places(8).lat.tolist(), list[int]()

    def die(order: Order) -> None:
        met.append(lats.index(order.lat))
        if met[-1] == place and met.count(place) <= times:
            raise ArtistGone("the drawing process ended with status -9")

    return die, met


def test_a_drawing_process_that_dies_gets_another_try(job: WorldJob, pencil: Pencil) -> None:
    pencil.before, met = die_at(1, times=1)
    said: list[str] = []
    runner.run_now(job, tell=said.append)
    assert (job.state, job.done, met) == (State.SUCCEEDED, 4, [0, 1, 1, 2, 3])
    assert any("status -9" in line for line in said)
    assert job.message == "The map has 4 drawn panoramas."


def test_a_place_that_ends_its_process_twice_is_left_out_and_said(job: WorldJob, pencil: Pencil) -> None:
    pencil.before, met = die_at(1, times=99)
    said: list[str] = []
    runner.run_now(job, tell=said.append)
    assert (job.state, job.done, met) == (State.SUCCEEDED, 4, [0, 1, 1, 2, 3, 4])
    left_out = "; 1 place left out where drawing crashed 2 times"
    assert job.message == f"The map has 4 drawn panoramas{left_out}."
    assert said[-1] == f"4 of 4 drawn{left_out}"
    assert job.crashes == {str(play_set.places(4).identity[1]): 2}


def test_a_job_that_goes_on_knows_where_the_process_ended(job: WorldJob, pencil: Pencil) -> None:
    die, met = die_at(1, times=99)

    def stop_after_the_first_crash(order: Order) -> None:
        if met.count(1) == 1:
            raise KeyboardInterrupt
        die(order)

    pencil.before = stop_after_the_first_crash
    with pytest.raises(KeyboardInterrupt):
        runner.run_now(job)
    services.release(job)
    pencil.before = die
    runner.run_now(WorldJob.objects.get())
    assert met == [0, 1, 1, 2, 3, 4]


def test_where_every_drawing_process_dies_the_job_fails(job: WorldJob, pencil: Pencil) -> None:
    def die(order: Order) -> None:
        raise ArtistGone("the drawing process ended with status -9")

    pencil.before = die
    runner.run_now(job)
    assert job.state == State.FAILED
    assert job.message.startswith("5 pictures in a row failed: the drawing process ended with status -9.")


def test_a_job_is_claimed_once(job: WorldJob) -> None:
    assert services.claim(job)
    assert not services.claim(job)


def test_a_job_whose_worker_was_killed_goes_on(job: WorldJob, pencil: Pencil) -> None:
    services.claim(job)
    assert services.revive_lost_jobs() == 0
    WorldJob.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert services.revive_lost_jobs() == 1
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert services.queue_waiting_jobs_again() == 1
    assert services.queue_waiting_jobs_again() == 0, "not again at once"
    runner.run_now(job)
    assert job.state == State.SUCCEEDED


def test_a_job_that_is_lost_again_and_again_fails(job: WorldJob) -> None:
    for _ in range(services.MOST_LOSSES + 1):
        assert services.claim(job)
        WorldJob.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
        services.revive_lost_jobs()
    job.refresh_from_db()
    assert job.state == State.FAILED


def test_who_lost_the_claim_changes_nothing(job: WorldJob) -> None:
    services.claim(job)
    sleeper = WorldJob.objects.get(pk=job.pk)
    services.release(job)
    assert services.claim(WorldJob.objects.get(pk=job.pk))
    assert not services.beat(sleeper)
    services.stop(sleeper)
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_one_job_a_map_at_a_time(job: WorldJob) -> None:
    assert services.create_job(map_name="Drawn", count=7) == job
    job.refresh_from_db()
    assert job.count == 7
    services.claim(job)
    with pytest.raises(WorldError, match="draws “Drawn” already"):
        services.create_job(map_name="Drawn", count=7)


@pytest.mark.parametrize("count", [0, -1, 5001])
def test_a_wrong_count_is_named(count: int) -> None:
    with pytest.raises(WorldError, match="use 1 to 5,000"):
        services.create_job(map_name="Drawn", count=count)


def test_a_wrong_name_is_named() -> None:
    with pytest.raises(MapError, match="is no name for a map"):
        services.create_job(map_name="…", count=1)


class TestEnsureJob:
    def test_a_map_that_lacks_pictures_gets_a_job_and_only_one(self) -> None:
        map_ = Map.objects.create(name="Drawn", slug="drawn")
        assert services.ensure_job(map_=map_, count=3)
        assert services.ensure_job(map_=map_, count=3) is None

    def test_a_complete_map_gets_none(self, job: WorldJob) -> None:
        runner.run_now(job)
        assert services.ensure_job(map_=job.map, count=4) is None
        assert services.ensure_job(map_=job.map, count=5)

    def test_what_a_person_stopped_stays_stopped(self, job: WorldJob) -> None:
        services.request_stop(job)
        assert services.ensure_job(map_=job.map, count=4) is None

    def test_a_map_that_was_closed_by_hand_gets_none(self, job: WorldJob) -> None:
        runner.run_now(job)
        job.map.refresh_from_db()
        unpublish_map(job.map)
        assert services.ensure_job(map_=job.map, count=9) is None


def test_a_map_that_was_closed_by_hand_stays_closed(job: WorldJob) -> None:
    runner.run_now(job)
    job.map.refresh_from_db()
    unpublish_map(job.map)
    runner.run_now(services.create_job(map_name="Drawn", count=5))
    job.map.refresh_from_db()
    assert not job.map.is_published


def test_the_task_starts_a_process_for_a_job_that_waits(
    job: WorldJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    monkeypatch.setattr(tasks, "start_process", started.append)
    tasks.build_world(job_id=job.pk)
    services.claim(job)
    tasks.build_world(job_id=job.pk)
    assert started == [job.pk]


class TestCommand:
    def run(self, *arguments: str) -> str:
        output = io.StringIO()
        call_command("build_world", *arguments, stdout=output)
        return output.getvalue()

    def test_it_queues(self, pencil: Pencil) -> None:
        assert "once `make play` runs" in self.run("--count", "2", "--map", "Mine")
        assert WorldJob.objects.get().state == State.QUEUED

    def test_now_it_draws_here(self, pencil: Pencil, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("signal.signal", lambda *_: None)
        lines = self.run("--count", "2", "--map", "Mine", "--now").splitlines()
        assert lines[0] == "Drawing 2 panoramas of “Mine”: 0 are there."
        assert lines[-1] == "The map has 2 drawn panoramas."

    def test_ctrl_c_stops_it(self, pencil: Pencil, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(order: Order) -> None:
            if pencil.orders:
                raise KeyboardInterrupt

        pencil.before = interrupt
        monkeypatch.setattr("signal.signal", lambda *_: None)
        with pytest.raises(CommandError, match="the same command goes on from here") as error:
            self.run("--count", "3", "--now")
        assert error.value.returncode == 130
        assert WorldJob.objects.get().state == State.STOPPED
        assert Panorama.objects.count() == 1

    def test_the_worker_gives_the_job_back_when_it_ends(
        self, job: WorldJob, pencil: Pencil, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(order: Order) -> None:
            raise KeyboardInterrupt

        pencil.before = interrupt
        monkeypatch.setattr("signal.signal", lambda *_: None)
        with pytest.raises(SystemExit):
            self.run("--job", str(job.pk))
        job.refresh_from_db()
        assert (job.state, job.heartbeat_at) == (State.QUEUED, None)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--count", "0"], "use 1 to 5,000"),
            (["--map", "…"], "no name"),
            (["--job", "99"], "no world job 99"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("signal.signal", lambda *_: None)
        with pytest.raises(CommandError, match=message):
            self.run(*arguments)


def test_the_admin_stops_and_resumes(admin_client: Any, job: WorldJob) -> None:
    def act(action: str) -> str:
        data = {"action": action, "_selected_action": [str(job.pk)]}
        page: str = admin_client.post("/admin/world/worldjob/", data, follow=True).content.decode()
        return page

    assert "0 of 4 (0%)" in admin_client.get("/admin/world/worldjob/").content.decode()
    assert "Asked to stop" in act("stop")
    assert "Goes on" in act("resume")
    assert "Only a stopped or failed job" in act("resume")
    job.refresh_from_db()
    assert job.state == State.QUEUED
