from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogame.games.rules import Candidate, draw, rounds_possible, score, winner

candidates_strategy = st.lists(
    st.builds(
        Candidate,
        panorama=st.integers(1, 1000),
        group=st.sampled_from(["", "a", "b", "c"]),
        times_seen=st.integers(0, 2),
        trained_on=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda candidate: candidate.panorama,
)


def play(candidates: list[Candidate], seed: int = 0) -> list[Candidate]:
    """The draws of one game, each drawn panorama counting as seen for the next."""
    seen = {candidate.panorama: candidate for candidate in candidates}
    drawn: list[Candidate] = []
    rng = random.Random(seed)
    while len(drawn) < rounds_possible(candidates):
        used = {candidate.group_key for candidate in drawn}
        next_one = draw(list(seen.values()), used_groups=used, rng=rng)
        if next_one is None:
            break
        drawn.append(next_one)
        seen[next_one.panorama] = Candidate(
            next_one.panorama, next_one.group, next_one.times_seen + 1, next_one.trained_on
        )
    return drawn


@given(candidates_strategy, st.integers(0, 10))
def test_a_game_has_as_many_rounds_as_promised(candidates: list[Candidate], seed: int) -> None:
    assert len(play(candidates, seed)) == rounds_possible(candidates)


@given(candidates_strategy, st.integers(0, 10))
def test_a_group_comes_once_in_a_game(candidates: list[Candidate], seed: int) -> None:
    keys = [candidate.group_key for candidate in play(candidates, seed)]
    assert len(keys) == len(set(keys))


@given(candidates_strategy, st.integers(0, 10))
def test_nothing_comes_again_while_something_is_unseen(candidates: list[Candidate], seed: int) -> None:
    unseen = {candidate.panorama for candidate in candidates if candidate.times_seen == 0}
    for candidate in play(candidates, seed):
        assert candidate.panorama in unseen or not unseen
        unseen.discard(candidate.panorama)


def test_five_rounds_on_a_large_map() -> None:
    assert rounds_possible([Candidate(number, "", 0) for number in range(20)]) == 5


def test_pictures_of_one_walk_make_one_round() -> None:
    assert rounds_possible([Candidate(number, "walk", 0) for number in range(20)]) == 1


def test_pictures_that_the_model_did_not_train_on_come_first() -> None:
    candidates = [Candidate(number, "", 0, trained_on=number != 7) for number in range(20)]
    drawn = draw(candidates, used_groups=set(), rng=random.Random(1))
    assert drawn is not None
    assert drawn.panorama == 7


def test_a_walk_that_the_player_does_not_know_comes_first() -> None:
    candidates = [Candidate(number, "walk", 0, group_seen=number != 7) for number in range(20)]
    drawn = draw(candidates, used_groups=set(), rng=random.Random(1))
    assert drawn is not None
    assert drawn.panorama == 7


def test_an_unseen_picture_comes_before_an_untrained_one() -> None:
    candidates = [Candidate(1, "", 1, trained_on=False), Candidate(2, "", 0, trained_on=True)]
    drawn = draw(candidates, used_groups=set(), rng=random.Random(1))
    assert drawn is not None
    assert drawn.panorama == 2


@pytest.mark.parametrize(
    ("you", "model", "expected"),
    [
        (1.0, 2.0, "you"),
        (2.0, 1.0, "model"),
        (1.0, 1.0, "tie"),
        (None, 9000.0, "model"),
        (9000.0, None, "you"),
        (None, None, "nobody"),
        (0.0, None, "you"),
    ],
)
def test_the_smaller_distance_wins(you: float | None, model: float | None, expected: str) -> None:
    assert winner(you_km=you, model_km=model) == expected


def test_the_score_of_a_game_uses_the_scale_of_its_map() -> None:
    far = score(lat=0, lng=0, true_lat=0, true_lng=1, scale_km=14917)
    near = score(lat=0, lng=0, true_lat=0, true_lng=1, scale_km=500)
    assert far.distance_km == near.distance_km == pytest.approx(111.195, abs=0.001)
    assert (far.points, near.points) == (4641, 541)
