"""The way of messages between processes. It gives up soon: what is lost is made up for from the database, and
nobody waits for a message server that is away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECT_TIMEOUT_S = 1.0
TRIES_AGAIN = 1
"""At once: a server that was started anew has cut every connection. The default is ten seconds of trying,
with every other message waiting behind."""


class ChannelLayer(RedisPubSubChannelLayer):
    def __init__(self, hosts: Sequence[str], **options: Any) -> None:
        patience = {"retry": Retry(NoBackoff(), TRIES_AGAIN), "socket_connect_timeout": CONNECT_TIMEOUT_S}
        super().__init__(hosts=[{"address": url, **patience} for url in hosts], **options)
