from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from geogame.lib import guard, supervisor
from geogame.lib.supervisor import Program, ProgramFailed, Restarts, StopRequested, Supervisor

PYTHON = (sys.executable, "-I", "-S", "-c")
SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
# A grandchild in a session of its own, as the training worker starts one.
GRANDCHILD = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(60)'],"
    " start_new_session=True)\n"
    "print('grandchild', child.pid, flush=True)\n"
)
AT_ONCE = Restarts(most_in_a_row=2, first_delay_s=0.01)


def python(code: str, *arguments: object) -> Sequence[str]:
    return [*PYTHON, code, *map(str, arguments)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(true: Callable[[], bool], *, step: Callable[[], object] = lambda: time.sleep(0.01)) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "waited 10 s in vain"
        step()


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def group(out: io.StringIO) -> Iterator[Supervisor]:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run under nohup
    with Supervisor(out=out, restarts=AT_ONCE) as group:
        yield group


def shows(group: Supervisor, out: io.StringIO, text: str) -> None:
    until(lambda: text in out.getvalue(), step=group.step)


def pid_of(group: Supervisor, name: str) -> int:
    process = group.children[name].process
    assert process is not None
    return process.pid


def grandchild_of(group: Supervisor, out: io.StringIO) -> int:
    shows(group, out, "grandchild ")
    return int(re.findall(r"grandchild (\d+)", out.getvalue())[-1])


def test_each_line_has_the_name_of_its_program(group: Supervisor, out: io.StringIO) -> None:
    group.start(Program("web", python("print('one'); print(); print('two', end='')")))
    shows(group, out, "two")
    assert out.getvalue().startswith("web       | one\nweb       | two\n")


def test_a_progress_line_shows_its_last_state(group: Supervisor, out: io.StringIO) -> None:
    group.start(Program("web", python(r"print('10 %\r20 %\r30 %\r')")))
    shows(group, out, "web       | 30 %\n")


def test_names_are_coloured_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    with Supervisor(out=terminal) as group:
        group.start(Program("web", python(SLEEP)))
        shows(group, terminal, "\x1b[36mweb       |\x1b[0m up")


def test_it_waits_until_a_program_is_ready(group: Supervisor, out: io.StringIO) -> None:
    group.start(Program("web", python(SLEEP)))
    group.wait_for("web", lambda: "up" in out.getvalue(), timeout_s=10)


def test_a_program_that_cannot_start_is_named_with_its_last_words(group: Supervisor) -> None:
    group.start(Program("web", python("raise SystemExit('no such module')")))
    with pytest.raises(ProgramFailed, match=r"^web could not start \(exit code 1: no such module\)$"):
        group.wait_for("web", lambda: False, timeout_s=10)


def test_a_program_that_is_not_installed_is_named(group: Supervisor) -> None:
    with pytest.raises(ProgramFailed, match=r"^web could not start .*No such file"):
        group.start(Program("web", ["/nowhere/web"]))


def test_a_program_that_never_answers_is_given_up(group: Supervisor) -> None:
    group.start(Program("web", python(SLEEP)))
    with pytest.raises(ProgramFailed, match="web did not answer within 0 s"):
        group.wait_for("web", lambda: False, timeout_s=0.05)


def test_what_crashes_is_started_again(group: Supervisor, out: io.StringIO, tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\n"
        "mark = pathlib.Path(sys.argv[1])\n"
        "if not mark.exists(): mark.touch(); sys.exit('oops')\n"
        "print('second life', flush=True); time.sleep(60)"
    )
    group.start(Program("worker", python(code, tmp_path / "mark")))
    shows(group, out, "second life")
    assert "worker stopped (exit code 1: oops); starting it again in 0.01 s\n" in out.getvalue()


def test_a_worker_that_keeps_crashing_is_left_alone(group: Supervisor, out: io.StringIO) -> None:
    group.start(Program("worker", python("raise SystemExit(3)")))
    shows(group, out, "worker stopped 3 times in a row (exit code 3): giving it up\n")
    assert group.children["worker"].process is None


def test_a_vital_program_that_keeps_crashing_ends_the_group(group: Supervisor) -> None:
    group.start(Program("web", python("import os; os.kill(os.getpid(), 9)"), vital=True))
    with pytest.raises(ProgramFailed, match=r"^web stopped 3 times in a row \(killed by SIGKILL\)$"):
        group.run()


def test_the_pause_before_a_new_start_doubles_up_to_a_limit() -> None:
    assert [Restarts().delay_s(failures) for failures in (1, 2, 3, 20)] == [0.5, 1.0, 2.0, 30.0]


def test_a_long_life_forgives_earlier_crashes(out: io.StringIO) -> None:
    forgiving = Restarts(most_in_a_row=1, first_delay_s=0.0, healthy_after_s=0.0)
    with Supervisor(out=out, restarts=forgiving) as group:
        group.start(Program("worker", python("print('again')")))
        until(lambda: out.getvalue().count("again\n") >= 4, step=group.step)
    assert "giving it up" not in out.getvalue()


def test_programs_are_stopped_in_the_order_of_their_ranks(out: io.StringIO, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, time\n"
        "def stop(*_): time.sleep(0.05); os.write(1, b'bye\\n'); sys.exit()\n"
        "signal.signal(15, stop); print('up', flush=True); time.sleep(60)"
    )
    with Supervisor(out=out) as group:
        for name, rank in (("valkey", 3), ("clock", 2), ("worker", 1), ("web", 0)):
            group.start(Program(name, python(code), rank=rank))
        until(lambda: out.getvalue().count("up") == 4, step=group.step)
    farewells = [line.split()[0] for line in out.getvalue().splitlines() if line.endswith("bye")]
    assert farewells == ["web", "worker", "clock", "valkey"]


def test_a_program_deaf_to_sigterm_is_killed(out: io.StringIO) -> None:
    with Supervisor(out=out) as group:
        group.start(Program("deaf", python(DEAF), grace_s=0.1))
        shows(group, out, "up")
        pid = pid_of(group, "deaf")
    assert not alive(pid)


def test_a_second_signal_kills_at_once(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "SAME_SIGNAL_S", 0.0)
    started = time.monotonic()
    with Supervisor(out=out) as group:
        group.start(Program("deaf", python(DEAF), grace_s=60))
        shows(group, out, "up")
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        group.run()
    assert time.monotonic() - started < 10


def test_the_same_signal_through_two_ways_counts_once(group: Supervisor) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    group.run()
    assert not group.impatient


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_waiting(group: Supervisor, number: signal.Signals) -> None:
    group.start(Program("web", python(SLEEP)))
    os.kill(os.getpid(), number)
    with pytest.raises(StopRequested):
        group.wait_for("web", lambda: False, timeout_s=10)


def test_signal_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Supervisor(out=io.StringIO()):
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_terminal_that_hangs_up_ends_it(group: Supervisor) -> None:
    controller, terminal = pty.openpty()
    group._terminal.register(terminal, 0)
    group.step()
    assert group.signalled_at is None
    os.close(controller)
    group.run()
    assert group.signalled_at is not None
    os.close(terminal)


def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Supervisor(out=io.StringIO()):
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_stopping_ends_grandchildren_too(out: io.StringIO) -> None:
    with Supervisor(out=out) as group:
        group.start(Program("training", python(GRANDCHILD + "time.sleep(60)")))
        pid = grandchild_of(group, out)
        assert alive(pid)
    assert not alive(pid)


def test_a_crash_ends_grandchildren_too(group: Supervisor, out: io.StringIO) -> None:
    group.start(Program("training", python(GRANDCHILD + "raise SystemExit(1)")))
    pid = grandchild_of(group, out)
    until(lambda: not alive(pid), step=group.step)


def test_a_terminal_that_is_gone_does_not_keep_it_from_stopping() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with Supervisor(out=Gone()) as group:
        group.start(Program("web", python(SLEEP)))
        until(lambda: bool(group.children["web"].last_lines), step=group.step)
        pid = pid_of(group, "web")
        group.step()
    assert not alive(pid)


def test_kill_9_of_the_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "redis_url").touch()
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from geogame.lib.supervisor import Program, Supervisor\n"
        "removes = [Path(path) for path in sys.argv[2:]]\n"
        "with Supervisor(removes=removes) as group:\n"
        "    group.start(Program('training', [sys.executable, '-I', '-S', '-c', sys.argv[1]]))\n"
        "    print('child', group.children['training'].process.pid, flush=True)\n"
        "    group.run()\n"
    )
    arguments = [GRANDCHILD + "time.sleep(60)", str(tmp_path / "run"), str(tmp_path / "redis_url")]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    ) as play:
        assert play.stdout is not None
        pids = [int(play.stdout.readline().split()[-1]) for _ in ("child", "grandchild")]
        assert all(map(alive, pids))
        play.kill()
    until(lambda: not any(map(alive, pids)))
    until(lambda: not any(tmp_path.iterdir()))


def test_the_mark_is_that_of_the_group_or_of_one_program() -> None:
    env = os.environ | {guard.MARK: "abc/web"}
    with subprocess.Popen(python("print(1, flush=True); input()"), env=env, stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert guard.marked_processes("abc") == guard.marked_processes("abc/web") == [process.pid]
        assert guard.marked_processes("ab") == guard.marked_processes("abc/we") == []
        process.kill()
