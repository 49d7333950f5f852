"""Which panorama comes next: that of the challenge, of the day, or one by the rules of the draw."""

from __future__ import annotations

import random

from geogame.accounts.models import Player
from geogame.games import rules
from geogame.games.models import Game
from geogame.games.queries import candidates_for, model_of, used_groups
from geogame.panoramas.models import Panorama


def next_panorama(game: Game, player: Player, *, number: int, rng: random.Random) -> Panorama | None:
    if game.challenge:
        return Panorama.objects.filter(rounds__game=game.challenge.game, rounds__number=number).first()
    if game.daily:
        return Panorama.objects.filter(daily_rounds__daily=game.daily, daily_rounds__number=number).first()
    model = model_of(game)
    drawn = rules.draw(
        candidates_for(
            map_=game.map,
            player=player,
            version=model.model_version if model else None,
            game=game,
            with_country=game.is_about_countries,
        ),
        used_groups=used_groups(game),
        rng=rng,
    )
    return Panorama.objects.get(pk=drawn.panorama) if drawn else None
