"""Challenges: a link to the rounds of a finished game, with the model's answers of that game."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.accounts.services import lock
from geogame.games.boards import runs_of, void_rounds
from geogame.games.errors import GameError
from geogame.games.models import Challenge, Game
from geogame.games.queries import model_of, set_aside, unfinished_daily
from geogame.games.services import begin
from geogame.games.standings import Page, Ranked, page_of, place_of, rank
from geogame.panoramas.models import Panorama
from planet_core.scoring import SCORING_VERSION


@dataclass(frozen=True)
class Board:
    """How all who finished the challenge did, as the player who asks may see it: they finished too."""

    own: Ranked | None
    page: Page[Ranked]
    players: int
    void: list[int]


def send(*, game: Game, player: Player) -> Challenge:
    """The link to the player's own finished game; asking again gives the same link."""
    if game.state != Game.State.FINISHED:
        raise GameError("not-finished", _("Finish this game first: then you can challenge others to it."))
    if game.mode == Game.Mode.DAILY:
        raise GameError("daily-is-shared", _("Everybody plays the same daily game: send them its address."))
    if game.mode == Game.Mode.STUDY:
        raise GameError("nothing-to-send", _("The pictures of a study are for one person alone."))
    if game.is_live:
        raise GameError("nothing-to-send", _("A live game is played together: invite others to a room."))
    if not game.rounds.filter(void_reason="").exists():
        raise GameError("nothing-to-send", _("No round of this game counted, so there is nothing to send."))
    return Challenge.objects.get_or_create(game=game, defaults={"sender": player})[0]


@transaction.atomic
def accept(*, challenge: Challenge, player: Player, device: str = "") -> Game:
    """The player's one run at the challenge, begun now or before. The sender has played it already."""
    lock(player)
    if begun := run_at(challenge, player):
        return begun
    sent = challenge.game
    if not sent.map.is_published:
        raise GameError("map-closed", _("This map is not open for play."))
    if Panorama.objects.filter(set_aside(), rounds__game=sent).exists():
        raise GameError(
            "set-aside",
            _("Pictures of this challenge are kept for a study that runs: come again when it is over."),
        )
    if Panorama.objects.filter(unfinished_daily([player.pk]), rounds__game=sent).exists():
        raise GameError(
            "finish-first",
            _("Pictures of this challenge are in today’s daily game, too: finish that first."),
        )
    game = Game.objects.create(
        map=sent.map,
        mode=sent.mode,
        condition=sent.condition,
        time_limit_s=sent.time_limit_s,
        challenge=challenge,
        rounds_total=sent.rounds.count(),
        scale_km=sent.scale_km,
        scoring_version=SCORING_VERSION,
    )
    model = model_of(sent)
    begin(game, player, model.model_version if model else None, device=device)
    return game


def run_at(challenge: Challenge, player: Player) -> Game | None:
    """The game in which the player met these rounds: the sender's own, or the first of the challenge."""
    return _games(challenge).filter(seats__player=player).order_by("pk").first()


def board(challenge: Challenge, player: Player, *, page: int = 1) -> Board | None:
    """None for everybody who has not finished these rounds: the results would tell how hard they are."""
    run = run_at(challenge, player)
    if run is None or run.state != Game.State.FINISHED:
        return None
    games = _games(challenge)
    void = void_rounds(games)
    ranked = rank(runs_of(games, void=void))
    return Board(own=place_of(ranked, player.pk), page=page_of(ranked, page), players=len(ranked), void=void)


def _games(challenge: Challenge) -> QuerySet[Game]:
    return Game.objects.filter(Q(challenge=challenge) | Q(pk=challenge.game_id))


def link_of(game: Game) -> Challenge | None:
    """The link under which others can play the rounds of the game, if there is one."""
    return Challenge.objects.filter(game=game).first() or game.challenge
