from __future__ import annotations

import secrets
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from geogame.lib.commands import UserCommand
from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError
from geogame.reports.rows import rows_of
from geogame.round_sets import services
from geogame.round_sets.exporting import export, rows_csv
from geogame.round_sets.importing import import_set, named
from geogame.round_sets.models import OutsidePlayer, RoundSet
from geogame.round_sets.queries import set_named, sets_with_counts
from planet_core.files import atomic_file
from planet_core.outputs import OutputError, writable_file
from planet_core.stopping import UserError

EXIT_INTERRUPTED = 130
Done = Callable[[int, int], None]


class Command(UserCommand):
    help = (
        "Round sets: panoramas that models of others answer over HTTP, each for itself, under seal until the "
        "set is closed. A set never changes; NAME is its latest version, NAME@2 a certain one. "
        "docs/benchmark.md (“Bring your own model”) says how all of it works."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        create = actions.add_parser("create", help="a new set of a map, open for answers")
        create.add_argument("name", metavar="NAME", help="a name that is there gets its next version")
        create.add_argument("--map", required=True, metavar="MAP")
        create.add_argument("--count", type=int, metavar="N", help="rounds (default: all that the map has)")
        create.add_argument(
            "--seed", type=int, metavar="S", help="the same panoramas again (default: random)"
        )
        close = actions.add_parser("close", help="take no more answers and tell the results")
        close.add_argument("name", metavar="NAME")
        actions.add_parser("list", help="sets and outside players")
        self._add_files(actions)
        self._add_players(actions)

    @staticmethod
    def _add_files(actions: Any) -> None:
        out = actions.add_parser("export", help="the set as one file (zip)")
        out.add_argument("name", metavar="NAME")
        out.add_argument("file", metavar="FILE", type=Path)
        out.add_argument(
            "--with-truth",
            action="store_true",
            help="of an open set: tell places and authors, and add the pictures; closed sets have them; "
            "of a closed one: even if an open set, a study or today's daily asks for its places",
        )
        out.add_argument("--no-pictures", action="store_true", help="digests alone")
        into = actions.add_parser("import", help="a file that another server exported")
        into.add_argument("file", metavar="FILE", type=Path)
        into.add_argument("--map", default="", metavar="MAP", help="put its panoramas on this map, too")
        into.add_argument(
            "--other-versions",
            action="store_true",
            help="even if it was made with another version of score or borders: figures then differ",
        )
        rows = actions.add_parser("rows", help="the rows of a closed set, for python -m benchmark")
        rows.add_argument("name", metavar="NAME")
        rows.add_argument("file", metavar="FILE", type=Path, help="CSV")
        rows.add_argument(
            "--with-truth",
            action="store_true",
            help="even if an open set, a study or today's daily asks for its places",
        )

    @staticmethod
    def _add_players(actions: Any) -> None:
        token = actions.add_parser("token", help="a token for an outside player; it is shown once")
        token.add_argument("name", metavar="PLAYER", help="as reports call it")
        token.add_argument("--anew", action="store_true", help="another one for a player who has one")
        revoke = actions.add_parser("revoke", help="the token of an outside player opens nothing any more")
        revoke.add_argument("name", metavar="PLAYER")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        ready_database(self.stderr.write)
        try:
            getattr(self, f"_{action}")(**options)
        except (MapError, OutputError, UserError) as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(
                f"cannot write {error.filename}: {error.strerror or error}", returncode=2
            ) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was changed.", returncode=EXIT_INTERRUPTED) from None

    def _create(self, name: str, map: str, count: int | None, seed: int | None, **_: Any) -> None:
        if count is not None and count < 1:
            raise CommandError("--count must be 1 or more.", returncode=2)
        chosen = secrets.randbelow(2**32) if seed is None else seed
        map_ = map_named(map)
        with _bar("Pictures") as done:
            made = services.create(name=name, map_=map_, count=count, seed=chosen, done=done)
        total = counted(made.rounds.count(), "round")
        self.stdout.write(f"“{made}” is open: {total} of “{map_}” (--seed {chosen}).")
        self.stdout.write("Outside players need a token: manage.py round_set token PLAYER")

    def _close(self, name: str, **_: Any) -> None:
        round_set = set_named(name)
        if not services.close(round_set):
            self.stdout.write(f"“{round_set}” was closed already, on {round_set.closed_at:%Y-%m-%d}.")
            return
        self.stdout.write(f"“{round_set}” is closed. Compare: manage.py benchmark --players")

    def _list(self, **_: Any) -> None:
        sets = list(sets_with_counts())
        players = list(OutsidePlayer.objects.all())
        for one in sets:
            self.stdout.write(_line(one))
        for player in players:
            ended = f", revoked {player.revoked_at:%Y-%m-%d}" if player.revoked_at else ""
            self.stdout.write(f"outside player {player}, since {player.created_at:%Y-%m-%d}{ended}")
        if not sets:
            self.stdout.write("No round sets yet: manage.py round_set create NAME --map MAP")

    def _export(self, name: str, file: Path, with_truth: bool, no_pictures: bool, **_: Any) -> None:
        round_set = set_named(name)
        writable_file(file, ".zip")
        played = () if round_set.is_open else rows_of()
        made = export(round_set, file, played, with_truth=with_truth, pictures=not no_pictures)
        pictures = counted(made.pictures, "picture")
        self.stdout.write(
            f"{file}: {counted(made.rounds, 'round')}, {pictures}, {counted(made.rows, 'row')}."
        )
        if not made.tells_places:
            self.stdout.write("The set is open: the file tells no place and has no pictures (--with-truth).")
        elif round_set.is_open:
            self.stderr.write("The file tells the places of an open set: who has it must not take part.")

    def _import(self, file: Path, map: str, other_versions: bool, **_: Any) -> None:
        with _bar("Pictures") as done:
            made = import_set(file, map_name=map, other_versions=other_versions, done=done)
        self.stdout.write(
            f"“{made.round_set}” is here, {made.round_set.state}: {counted(made.added, 'picture')} added, "
            f"{made.found:,} here already."
        )
        if made.missing:
            self.stdout.write(f"{named(made.missing)} The figures need none of them.")

    def _rows(self, name: str, file: Path, with_truth: bool, **_: Any) -> None:
        round_set = set_named(name)
        writable_file(file, ".csv")
        played = () if round_set.rows or round_set.is_open else rows_of()
        text = rows_csv(round_set, played, with_truth=with_truth)
        with atomic_file(file) as out:
            out.write(text.encode())
        self.stdout.write(f"{file}: {counted(text.count(chr(10)) - 1, 'row')}.")

    def _token(self, name: str, anew: bool, **_: Any) -> None:
        token = services.issue_token(name, anew=anew)
        self.stderr.write(f"The token of “{' '.join(name.split())}”. It is shown this once:")
        self.stdout.write(token)

    def _revoke(self, name: str, **_: Any) -> None:
        player = OutsidePlayer.objects.filter(name=name).first()
        if player is None:
            known = ", ".join(f"“{one}”" for one in OutsidePlayer.objects.all()) or "none yet"
            raise CommandError(
                f"There is no outside player “{name}”. Outside players: {known}.", returncode=2
            )
        ended = services.revoke(player)
        self.stdout.write(f"The token of “{player}” {'ends here' if ended else 'had ended already'}.")


def _line(round_set: RoundSet) -> str:
    counts: Any = round_set  # annotated
    players = counts.players_total + len(round_set.imported_players)
    when = f"closed {round_set.closed_at:%Y-%m-%d}" if round_set.closed_at else "open"
    return (
        f"{round_set}: {when}, {counted(counts.rounds_total, 'round')} of “{round_set.map_name}”, "
        f"{counted(players, 'outside player')}"
    )


@contextmanager
def _bar(what: str) -> Iterator[Done]:
    """A bar on a terminal; nothing elsewhere."""
    with tqdm(desc=what, file=sys.stderr, disable=None, dynamic_ncols=True) as bar:

        def done(number: int, total: int) -> None:
            bar.total = total
            bar.update(number - bar.n)

        yield done
