"""How long live players wait: 50 in 10 rooms, over the real protocol, one web process.

Goals: guess to acknowledgement 100 ms at p99; from a lost connection's next attempt to the snapshot 1 s.
Measured on `manage.py play` with the 24 drawn panoramas that come with the program and its model, which has
looked at all of them before. The players are bots in a process of their own: each guesses 1 to 8 s after a
round opens, and loses its connection in one round of five. `load_before` is the load of the machine before
they came; `web_cpu_ms_per_guess` is what the web process computed, all in all, for each guess.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from record import ROOT, record

sys.path.insert(0, str(ROOT))

from geogame.live.bots.player import Bot, Plan, Tally
from geogame.live.bots.site import Site, SiteError

ROOMS, PLAYERS, ROUNDS, LIMIT_S = 10, 5, 5, 20
PICTURES = 24
PLAN = {"think_s": (1.0, 8.0), "drops_per_round": 0.2}
MAKE_ROOMS = """
import json, sys
import django; django.setup()
from django.contrib.sessions.models import Session
from geogame.accounts.models import Player
from geogame.panoramas.models import Map
from geogame.registry.queries import active_version
from geogame.rooms import services
rooms, settings = json.load(sys.stdin)
model = active_version()
for keys in rooms:
    sessions = [Session.objects.get(session_key=key).get_decoded() for key in keys]
    host, *others = [Player.objects.get(token=session["player"]) for session in sessions]
    chosen = settings | {"model": model.digest if model else None}
    room = services.create_room(player=host, kind="room", map_=Map.objects.get(), settings=chosen)
    for player in others:
        services.join(room=room, player=player)
    print(room.code)
"""


@contextlib.contextmanager
def playing_server(data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DATA_DIR": str(data),
        "PORT": str(port),
        "WORLD_COUNT": str(PICTURES),
        "RATE_LIMITS": "off",
        "EXPLAIN_POSITIONS": "0",
        "DJANGO_SETTINGS_MODULE": "geogame.settings",
    }
    command = [sys.executable, "manage.py", "play", "--no-browser"]
    play = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_page(url)
        wait_for_predictions(data)
        yield url, environment
    finally:
        play.send_signal(signal.SIGINT)
        play.wait(timeout=60)


def wait_for_page(url: str, timeout_s: float = 120) -> None:
    until = time.monotonic() + timeout_s
    while True:
        try:
            Site(url).get("/health/")
            return
        except SiteError:
            if time.monotonic() > until:
                sys.exit(f"bench_live: {url} does not answer after {timeout_s:.0f} s")
            time.sleep(0.2)


def wait_for_predictions(data: Path, timeout_s: float = 300) -> None:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        with contextlib.closing(sqlite3.connect(data / "db.sqlite3", timeout=20)) as database:
            if database.execute("SELECT count(*) FROM opponent_prediction").fetchone()[0] >= PICTURES:
                return
        time.sleep(0.5)
    sys.exit(f"bench_live: the model has not looked at {PICTURES} pictures after {timeout_s:.0f} s")


def make_rooms(environment: dict[str, str], visitors: list[list[Site]]) -> list[str]:
    keys = [[site.cookies["sessionid"] for site in room] for room in visitors]
    command = [sys.executable, "-c", MAKE_ROOMS]
    text = json.dumps([keys, {"rounds_total": ROUNDS, "time_limit_s": LIMIT_S}])
    run = subprocess.run(
        command, cwd=ROOT, env=environment, input=text, text=True, check=True, capture_output=True
    )
    return run.stdout.split()


async def play(codes: list[str], visitors: list[list[Site]]) -> tuple[list[Tally], list[Bot]]:
    rng = random.Random(1)
    bots = [
        Bot(
            site,
            code,
            Plan(**PLAN, starts_with=PLAYERS if number == 0 else None),
            rng=random.Random(rng.random()),
        )
        for code, room in zip(codes, visitors, strict=True)
        for number, site in enumerate(room)
    ]
    return list(await asyncio.gather(*(bot.play() for bot in bots))), bots


def web_cpu_s(port: str) -> float:
    """Processor time of the web process so far."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (directory / "cmdline").read_bytes().split(b"\0")
            if b"uvicorn" in words and port.encode() in words:
                used = (directory / "stat").read_text().rpartition(")")[2].split()
                return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")
    sys.exit("bench_live: there is no web process")


def spread(seconds: list[float]) -> dict[str, object]:
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "p50_ms": round(1000 * statistics.median(seconds), 1),
        "p99_ms": round(1000 * hundredths[98], 1),
        "most_ms": round(1000 * max(seconds), 1),
        "times": len(seconds),
    }


def measure(data: Path) -> dict[str, object]:
    with playing_server(data) as (url, environment):
        visitors = [[Site(url) for _ in range(PLAYERS)] for _ in range(ROOMS)]
        for number, site in enumerate(site for room in visitors for site in room):
            site.post("/bots/", name=f"Rover {number + 1}")
        codes = make_rooms(environment, visitors)
        load, begun_s = os.getloadavg()[0], time.monotonic()
        cpu_s = web_cpu_s(environment["PORT"])
        tallies, bots = asyncio.run(play(codes, visitors))
        cpu_s = web_cpu_s(environment["PORT"]) - cpu_s
    guesses = [took for tally in tallies for took in tally.ack_s]
    again = [took for bot in bots for took in bot.link.snapshot_after_s[1:]]
    refused = [code for tally in tallies for code in tally.refused]
    return {
        "players": ROOMS * PLAYERS,
        "rooms": ROOMS,
        "seconds": round(time.monotonic() - begun_s),
        "load_before": round(load, 1),
        "load_after": round(os.getloadavg()[0], 1),
        "guess_to_ack": spread(guesses),
        "reconnect_to_snapshot": spread(again),
        "refused": {code: refused.count(code) for code in sorted(set(refused))},
        "web_cpu_ms_per_guess": round(1000 * cpu_s / len(guesses), 1),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        record("live", measure(Path(folder)))
