"""Answers that come at the same moment, on a database with several connections."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from geogame.panoramas.models import Map
from geogame.round_sets.errors import AnswerError, RoundSetError
from geogame.round_sets.models import RoundSet, SetAnswer
from geogame.round_sets.services import close, create
from tests.geogame.games.at_once import at_once
from tests.geogame.round_sets.taking_part import answer, player_named

pytestmark = pytest.mark.django_db(transaction=True)
MakeSet = Callable[..., RoundSet]


def test_one_of_several_answers_stands(make_set: MakeSet) -> None:
    round_, robot = make_set().rounds.select_related("panorama").earliest("number"), player_named("Robot")
    places = [1.0, 2.0, 3.0, 4.0]
    stored = at_once(lambda: answer(robot, round_, lat=places.pop()))
    assert sum(one.is_new for one in stored) == 1
    assert {one.answer.lat for one in stored} == {SetAnswer.objects.get().lat}


def test_no_answer_comes_in_after_the_end(make_set: MakeSet) -> None:
    made = make_set()
    round_, robot = made.rounds.select_related("panorama").earliest("number"), player_named("Robot")

    def sent() -> bool:
        try:
            return answer(robot, round_).is_new
        except AnswerError:
            return False

    commands: list[Callable[[], bool]] = [sent, partial(close, RoundSet.objects.get())]
    at_once(lambda: commands.pop()(), times=2)
    made.refresh_from_db()
    assert made.closed_at
    assert all(one.created_at <= made.closed_at for one in SetAnswer.objects.all())


def test_a_panorama_comes_into_one_open_set(make_map: Callable[..., Map]) -> None:
    map_, names = make_map(3), ["One", "Two"]

    def made() -> bool:
        try:
            return bool(create(name=names.pop(), map_=map_, seed=1))
        except RoundSetError:
            return False

    assert sorted(at_once(made, times=2)) == [False, True]
    assert RoundSet.objects.count() == 1
