from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geogame.live.bucket import CAPACITY, PATIENCE, PER_SECOND, TokenBucket, Verdict


def test_a_burst_is_taken_and_what_comes_after_waits_for_its_token() -> None:
    bucket = TokenBucket(0.0, capacity=3, per_second=2.0, patience=10)
    assert [bucket.take(0.0) for _ in range(4)] == [Verdict.TAKE] * 3 + [Verdict.REFUSE]
    assert bucket.take(0.4) is Verdict.REFUSE
    assert bucket.take(0.5) is Verdict.TAKE
    assert bucket.take(0.5) is Verdict.REFUSE


def test_who_goes_on_and_on_is_hung_up_on() -> None:
    bucket = TokenBucket(0.0, capacity=1, per_second=0.1, patience=3)
    assert [bucket.take(0.0) for _ in range(5)] == [Verdict.TAKE, *[Verdict.REFUSE] * 3, Verdict.HANG_UP]


def test_who_pauses_is_forgiven() -> None:
    bucket = TokenBucket(0.0, capacity=1, per_second=1.0, patience=2)
    for second in range(0, 100, 10):
        assert [bucket.take(float(second)) for _ in range(3)] == [
            Verdict.TAKE,
            *[Verdict.REFUSE] * 2,
        ]


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=200))
def test_no_more_comes_through_than_the_bucket_holds_and_gets(waits: list[float]) -> None:
    now = 0.0
    bucket = TokenBucket(now)
    taken = 0
    for wait in waits:
        now += wait
        taken += bucket.take(now) is Verdict.TAKE
    assert taken <= CAPACITY + now * PER_SECOND + 1e-6


def test_people_who_play_are_not_refused() -> None:
    bucket = TokenBucket(0.0)
    assert all(bucket.take(step / 4) is Verdict.TAKE for step in range(2000)), (
        "four messages a second, for long"
    )
    assert PATIENCE > CAPACITY, "a page that resends all it has at once is not hung up on"
