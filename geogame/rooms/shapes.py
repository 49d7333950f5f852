"""The shape of what all members of a room are told, and of what one of them is told beside it."""

from __future__ import annotations

from typing import Literal, TypedDict

from geogame.games.countries import Country
from geogame.games.match_rules import PhaseName
from geogame.games.snapshots import LayersPromise, ModelState, NextRound, Picture, Place, SealShown


class MapState(TypedDict):
    slug: str
    name: str
    drawn: bool


class ModelName(TypedDict):
    name: str
    digest: str


class SettingsState(TypedDict):
    map: MapState
    condition: str
    time_limit_s: int | None
    rounds_total: int
    model: ModelName | None


class RoomState(TypedDict):
    """`host` is the id of a player. `closed`: nobody can do anything here any more."""

    code: str
    kind: str
    state: str
    closed: bool
    host: str
    is_quick: bool
    settings: SettingsState


class PlayerState(TypedDict):
    """`number` tells guests apart, who all have one name. `playing`: has a place in the match that is shown;
    who joins while one runs waits for the next.
    """

    id: str
    number: int
    name: str
    is_guest: bool
    kind: Literal["person", "model", "bot"]
    role: str
    ready: bool
    connected: bool
    left: bool
    playing: bool
    locked: bool
    points: int
    health: int | None


class LiveRound(TypedDict):
    """`ends_early`: somebody has locked in, and the others have the short time that is left."""

    id: str
    number: int
    condition: str
    projection: str
    multiplier: float
    time_left_s: float | None
    ends_early: bool
    picture: Picture | None
    drawn: bool
    initial_heading: float
    model: ModelState


class GuessState(TypedDict):
    id: str
    lat: float | None
    lng: float | None
    distance_km: float | None
    points: int
    damage: int
    health: int | None
    outcome: str


class CrowdState(TypedDict):
    lat: float
    lng: float
    distance_km: float
    points: int


class LiveResult(TypedDict):
    """`winner` is the id of a player, "crowd", "draw", or None where nobody answered or the round is void."""

    round: str
    number: int
    multiplier: float
    condition: str
    projection: str
    picture: Picture
    truth: Place
    country: Country | None
    place: str | None
    author: str
    licence: str
    source: str
    taken_at: str | None
    drawn: bool
    guesses: list[GuessState]
    crowd: CrowdState | None
    winner: str | None
    seal: SealShown | None
    seen_in_training: bool | None
    layers: LayersPromise
    void: str | None


class ShortResult(TypedDict):
    """By id of the player; `health` is what was left after the round, empty where there is none."""

    number: int
    multiplier: float
    points: dict[str, int]
    damage: dict[str, int]
    health: dict[str, int]
    crowd_points: int | None
    winner: str | None
    void: bool


class MatchState(TypedDict):
    """`results` has every closed round, that of `result` too. `next` is the picture that can travel ahead."""

    game: str
    rounds_total: int
    scale_km: float
    phase: PhaseName
    phase_ends_in_s: float | None
    note: str | None
    round: LiveRound | None
    next: NextRound | None
    result: LiveResult | None
    results: list[ShortResult]
    crowd_points: int | None
    winner: str | None


class PublicState(TypedDict):
    version: int
    server_time: str
    room: RoomState
    players: list[PlayerState]
    match: MatchState | None


class You(TypedDict):
    id: str
    role: str
    is_host: bool


class PrivateState(TypedDict):
    you: You
    your_guess: Place | None
