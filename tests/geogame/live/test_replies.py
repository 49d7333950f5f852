from __future__ import annotations

import pytest

from geogame.live.replies import Replies

ACK = {"type": "ack", "id": "a", "version": 3}


def test_who_asks_twice_hears_the_same() -> None:
    replies = Replies()
    assert replies.find("a") is None
    replies.keep("a", ACK)
    assert replies.find("a") == ACK


def test_a_refusal_is_kept_too() -> None:
    replies = Replies()
    error = {"type": "error", "id": "b", "code": "not-host", "message": "…"}
    replies.keep("b", error)
    assert replies.find("b") == error


@pytest.mark.parametrize("code", ["rate-limited", "server-error"])
def test_what_passes_is_not_kept(code: str) -> None:
    replies = Replies()
    replies.keep("a", {"type": "error", "id": "a", "code": code, "message": "…"})
    assert replies.find("a") is None


def test_the_oldest_make_room() -> None:
    replies = Replies(most=2)
    for name in "abc":
        replies.keep(name, {"type": "ack", "id": name})
    assert [replies.find(name) is not None for name in "abc"] == [False, True, True]
