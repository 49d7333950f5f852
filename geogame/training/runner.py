"""Runs a training job in a child process, follows what it writes, and says how it ended."""

from __future__ import annotations

import logging
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection

from geogame.datasets.lists import has_drawings
from geogame.datasets.models import DataSet
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError, register
from geogame.training import preparation, services, states
from geogame.training.child import Child
from geogame.training.errors import TrainingError
from geogame.training.limits import no_room
from geogame.training.models import TrainingJob
from geogame.training.run_files import METRICS, Tail, events_in
from planet_core.run_log import duration

log = logging.getLogger(__name__)
Result = TypeVar("Result")
POLL_S = 0.5
DATABASE_PATIENCE_S = 900.0
DATABASE_AGAIN_S = 1.0
STOPPED = "Stopped before its end; it can go on."
PACE = ("phase", "epoch", "epochs", "loss", "images_per_second", "seconds_left")
STOPPED_BY_SIGNAL = 130
FIRST_OF_TORCHRUN = "Root Cause (first observed failure):"


@dataclass
class Wishes:
    """What whoever runs jobs wishes of them; signal handlers set it."""

    stop: threading.Event = field(default_factory=threading.Event)
    """Stop with a checkpoint."""
    at_once: threading.Event = field(default_factory=threading.Event)
    """Do not wait for it."""
    give_back: threading.Event = field(default_factory=threading.Event)
    """Stop with a checkpoint and let somebody else go on."""


OF_THE_WORKER = Wishes()


def run_now(job: TrainingJob, *, foreground: bool = False, wishes: Wishes = OF_THE_WORKER) -> None:
    """Claim the job and run it to its end, where it is its turn."""
    if not states.claim(job):
        return
    try:
        with preparation.the_only_one_in(job.run_directory) as lock:
            if lock is None:
                states.lose(job, "A training process of before still runs in its folder.")
                return
            Run(job, foreground, wishes, lock).go()
    except (TrainingError, RegistryError, OSError) as error:
        _fail(job, str(error))
    except Exception as error:
        _fail(job, f"{type(error).__name__}: {error}")
        raise


def _fail(job: TrainingJob, reason: str) -> None:
    _answered(lambda: states.fail(job, reason))


def _answered(ask: Callable[[], Result]) -> Result:
    """What the database says; one that is away for a while is asked again."""
    deadline = time.monotonic() + DATABASE_PATIENCE_S
    while True:
        try:
            return ask()
        except DatabaseError as error:
            if time.monotonic() > deadline:
                raise
            log.warning("The database does not answer, trying again: %s", error)
            connection.close()
            time.sleep(DATABASE_AGAIN_S)


class Run:
    def __init__(self, job: TrainingJob, foreground: bool, wishes: Wishes, lock: int) -> None:
        self.job, self.foreground, self.wishes, self.lock = job, foreground, wishes, lock
        self.log = job.run_directory / "log.txt"
        self.metrics = Tail(job.run_directory / METRICS)
        self.pace: dict[str, Any] = {}
        self.told: dict[str, Any] = {}
        self.reason = ""
        self.stopped = STOPPED
        self.is_ending = False
        self.is_ours = True
        self.kill_at: float | None = None

    def go(self) -> None:
        """Prepare, train, conclude."""
        if reason := no_room():
            raise TrainingError(reason)
        preparation.model_directory(self.job).parent.mkdir(parents=True, exist_ok=True)
        sources = preparation.sources_of(self.job)
        if preparation.goes_on(self.job):
            self.metrics.skip()
        else:
            preparation.clear_away(self.job)
            self._foresee(sources)
        if self.is_ending or not _answered(lambda: states.begin(self.job)):
            self._leave("Stopped while it was prepared; it can go on.")
            return
        command = preparation.training_command(self.job, sources)
        with Child(command, log=None if self.foreground else self.log, holds=[self.lock]) as child:
            self._follow(child, grace_s=settings.TRAINING_STOP_GRACE_S)
        self._conclude(child)

    def _foresee(self, sources: Sequence[str]) -> None:
        """Find out what would not work before hours are spent on it."""
        answer = self.job.run_directory / "plan.json"
        command = preparation.plan_command(self.job, sources)
        with answer.open("wb") as output, Child(command, log=self.log, output=output) as child:
            self._follow(child, grace_s=0.0)
        if self.is_ending:
            return
        text = answer.read_text(encoding="utf-8")
        if child.status and not text:
            raise TrainingError(self._last_words(child) or f"The plan ended with status {child.status}.")
        plan = preparation.read_plan(text)
        _answered(lambda: states.beat(self.job, plan=plan))

    # --- Following -----------------------------------------------------------------------------------
    def _follow(self, child: Child, *, grace_s: float) -> None:
        while not child.wait(POLL_S):
            self._look_at_events()
            self._report()
            self._heed(child, grace_s)
        self._look_at_events()
        self._report()

    def _look_at_events(self) -> None:
        data, _ = self.metrics.read()
        for event in events_in(data):
            self.pace |= {name: event[name] for name in PACE if name in event}
            self.told["progress"] = min(1.0, max(0.0, float(event.get("share", 0.0))))
            self.told |= {"pace": self.pace, "message": _describe(self.pace)}
            self.reason = str(event.get("reason", "")) if event["event"] == "failed" else ""
            if event["event"] == "stopped" and event.get("checkpoint"):
                self.stopped = f"Stopped after step {event['step']:,}; it goes on from there."

    def _report(self) -> None:
        """Say that the job is looked after. The training goes on while the database is away."""
        told, self.told = self.told, {}
        try:
            if states.beat(self.job, **told):
                return
            self.is_ours = states.is_held(self.job)
            self.is_ending = True
        except DatabaseError as error:
            log.warning("The database does not answer, training goes on: %s", error)
            self.told = told | self.told
            connection.close()

    def _heed(self, child: Child, grace_s: float) -> None:
        wishes = self.wishes
        self.is_ending = self.is_ending or wishes.stop.is_set() or wishes.give_back.is_set()
        if not self.is_ending:
            return
        if self.kill_at is None:
            child.ask_to_stop()
            self.kill_at = time.monotonic() + grace_s
        if time.monotonic() >= self.kill_at or wishes.at_once.is_set() or not self.is_ours:
            child.kill()

    # --- Its end -------------------------------------------------------------------------------------
    def _conclude(self, child: Child) -> None:
        status = child.status
        if status == 0:
            self._register()
        elif self.is_ending or status == STOPPED_BY_SIGNAL:
            self._leave(self.stopped)
        elif number := _killed_by(child):
            name = signal.Signals(number).name
            _answered(lambda: states.lose(self.job, f"The training process was killed by {name}."))
        else:
            words = self.reason or self._last_words(child)
            _answered(
                lambda: states.fail(self.job, words or f"The training process ended with status {status}.")
            )

    def _last_words(self, child: Child) -> str:
        lines = [line for line in child.last_lines if ": " in line]
        return lines[-1].partition(": ")[2] if lines else ""

    def _leave(self, reason: str) -> None:
        """It was asked to end: stopped by a person, given back by the worker, or not ours any more."""
        if self.wishes.give_back.is_set() and not _answered(lambda: states.is_stopping(self.job)):
            _answered(lambda: states.give_back(self.job, "The worker was shut down; it goes on by itself."))
        else:
            _answered(lambda: states.stop(self.job, reason))

    def _register(self) -> None:
        job = self.job
        version = _answered(
            lambda: register(
                directory=preparation.model_directory(job),
                name=f"PlaNet {job.what}",
                trained_on_drawings=has_drawings(job.data_set),
                data=_data_of(job),
                parent=job.init_from,
            )
        )
        if version.path != preparation.model_directory(job):  # another job has made the very same
            shutil.rmtree(preparation.model_directory(job), ignore_errors=True)
        if _answered(lambda: states.succeed(job, version)):
            _answered(lambda: _play_if_nobody_does(version))


def _killed_by(child: Child) -> int:
    """The number of the signal that ended it, or 0.

    torchrun ends with 1 whatever became of its processes, and says what in its last lines. The others of a
    killed one fail too, of a broken connection: what counts is the first.
    """
    if child.status is not None and child.status < 0:
        return -child.status
    first = "\n".join(child.last_lines).partition(FIRST_OF_TORCHRUN)[2]
    found = re.search(r"^\s*exitcode\s*: -(\d+) ", first, re.MULTILINE)
    return int(found[1]) if found else 0


def _data_of(job: TrainingJob) -> dict[str, Any]:
    data_set, map_ = job.data_set, job.data_set.map
    photos = data_set.photos or (map_.panoramas.count() if map_ else 0)
    found = {"name": data_set.name, "photos": photos, "licences": data_set.licences}
    return {**found, "albums": data_set.albums} if data_set.kind == DataSet.Kind.ALBUMS else found


def _play_if_nobody_does(version: ModelVersion) -> None:
    if ModelVersion.objects.filter(is_active=True, kind=version.kind).exists():
        return
    try:
        services.put_into_play(version)
    except RegistryError as error:
        log.error("%s does not play: %s", version, error)


def _describe(pace: dict[str, Any]) -> str:
    if "epoch" not in pace:
        return "Reading the photos." if pace.get("phase") == "read" else ""
    left = pace.get("seconds_left")
    of = f" of {pace['epochs']}" if "epochs" in pace else ""
    return f"Epoch {pace['epoch']}{of}" + ("" if left is None else f", {duration(left)} left")
