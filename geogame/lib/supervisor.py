"""A group of child processes: starts them, shows their lines, restarts what dies, leaves nothing behind.

Each child leads a process group of its own, so that Ctrl-C in a terminal reaches only the supervisor,
which then ends the children in order. Whatever a child started is found by a mark in its environment.
geogame/lib/guard.py does the same where the supervisor itself is killed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self, TextIO

from geogame.lib import guard

COLOURS = ("36", "32", "33", "35", "34", "31")
TICK_S = 0.1
NAME_WIDTH = 9
# Longer than programs with nothing to do take to stop.
PATIENCE_S = 3.0
# Ctrl-C in a terminal may reach us twice, directly and through make: only a later one is impatience.
SAME_SIGNAL_S = 0.5


class ProgramFailed(Exception):
    """A program that the group cannot do without did not start or does not stay up."""


class StopRequested(Exception):
    """Ctrl-C, SIGTERM or SIGHUP came while waiting."""


def stop_signals() -> list[signal.Signals]:
    """The signals that end the group; under nohup a hang-up is none of them."""
    stops = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    return [
        number for number in stops if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN
    ]


@dataclass(frozen=True)
class Program:
    name: str
    command: Sequence[str]
    # Lower ranks are stopped first.
    rank: int = 0
    # The group ends when a vital program cannot be kept running.
    vital: bool = False
    grace_s: float = 8.0


@dataclass(frozen=True)
class Restarts:
    most_in_a_row: int = 5
    first_delay_s: float = 0.5
    longest_delay_s: float = 30.0
    # A program that ran this long starts counting afresh.
    healthy_after_s: float = 60.0

    def delay_s(self, failures: int) -> float:
        return min(self.longest_delay_s, self.first_delay_s * 2.0 ** (failures - 1))


@dataclass
class Child:
    program: Program
    number: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float | None = None
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Feed:
    child: Child
    pipe: IO[bytes]
    pending: bytes = b""

    def lines(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes; no data is the end, which completes the last one."""
        *lines, self.pending = (self.pending + data).split(b"\n")
        if not data and self.pending:
            lines.append(self.pending)
        return lines


class Supervisor:
    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        out: TextIO | None = None,
        restarts: Restarts | None = None,
        removes: Iterable[Path] = (),
        guard_holds: Iterable[int] = (),
    ) -> None:
        self.mark = secrets.token_hex(16)
        self.env = dict(os.environ if env is None else env)
        self.out = out or sys.stdout
        self.mute = False
        self.colour = self.out.isatty() and "NO_COLOR" not in os.environ
        self.restarts = restarts or Restarts()
        self.removes = [str(path) for path in removes]
        self.guard_holds = tuple(guard_holds)
        self.children: dict[str, Child] = {}
        self.selector = selectors.DefaultSelector()
        self.signalled_at: float | None = None
        self.impatient = False
        self._terminal = select.poll()
        self._guard: subprocess.Popen[bytes] | None = None
        self._old_handlers: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    # --- Life ----------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        for number in stop_signals():
            self._old_handlers[number] = signal.signal(number, self._on_signal)
        if signal.SIGHUP in self._old_handlers and os.isatty(0):
            self._terminal.register(0, 0)
        self._start_guard()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            for key in list(self.selector.get_map().values()):
                key.data.pipe.close()
            self.selector.close()
            for number, handler in self._old_handlers.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.signalled_at is None:
            self.signalled_at = now
        elif now - self.signalled_at > SAME_SIGNAL_S:
            self.impatient = True

    def start(self, program: Program) -> None:
        self.children[program.name] = Child(program, number=len(self.children))
        self._spawn(self.children[program.name])

    def wait_for(self, name: str, ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Return once `ready()` is true; a program that dies before that is not tried again."""
        child = self.children[name]
        deadline = time.monotonic() + timeout_s
        while not ready():
            self._pump(TICK_S / 4)
            if self.signalled_at is not None:
                raise StopRequested
            if not child.alive:
                raise ProgramFailed(f"{name} could not start ({self._epitaph(child)})")
            if time.monotonic() > deadline:
                raise ProgramFailed(
                    f"{name} did not answer within {timeout_s:.0f} s{self._last_words(child)}"
                )

    def run(self) -> None:
        """Keep the group running until a signal comes."""
        while self.signalled_at is None:
            self.step()

    def step(self) -> None:
        # Make, where it leads the session, keeps the news that the terminal is gone to itself.
        if any(event & select.POLLHUP for _, event in self._terminal.poll(0)):
            self._on_signal(signal.SIGHUP, None)
        self._pump(TICK_S)
        self._look_after_children()

    def stop(self) -> None:
        for rank in sorted({child.program.rank for child in self.children.values()}):
            self._stop_rank([child for child in self.children.values() if child.program.rank == rank])
        guard.kill_marked(self.mark)
        self._drain()
        self._end_guard()

    # --- Starting ------------------------------------------------------------------------------------
    def _start_guard(self) -> None:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, self.mark, *self.removes],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.guard_holds,
        )

    def _tell_guard(self, message: int) -> None:
        if self._guard and self._guard.stdin:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._guard.stdin.fileno(), b"%d\n" % message)

    def _end_guard(self) -> None:
        if self._guard and self._guard.stdin:
            self._guard.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guard.wait(guard.PATIENCE_S + 1)
            self._guard = None

    def _spawn(self, child: Child) -> None:
        try:
            process = subprocess.Popen(
                list(child.program.command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self.env | {guard.MARK: self._mark_of(child), "PYTHONUNBUFFERED": "1"},
            )
        except OSError as error:
            raise ProgramFailed(f"{child.program.name} could not start ({error})") from None
        self._tell_guard(process.pid)
        child.process, child.started_at, child.restart_at = process, time.monotonic(), None
        assert process.stdout is not None
        self._listen(child, process.stdout)

    def _mark_of(self, child: Child) -> str:
        return f"{self.mark}/{child.program.name}"

    # --- Watching ------------------------------------------------------------------------------------
    def _look_after_children(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            if child.process is not None and not child.alive:
                self._bury(child, now)
            elif child.restart_at is not None and now >= child.restart_at:
                self._spawn(child)

    def _bury(self, child: Child, now: float) -> None:
        reason = self._epitaph(child)
        self._clear(child)
        child.failures = 1 if now - child.started_at > self.restarts.healthy_after_s else child.failures + 1
        if child.failures <= self.restarts.most_in_a_row:
            delay_s = self.restarts.delay_s(child.failures)
            child.restart_at = now + delay_s
            self.say(f"{child.program.name} stopped ({reason}); starting it again in {delay_s:g} s")
        elif child.program.vital:
            raise ProgramFailed(f"{child.program.name} stopped {child.failures} times in a row ({reason})")
        else:
            self.say(f"{child.program.name} stopped {child.failures} times in a row ({reason}): giving it up")

    def _epitaph(self, child: Child) -> str:
        code = child.process.poll() if child.process else None
        if code is None:
            return "not running"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}{self._last_words(child)}"
        return f"exit code {code}{self._last_words(child)}"

    def _last_words(self, child: Child) -> str:
        self._drain()
        return f": {child.last_lines[-1].strip()}" if child.last_lines else ""

    # --- Stopping ------------------------------------------------------------------------------------
    def _stop_rank(self, children: list[Child]) -> None:
        for child in children:
            child.restart_at = None
            if child.process and child.alive:
                child.process.terminate()
        started = time.monotonic()
        named = False
        while not self.impatient and (waiting := self._within_grace(children, started)):
            self._pump(TICK_S / 4)
            if not named and time.monotonic() - started > PATIENCE_S:
                self.say(f"Waiting for {', '.join(waiting)} to finish (Ctrl-C again: at once)")
                named = True
        for child in children:
            self._clear(child)

    @staticmethod
    def _within_grace(children: list[Child], started: float) -> list[str]:
        elapsed = time.monotonic() - started
        return [child.program.name for child in children if child.alive and elapsed < child.program.grace_s]

    def _clear(self, child: Child) -> None:
        """Kill what is left of the child and of everything that it started."""
        if child.process is None:
            return
        guard.kill_groups([child.process.pid])
        guard.kill_marked(self._mark_of(child))
        child.process.wait()
        self._drain()
        self._tell_guard(-child.process.pid)
        child.process = None

    # --- Lines ---------------------------------------------------------------------------------------
    def _listen(self, child: Child, pipe: IO[bytes]) -> None:
        os.set_blocking(pipe.fileno(), False)
        self.selector.register(pipe, selectors.EVENT_READ, Feed(child, pipe))

    def _drain(self) -> None:
        """Show all that was written so far; bounded, as somebody may be writing without end."""
        for _ in range(100):
            if not self._pump(0):
                return

    def _pump(self, timeout_s: float) -> bool:
        """Show what the children have written, waiting for it at most so long. True if there was anything."""
        if not self.selector.get_map():
            time.sleep(timeout_s)
            return False
        events = self.selector.select(timeout_s)
        for key, _ in events:
            feed: Feed = key.data
            data = os.read(key.fd, 65536)
            for line in feed.lines(data):
                self._show(feed.child, line)
            if not data:
                self.selector.unregister(key.fileobj)
                feed.pipe.close()
        return bool(events)

    def _show(self, child: Child, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip("\r").rsplit("\r", 1)[-1]
        if not text.strip():
            return
        child.last_lines.append(text)
        name = f"{child.program.name:<{NAME_WIDTH}} |"
        if self.colour:
            name = f"\x1b[{COLOURS[child.number % len(COLOURS)]}m{name}\x1b[0m"
        self.say(f"{name} {text}")

    def say(self, text: str) -> None:
        if self.mute:
            return
        try:
            self.out.write(f"{text}\n")
            self.out.flush()
        except OSError:
            # The terminal is gone; stopping in good order matters more than telling of it.
            self.mute = True
