from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.utils import timezone

from geogame.datasets.models import DataSet
from geogame.evaluations import children, runner, services, tasks
from geogame.evaluations.children import Cancelled, run_child
from geogame.evaluations.comparison import compare, not_answered
from geogame.evaluations.models import Evaluation
from geogame.evaluations.services import EvaluationError
from geogame.panoramas.models import Map
from geogame.predictions.models import RULE, Prediction
from geogame.predictions.queries import view_name
from geogame.registry.models import ModelVersion
from tests.geogame.evaluations.conftest import MakeEvaluation

Kind, State = Evaluation.Kind, Evaluation.State


def pretend(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let a few lines of Python stand for the program: `out` is its folder."""
    head = "import sys, time, json, pathlib\nout = pathlib.Path(sys.argv[1])\n"
    tell = "def tell(text):\n    print(json.dumps({'message': text}), file=sys.stderr, flush=True)\n"

    def command(evaluation: Evaluation, source: str, out: Path) -> list[str]:
        return [sys.executable, "-c", head + tell + program, str(out)]

    monkeypatch.setattr(runner, "command_of", command)
    monkeypatch.setattr(children, "BEAT_S", 0.0)
    monkeypatch.setattr(children, "POLL_S", 0.02)


# ---- What can be asked for


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "guess"}, "no kind “guess”"),
        ({"kind": "compare"}, "two different versions"),
        ({"options": {"crops": 3}}, "3 crops"),
        ({"options": {"panorama": 1}}, "panorama: use a whole number from 2 on"),
        ({"options": {"limit": "all"}}, "limit: use a whole number from 1 on"),
        ({"options": {"speed": 1}}, "no option “speed”"),
    ],
)
def test_what_makes_no_sense_is_refused(
    make_evaluation: MakeEvaluation, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(EvaluationError, match=words):
        make_evaluation(**values)
    assert not Evaluation.objects.exists()


def test_a_data_set_that_was_not_read_is_refused(make_evaluation: MakeEvaluation) -> None:
    unread = DataSet.objects.create(name="New", kind=DataSet.Kind.SOURCE, source="folder:/nowhere")
    with pytest.raises(EvaluationError, match="has not been read yet"):
        make_evaluation(data_set=unread)


def test_comparing_needs_a_map(make_evaluation: MakeEvaluation, other: ModelVersion) -> None:
    read = DataSet.objects.create(name="Read", kind=DataSet.Kind.SOURCE, read_at=timezone.now())
    with pytest.raises(EvaluationError, match="compared on a map"):
        make_evaluation(kind=Kind.COMPARE, other=other, data_set=read)


def test_the_command_line_of_the_program(make_evaluation: MakeEvaluation, data_set: DataSet) -> None:
    options = {"crops": 5, "panorama": 4, "limit": 10}
    command = runner.command_of(make_evaluation(options=options), "csv:photos.csv", Path("out"))
    assert command[1:3] == ["-m", "planet_core.evaluate"]
    assert command[4:6] == ["csv:photos.csv", "--out"]
    for words in ("--crops 5", "--panorama 4", "--limit 10", "--events"):
        assert words in " ".join(command)
    assert data_set.map
    assert command[command.index("--scale") + 1] == repr(data_set.map.scale_km)
    command = runner.command_of(make_evaluation(kind=Kind.CALIBRATE), "csv:photos.csv", Path("out"))
    assert "planet_core.calibrate" in command
    assert "--scale" not in command


# ---- How it runs


@pytest.mark.slow
def test_a_version_is_evaluated_and_its_card_written_anew(
    make_evaluation: MakeEvaluation, version: ModelVersion
) -> None:
    assert "was not measured" in version.card
    evaluation = make_evaluation()
    said: list[str] = []
    assert runner.run_now(evaluation, said.append)
    assert (evaluation.state, evaluation.message, evaluation.progress) == (State.SUCCEEDED, "", 1.0)
    assert evaluation.report["unseen"]["views"] == 6
    assert sum(part["views"] for part in evaluation.report["unseen"]["regions"].values()) == 6
    assert (evaluation.directory / "report" / "report.md").is_file()
    version.refresh_from_db()
    assert "Evaluation on 6 views that the model did not train on" in version.card
    assert "### By continent" in version.card
    services.delete_evaluation(evaluation)
    assert not evaluation.directory.exists()


def test_a_card_that_came_with_a_version_stays(
    version: ModelVersion, make_evaluation: MakeEvaluation
) -> None:
    ModelVersion.objects.update(card="# By hand", card_is_own=True)
    version.refresh_from_db()
    runner.card_of(version)
    version.refresh_from_db()
    assert version.card == "# By hand"


def test_progress_is_told_and_stored(
    make_evaluation: MakeEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, "tell('answering: 3 of 6 photos')\ntime.sleep(0.5)\nsys.exit('evaluate: no light')")
    evaluation = make_evaluation()
    said: list[str] = []
    runner.run_now(evaluation, said.append)
    assert said == ["answering: 3 of 6 photos"]
    assert evaluation.progress == pytest.approx(0.45)
    assert (evaluation.state, evaluation.message) == (State.FAILED, "No light")


def test_a_child_that_dies_ends_it_with_the_reason(
    make_evaluation: MakeEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    evaluation = make_evaluation()
    runner.run_now(evaluation)
    assert evaluation.state == State.FAILED
    assert "ended by signal 9" in evaluation.message


def test_it_can_be_stopped(make_evaluation: MakeEvaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "tell('begun')\ntime.sleep(60)")
    evaluation = make_evaluation()
    runner.run_now(evaluation, lambda line: services.request_stop(evaluation))
    assert evaluation.state == State.STOPPED
    assert services.resume(evaluation)
    services.request_stop(evaluation)
    evaluation.refresh_from_db()
    assert evaluation.state == State.STOPPED
    assert not runner.run_now(evaluation)


def test_ctrl_c_gives_it_back(make_evaluation: MakeEvaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "tell('begun')\ntime.sleep(60)")
    evaluation = make_evaluation()

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run_now(evaluation, interrupt)
    evaluation.refresh_from_db()
    assert evaluation.state == State.QUEUED


def test_whoever_lost_it_stores_nothing(make_evaluation: MakeEvaluation) -> None:
    evaluation = make_evaluation()
    assert services.claim(evaluation)
    Evaluation.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert services.look_after_evaluations() == 1
    mine = Evaluation.objects.get()
    assert services.claim(mine)
    assert not services.beat(evaluation)
    assert not services.succeed(evaluation, {"of": "the lost one"})
    mine.refresh_from_db()
    assert (mine.state, mine.report) == (State.RUNNING, {})


def test_one_that_is_lost_again_and_again_fails(make_evaluation: MakeEvaluation) -> None:
    evaluation = make_evaluation()
    for _ in range(services.MOST_LOSSES):
        assert services.claim(evaluation)
        Evaluation.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
        services.look_after_evaluations()
        evaluation.refresh_from_db()
    assert (evaluation.state, "again and again" in evaluation.message) == (State.FAILED, True)


def test_what_waits_too_long_is_asked_for_again(
    make_evaluation: MakeEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(services, "enqueue", lambda task, *, queue: sent.append(task))
    make_evaluation()
    assert services.look_after_evaluations() == 0
    Evaluation.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert [services.look_after_evaluations() for _ in range(2)] == [1, 0]
    assert sent == ["evaluations.run"]


def test_the_task_starts_one_process_where_something_waits(
    make_evaluation: MakeEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "start_one", lambda *words, log: started.append(words))
    tasks.run_evaluations()
    make_evaluation()
    tasks.run_evaluations()
    assert started == [("evaluate", "--background")]


def test_what_runs_is_not_deleted(make_evaluation: MakeEvaluation) -> None:
    evaluation = make_evaluation()
    services.claim(evaluation)
    with pytest.raises(EvaluationError, match="stop it first"):
        services.delete_evaluation(evaluation)


def test_who_did_what_is_in_the_log(make_evaluation: MakeEvaluation, admin_user: Any) -> None:
    evaluation = make_evaluation(by=admin_user)
    services.request_stop(evaluation, admin_user)
    services.resume(evaluation, admin_user)
    words = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert words == ["Asked to evaluate.", "Asked to stop.", "Goes on."]


# ---- The child


@pytest.mark.slow
def test_a_child_ends_when_its_follower_is_killed(tmp_path: Path) -> None:
    beats = tmp_path / "beats"
    child = (
        f"import json, sys, time\nwhile True:\n    open({str(beats)!r}, 'a').write('.')\n"
        "    print(json.dumps({'message': 'here'}), file=sys.stderr, flush=True)\n    time.sleep(0.05)"
    )
    follower = (
        "import django, sys\ndjango.setup()\nfrom geogame.evaluations.children import run_child\n"
        f"run_child([sys.executable, '-c', {child!r}], lambda message: True)"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen([sys.executable, "-c", follower], env=env)
    try:
        until = time.monotonic() + 60
        while not beats.exists() and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(1.0)
    size = beats.stat().st_size
    time.sleep(0.5)
    assert beats.stat().st_size == size


def test_lines_that_are_no_news_are_the_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "BEAT_S", 0.0)
    program = "import sys; print('[1]\\nwarned\\nCommandError: no such map', file=sys.stderr); sys.exit(4)"
    with pytest.raises(EvaluationError, match="No such map"):
        run_child([sys.executable, "-c", program], lambda message: True)
    run_child([sys.executable, "-c", program], lambda message: True, may_end=(4,))
    with pytest.raises(Cancelled):
        run_child([sys.executable, "-c", "import time; time.sleep(60)"], lambda message: False)


# ---- Comparing


def answer(version: ModelVersion, map_: Map, degrees: float, sure: float = 0.5) -> None:
    """The version answers so far north of each truth."""
    for panorama in map_.panoramas.all():
        lat, lng = panorama.lat + degrees, panorama.lng
        Prediction.objects.create(
            model_version=version,
            panorama=panorama,
            view=view_name(panorama.file_digest),
            rule=RULE,
            lat=lat,
            lng=lng,
            top_cells=[{"lat": lat, "lng": lng, "probability": sure}],
            distribution=b"",
            digest="0" * 64,
        )


def test_two_versions_side_by_side(version: ModelVersion, other: ModelVersion, data_set: DataSet) -> None:
    map_ = data_set.map
    assert map_
    assert not_answered(version, map_) == 6
    answer(version, map_, 0.0, sure=0.9)
    answer(other, map_, 9.0, sure=0.25)
    report = compare(version, other, map_, lambda version: None)
    (found,) = report["comparisons"]
    assert (found["wins"], found["losses"]) == (6, 0)
    assert report["versions"] == [version.digest, other.digest]
    parts = report["regions"]["photo"]
    assert sum(part["panoramas"] for part in parts) == 6
    assert sum(part["wins"] for part in parts) == 6
    assert all(part["first"]["median_km"] < part["second"]["median_km"] for part in parts)
    first, second = (report["calibration"][str(one)]["photo"] for one in (version, other))
    assert (first["answers"], first["mean_confidence"]) == (6, pytest.approx(0.9))
    assert first["right"] > second["right"], "the first answers in the cell of the truth, where it has one"
    assert second["mean_confidence"] == pytest.approx(0.25)
    assert json.loads(json.dumps(report, allow_nan=False)) == json.loads(json.dumps(report))


def test_what_one_trained_on_is_in_no_region(
    version: ModelVersion, other: ModelVersion, make_map: Callable[..., Map]
) -> None:
    map_ = make_map(3, name="Walks", groups=["trained-on-walk", "walk", ""])
    answer(version, map_, 0.0)
    answer(other, map_, 9.0)
    report = compare(version, other, map_, lambda version: None)
    assert sum(part["panoramas"] for part in report["regions"]["photo"]) == 2


@pytest.mark.slow
def test_the_commands_compare_and_calibrate(
    transactional_db: None, version: ModelVersion, other: ModelVersion, data_set: DataSet
) -> None:
    assert data_set.map
    for one in (version, other):
        answer(one, data_set.map, 1.0 if one == version else 3.0)
    out = io.StringIO()
    call_command("models", "compare", "one", "other", "--map", "Test", stdout=out, stderr=io.StringIO())
    assert "The first won 6, the second 0, 0 ties." in out.getvalue()
    assert "By continent (photo)" in out.getvalue()
    with pytest.raises(CommandError, match="too few to tell a temperature") as error:
        call_command("models", "calibrate", "one", "--map", "Test", stdout=out, stderr=io.StringIO())
    assert error.value.returncode == 2
    assert not ModelVersion.objects.filter(origin="calibrated").exists()


def test_a_calibrated_version_is_registered_with_its_parent(
    make_evaluation: MakeEvaluation,
    version: ModelVersion,
    model_directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, f"import shutil; shutil.copytree({str(model_directory)!r}, out)")
    evaluation = make_evaluation(kind=Kind.CALIBRATE)
    runner.run_now(evaluation)
    assert (evaluation.state, evaluation.message.startswith("Made one, calibrated")) == (
        State.SUCCEEDED,
        True,
    )
    made = evaluation.made
    assert made is not None
    assert (made.parent, made.origin, made.is_active) == (version, "calibrated", False)
    assert made.path.is_dir()
    again = make_evaluation(kind=Kind.CALIBRATE)
    runner.run_now(again)
    assert again.made == made, "the same photos make the same version"
    assert len(list(made.path.parent.glob("calibrated-*"))) == 1
