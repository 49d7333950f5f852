from __future__ import annotations

import asyncio
import random
import re
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from geogame.live.bots.link import Closed
from geogame.live.bots.player import Bot, Plan, Tally, check_in
from geogame.live.bots.site import Site, SiteError
from geogame.rooms.codes import ALPHABET, LENGTH, typed_code


class Command(BaseCommand):
    help = (
        "Let programs join a room and play in it over the same protocol as pages do, labelled as bots. They "
        "look at no picture and guess by chance. For tests, for load, and for company while you look around."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--room",
            required=True,
            type=_code,
            metavar="CODE",
            help="the code of the room: six letters and digits, in its lobby and its link",
        )
        parser.add_argument(
            "--url",
            default=f"http://{settings.HOST}:{settings.PORT}",
            help="where the game runs (default: %(default)s)",
        )
        parser.add_argument("--name", default="Rover", help="what the bots are called (default: %(default)s)")
        parser.add_argument("--count", type=_few, default=1, help="how many bots, 1 to 20 (default: 1)")
        parser.add_argument(
            "--matches", type=_few, default=1, help="how many matches they stay for, 1 to 20 (default: 1)"
        )
        parser.add_argument("--seed", type=int, help="the same number gives the same guesses")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(self._play(options))
        except (SiteError, Closed) as error:
            sys.stderr.write(f"bot: {error}\n")
            sys.exit(2)
        except (KeyboardInterrupt, asyncio.CancelledError):
            self.stdout.write("Stopped.")

    async def _play(self, options: dict[str, Any]) -> None:
        task = asyncio.current_task()
        if task:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        rng = random.Random(options["seed"])
        count, name = options["count"], options["name"]
        names = [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]
        bots = [await self._check_in(one, random.Random(rng.random()), options) for one in names]
        tallies = await asyncio.gather(*(bot.play() for bot in bots))
        for one, tally in zip(names, tallies, strict=True):
            self.stdout.write(_summary(one, tally))

    async def _check_in(self, name: str, rng: random.Random, options: dict[str, Any]) -> Bot:
        site, code = Site(options["url"]), options["room"]
        await asyncio.to_thread(check_in, site, code, name)
        self.stdout.write(f"{name} (bot) is in room {code}.")
        plan = Plan(matches=options["matches"])
        return Bot(site, code, plan, rng=rng, say=lambda text: self.stdout.write(f"{name}: {text}"))


def _summary(name: str, tally: Tally) -> str:
    refused = f", refused: {', '.join(tally.refused)}" if tally.refused else ""
    return f"{name}: {tally.finished} matches, {tally.guesses} guesses{refused}."


def _code(text: str) -> str:
    code = typed_code(text)
    if not re.fullmatch(f"[{ALPHABET}]{{{LENGTH}}}", code):
        raise ArgumentTypeError(
            f"{text!r} is no code of a room: write its six letters and digits, like ABC234."
        )
    return code


def _few(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 20:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to 20.")
    return int(text)
