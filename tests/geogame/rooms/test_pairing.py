"""Who meets whom: the nearest in rating, and the longer somebody waits the farther they look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from geogame.rooms.pairing import ANYBODY_AFTER_S, REACH, REACH_A_SECOND, Waiting, gap, partner, reach

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def waiting(player: int, rating: float, *, waited_s: float = 0.0) -> Waiting:
    return Waiting(player, rating, NOW - timedelta(seconds=waited_s))


def test_the_nearest_in_rating_is_chosen() -> None:
    seeker = waiting(1, 1500)
    others = [waiting(2, 1590), waiting(3, 1460), waiting(4, 1550)]
    assert partner(seeker, others, NOW) == others[1]


def test_of_equals_who_waits_longest() -> None:
    others = [waiting(2, 1550, waited_s=1), waiting(3, 1450, waited_s=9), waiting(4, 1450, waited_s=3)]
    assert partner(waiting(1, 1500), others, NOW) == others[1]


def test_who_waits_looks_farther() -> None:
    far = REACH + 5 * REACH_A_SECOND
    assert partner(waiting(1, 1500), [waiting(2, 1500 + far)], NOW) is None
    assert partner(waiting(1, 1500), [waiting(2, 1500 + far, waited_s=4.9)], NOW) is None
    assert partner(waiting(1, 1500), [waiting(2, 1500 + far, waited_s=5)], NOW)
    assert partner(waiting(1, 1500, waited_s=5), [waiting(2, 1500 + far)], NOW)


def test_in_the_end_anybody_will_do() -> None:
    assert partner(waiting(1, 500), [waiting(2, 3000, waited_s=ANYBODY_AFTER_S - 1)], NOW) is None
    assert partner(waiting(1, 500), [waiting(2, 3000, waited_s=ANYBODY_AFTER_S)], NOW)


def test_nobody_meets_themselves() -> None:
    assert partner(waiting(1, 1500), [waiting(1, 1500)], NOW) is None
    assert partner(waiting(1, 1500), [], NOW) is None


crowds = st.lists(
    st.builds(
        waiting,
        st.integers(1, 8),
        st.floats(500, 3000),
        waited_s=st.floats(0, 120),
    ),
    max_size=8,
)


@given(st.floats(500, 3000), st.floats(0, 120), crowds)
def test_nobody_nearer_is_passed_over(rating: float, waited_s: float, others: list[Waiting]) -> None:
    seeker = waiting(0, rating, waited_s=waited_s)
    found = partner(seeker, others, NOW)
    for other in others:
        longest = max(waited_s, (NOW - other.since).total_seconds())
        if gap(seeker, other) <= reach(longest) - 0.001:
            assert found
            assert gap(seeker, found) <= gap(seeker, other)
    assert found is None or found in others
