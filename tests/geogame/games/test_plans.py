"""Games whose pictures were chosen before their player came."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.accounts.models import Player
from geogame.games.errors import GameError
from geogame.games.lifecycle import break_off
from geogame.games.models import Game, Plan, PlannedRound, Round
from geogame.games.queries import candidates_for
from geogame.games.services import begin, next_round, start_game
from geogame.panoramas.models import Map
from planet_core.scoring import SCORING_VERSION
from tests.geogame.games.playing import guess, panoramas_of, play

MakeMap = Callable[..., Map]


def planned(panoramas: list[int]) -> Plan:
    plan = Plan.objects.create()
    for number, panorama in enumerate(panoramas, start=1):
        PlannedRound.objects.create(plan=plan, number=number, panorama_id=panorama)
    return plan


def begun(map_: Map, plan: Plan, player: Player) -> Game:
    game = Game.objects.create(
        map=map_,
        mode=Game.Mode.STUDY,
        condition=Game.Condition.FAIR,
        plan=plan,
        rounds_total=plan.rounds.count(),
        scale_km=map_.scale_km or 0.0,
        scoring_version=SCORING_VERSION,
    )
    begin(game, player, None)
    return game


def test_it_shows_what_was_planned_in_that_order(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(6)
    wanted = list(map_.panoramas.order_by("-pk").values_list("pk", flat=True))[1:5]
    game = play(begun(map_, planned(wanted), alice), alice)
    assert panoramas_of(game) == wanted
    assert set(game.rounds.values_list("condition", flat=True)) == {"fair"}


def test_what_is_set_aside_and_its_group_are_drawn_for_nobody(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(5, groups=["walk", "walk", "", "", ""])
    first, second, third, *rest = map_.panoramas.order_by("pk").values_list("pk", flat=True)
    plan = planned([first, third])
    drawable = {found.panorama for found in candidates_for(map_=map_, player=alice, version=None)}
    assert drawable == set(rest)
    Plan.objects.filter(pk=plan.pk).update(set_aside=False)
    drawable = {found.panorama for found in candidates_for(map_=map_, player=alice, version=None)}
    assert drawable == {first, second, third, *rest}


def test_nobody_starts_one_by_the_form(alice: Player, make_map: MakeMap) -> None:
    with pytest.raises(GameError, match="cannot be started"):
        start_game(player=alice, map_=make_map(), mode=Game.Mode.STUDY)


def test_broken_off_it_keeps_what_was_answered(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(4)
    game = begun(map_, planned(list(map_.panoramas.values_list("pk", flat=True))), alice)
    answered = guess(game, alice)
    next_round(game=game, player=alice, after=answered.token)
    assert game.rounds.count() == 2
    break_off(game, reason="It is over.")
    game.refresh_from_db()
    assert (game.state, game.rounds_total, game.note) == (Game.State.FINISHED, 2, "It is over.")
    assert list(game.rounds.values_list("state", "void_reason")) == [
        (Round.State.CLOSED, ""),
        (Round.State.CLOSED, "It is over."),
    ]


def test_what_was_drawn_ahead_and_never_shown_has_never_been(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(4)
    game = begun(map_, planned(list(map_.panoramas.values_list("pk", flat=True))), alice)
    guess(game, alice)
    assert game.rounds.count() == 2
    break_off(game, reason="It is over.")
    assert game.rounds.count() == 1
