"""The text that a player shares of a finished game, gathered from its rounds."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.games.share import RoundPlayed, Totals, country_text, points_text, streak_text


def text_of(game: Game, player: Player, *, url: str) -> str:
    """How the player's finished game went, with the address where others can try the same."""
    rounds = list(game.rounds.prefetch_related("guesses__player").order_by("number"))
    yours = [_played(round_, player) for round_ in rounds]
    title = _title(game)
    if game.mode == Game.Mode.STREAK:
        return streak_text(title=title, countries=sum(bool(played.correct) for played in yours), url=url)
    totals = _totals(yours, [guess for round_ in rounds for guess in _of_model(round_)], game)
    words = country_text if game.mode == Game.Mode.COUNTRY else points_text
    return words(title=title, rounds=yours, totals=totals, url=url)


def _totals(yours: list[RoundPlayed], models: list[Guess], game: Game) -> Totals:
    name = models[0].player.name if models else ""
    if game.mode == Game.Mode.COUNTRY:
        right = sum(bool(guess.correct) for guess in models) if models else None
        return Totals(sum(bool(played.correct) for played in yours), right, name)
    points = sum(guess.points for guess in models) if models else None
    return Totals(sum(played.points for played in yours), points, name)


def _title(game: Game) -> str:
    if game.daily:
        return f"PlaNet Arena · {date_format(game.daily.date, 'DATE_FORMAT')}"
    names = {
        Game.Mode.COUNTRY: _("country guess on {map}"),
        Game.Mode.STREAK: _("country streak on {map}"),
        Game.Mode.DUEL: _("duel on {map}"),
        Game.Mode.ROOM: _("live room on {map}"),
        Game.Mode.STUDY: _("study on {map}"),
        Game.Mode.CROWD: _("crowd against the model on {map}"),
    }
    return f"PlaNet Arena · {names.get(Game.Mode(game.mode), '{map}').format(map=game.map.name)}"


def _played(round_: Round, player: Player) -> RoundPlayed:
    if round_.void_reason:
        return RoundPlayed(void=True)
    guess = next((guess for guess in round_.guesses.all() if guess.player_id == player.pk), None)
    return RoundPlayed(points=guess.points, correct=guess.correct) if guess else RoundPlayed()


def _of_model(round_: Round) -> list[Guess]:
    if round_.void_reason:
        return []
    return [guess for guess in round_.guesses.all() if guess.player.kind == Player.Kind.MODEL]
