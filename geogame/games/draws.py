"""Which panorama comes next: that of the challenge, the day or the plan, or one by the rules of the draw."""

from __future__ import annotations

import random

from geogame.accounts.models import Player
from geogame.games import rules
from geogame.games.models import Exposure, Game
from geogame.games.queries import candidates_for, model_of, used_groups
from geogame.panoramas.models import Panorama


def next_panorama(game: Game, player: Player, *, number: int, rng: random.Random) -> Panorama | None:
    if game.challenge:
        return Panorama.objects.filter(rounds__game=game.challenge.game, rounds__number=number).first()
    if game.daily:
        return Panorama.objects.filter(daily_rounds__daily=game.daily, daily_rounds__number=number).first()
    if game.plan_id:
        return Panorama.objects.filter(
            planned_rounds__plan=game.plan_id, planned_rounds__number=number
        ).first()
    model = model_of(game)
    candidates = candidates_for(
        map_=game.map,
        player=player,
        version=model.model_version if model else None,
        game=game,
        with_country=game.is_about_countries,
    )
    if game.mode == Game.Mode.STREAK and _has_shown_new_pictures(game, player):
        candidates = [candidate for candidate in candidates if candidate.times_seen == 0]
    drawn = rules.draw(candidates, used_groups=used_groups(game), rng=rng)
    return Panorama.objects.get(pk=drawn.panorama) if drawn else None


def _has_shown_new_pictures(game: Game, player: Player) -> bool:
    """A streak that began with new pictures ends with them: to know a picture is no skill."""
    return Exposure.objects.filter(round__game=game, player=player, times_seen=0).exists()
