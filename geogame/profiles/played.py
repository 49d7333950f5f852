"""What a player has played: every closed round that counted, beside the model's answer. Two queries, however
much it is; of rounds that are not closed, or whose results are not told yet, nothing is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal, TypeVar

from django.db.models import OuterRef, Subquery

from geogame.accounts.models import Player
from geogame.games.models import Exposure, Game, Guess, Round
from geogame.games.queries import results_told
from geogame.games.rules import Winner, country_winner, medal, winner

Condition = Literal["fair", "free", "mixed"]
Pictures = Literal["photo", "drawn", "mixed"]
Row = dict[str, Any]
T = TypeVar("T", bound=str)


@dataclass(frozen=True)
class ModelsRound:
    """What the model did in a round. `name` and `digest` say which model."""

    name: str
    digest: str
    distance_km: float | None
    points: int
    correct: bool | None
    trained_on: bool


@dataclass(frozen=True, kw_only=True)
class PlayedRound:
    """One closed round of the player. Distances in km; None is no answer, or a round about countries."""

    round: int
    game: int
    condition: Condition
    pictures: Pictures
    about_countries: bool
    country: str
    lat: float | None
    lng: float | None
    distance_km: float | None
    points: int
    correct: bool | None
    known_before: bool
    is_live: bool = False
    model: ModelsRound | None = None

    @property
    def counts(self) -> bool:
        """As in the benchmark: new to the player, not live, and the model did not learn from it."""
        if self.model is None or self.is_live:
            return False
        return not self.known_before and not self.model.trained_on

    @property
    def winner(self) -> Winner | None:
        if self.model is None:
            return None
        if self.about_countries:
            return country_winner(you_correct=self.correct, model_correct=self.model.correct)
        return winner(you_km=self.distance_km, model_km=self.model.distance_km)


@dataclass(frozen=True, kw_only=True)
class PlayedGame:
    """A game of the player with the rounds of it that are closed and counted, in order."""

    token: str
    mode: str
    map: str
    finished_at: datetime | None
    day: date | None
    is_challenge: bool
    rounds: Sequence[PlayedRound]

    @property
    def condition(self) -> Condition:
        return _one_of({round_.condition for round_ in self.rounds}, "mixed")

    @property
    def pictures(self) -> Pictures:
        return _one_of({round_.pictures for round_ in self.rounds}, "mixed")

    @property
    def about_countries(self) -> bool:
        return self.mode in (Game.Mode.COUNTRY, Game.Mode.STREAK)

    @property
    def is_live(self) -> bool:
        return self.mode in Game.LIVE_MODES

    @property
    def points(self) -> int:
        return sum(round_.points for round_ in self.rounds)

    @property
    def right(self) -> int:
        return sum(bool(round_.correct) for round_ in self.rounds)

    @property
    def models(self) -> list[ModelsRound]:
        return [round_.model for round_ in self.rounds if round_.model]

    @property
    def model_points(self) -> int | None:
        """None where the model did not play every round: the two sums would not be of the same rounds."""
        return self._if_model_played_all(sum(model.points for model in self.models))

    @property
    def model_right(self) -> int | None:
        return self._if_model_played_all(sum(bool(model.correct) for model in self.models))

    def _if_model_played_all(self, total: int) -> int | None:
        return total if len(self.models) == len(self.rounds) else None

    @property
    def medal(self) -> str | None:
        """Medals are for games that one plays alone."""
        alone = not (self.about_countries or self.is_live)
        return medal(self.points, len(self.rounds)) if alone else None


def played_games(player: Player) -> list[PlayedGame]:
    """All of them, those that are not finished too, the earliest first."""
    rows = list(_own_rows(player))
    rounds = {row["round"]: _round(row) for row in rows}
    models = _models_rounds(player)
    found = []
    for _, group in groupby(rows, key=lambda row: row["round__game"]):
        of_game = list(group)
        first = of_game[0]
        found.append(
            PlayedGame(
                token=first["round__game__token"],
                mode=first["round__game__mode"],
                map=first["round__game__map__name"],
                finished_at=first["round__game__finished_at"],
                day=first["round__game__daily__date"],
                is_challenge=first["round__game__challenge"] is not None,
                rounds=[replace(rounds[row["round"]], model=models.get(row["round"])) for row in of_game],
            )
        )
    return found


def with_countries(rounds: Iterable[PlayedRound]) -> list[PlayedRound]:
    """The rounds, with `correct` said of those too in which the pin counted and not its country."""
    rounds = list(rounds)
    pins = [
        (round_.round, round_.country, round_.lat, round_.lng)
        for round_ in rounds
        if round_.correct is None and round_.country and round_.lat is not None and round_.lng is not None
    ]
    if not pins:
        return rounds
    from planet_core.geography import countries_at

    numbers, truths, lats, lngs = zip(*pins, strict=True)
    codes = countries_at(lats, lngs).tolist()
    right = {number: code == truth for number, code, truth in zip(numbers, codes, truths, strict=True)}
    return [replace(round_, correct=right.get(round_.round, round_.correct)) for round_ in rounds]


def _own_rows(player: Player) -> Iterable[Row]:
    seen = Exposure.objects.filter(round=OuterRef("round"), player=player).values("times_seen")[:1]
    guesses = Guess.objects.filter(
        results_told("round__game"), player=player, round__state=Round.State.CLOSED, round__void_reason=""
    )
    rows: Iterable[Row] = (
        guesses.annotate(times_seen=Subquery(seen))
        .order_by("round__game__created_at", "round__game", "round__number")
        .values(
            *("round", "lat", "lng", "distance_km", "points", "correct", "condition"),
            *("times_revealed", "group_revealed", "times_seen"),
            *("round__panorama__country", "round__panorama__drawn"),
            *("round__game", "round__game__token", "round__game__mode", "round__game__map__name"),
            *("round__game__finished_at", "round__game__daily__date", "round__game__challenge"),
        )
    )
    return rows


def _round(row: Row) -> PlayedRound:
    return PlayedRound(
        round=row["round"],
        game=row["round__game"],
        condition=row["condition"],
        pictures="drawn" if row["round__panorama__drawn"] else "photo",
        about_countries=row["round__game__mode"] in (Game.Mode.COUNTRY, Game.Mode.STREAK),
        is_live=row["round__game__mode"] in Game.LIVE_MODES,
        country=row["round__panorama__country"],
        lat=row["lat"],
        lng=row["lng"],
        distance_km=row["distance_km"],
        points=row["points"],
        correct=row["correct"],
        known_before=bool(row["times_seen"] or row["times_revealed"] or row["group_revealed"]),
    )


def _models_rounds(player: Player) -> dict[int, ModelsRound]:
    guesses = Guess.objects.filter(
        player__kind=Player.Kind.MODEL, round__state=Round.State.CLOSED, round__guesses__player=player
    ).values_list(
        *("round", "player__name", "player__model_version__digest", "distance_km", "points", "correct"),
        "seal__seen_in_training",
    )
    return {
        round_: ModelsRound(name, digest[:8], distance_km, points, correct, trained_on is not False)
        for round_, name, digest, distance_km, points, correct, trained_on in guesses
    }


def _one_of(found: set[T], otherwise: T) -> T:
    return next(iter(found)) if len(found) == 1 else otherwise
