"""Many closed rounds at once, written into the tables as the game leaves them."""

from __future__ import annotations

import random

from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.models import Exposure, Game, Guess, Round, Seal
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from planet_core.geo import haversine_km
from planet_core.scoring import SCORING_VERSION, points


def play_rounds(
    map_: Map,
    version: ModelVersion,
    people: list[Player],
    *,
    each: int,
    seed: int = 0,
    condition: str = "fair",
    spread: tuple[float, float] = (8.0, 6.0),
) -> list[Round]:
    """Each person answers so many panoramas of the map once, beside the model; `spread` is how far off people
    and the model are, in degrees. Now and then a person does not answer.
    """
    chance = random.Random(seed)
    panoramas = list(map_.panoramas.order_by("pk"))
    model = player_of_model(version)
    rounds = []
    for person in people:
        game = Game.objects.create(
            map=map_,
            condition=condition,
            state=Game.State.FINISHED,
            rounds_total=each,
            scale_km=map_.scale_km or 50.0,
            scoring_version=SCORING_VERSION,
            finished_at=timezone.now(),
        )
        game.seats.create(player=person)
        for number, panorama in enumerate(chance.sample(panoramas, each), 1):
            rounds.append(_closed_round(game, number, panorama, person, model, chance, spread))
    return rounds


def _closed_round(
    game: Game,
    number: int,
    panorama: Panorama,
    person: Player,
    model: Player,
    chance: random.Random,
    spread: tuple[float, float],
) -> Round:
    now = timezone.now()
    round_ = Round.objects.create(
        game=game,
        number=number,
        panorama=panorama,
        condition=game.condition,
        state=Round.State.CLOSED,
        wanted=True,
        opened_at=now,
        closed_at=now,
    )
    Exposure.objects.create(round=round_, player=person, panorama=panorama, times_seen=0)
    sealed = _guess(round_, model, spread[1], chance)
    Seal.objects.create(
        guess=sealed, digest="a" * 64, preimage="{}", rule="top-cell", top_cells=[], seen_in_training=False
    )
    _guess(round_, person, spread[0], chance, answers=chance.random() > 0.03)
    return round_


def _guess(
    round_: Round, player: Player, spread: float, chance: random.Random, answers: bool = True
) -> Guess:
    truth = round_.panorama
    lat = min(85.0, max(-85.0, truth.lat + chance.gauss(0, spread)))
    lng = min(179.0, max(-179.0, truth.lng + chance.gauss(0, spread)))
    km = float(haversine_km(lat, lng, truth.lat, truth.lng))
    fields = {"outcome": "answered", "lat": lat, "lng": lng, "distance_km": km} if answers else {}
    return Guess.objects.create(
        **{"outcome": "timeout", **fields},
        round=round_,
        player=player,
        points=points(km, round_.game.scale_km) if answers else 0,
        time_used_s=chance.uniform(5, 90),
        condition=round_.condition,
    )
