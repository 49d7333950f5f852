"""Whatever is killed or goes away, a job goes on from its last checkpoint or says why it has failed.

With real processes, and the real training. Two jobs train at once, and go on training from test to test.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.geogame.training.works import AT_ONCE, LOST_AFTER_S, PATIENCE_S, Works, wait_for, works

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
AWAY_S = 30


@pytest.fixture(scope="module")
def site() -> Iterator[Works]:
    with works() as here:
        yield here


@pytest.fixture
def jobs(site: Works) -> list[str]:
    """The tokens of two that train, and have a checkpoint."""
    return site.busy()


def goes_on(site: Works, token: str) -> Callable[[], None]:
    """Asked before something happens, waits afterwards until the job trains again, from a checkpoint."""
    runs, resumes = site.row(token)["runs"], len(site.events(token, "resume"))

    def wait() -> None:
        wait_for(lambda: site.state(token) == "running" and site.row(token)["runs"] == runs + 1)
        wait_for(lambda: len(site.events(token, "resume")) == resumes + 1)
        assert site.events(token, "resume")[-1]["step"] > 0
        assert len(site.children(token)) == 1

    return wait


def is_told_more(site: Works, token: str, version: int) -> Callable[[], bool]:
    return lambda: bool(site.row(token)["version"] > version)


def test_the_training_process_is_killed(site: Works, jobs: list[str]) -> None:
    job, other = jobs
    [child] = site.children(job)
    losses, runs = site.row(job)["losses"], site.row(other)["runs"]
    wait_until_it_goes_on = goes_on(site, job)
    os.kill(child, signal.SIGKILL)
    wait_until_it_goes_on()
    assert site.row(job)["losses"] == losses + 1
    assert site.children(job) != [child]
    assert site.row(other)["runs"] == runs, "nothing has happened to the other one"


def test_the_worker_is_killed(site: Works, jobs: list[str]) -> None:
    wait_until_they_go_on = [goes_on(site, job) for job in jobs]
    site.kill("worker")
    wait_for(lambda: not any(map(site.children, jobs)), patience_s=20)  # nobody would follow them
    assert [site.state(job) for job in jobs] == ["running", "running"], "nobody could say otherwise"
    wait_for(lambda: {site.state(job) for job in jobs} == {"queued"}, patience_s=LOST_AFTER_S + PATIENCE_S)
    site.start("worker")
    for wait in wait_until_they_go_on:
        wait()


def test_the_worker_is_shut_down(site: Works, jobs: list[str]) -> None:
    """One of several jobs at once, and one that takes them one by one."""
    losses = [site.row(job)["losses"] for job in jobs]
    wait_until_it_goes_on = {job: goes_on(site, job) for job in jobs}
    assert site.shut_down("worker") == 0
    assert [site.state(job) for job in jobs] == ["queued", "queued"]
    site.start("worker", at_once=1)
    wait_for(lambda: any(map(site.children, jobs)))
    [at_work] = [job for job in jobs if site.children(job)]
    stopped = site.events(at_work, "stopped")[-1]
    wait_until_it_goes_on[at_work]()
    assert stopped["checkpoint"]
    assert site.events(at_work, "resume")[-1]["step"] == stopped["step"], "it goes on from the very step"
    wait_until_they_go_on = [goes_on(site, job) for job in jobs]
    assert site.shut_down("worker") == 0
    assert [site.state(job) for job in jobs] == ["queued", "queued"]
    site.start("worker")
    for wait in wait_until_they_go_on:
        wait()
    assert [site.row(job)["losses"] for job in jobs] == losses, "it was nobody's fault"


def test_the_message_server_is_started_anew(site: Works, jobs: list[str]) -> None:
    waiting = site.queue()
    site.kill("broker")
    site.start("broker")  # and knows nothing of the job that waits
    told = {job: (site.row(job)["version"], site.row(job)["runs"]) for job in jobs}
    for job, (version, runs) in told.items():
        wait_for(is_told_more(site, job, version))
        assert (site.state(job), site.row(job)["runs"]) == ("running", runs)
    assert site.state(waiting) == "queued"
    site.end(jobs.pop())
    pretend_that_it_waits_for_long(site, waiting)
    site.train(waiting)
    jobs.append(waiting)
    assert len(jobs) == AT_ONCE


def pretend_that_it_waits_for_long(site: Works, token: str) -> None:
    long_ago = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
    with contextlib.closing(sqlite3.connect(site.folder / "db.sqlite3", timeout=60)) as database:
        database.execute(
            "UPDATE training_trainingjob SET created_at = ?, heartbeat_at = ? WHERE token = ?",
            (long_ago, long_ago, token),
        )
        database.commit()


def test_the_web_process_is_killed(site: Works, jobs: list[str]) -> None:
    runs = [site.row(job)["runs"] for job in jobs]
    site.start("web")
    site.kill("web")
    for job in jobs:
        wait_for(is_told_more(site, job, site.row(job)["version"]))
    assert [site.state(job) for job in jobs] == ["running", "running"]
    assert [site.row(job)["runs"] for job in jobs] == runs


def test_the_database_goes_away_for_half_a_minute(site: Works, jobs: list[str]) -> None:
    """Longer than who writes waits for it. The training goes on, and what it does is told afterwards."""
    runs = [site.row(job)["runs"] for job in jobs]
    site.kill("clock")  # that of this site is quicker to give up on a job than half a minute
    try:
        with contextlib.closing(sqlite3.connect(site.folder / "db.sqlite3", timeout=60)) as database:
            database.execute("BEGIN EXCLUSIVE")
            before = [len(site.events(job, "epoch")) for job in jobs]
            time.sleep(AWAY_S)
            after = [len(site.events(job, "epoch")) for job in jobs]
            assert all(now > then for now, then in zip(after, before, strict=True))
            told = [site.row(job)["version"] for job in jobs]
            database.rollback()
        for job, version in zip(jobs, told, strict=True):
            wait_for(is_told_more(site, job, version))
        assert [site.state(job) for job in jobs] == ["running", "running"]
        assert [site.row(job)["runs"] for job in jobs] == runs
        assert "training goes on" in (site.folder / "worker.log").read_text()
    finally:
        site.start("clock")
