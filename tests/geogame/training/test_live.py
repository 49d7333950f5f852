from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geogame.registry.models import ModelVersion
from geogame.training import live, services, states
from geogame.training.models import TrainingJob
from geogame.training.run_files import Curve, Tail, events_in, last_lines
from geogame.training.sentences import WAITS
from tests.geogame.training.conftest import MakeJob

State = TrainingJob.State
VALIDATION = {
    "accuracy": 0.25,
    "loss": 2.5,
    "median_km": 700.0,
    "accuracy_at_km": {"1": 0.0, "25": 0.1, "200": 0.2, "750": 0.4, "2500": 0.7},
}


def write_steps(folder: Path, losses: Sequence[float], first: int = 1) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "steps.jsonl").open("a") as file:
        for step, loss in enumerate(losses, start=first):
            file.write(json.dumps({"step": step, "epoch": 1, "loss": loss, "rate": 1e-05}) + "\n")


def write_events(folder: Path, *events: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metrics.jsonl").open("a") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)


def epoch(number: int, loss: float = 1.0) -> dict[str, Any]:
    return {"event": "epoch", "epoch": number, "train_loss": loss, "validation": VALIDATION, "best": True}


# --- State -----------------------------------------------------------------------------------------------
def test_the_state_says_what_the_page_shows(job: TrainingJob) -> None:
    states.claim(job)
    states.begin(job)
    pace = {"phase": "train", "epoch": 2, "epochs": 20, "images_per_second": 31.5, "seconds_left": 40.0}
    states.beat(job, progress=0.25, message="Epoch 2 of 20, 0:40 left", pace=pace)
    job.refresh_from_db()
    state = live.job_state(job)
    assert (state["state"], state["share"], state["runs"]) == ("running", 0.25, 1)
    assert {name: state[name] for name in pace} == pace
    assert [change["after"] for change in state["changes"]] == ["queued", "preparing", "running"]
    assert state["started_at"].startswith("20")
    assert state["finished_at"] is None
    json.dumps(state)


def test_a_job_that_waits_for_another_says_so(make_job: MakeJob) -> None:
    states.claim(make_job())
    assert live.job_state(make_job())["message"] == WAITS


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (State.QUEUED, ["stop", "clone", "delete"]),
        (State.PREPARING, ["stop", "clone"]),
        (State.RUNNING, ["stop", "clone"]),
        (State.STOPPING, ["clone"]),
        (State.STOPPED, ["resume", "clone", "delete"]),
        (State.FAILED, ["resume", "clone", "delete"]),
    ],
)
def test_each_state_has_its_buttons(job: TrainingJob, state: str, buttons: list[str]) -> None:
    job.state = state
    assert live.buttons(job) == buttons


def test_the_buttons_of_a_job_with_a_model(job: TrainingJob, model_version: ModelVersion) -> None:
    job.state, job.model_version = State.SUCCEEDED, model_version
    assert live.buttons(job) == ["clone"], "its model plays"
    model_version.is_active = False
    assert live.buttons(job) == ["clone", "delete", "activate"]
    shown = live.job_state(job)["model_version"]
    assert (shown["digest"], shown["is_active"]) == (model_version.digest, False)


# --- Curves ----------------------------------------------------------------------------------------------
def test_a_job_that_has_written_nothing_has_no_curve(job: TrainingJob) -> None:
    nothing: dict[str, list[float]] = {"steps": [], "loss": [], "rate": [], "epochs": []}
    assert live.curves(job) == {"run": "", "after": 0, "last_step": 0, **nothing}


def test_only_new_steps_are_told(job: TrainingJob) -> None:
    write_steps(job.run_directory, [3.0, 2.0])
    first = live.curves(job)
    assert (first["steps"], first["loss"], first["rate"]) == ([1, 2], [3.0, 2.0], [1e-05, 1e-05])
    write_steps(job.run_directory, [1.5], first=3)
    known = live.NOWHERE.joined(first)
    later = live.curves(job, known)
    assert (later["after"], later["steps"], later["loss"], later["last_step"]) == (2, [3], [1.5], 3)
    assert known.joined(later) == live.Known(step=3)


def test_only_new_epochs_are_told(job: TrainingJob) -> None:
    write_steps(job.run_directory, [3.0, 2.0])
    write_events(job.run_directory, {"event": "start", "time": 5.25}, epoch(1))
    known = live.NOWHERE.joined(live.curves(job))
    assert known == live.Known("5.25", 2, 1)
    assert live.curves(job, known)["epochs"] == []
    write_events(job.run_directory, epoch(2))  # which the examination ended, after its last step
    later = live.curves(job, known)
    assert (later["after"], later["steps"], [one["epoch"] for one in later["epochs"]]) == (2, [], [2])
    assert known.joined(later) == live.Known("5.25", 2, 2)


def test_of_another_run_the_whole_is_told(job: TrainingJob) -> None:
    """It went on from step 1, and is further than the page by now: step 2 has another loss."""
    write_steps(job.run_directory, [3.0, 2.0])
    write_events(job.run_directory, {"event": "start", "time": 5.0}, epoch(1), epoch(2))
    known = live.NOWHERE.joined(live.curves(job))
    write_events(job.run_directory, {"event": "resume", "time": 6.0, "epoch": 2, "step": 1})
    path = job.run_directory / "steps.jsonl"
    draft = path.with_name("draft")
    draft.write_text("".join(path.read_text().splitlines(keepends=True)[:1]))
    draft.replace(path)
    write_steps(job.run_directory, [2.5, 2.25], first=2)
    later = live.curves(job, known)
    assert (later["run"], later["after"], later["loss"]) == ("6.0", 0, [3.0, 2.5, 2.25])
    assert [one["epoch"] for one in later["epochs"]] == [1]
    assert known.joined(later) == live.Known("6.0", 3, 1)


def test_of_ten_thousand_steps_and_epochs_a_page_gets_what_it_can_draw(job: TrainingJob) -> None:
    job.run_directory.mkdir(parents=True)
    (job.run_directory / "steps.jsonl").write_text(
        "".join(
            f'{{"step": {step}, "epoch": {step}, "loss": {1 / step}, "rate": 1e-05}}\n'
            for step in range(1, 10_001)
        )
    )
    epochs = [epoch(number) | {"best": number <= 4321} for number in range(1, 10_001)]
    write_events(job.run_directory, {"event": "start", "time": 1.0}, *epochs)
    whole = live.curves(job)
    assert 1000 < len(whole["steps"]) <= 2000
    assert whole["last_step"] == 10_000
    told = {one["epoch"]: one for one in whole["epochs"]}
    assert len(told) == 500
    assert {1, 4321, 10_000} <= told.keys(), "the best, too"
    assert all(number == one["step"] for number, one in told.items())
    known = live.NOWHERE.joined(whole)
    write_steps(job.run_directory, [0.5], first=10_001)
    started = time.process_time()
    for _ in range(10):
        news = live.curves(job, known)
    assert (news["after"], news["steps"], news["epochs"]) == (10_000, [10_001], [])
    assert len(json.dumps(news)) < 200
    assert (time.process_time() - started) / 10 < 0.05


def test_a_run_that_went_on_from_an_earlier_step_is_read_anew(job: TrainingJob) -> None:
    write_steps(job.run_directory, [3.0, 2.0, 1.0])
    assert live.curves(job)["last_step"] == 3
    path = job.run_directory / "steps.jsonl"
    draft = path.with_name("draft")
    draft.write_text("".join(path.read_text().splitlines(keepends=True)[:1]))
    draft.replace(path)
    write_steps(job.run_directory, [2.5], first=2)
    assert live.curves(job)["loss"] == [3.0, 2.5]


def test_no_peak_is_lost_when_a_curve_is_thinned(job: TrainingJob) -> None:
    losses = np.linspace(5, 1, 10_000)
    losses[4321], losses[7654] = 40.0, 0.001
    write_steps(job.run_directory, losses.tolist())
    thinned = live.curves(job, points=200)
    assert len(thinned["steps"]) <= 200
    assert (max(thinned["loss"]), min(thinned["loss"])) == (40.0, 0.001)
    assert (thinned["steps"][0], thinned["steps"][-1]) == (1, 10_000)
    assert thinned["steps"] == sorted(set(thinned["steps"]))


def test_a_million_steps_cost_what_is_new_of_them(tmp_path: Path) -> None:
    lines = "".join(
        f'{{"step": {step}, "epoch": 1, "loss": {1 / step}, "rate": 1e-05}}\n' for step in range(1, 100_001)
    )
    (tmp_path / "steps.jsonl").write_text(lines)
    curve = Curve(tmp_path)
    started = time.process_time()
    assert len(curve.look().step) == 100_000
    first_s = time.process_time() - started
    write_steps(tmp_path, [0.5], first=100_001)
    started = time.process_time()
    for _ in range(10):
        curve.look().after(100_000, 0).thinned(1000, 100)
    assert (time.process_time() - started) / 10 < first_s / 5


def test_numbers_that_are_written_otherwise_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "steps.jsonl").write_text('{"rate": 0.5, "loss": 2.0, "epoch": 1, "step": 1}\n')
    assert Curve(tmp_path).look().loss.tolist() == [2.0]


def test_epochs_have_accuracy_at_the_five_scales(job: TrainingJob) -> None:
    write_events(
        job.run_directory, {"event": "start"}, epoch(1), {"event": "progress", "share": 0.5}, epoch(2)
    )
    with (job.run_directory / "steps.jsonl").open("w") as file:
        for step, number in enumerate((1, 1, 1, 2, 2), start=1):
            file.write(f'{{"step": {step}, "epoch": {number}, "loss": 1.0, "rate": 0.1}}\n')
    epochs = live.curves(job)["epochs"]
    assert [(entry["epoch"], entry.pop("step")) for entry in epochs] == [(1, 3), (2, 5)]
    assert epochs[0] == {
        **{"epoch": 1, "train_loss": 1.0, "validation_loss": 2.5, "accuracy": 0.25, "best": True},
        **{"accuracy_at_km": VALIDATION["accuracy_at_km"], "median_km": 700.0},
    }


def test_an_epoch_that_is_told_twice_counts_once(job: TrainingJob) -> None:
    write_events(job.run_directory, {"event": "start"}, epoch(1), epoch(2), epoch(3))
    write_events(job.run_directory, {"event": "resume", "epoch": 2, "step": 4}, epoch(2, loss=0.5))
    epochs = live.curves(job)["epochs"]
    assert [(entry["epoch"], entry["train_loss"]) for entry in epochs] == [(1, 1.0), (2, 0.5)]


def test_an_event_that_is_half_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    tail = Tail(path)
    assert tail.read() == (b"", False)
    path.write_text('{"event": "start"}\n{"event": "pro')
    assert events_in(tail.read()[0]) == [{"event": "start"}]
    assert events_in(tail.read()[0]) == []
    with path.open("a") as file:
        file.write('gress", "share": 0.5}\n')
    assert events_in(tail.read()[0]) == [{"event": "progress", "share": 0.5}]


def test_a_line_that_a_crash_cut_is_passed_over() -> None:
    assert events_in(b'{"event": "pro\n{"event": "resume"}\n[1]\n') == [{"event": "resume"}]


# --- Other files -----------------------------------------------------------------------------------------
def test_the_validation_is_what_the_run_wrote(job: TrainingJob) -> None:
    assert live.validation(job) is None
    job.run_directory.mkdir(parents=True)
    (job.run_directory / "validation.json").write_text('{"epoch": 3, "views": 12}')
    assert live.validation(job) == {"epoch": 3, "views": 12}


def test_only_samples_are_handed_out(job: TrainingJob) -> None:
    samples = job.run_directory / "samples"
    samples.mkdir(parents=True)
    (samples / "00.jpg").write_bytes(b"jpeg")
    (job.run_directory / "photos.csv").write_text("path\n")
    (samples / "01.jpg").symlink_to(job.run_directory / "photos.csv")
    assert live.sample_path(job, "00.jpg") == samples / "00.jpg"
    for name in ("01.jpg", "02.jpg", "../photos.csv", "00.jpg/", "٠٠.jpg", ""):
        assert live.sample_path(job, name) is None


def test_the_last_lines_of_the_log_are_shown(job: TrainingJob, tmp_path: Path) -> None:
    assert live.log_tail(job) == []
    job.run_directory.mkdir(parents=True)
    (job.run_directory / "log.txt").write_text("one\n 3 %\r 4 %\n\nlast without end")
    assert live.log_tail(job) == ["one", " 4 %", "last without end"]
    assert live.log_tail(job, lines=1) == ["last without end"]
    long = tmp_path / "long.txt"
    long.write_text("".join(f"line {number}\n" for number in range(20_000)))
    lines = last_lines(long, 10_000)
    assert (lines[-1], lines[0].startswith("line ")) == ("line 19999", True)


def test_asking_to_stop_is_told_to_the_pages(job: TrainingJob, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(states, "tell", lambda job: told.append(job.token))
    services.request_stop(job)
    assert told == [job.token]
