from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from redis.exceptions import ConnectionError as NoServer

from geogame.lib import limits
from geogame.lib.env import Limit, env_limits
from geogame.lib.limits import client_address, wait_s

NOON = 1_700_000_040.0  # the start of a minute


class Clock:
    now = NOON

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def _limits(settings: Any, no_counts: None) -> None:
    settings.RATE_LIMITS = {"guess": Limit(3, 5, 60), "free": Limit(0, 0, 60)}


def request(peer: str = "203.0.113.9", forwarded: str | None = None) -> HttpRequest:
    found = HttpRequest()
    found.META["REMOTE_ADDR"] = peer
    if forwarded is not None:
        found.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return found


def ask(times: int, name: str = "guess", **who: str) -> list[bool]:
    return [wait_s(name, **({"address": "a"} | who)) == 0 for _ in range(times)]


def test_a_player_is_stopped_at_the_limit_and_another_is_not(clock: Clock) -> None:
    assert ask(4, player="ann") == [True, True, True, False]
    assert ask(1, player="bob") == [True]


def test_an_address_is_stopped_whoever_plays_from_it(clock: Clock) -> None:
    assert [ask(1, player=f"p{number}")[0] for number in range(6)] == [True] * 5 + [False]
    assert ask(1, player="p9", address="b") == [True]


def test_an_account_is_guarded_from_all_addresses(clock: Clock) -> None:
    assert [ask(1, account="ann", address=f"a{n}")[0] for n in range(4)] == [True, True, True, False]


def test_waiting_helps_and_the_wait_is_told(clock: Clock) -> None:
    clock.now = NOON + 20
    ask(3, player="ann")
    assert wait_s("guess", address="a", player="ann") == 40
    clock.now = NOON + 59.99
    assert wait_s("guess", address="a", player="ann") == 1
    clock.now = NOON + 60
    assert wait_s("guess", address="a", player="ann") == 0


def test_one_limit_does_not_count_for_another(clock: Clock) -> None:
    ask(9, player="ann")
    assert ask(20, "free", player="ann") == [True] * 20
    assert ask(20, "unknown", player="ann") == [True] * 20


def test_without_the_cache_nothing_is_limited_and_a_line_says_so(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    class Gone:
        def add(self, *args: object, **kwargs: object) -> bool:
            tries.append(args)
            raise NoServer("no server there")

    monkeypatch.setattr(limits, "_cache", lambda: Gone())
    with caplog.at_level(logging.WARNING):
        assert ask(10, player="ann") == [True] * 10
    assert len(tries) == 1, "a server that is down is not asked again at once"
    assert "no server there" in caplog.text
    clock.now += limits.REST_S + 1
    ask(1)
    assert len(tries) == 2


def test_no_address_and_no_name_is_stored_as_it_is(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    monkeypatch.setattr(limits, "_count", lambda key, seconds: keys.append(key) or 1)
    wait_s("guess", address="203.0.113.9", player="ann", account="\ud800\n x" * 99)
    assert len(keys) == 3
    assert all(key.isascii() and key.isprintable() and len(key) < 80 for key in keys)
    assert not [key for key in keys if "203.0" in key or "ann" in key]


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        (0, "203.0.113.9", None, "203.0.113.9"),
        (0, "203.0.113.9", "6.6.6.6", "203.0.113.9"),  # nobody is believed
        (1, "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (1, "10.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),  # the first part is the client's own
        (2, "10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "10.0.0.1", "6.6.6.6", "10.0.0.1"),  # came past one of the proxies
        (1, "10.0.0.1", None, "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", " , ", "10.0.0.1"),
        (1, "10.0.0.1", "<script>", "unknown"),
        (0, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        (0, "::ffff:203.0.113.9", None, "203.0.113.9"),
        (0, "", None, "unknown"),
    ],
)
def test_the_address_of_the_client(
    settings: Any, proxies: int, peer: str, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_address(request(peer, forwarded)) == expected


def test_limits_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    default = "guess=60/1200/60,start=30/300/600"
    assert env_limits("LIMITS", default)["guess"] == Limit(60, 1200, 60)
    monkeypatch.setenv("LIMITS", "guess=1/2/3")
    assert env_limits("LIMITS", default) == {"guess": Limit(1, 2, 3), "start": Limit(30, 300, 600)}
    for off in ("off", "0", "No"):
        monkeypatch.setenv("LIMITS", off)
        assert env_limits("LIMITS", default) == {}
    for wrong in ("guess=1", "guess=1/2/0", "guess=-1/2/3", "gues=1/2/3", "guess"):
        monkeypatch.setenv("LIMITS", wrong)
        with pytest.raises(ImproperlyConfigured, match="LIMITS"):
            env_limits("LIMITS", default)
