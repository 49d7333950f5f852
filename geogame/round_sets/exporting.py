"""A round set into one file."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.rounds import Row
from geogame.lib.words import counted
from geogame.round_sets.archive import Manifest, RoundEntry, write
from geogame.round_sets.errors import RoundSetError
from geogame.round_sets.licences import may_travel
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetRound
from geogame.round_sets.pictures import picture_of
from geogame.round_sets.queries import still_asked_for
from geogame.round_sets.rows import rows_of_set, sets_of
from geogame.round_sets.stored_rows import csv_of


@dataclass(frozen=True)
class Exported:
    rounds: int
    pictures: int
    rows: int
    tells_places: bool


def rows_csv(round_set: RoundSet, played: Iterable[Row], *, with_truth: bool = False) -> str:
    """The rows of a closed set: whoever has them can make every figure of its report anew.

    RoundSetError while a place of it is asked for elsewhere, unless `with_truth`.
    """
    if round_set.is_open:
        raise RoundSetError(f"“{round_set}” is open, its answers are sealed: close it first.")
    if not with_truth:
        check_that_nobody_asks(round_set)
    return round_set.rows or csv_of(rows_of_set(round_set, played))


def check_that_nobody_asks(round_set: RoundSet) -> None:
    """RoundSetError while an open set, a study or today's daily asks for a place of this closed set."""
    if rounds := still_asked_for(round_set):
        raise RoundSetError(
            f"“{round_set}” is closed, but the places of {counted(rounds, 'round')} are still asked for by an"
            " open set, a study or today's daily: wait until that has ended, or add --with-truth and give the"
            " file to nobody who takes part."
        )


def check_that_nobody_asks_players(names: Collection[str]) -> None:
    """The same of all closed sets in which these outside players answered."""
    for round_set in sets_of(names):
        check_that_nobody_asks(round_set)


def export(
    round_set: RoundSet, path: Path, played: Iterable[Row], *, with_truth: bool = False, pictures: bool = True
) -> Exported:
    """Write the set's file.

    An open set goes without rows, and without everything that tells a place, pictures included: whoever
    imports it must have them. A closed set is refused (RoundSetError) while a place of it is asked for
    elsewhere. `with_truth` is for an operator who trusts who gets the file.
    """
    if not (round_set.is_open or with_truth):
        check_that_nobody_asks(round_set)
    tells = with_truth or not round_set.is_open
    rounds = list(round_set.rounds.select_related("panorama").order_by("number"))
    by_digest = {round_.digest: round_ for round_ in rounds}
    rows = "" if round_set.is_open else rows_csv(round_set, played, with_truth=True)
    entries = [_entry(round_, tells=tells, pictures=tells and pictures) for round_ in rounds]
    manifest = Manifest(
        name=round_set.name,
        version=round_set.version,
        map=round_set.map_name,
        condition=round_set.condition,
        state=round_set.state,
        created_at=round_set.created_at.isoformat(),
        closed_at=round_set.closed_at.isoformat() if round_set.closed_at else "",
        scale_km=round_set.scale_km,
        scoring_version=round_set.scoring_version,
        border_data=round_set.border_data_version,
        players=[] if round_set.is_open else _players(round_set),
        rows_digest=hashlib.sha256(rows.encode()).hexdigest() if rows else "",
        rounds=entries,
    )
    try:
        write(path, manifest, rows, lambda entry: _picture(by_digest[entry.digest]))
    except OSError as error:
        raise RoundSetError(f"cannot write {error.filename}: {error.strerror or error}") from error
    sent = sum(entry.picture for entry in entries)
    return Exported(len(entries), sent, max(0, rows.count("\n") - 1), tells)


def _players(round_set: RoundSet) -> list[str]:
    here = OutsidePlayer.objects.filter(answers__round__round_set=round_set).distinct()
    return sorted({*round_set.imported_players, *here.values_list("name", flat=True)})


def _entry(round_: SetRound, *, tells: bool, pictures: bool) -> RoundEntry:
    entry = RoundEntry(
        number=round_.number,
        digest=round_.digest,
        width=round_.width,
        height=round_.height,
        drawn=round_.drawn,
        licence=round_.licence,
    )
    return _told(entry, round_, pictures=pictures) if tells else entry


def _told(entry: RoundEntry, round_: SetRound, *, pictures: bool) -> RoundEntry:
    panorama = round_.panorama
    told = replace(entry, author=round_.author, lat=round_.lat, lng=round_.lng)
    if panorama is None:
        return told
    return replace(
        told,
        source=panorama.source,
        taken_at=panorama.taken_at,
        group=panorama.group,
        heading=panorama.heading,
        picture=pictures and may_travel(round_.licence, round_.author) and picture_of(round_) is not None,
    )


def _picture(round_: SetRound) -> bytes:
    content = picture_of(round_)
    if content is None:
        raise RoundSetError(
            f"The picture of round {round_.number} went while the file was written: try again."
        )
    return content
