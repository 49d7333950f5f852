"""How often one player and one address may do something: counted in the cache that all processes share.

A count is kept for a fixed stretch of time, so twice the number can come through at the seam of two. Without
the cache nothing is limited: a game that cannot count goes on.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import time
from functools import lru_cache

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.http import HttpRequest
from redis.exceptions import RedisError

from geogame.lib.env import Limit

log = logging.getLogger(__name__)
REST_S = 10  # after a failure the cache is left alone for so long

_asleep_until = 0.0


class Numbers:
    """How the cache writes counts: no other kind of value, and no pickle."""

    def dumps(self, value: int) -> int:
        return int(value)

    def loads(self, data: bytes) -> int:
        return int(data)


def wait_s(name: str, *, address: str, player: str = "", account: str = "") -> int:
    """Count one more `name`, and say for how many seconds it has to wait: 0 is now.

    `account` is a name that somebody tries to open: it counts as a player does, whoever asks.
    """
    limit: Limit | None = settings.RATE_LIMITS.get(name)
    if limit is None:
        return 0
    now = time.time()
    stretch, passed = divmod(now, limit.seconds)
    most = {
        f"address {address}": limit.each_address,
        f"player {player}": limit.each_player if player else 0,
        f"account {account}": limit.each_player if account else 0,
    }
    over = [
        _count(f"{name}:{_digest(who)}:{stretch:.0f}", limit.seconds) > times
        for who, times in most.items()
        if times
    ]
    return max(1, round(limit.seconds - passed)) if any(over) else 0


def client_address(request: HttpRequest) -> str:
    return address_of(str(request.META.get("REMOTE_ADDR", "")), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_of(peer: str, forwarded_for: str) -> str:
    """Who asks. X-Forwarded-For is believed as far as our own proxies wrote it, TRUSTED_PROXIES of them."""
    if not settings.TRUSTED_PROXIES:
        return _network(peer)
    chain = [part for part in (part.strip() for part in forwarded_for.split(",")) if part]
    if len(chain) < settings.TRUSTED_PROXIES:  # it did not come through all of them
        return _network(peer)
    return _network(chain[-settings.TRUSTED_PROXIES])


def _network(address: str) -> str:
    """One household has one IPv4 address, but 2^64 of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _count(key: str, seconds: int) -> int:
    global _asleep_until
    if time.monotonic() < _asleep_until:
        return 0
    cache = _cache()
    try:
        if cache.add(key, 1, timeout=seconds + 1):
            return 1
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        return 1
    except (RedisError, OSError) as error:
        _asleep_until = time.monotonic() + REST_S
        log.warning("Nothing is limited for %d s: the counts cannot be kept (%s).", REST_S, error)
        return 0


@lru_cache(maxsize=1)
def _cache() -> BaseCache:
    """One for the process: under ASGI Django would connect anew for each request."""
    return caches.create_connection("limits")


def _digest(who: str) -> str:
    """No address or name is stored as it is, and no key has signs that a cache refuses."""
    key = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(who.encode("utf-8", "replace"), key=key, digest_size=16).hexdigest()
