"""Outside players beside people in the reports of everybody: their answers in closed round sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from benchmark.rounds import Row
from geogame.round_sets.models import RoundSet, SetAnswer
from geogame.round_sets.rows import rows_of_players

MARK = " (outside player)"
"""Behind a name that somebody else chose: nobody takes it for a person or for a model of ours."""


def with_outside_players(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of played rounds, then those of outside players in the same rounds.

    Sets that came from another server stay out: their people have no part in the reports here.
    """
    given = SetAnswer.objects.filter(
        round__round_set__state=RoundSet.State.CLOSED,
        round__round_set__rows="",
        round__panorama__isnull=False,
    )
    panoramas = {str(pk) for pk in given.values_list("round__panorama", flat=True).distinct()}
    played: list[Row] = []
    for row in rows:
        if row.panorama_id in panoramas:
            played.append(row)
        yield row
    if played:
        names = set(given.values_list("player__name", flat=True))
        here = {row.round_id for row in played}
        for row in rows_of_players(played, names):
            if row.player_kind == "model" and row.player_id in names and row.round_id in here:
                yield replace(row, player_id=f"{row.player_id}{MARK}")


def closed_sets() -> int:
    return RoundSet.objects.filter(state=RoundSet.State.CLOSED).count()
