"""A game, who comes by while it lasts, and a walk of all of them over every address of the game."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.albums.models import AlbumPhoto, AlbumRound, Sight
from geogame.albums.snapshots import PICTURE
from geogame.games.lifecycle import seal_answer
from geogame.games.models import Challenge, Daily, DailyAttempt, DailyRound, Game, Round
from geogame.games.picture_urls import picture_ahead_url, picture_url, signed_url
from geogame.games.services import begin, next_round, place_guess, start_game
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.studies.models import Study, Subject
from planet_core.scoring import SCORING_VERSION
from tests.geogame.pages import truth
from tests.geogame.pages.addresses import TOKENS, VALUES, Address, addresses
from tests.geogame.pages.truth import Tap, assert_no_truth
from tests.geogame.studies.making import lay_out

ROUNDS = 3


@dataclass
class Visitor:
    """Somebody who comes by; `player` is None for who has no session."""

    name: str
    client: Client
    player: Player | None = None

    def told(self) -> set[int]:
        """The panoramas whose rounds this visitor has played to their end, but those that are told later."""
        rounds = Round.objects.filter(state=Round.State.CLOSED, game__seats__player=self.player)
        rounds = rounds.exclude(game__show_results="at-end", game__state="playing")
        rounds = rounds.exclude(game__show_results="never")
        if not self.player:
            return set()
        handed_in = AlbumPhoto.objects.filter(
            album__rounds__player=self.player, album__rounds__state=AlbumRound.State.CLOSED
        )
        return {*rounds.values_list("panorama", flat=True), *handed_in.values_list("panorama", flat=True)}


@dataclass
class Table:
    """One game of the owner, and all who come by while it lasts."""

    map: Map
    version: ModelVersion
    owner: Visitor
    others: list[Visitor]
    settings: dict[str, Any]
    game: Game = field(init=False, repr=False)

    @property
    def player(self) -> Player:
        assert self.owner.player
        return self.owner.player

    def current(self) -> Round:
        return self.game.rounds.filter(wanted=True).latest("number")

    def seal(self) -> None:
        for round_ in self.game.rounds.filter(state=Round.State.PREPARING):
            answer = truth.models_answer(round_.panorama)
            seal_answer(round_id=round_.pk, model=player_of_model(self.version), answer=answer)

    def guess(self) -> None:
        round_ = self.current()
        lat, lng = truth.pin(truth.number_of(round_.panorama))
        place_guess(game=self.game, player=self.player, round_token=round_.token, lat=lat, lng=lng)

    def go_on(self) -> None:
        # Whoever asked for the daily page had it made of the few pictures that a challenge would wait for.
        Daily.objects.filter(attempts=None).delete()
        next_round(game=self.game, player=self.player, after=self.current().token)

    def play_on(self) -> None:
        self.game.refresh_from_db()
        while self.game.state == Game.State.PLAYING:
            self.seal()
            if self.current().state == Round.State.OPEN:
                self.guess()
            else:
                self.go_on()
            self.game.refresh_from_db()


# --- The ways to play ------------------------------------------------------------------------------
def start_by_form(mode: str) -> Callable[[Table], Game]:
    def start(table: Table) -> Game:
        form = {"map": table.map.slug, "mode": mode, "opponent": table.version.digest} | table.settings
        response = table.owner.client.post("/games/", form)
        return Game.objects.get(token=response["Location"].split("/")[2])

    return start


def account(name: str) -> Player:
    """Of accounts there are public pages."""
    return Player.objects.create(kind="person", name=name, user=User.objects.create_user(name))


def finished_by(player: Player, table: Table, **settings: Any) -> Game:
    """A game that somebody else has played to its end, with guesses of their own."""
    game = start_game(player=player, map_=table.map, version=table.version, **settings)
    _play_as_sender(game, player, table.version)
    return game


def _play_as_sender(game: Game, player: Player, version: ModelVersion) -> None:
    game.refresh_from_db()
    while game.state == Game.State.PLAYING:
        current = game.rounds.filter(wanted=True).latest("number")
        number = truth.number_of(current.panorama)
        lat, lng = truth.senders_place(number)
        if current.state == Round.State.PREPARING:
            answer = truth.models_answer(current.panorama)
            seal_answer(round_id=current.pk, model=player_of_model(version), answer=answer)
        elif current.state == Round.State.OPEN:
            place_guess(game=game, player=player, round_token=current.token, lat=lat, lng=lng)
        else:
            next_round(game=game, player=player, after=current.token)
        game.refresh_from_db()


def _seated(table: Table, player: Player, **fields: Any) -> Game:
    game = Game.objects.create(
        map=table.map,
        rounds_total=ROUNDS,
        scale_km=table.map.scale_km or 0,
        scoring_version=SCORING_VERSION,
        **fields,
    )
    begin(game, player, table.version)
    return game


def start_challenge(table: Table) -> Game:
    """The owner takes up a challenge; before, everybody looks around while the sender has finished."""
    sender = account("Sender")
    sent = finished_by(sender, table, **table.settings)
    challenge = Challenge.objects.create(game=sent, sender=sender)
    look_around([table.owner])
    return _seated(table, table.player, challenge=challenge, **table.settings)


def start_daily(table: Table) -> Game:
    """The owner plays the daily after somebody else has."""
    daily = Daily.objects.create(date=timezone.now().date(), map=table.map, model_version=table.version)
    for number, panorama in enumerate(table.map.panoramas.order_by("pk")[:ROUNDS], start=1):
        DailyRound.objects.create(daily=daily, number=number, panorama=panorama)
    first = account("First")
    _play_as_sender(_attempt(table, daily, first), first, table.version)
    look_around([table.owner])
    return _attempt(table, daily, table.player)


def _attempt(table: Table, daily: Daily, player: Player) -> Game:
    fields = {"mode": Game.Mode.DAILY, "daily": daily, "time_limit_s": 180} | table.settings
    game = _seated(table, player, **fields)
    DailyAttempt.objects.create(daily=daily, player=player, game=game)
    return game


def start_study(table: Table, show_results: str = "at-end") -> Game:
    """The owner takes part in a study, the others find its links."""
    panoramas = list(table.map.panoramas.order_by("pk"))
    study = lay_out(table.map, table.version, [panoramas[:ROUNDS], panoramas[ROUNDS : 2 * ROUNDS]])
    Study.objects.filter(pk=study.pk).update(show_results=show_results)
    look_around([table.owner])
    link = f"/study/{study.subjects.get(number=1).token}/begin/"
    response = table.owner.client.post(link, {"agree": "yes"})
    return Game.objects.get(token=response["Location"].split("/")[2])


STARTS: dict[str, Callable[[Table], Game]] = {
    Game.Mode.CLASSIC: start_by_form("classic"),
    Game.Mode.COUNTRY: start_by_form("country"),
    Game.Mode.STREAK: start_by_form("streak"),
    Game.Mode.DAILY: start_daily,
    Game.Mode.STUDY: start_study,
    "challenge": start_challenge,
    "study that tells each round": lambda table: start_study(table, "after-round"),
    "study that tells nothing": lambda table: start_study(table, "never"),
}


# --- The walk --------------------------------------------------------------------------------------
def tokens() -> dict[str, list[str]]:
    """What an address may name, by kind, the latest of each game: guests could not know it, the walk does."""
    latest = [round_ for game in Game.objects.all() for round_ in game.rounds.order_by("-number")[:2]]
    people = Player.objects.filter(kind=Player.Kind.PERSON)
    return {
        "game": list(Game.objects.values_list("token", flat=True)),
        "round": [round_.token for round_ in latest],
        "picture": [round_.picture_token for round_ in latest],
        "challenge": list(Challenge.objects.values_list("token", flat=True)),
        "study": list(Subject.objects.values_list("token", flat=True)),
        "album": list(AlbumRound.objects.values_list("token", flat=True)),
        "sight": list(Sight.objects.values_list("picture_token", flat=True)),
        "player": [name for row in people.values_list("token", "profile_token") for name in row],
    }


# What the token of an address is, by how the address begins; of others every kind is tried.
KINDS = {
    "/c/": "challenge",
    "/study/": "study",
    "/players/": "player",
    "/pictures/albums/": "sight",
    "/pictures/": "picture",
    "/albums/": "album",
    "/api/albums/": "album",
    "/games/": "game",
    "/api/games/": "game",
}


def paths_of(address: Address, known: dict[str, list[str]], *, every_kind: bool) -> Iterator[tuple[str, str]]:
    """(path, token) for each token that the address may name; with `every_kind`, for those of other kinds."""
    variables = set(address.variables)
    choices = [{name: value} for name in variables & set(VALUES) for value in VALUES[name]] or [{}]
    if not variables & TOKENS:
        yield from ((address.path(**choice), "") for choice in choices)
        return
    kinds = {next((kind for start, kind in KINDS.items() if address.route.startswith(start)), "")} - {""}
    for kind, names in known.items():
        for name in names if every_kind or not kinds or kind in kinds else []:
            game = Game.objects.filter(token=name).first()
            rounds = game.rounds.order_by("-number")[:2] if game and "round_token" in variables else []
            for inner in [round_.token for round_ in rounds] or [name]:
                for choice in choices:
                    yield address.path(token=name, round_token=inner, **choice), name


def look_around(visitors: list[Visitor], *, every_kind: bool = False) -> None:
    for visitor in visitors:
        tap = Tap(visitor.client)
        told = visitor.told()
        known = tokens()
        for address in addresses():
            for path, name in paths_of(address, known, every_kind=every_kind):
                _ask(tap, path, name)
        try:
            assert_no_truth(tap.sent, Panorama.objects.exclude(pk__in=told))
        except AssertionError as error:
            raise AssertionError(f"told to the {visitor.name}: {error}") from None
        assert visitor.told() == told, "looking around changes nothing"


def _ask(tap: Tap, path: str, name: str) -> None:
    sight = Sight.objects.filter(picture_token=name).first() if "/pictures/albums/" in path else None
    if sight:
        path = signed_url(PICTURE, sight.picture_token, since=sight.opened_at)
    round_ = Round.objects.filter(picture_token=name).first() if path.startswith("/pictures/") else None
    if round_:  # with our signature: the address alone must not be enough
        path = picture_ahead_url(round_) if path.endswith(".bin") else picture_url(round_)
    if tap.get(path).status_code == 405 and path.startswith("/api/"):
        tap.post(path, {"round": name, "lat": "x", "lng": 1})
        tap.post(path, {"round": "x" * 22})
        tap.post(path, {"photo": 2, "lat": 1, "lng": 1})
