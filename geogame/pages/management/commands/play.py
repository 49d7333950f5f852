from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError

from geogame.lib.supervisor import ProgramFailed, StopRequested, Supervisor, stop_signals
from geogame.pages import startup
from geogame.pages.startup import Problem

START_TIMEOUT_S = 60.0


class Command(BaseCommand):
    help = (
        "Start the game on this computer: the web server, the workers that let PlaNet answer and train, "
        "the clock, and a small message server. Prints the address to open; Ctrl-C stops everything."
    )
    # Each program checks what it needs; the checks of all apps would only delay the first page.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            type=_port,
            default=settings.PORT,
            help="port of the web page (default: %(default)s, or the environment variable PORT)",
        )
        parser.add_argument(
            "--host",
            default=settings.HOST,
            help="address to listen on: 127.0.0.1 is this computer only, 0.0.0.0 lets other computers in "
            "your network in (default: %(default)s, or the environment variable HOST)",
        )
        parser.add_argument(
            "--no-browser",
            action="store_true",
            help="do not open the page in a browser, only print its address",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for number in stop_signals():
            signal.signal(number, signal.default_int_handler)
        try:
            self._play(options["host"], options["port"], browser=not options["no_browser"])
        except (Problem, ProgramFailed) as error:
            sys.exit(f"Cannot play: {error}")
        except DatabaseError as error:
            sys.exit(
                f"Cannot play: the database refuses ({' '.join(str(error).split())}). Check DATABASE_URL."
            )
        except OSError as error:
            sys.exit(f"Cannot play: {error}.")
        except (KeyboardInterrupt, StopRequested):
            self._say("Stopped.")
        finally:
            _let_go_of_output()

    def _play(self, host: str, port: int, *, browser: bool) -> None:
        url = startup.address(host, port)
        with startup.claim_data(url) as lock, startup.socket_directory() as directory:
            startup.check_port(host, port)
            startup.prepare(self._say)
            with self._group(directory, lock.fileno()) as group:
                self._say("Starting …")
                group.start(startup.web(host, port))
                group.wait_for("web", lambda: startup.web_answers(host, port), timeout_s=START_TIMEOUT_S)
                for program in [*startup.workers(), startup.clock()]:
                    group.start(program)
                startup.let_the_model_look(self._say)
                self._announce(host, port, browser=browser)
                group.run()
                self._say("Stopping …")
        self._say("Stopped.")

    @contextlib.contextmanager
    def _group(self, directory: Path, lock: int) -> Iterator[Supervisor]:
        """The supervisor with a message server that answers: the user's own or the embedded one."""
        own_url = os.environ.get("REDIS_URL", "").strip()
        if own_url:
            startup.check_redis(own_url)
            with Supervisor(env=startup.environment(own_url), guard_holds=[lock]) as group:
                yield group
            return
        url = f"unix://{directory}/valkey.sock"
        removes = [directory, settings.EMBEDDED_REDIS_FILE]
        with Supervisor(env=startup.environment(url), removes=removes, guard_holds=[lock]) as group:
            group.start(startup.valkey(directory))
            group.wait_for("valkey", lambda: startup.redis_answers(url), timeout_s=10)
            with startup.published(url):
                yield group

    def _announce(self, host: str, port: int, *, browser: bool) -> None:
        url = startup.address(host, port)
        self._say(f"\n  PlaNet Arena is ready: {url}")
        if hint := startup.network_hint(host, port):
            self._say(f"  {hint}")
        self._say("  Ctrl-C stops it.\n")
        if browser:
            threading.Thread(target=startup.open_browser, args=(url,), daemon=True).start()

    def _say(self, text: str) -> None:
        # The terminal may be gone (SIGHUP): that must not keep the game from stopping in good order.
        with contextlib.suppress(OSError):
            self.stdout.write(text)
            self.stdout.flush()


def _let_go_of_output() -> None:
    """What a terminal that is gone did not take would turn into an error at the very end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text!r} is not a port: use a number from 1 to 65535.")
    return int(text)
