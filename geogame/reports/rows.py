"""Played rounds as the rows that the benchmark reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import chain, islice
from typing import Any

from benchmark.rounds import Row
from geogame.accounts.models import Player
from geogame.games.models import Guess, Round
from geogame.opponent.words import COULD_NOT_ANSWER
from geogame.panoramas.models import Map
from geogame.panoramas.sources import source_of
from geogame.registry.queries import trained_on
from geogame.reports.album_rows import album_rows
from geogame.reports.beliefs import Beliefs
from geogame.reports.leaks import Leaks
from geogame.reports.queries import (
    CHUNK,
    answers,
    answers_of_study,
    failures,
    failures_of_study,
    people_in_games,
)
from geogame.studies.models import Study

YEAR = re.compile(r"\s*(1[89]\d\d|20\d\d)(?:\d{4})?(?!\d)")
"""At the beginning of "2019-05-02", "2019:05:02 12:00:00", "20190502" or "2019"."""

Fields = dict[str, Any]


def rows_of(map_: Map | None = None) -> Iterator[Row]:
    """All that is known of each answer, and of each that a model owed; a handful of queries, and two more for
    each `CHUNK` of answers.
    """
    leaks = Leaks()
    yield from _full(answers(map_), leaks)
    yield from _failed(failures(map_), leaks)
    yield from album_rows(map_)


def rows_of_study(study: Study) -> Iterator[Row]:
    """The rows of one study, all of subjects who consented. They have pseudonyms of its own, which no other
    report uses.
    """
    names = dict(study.subjects.exclude(player=None).values_list("player__token", "pseudonym"))
    leaks = Leaks()
    failed = _failed(failures_of_study(study), leaks)
    for row in chain(_full(answers_of_study(study), leaks), failed):
        consent = True if row.player_kind == "person" else None
        yield replace(row, player_id=names.get(row.player_id, row.player_id), consent=consent)


def _full(guesses: Iterator[Guess], leaks: Leaks) -> Iterator[Row]:
    seats, beliefs = _seats(), Beliefs()
    while some := list(islice(guesses, CHUNK)):
        believed = beliefs.of(some)
        for guess in some:
            row = {
                **_own(guess),
                **_of_round(guess.round),
                **seats.get((guess.round.game_id, guess.player_id), {}),
            }
            if belief := believed.get(guess.pk):
                row |= {"confidence": belief.confidence, "country_probabilities": belief.countries}
            if guess.player.model_version:
                row |= asdict(leaks.of(guess.player.model_version, guess.round.panorama))
            yield Row(**row)


def _failed(failures: Iterator[tuple[Round, Player]], leaks: Leaks) -> Iterator[Row]:
    """Rows of models that did not answer: who leaves hard pictures out must not win by it."""
    for round_, model in failures:
        version, panorama = model.model_version, round_.panorama
        if version is None or round_.opened_at is None:
            continue
        picture = (panorama.digest, panorama.group, panorama.lat, panorama.lng)
        [trained] = trained_on(version, [picture])
        yield Row(
            **_of_round(round_),
            player_id=name_of(model),
            player_kind="model",
            condition=round_.condition,
            lat=None,
            lng=None,
            outcome=Guess.Outcome.ERROR if round_.model_absent == COULD_NOT_ANSWER else Guess.Outcome.TIMEOUT,
            answered_at=round_.opened_at.isoformat(),
            seen_in_training=trained,
            **asdict(leaks.of(version, panorama)),
        )


def name_of(model: Player) -> str:
    """What rows call a model."""
    return f"{model.name} ({model.token})"


def _own(guess: Guess) -> Fields:
    round_, player = guess.round, guess.player
    is_model = player.kind == Player.Kind.MODEL
    seen = [exposure.times_seen for exposure in round_.exposures.all() if exposure.player_id == player.pk]
    return {
        "player_id": name_of(player) if is_model else player.token,
        "player_kind": "model" if is_model else "person",
        "condition": guess.condition,
        "lat": guess.lat,
        "lng": guess.lng,
        "outcome": guess.outcome,
        "answered_at": guess.created_at.isoformat(),
        # What counts is the moment of the guess: another game may have told the truth since the round opened.
        "exposure": max(seen[0], guess.times_revealed) + 1 if seen else None,
        "group_exposure": None if is_model else guess.group_revealed + 1,
        "consent": None if is_model else player.in_reports_chosen_at is not None or None,
        "seen_in_training": guess.seal.seen_in_training if is_model else None,
        "time_s": guess.time_used_s,
    }


def _of_round(round_: Round) -> Fields:
    panorama = round_.panorama
    return {
        "round_id": round_.token,
        "panorama_id": str(round_.panorama_id),
        "map": round_.game.map.name,
        "true_lat": panorama.lat,
        "true_lng": panorama.lng,
        "scale_km": round_.game.scale_km,
        "scoring_version": round_.game.scoring_version,
        "source": source_of(panorama),
        "captured_year": None if panorama.drawn else year_of(panorama.taken_at),
    }


def _seats() -> dict[tuple[int, int], Fields]:
    """By game and person: whether they had no account when it began, on what, and games begun before."""
    begun: Counter[int] = Counter()
    found: dict[tuple[int, int], Fields] = {}
    for game, person, registered, device in people_in_games():
        found[game, person] = {
            "guest": not registered,
            "games_played": begun[person],
            "device": device,
        }
        begun[person] += 1
    return found


def year_of(taken_at: str) -> int | None:
    """The year of a time as sources give it; None where there is none to read."""
    found = YEAR.match(taken_at)
    return int(found[1]) if found else None
