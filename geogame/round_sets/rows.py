"""Answers of outside players as the rows that the benchmark reads, beside people and our own models.

People answer the panoramas of a set in games, in rounds of their own. The answer of an outside player, and
what our models in play have stored, is repeated as a model's row in each such round, under its id: so the
benchmark pairs them. Rows of the set's own rounds have the models alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db.models import Count, F

from benchmark.rounds import Row
from geogame.accounts.services import player_of_model
from geogame.panoramas.sources import source_of
from geogame.predictions.models import RULE, Prediction
from geogame.predictions.queries import view_name
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_versions, trained_on
from geogame.round_sets.answers import NO_ANSWER, is_void
from geogame.round_sets.models import RoundSet, SetAnswer, SetRound
from geogame.round_sets.stored_rows import read_stored

COLUMNS = {field.name for field in fields(Row)}
PSEUDONYM_DIGITS = 16
NOTE = (
    "Outside players are taken at their word that they did not train on the pictures of a set, unless their"
    " answer or an earlier set says otherwise."
)
Answers = dict[int, list[dict[str, Any]]]
"""What each model answered to a panorama, by its key: cells of a `Row` that are the model's own."""


def rows_of_players(played: Sequence[Row], names: Collection[str]) -> list[Row]:
    """Rows of closed sets in which these outside players answered, to go with the rows of played rounds.

    Of a set that came from another server all rows that it brought, people's too.
    """
    rows: list[Row] = []
    for round_set in sets_of(names):
        rows += _imported(round_set, names) if round_set.rows else _of_models(round_set, played, names)
    return _first_of_each(rows, known=played)


def sets_of(names: Collection[str]) -> list[RoundSet]:
    """The closed sets in which these outside players answered, here or on the server that a set is from."""
    closed = RoundSet.objects.filter(state=RoundSet.State.CLOSED).order_by("closed_at", "pk")
    answered = set(
        SetAnswer.objects.filter(player__name__in=names).values_list("round__round_set", flat=True)
    )
    return [
        round_set
        for round_set in closed
        if (set(round_set.imported_players) & set(names) if round_set.rows else round_set.pk in answered)
    ]


def _imported(round_set: RoundSet, names: Collection[str]) -> list[Row]:
    """What a set brought along, under a map of its own: a map of the same name here may be another one."""
    others = set(round_set.imported_players) - set(names)
    rows = (row for row in read_stored(round_set) if row.player_id not in others)
    return [replace(row, map=f"{row.map} (imported with {round_set})") for row in rows]


def notes_on_players(names: Collection[str]) -> list[str]:
    """What a reader of a report with these outside players has to know."""
    closed = RoundSet.objects.filter(state=RoundSet.State.CLOSED)
    own = closed.filter(rounds__answers__player__name__in=names).values_list("name", "version", "pk")
    runs = own.annotate(player=F("rounds__answers__player__name"), given=Count("rounds__answers"))
    totals = dict(closed.annotate(total=Count("rounds")).values_list("pk", "total"))
    notes = [
        f"{player} answered {given} of {totals[pk]} rounds of the set {name}@{version}."
        for name, version, pk, player, given in runs.order_by("player", "name", "version")
    ]
    for round_set in closed.filter(imported_at__isnull=False):
        if brought := sorted(set(round_set.imported_players) & set(names)):
            notes.append(f"The set {round_set} came from another server, with {', '.join(brought)}.")
    return [*notes, NOTE]


def rows_of_set(round_set: RoundSet, played: Iterable[Row]) -> list[Row]:
    """All rows of a closed set under names that mean something elsewhere: pictures are called by their
    digests, rounds and people by pseudonyms of this set.
    """
    if round_set.rows:
        return read_stored(round_set)
    digests = {str(round_.panorama_id): round_.digest for round_ in round_set.rounds.all()}
    theirs = [row for row in played if row.condition == round_set.condition and row.panorama_id in digests]
    rows = _first_of_each([*theirs, *_of_models(round_set, theirs, None)])
    return [
        replace(
            row,
            round_id=_pseudonym(round_set, row.round_id),
            panorama_id=digests[row.panorama_id],
            player_id=row.player_id if row.player_kind == "model" else _pseudonym(round_set, row.player_id),
        )
        for row in rows
    ]


def _pseudonym(round_set: RoundSet, name: str) -> str:
    return hashlib.sha256(f"{round_set.token}:{name}".encode()).hexdigest()[:PSEUDONYM_DIGITS]


def _first_of_each(rows: Iterable[Row], known: Iterable[Row] = ()) -> list[Row]:
    """One answer of a player in a round: the model of the round itself, or the earliest set, comes first."""
    seen = {(row.round_id, row.player_id) for row in known}
    kept = []
    for row in rows:
        if (row.round_id, row.player_id) not in seen:
            seen.add((row.round_id, row.player_id))
            kept.append(row)
    return kept


def _of_models(round_set: RoundSet, played: Iterable[Row], names: Collection[str] | None) -> list[Row]:
    """Model's rows in the rounds of people, then in the set's own."""
    rounds = list(
        round_set.rounds.select_related("panorama").filter(panorama__isnull=False).order_by("number")
    )
    answers = _answers(round_set, rounds, names)
    own = (_own_round(round_set, round_) for round_ in rounds)
    theirs = (row for row in played if row.player_kind == "person" and row.condition == round_set.condition)
    return list(_beside((*theirs, *own), answers))


@dataclass(frozen=True)
class _Place:
    """What all rows of a round share."""

    round_id: str
    panorama_id: str
    condition: str
    map: str
    true_lat: float
    true_lng: float
    scale_km: float
    source: str


SHARED = tuple(field.name for field in fields(_Place))


def _own_round(round_set: RoundSet, round_: SetRound) -> _Place:
    assert round_.panorama is not None
    return _Place(
        round_id=round_.token,
        panorama_id=str(round_.panorama_id),
        condition=round_set.condition,
        map=round_set.map_name,
        true_lat=round_.lat,
        true_lng=round_.lng,
        scale_km=round_set.scale_km,
        source=source_of(round_.panorama),
    )


def _beside(rounds: Iterable[Row | _Place], answers: Answers) -> Iterator[Row]:
    by_panorama = {str(panorama): given for panorama, given in answers.items()}
    for round_ in rounds:
        shared = {name: getattr(round_, name) for name in SHARED}
        for given in by_panorama.get(round_.panorama_id, ()):
            yield Row(**shared, player_kind="model", **given)


def _answers(round_set: RoundSet, rounds: list[SetRound], names: Collection[str] | None) -> Answers:
    answers: Answers = {round_.panorama_id: [] for round_ in rounds if round_.panorama_id}
    for run in _runs(round_set, names):
        for round_ in rounds:
            left_out = round_.pk not in run.answers and is_void(round_, round_set)
            if round_.panorama_id and not left_out:
                answers[round_.panorama_id].append(run.cells(round_))
    for version in active_versions():
        for panorama, given in _stored(version, rounds):
            answers[panorama].append(given)
    return answers


@dataclass(frozen=True)
class _Run:
    """An outside player in a closed set."""

    name: str
    closed_at: str
    answers: dict[int, SetAnswer]

    def cells(self, round_: SetRound) -> dict[str, Any]:
        answer = self.answers.get(round_.pk)
        if answer is None:
            left: dict[str, Any] = {"lat": None, "lng": None, "outcome": NO_ANSWER, "seen_in_training": False}
            return {"player_id": self.name, "answered_at": self.closed_at, **left}
        cells = {
            "player_id": self.name,
            "answered_at": answer.created_at.isoformat(),
            "lat": answer.lat,
            "lng": answer.lng,
            "outcome": answer.outcome,
            "seen_in_training": answer.seen_in_training or answer.known_before,
            "confidence": answer.confidence,
            "country_probabilities": answer.country_probabilities,
        }
        return {name: value for name, value in cells.items() if name in COLUMNS}


def _runs(round_set: RoundSet, names: Collection[str] | None) -> list[_Run]:
    given = SetAnswer.objects.filter(round__round_set=round_set).select_related("player")
    if names is not None:
        given = given.filter(player__name__in=names)
    assert round_set.closed_at is not None
    runs: dict[str, _Run] = {}
    for answer in given.order_by("player__name", "pk"):
        name = answer.player.name
        run = runs.setdefault(name, _Run(name, round_set.closed_at.isoformat(), {}))
        run.answers[answer.round_id] = answer
    return list(runs.values())


def _stored(version: ModelVersion, rounds: list[SetRound]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What a version of ours has stored for the pictures of these rounds."""
    player = player_of_model(version)
    views = {(round_.panorama_id, view_name(round_.digest)) for round_ in rounds}
    found = (
        Prediction.objects.filter(
            model_version=version, rule=RULE, panorama__in=[round_.panorama_id for round_ in rounds]
        )
        .select_related("panorama")
        .defer("distribution")
        .order_by("panorama")
    )
    stored = [prediction for prediction in found if (prediction.panorama_id, prediction.view) in views]
    panoramas = [prediction.panorama for prediction in stored]
    known = trained_on(version, [(one.digest, one.group, one.lat, one.lng) for one in panoramas])
    for prediction, trained in zip(stored, known, strict=True):
        yield (
            prediction.panorama_id,
            {
                "player_id": f"{player.name} ({player.token})",
                "lat": prediction.lat,
                "lng": prediction.lng,
                "outcome": SetAnswer.Outcome.ANSWERED.value,
                "answered_at": prediction.created_at.isoformat(),
                "seen_in_training": trained,
            },
        )
