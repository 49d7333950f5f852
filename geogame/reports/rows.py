"""Played rounds as the rows that the benchmark reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmark.rounds import Row
from geogame.accounts.models import Player
from geogame.games.models import Guess
from geogame.panoramas.models import Map
from geogame.reports.queries import answers, answers_of_study
from geogame.studies.models import Study


def rows_of(map_: Map | None = None) -> Iterator[Row]:
    return (_row(guess) for guess in answers(map_))


def _row(guess: Guess) -> Row:
    round_, player = guess.round, guess.player
    is_model = player.kind == Player.Kind.MODEL
    seen = [exposure.times_seen for exposure in round_.exposures.all() if exposure.player_id == player.pk]
    return Row(
        round_id=round_.token,
        panorama_id=str(round_.panorama_id),
        player_id=f"{player.name} ({player.token})" if is_model else player.token,
        player_kind="model" if is_model else "person",
        condition=guess.condition,
        map=round_.game.map.name,
        source="drawn" if round_.panorama.drawn else "photo",
        lat=guess.lat,
        lng=guess.lng,
        true_lat=round_.panorama.lat,
        true_lng=round_.panorama.lng,
        outcome=guess.outcome,
        answered_at=guess.created_at.isoformat(),
        # What counts is the moment of the guess: another game may have told the truth since the round opened.
        exposure=max(seen[0], guess.times_revealed) + 1 if seen else None,
        group_exposure=None if is_model else guess.group_revealed + 1,
        seen_in_training=guess.seal.seen_in_training if is_model else None,
        scale_km=round_.game.scale_km,
    )


def rows_of_study(study: Study) -> Iterator[Row]:
    """The rows of one study. Its subjects have pseudonyms of its own, which no other report uses."""
    names = dict(study.subjects.exclude(player=None).values_list("player__token", "pseudonym"))
    for row in map(_row, answers_of_study(study)):
        yield replace(row, player_id=names.get(row.player_id, row.player_id))
