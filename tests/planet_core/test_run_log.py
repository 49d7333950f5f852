from __future__ import annotations

import io
from pathlib import Path

import pytest

from planet_core import run_log
from planet_core.run_log import RunLog, Silence, read_events
from planet_core.stopping import UserError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_events_come_back_in_order(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run", io.StringIO())
    log.event("start", recipe="tiny", share=0.1)
    log.event("stopped")
    log.close()
    events = read_events(tmp_path / "run")
    assert [event["event"] for event in events] == ["start", "stopped"]
    assert [event["share"] for event in events] == [0.1, 0.1]
    assert all(event["time"] > 0 for event in events)


def test_events_can_be_read_while_the_run_goes_on(tmp_path: Path) -> None:
    log = RunLog(tmp_path, io.StringIO())
    log.event("start")
    with log.path.open("a") as file:
        file.write('{"event": "prog')
    assert [event["event"] for event in read_events(tmp_path)] == ["start"]
    log.close()


def test_a_new_run_starts_a_new_diary(tmp_path: Path) -> None:
    for recipe in ("old", "new"):
        log = RunLog(tmp_path, io.StringIO())
        log.event("start", recipe=recipe)
        log.close()
    assert [event["recipe"] for event in read_events(tmp_path)] == ["new"]


def test_numbers_that_json_lacks_are_refused(tmp_path: Path) -> None:
    log = RunLog(tmp_path, io.StringIO())
    with pytest.raises(ValueError, match="JSON"):
        log.event("epoch", loss=float("nan"))
    log.close()
    assert read_events(tmp_path) == []


def test_progress_is_written_twice_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(run_log.time, "monotonic", lambda: now)
    log = RunLog(tmp_path, io.StringIO())
    for step in range(21):
        now = 100 + step / 10
        log.progress(f"step {step}", share=step / 20)
    log.close()
    assert [event["share"] for event in read_events(tmp_path)] == [0, 0.25, 0.5, 0.75, 1]


def test_a_terminal_gets_a_line_that_rewrites_itself_and_a_file_does_not(tmp_path: Path) -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        log = RunLog(tmp_path, stream)
        log.progress("reading", share=0.25)
        log.say("done")
        log.close()
    assert "\r 25%  reading" in terminal.getvalue()
    assert terminal.getvalue().endswith("done\n")
    assert file.getvalue() == "done\n"


def test_a_full_disk_is_told_once_and_by_name(tmp_path: Path) -> None:
    for name in (run_log.FILE, run_log.STEPS):
        (tmp_path / name).symlink_to("/dev/full")
    stream = io.StringIO()
    log = RunLog(tmp_path, stream)
    with pytest.raises(UserError, match=rf"cannot write {tmp_path}/metrics.jsonl: No space left"):
        log.event("start")
    log.failed("no room")
    log.close()
    assert stream.getvalue() == "train_cnn: no room\n"
    curve = run_log.LossCurve.__new__(run_log.LossCurve)  # its own start would replace the link
    curve.path, curve._lines = tmp_path / run_log.STEPS, []
    curve.add(1, 1, 0.5, 0.1)
    with pytest.raises(UserError, match=r"cannot write .*steps.jsonl: No space left"):
        curve.flush()


def test_a_silent_process_still_names_its_own_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "3")
    log = Silence(tmp_path)
    log.say("nothing")
    log.failed("a picture is gone")
    assert capsys.readouterr().err == "train_cnn: a picture is gone (process 3)\n"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (61.4, "1:01"), (3600, "1:00:00"), (-3, "0:00")])
def test_durations(seconds: float, text: str) -> None:
    assert run_log.duration(seconds) == text
