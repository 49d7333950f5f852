"""What the members of a room may know now. Built key by key from an allow-list, the same for all members:
nothing of a round that is not closed comes from its panorama but the size of the picture and whether it is
drawn, and of nobody's pin but that it is set. Seven queries, however many members there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone, translation

from geogame.accounts.models import Player
from geogame.games import match_rules
from geogame.games.countries import named
from geogame.games.match_rules import Match, Played, Stage
from geogame.games.matches import Crowd, Sheet, read
from geogame.games.models import Guess, Round, Seal
from geogame.games.picture_urls import picture_ahead_url
from geogame.games.snapshots import ModelState, NextRound, picture_state, projection_of
from geogame.panoramas.models import Map
from geogame.panoramas.place_names import in_readers_language
from geogame.registry.models import ModelVersion
from geogame.rooms.models import Member, Room
from geogame.rooms.shapes import (
    CrowdState,
    GuessState,
    LiveResult,
    LiveRound,
    MatchState,
    ModelName,
    PlayerState,
    PrivateState,
    PublicState,
    RoomState,
    ShortResult,
)

LANGUAGE = "en"
"""Names of countries, the same for all: a page has the code to say them in another language."""


def public_state(room: Room) -> PublicState:
    """The state as it is stored now."""
    return compose(*read_room(room))


def read_room(room: Room) -> tuple[Room, list[Member]]:
    now = Room.objects.select_related("map", "model_version", "game").get(pk=room.pk)
    return now, list(now.members.select_related("player").order_by("number"))


def compose(room: Room, members: Sequence[Member], sheet: Sheet | None = None) -> PublicState:
    """The state of a room that the caller has just read, with all members and perhaps its match."""
    if room.game and (sheet is None or sheet.game.pk != room.game.pk):
        sheet = read(room.game)
    table = Table(sheet, members) if sheet else None
    with translation.override(LANGUAGE):
        return {
            "version": room.version,
            "server_time": timezone.now().isoformat(),
            "room": _room_state(room, members),
            "players": _players(room, members, table),
            "match": table.state() if table else None,
        }


def private_state(room: Room, member: Member) -> PrivateState:
    """What only this member is told: who they are, and where their pin is in the round that is shown."""
    shown = room.game.rounds.filter(wanted=True).order_by("-number")[:1] if room.game else []
    own = (
        Guess.objects.filter(round__in=list(shown), player=member.player_id)
        .exclude(lat=None, lng=None)
        .first()
    )
    return {
        "you": {
            "id": member.public_id,
            "role": member.role,
            "is_host": room.host_id == member.player_id and not room.is_quick,
        },
        "your_guess": {"lat": own.lat, "lng": own.lng}
        if own and own.lat is not None and own.lng is not None
        else None,
    }


def in_language(state: PublicState, language: str) -> PublicState:
    """The same for who reads this language: the name of the place, which the truth of a round comes with."""
    match = state["match"]
    if match is None or match["result"] is None or not match["result"]["place"]:
        return state
    with translation.override(language):
        place = in_readers_language(match["result"]["place"])
    return {**state, "match": {**match, "result": {**match["result"], "place": place}}}


def model_id(digest: str) -> str:
    """What a model is called among the players of a room."""
    return f"model-{digest[:8]}"


# --- The room --------------------------------------------------------------------------------------
def _room_state(room: Room, members: Sequence[Member]) -> RoomState:
    host = next((member.public_id for member in members if member.player_id == room.host_id), "")
    return {
        "code": room.code,
        "kind": room.kind,
        "state": room.state,
        "closed": room.closed_at is not None,
        "host": host,
        "is_quick": room.is_quick,
        "settings": {
            "map": {"slug": room.map.slug, "name": room.map.name, "drawn": _is_drawn(room.map)},
            "condition": room.condition,
            "time_limit_s": room.time_limit_s,
            "rounds_total": room.rounds_total,
            "model": _model_name(room.model_version),
        },
    }


def _is_drawn(map_: Map) -> bool:
    """Some of its pictures are drawn, not photographed."""
    return map_.panoramas.filter(drawn=True).exists()


def _model_name(version: ModelVersion | None) -> ModelName | None:
    return {"name": version.name, "digest": version.digest} if version else None


def _players(room: Room, members: Sequence[Member], table: Table | None) -> list[PlayerState]:
    shown = [member for member in members if member.left_at is None or (table and table.seats(member))]
    found = [_member_state(member, table) for member in shown]
    model = table.sheet.model if table else None
    version = model.model_version if model else room.model_version
    return [*found, _model_state(version, model, table)] if version else found


def _member_state(member: Member, table: Table | None) -> PlayerState:
    player = member.player
    return {
        "id": member.public_id,
        "number": member.number,
        "name": player.name,
        "is_guest": player.is_guest,
        "kind": "bot" if player.is_bot else "person",
        "role": member.role,
        "ready": member.is_ready,
        "connected": member.connections > 0 and member.left_at is None,
        "left": member.left_at is not None,
        "playing": bool(table and table.seats(member)),
        "locked": bool(table and table.has_locked(player.pk)),
        "points": table.points.get(player.pk, 0) if table else 0,
        "health": table.health.get(player.pk) if table else None,
    }


def _model_state(version: ModelVersion, model: Player | None, table: Table | None) -> PlayerState:
    """The model is always there and always ready: its answer is sealed before a round opens."""
    return {
        "id": model_id(version.digest),
        "number": 0,
        "name": version.name,
        "is_guest": False,
        "kind": "model",
        "role": Member.Role.PLAYER,
        "ready": True,
        "connected": True,
        "left": False,
        "playing": model is not None,
        "locked": bool(table and model and table.has_locked(model.pk)),
        "points": table.points.get(model.pk, 0) if table and model else 0,
        "health": table.health.get(model.pk) if table and model else None,
    }


# --- The match -------------------------------------------------------------------------------------
class Table:
    """A match with the public names of who plays it."""

    def __init__(self, sheet: Sheet, members: Sequence[Member]) -> None:
        self.sheet = sheet
        self.match: Match = sheet.match()
        self.played: dict[int, Played] = {round_.number: round_ for round_ in self.match.rounds}
        self.blows = (
            {blow.number: blow for blow in match_rules.blows(self.match)} if self.match.is_duel else {}
        )
        self.points = match_rules.totals(self.match)
        self.health = match_rules.health_of(self.match) if self.match.is_duel else {}
        self.ids = {member.player_id: member.public_id for member in members}
        if sheet.model and sheet.model.model_version:
            self.ids[sheet.model.pk] = model_id(sheet.model.model_version.digest)
        self.closed = [round_ for round_ in sheet.rounds if round_.state == Round.State.CLOSED]
        current = self.match.current
        self.current = sheet.rounds[current.number - 1] if current else None

    def seats(self, member: Member) -> bool:
        return member.player_id in self.sheet.people

    def has_locked(self, player: int) -> bool:
        if self.current is None or self.current.state != Round.State.OPEN:
            return False
        return any(guess.player_id == player for guess in self.sheet.of(self.current))

    def state(self) -> MatchState:
        game = self.sheet.game
        phase = match_rules.phase(self.match)
        current = self.current
        is_over = current is not None and current.state == Round.State.CLOSED
        return {
            "game": game.token,
            "rounds_total": game.rounds_total,
            "scale_km": game.scale_km,
            "phase": phase.name,
            "phase_ends_in_s": _left_s(phase.ends_at),
            "note": game.note or None,
            "round": self._round(current) if current and not is_over else None,
            "next": self._next(),
            "result": self.result(current) if current and is_over else None,
            "results": [self._short(round_) for round_ in self.closed],
            "crowd_points": match_rules.crowd_total(self.match),
            "winner": self._name(match_rules.winner(self.match)) if self.match.is_finished else None,
        }

    def _name(self, winner: match_rules.Winner) -> str | None:
        return self.ids.get(winner) if isinstance(winner, int) else winner

    def _next(self) -> NextRound | None:
        """The round that waits: its picture can travel ahead, under a key that comes when it opens."""
        last = self.match.last
        if last is None or last.stage != Stage.DRAWN:
            return None
        round_ = self.sheet.rounds[last.number - 1]
        if round_.state != Round.State.READY:
            return None
        return {"round": round_.token, "url": picture_ahead_url(round_)}

    def _round(self, round_: Round) -> LiveRound:
        nth = len(self.match.counted) + 1
        return {
            "id": round_.token,
            "number": round_.number,
            "condition": round_.condition,
            "projection": projection_of(round_),
            "multiplier": self._multiplier(nth),
            "time_left_s": _left_s(round_.deadline_at) if round_.state == Round.State.OPEN else None,
            "ends_early": _ends_early(round_),
            "picture": picture_state(round_) if round_.state == Round.State.OPEN else None,
            "drawn": round_.panorama.drawn,
            "initial_heading": 0.0,
            "model": self._model(round_),
        }

    def _multiplier(self, nth: int) -> float:
        return match_rules.multiplier(nth) if self.match.is_duel else 1.0

    def _model(self, round_: Round) -> ModelState:
        model = self.sheet.model
        if model is None:
            return {"state": "absent", "name": None, "digest": None, "reason": None}
        seal = self._seal(round_)
        if seal:
            return {"state": "sealed", "name": model.name, "digest": seal.digest, "reason": None}
        if round_.state == Round.State.PREPARING:
            return {"state": "thinking", "name": model.name, "digest": None, "reason": None}
        return {"state": "absent", "name": model.name, "digest": None, "reason": round_.model_absent or None}

    def _seal(self, round_: Round) -> Seal | None:
        model = self.sheet.model
        guesses = [g for g in self.sheet.of(round_) if model and g.player_id == model.pk]
        return guesses[0].seal if guesses else None

    def result(self, round_: Round) -> LiveResult:
        """Of a closed round only: the truth, and everybody's pin."""
        if round_.state != Round.State.CLOSED:
            raise ValueError("The result of a round that is not closed is nobody's to know.")
        panorama, seal = round_.panorama, self._seal(round_)
        return {
            "round": round_.token,
            "number": round_.number,
            "multiplier": self._multiplier_of(round_),
            "condition": round_.condition,
            "projection": projection_of(round_),
            "picture": picture_state(round_),
            "truth": {"lat": panorama.lat, "lng": panorama.lng},
            "country": named(panorama.country),
            "place": panorama.place or None,
            "author": panorama.author,
            "licence": panorama.licence,
            "source": panorama.source,
            "taken_at": panorama.taken_at or None,
            "drawn": panorama.drawn,
            "guesses": [self._guess(round_, guess) for guess in self._of_players(round_)],
            "crowd": _crowd_state(self.sheet.crowd(round_)),
            "winner": self._name(match_rules.round_winner(self.played[round_.number])),
            "seal": {"digest": seal.digest, "preimage": seal.preimage} if seal else None,
            "seen_in_training": seal.seen_in_training if seal else None,
            "layers": {
                "state": "coming" if seal and not round_.void_reason else "none",
                "probability": None,
                "occlusion": None,
            },
            "void": round_.void_reason or None,
        }

    def _multiplier_of(self, round_: Round) -> float:
        blow = self.blows.get(round_.number)
        return blow.multiplier if blow else 1.0

    def _of_players(self, round_: Round) -> list[Guess]:
        return [guess for guess in self.sheet.of(round_) if guess.player_id in self.ids]

    def _guess(self, round_: Round, guess: Guess) -> GuessState:
        blow = self.blows.get(round_.number)
        return {
            "id": self.ids[guess.player_id],
            "lat": guess.lat,
            "lng": guess.lng,
            "distance_km": guess.distance_km,
            "points": guess.points,
            "damage": blow.damage.get(guess.player_id, 0) if blow else 0,
            "health": blow.health.get(guess.player_id) if blow else None,
            "outcome": guess.outcome,
        }

    def _short(self, round_: Round) -> ShortResult:
        played, blow = self.played[round_.number], self.blows.get(round_.number)
        return {
            "number": round_.number,
            "multiplier": self._multiplier_of(round_),
            "points": self._by_id(played.points),
            "damage": self._by_id(blow.damage) if blow else {},
            "health": self._by_id(blow.health) if blow else {},
            "crowd_points": played.crowd_points,
            "winner": self._name(match_rules.round_winner(played)),
            "void": played.is_void,
        }

    def _by_id(self, numbers: Mapping[int, int]) -> dict[str, int]:
        return {self.ids[player]: number for player, number in numbers.items() if player in self.ids}


def _left_s(moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (moment - timezone.now()).total_seconds())


def _ends_early(round_: Round) -> bool:
    limit_s = round_.game.time_limit_s
    if round_.state != Round.State.OPEN or not (round_.deadline_at and round_.opened_at and limit_s):
        return False
    return (round_.deadline_at - round_.opened_at).total_seconds() < limit_s - 0.001


def _crowd_state(crowd: Crowd | None) -> CrowdState | None:
    if crowd is None:
        return None
    return {"lat": crowd.lat, "lng": crowd.lng, "distance_km": crowd.distance_km, "points": crowd.points}
