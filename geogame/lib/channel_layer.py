"""The way of messages between processes. It gives up soon: what is lost is made up for from the database, and
nobody waits for a message server that is away.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
CONNECT_TIMEOUT_S = 1.0
TRIES_AGAIN = 1
"""At once: a server that was started anew has cut every connection. The default is ten seconds of trying,
with every other message waiting behind."""
NO_SERVER = (OSError, RedisError)
"""What is raised where the message server is away."""


class ChannelLayer(RedisPubSubChannelLayer):
    def __init__(self, hosts: Sequence[str], **options: Any) -> None:
        patience = {"retry": Retry(NoBackoff(), TRIES_AGAIN), "socket_connect_timeout": CONNECT_TIMEOUT_S}
        super().__init__(hosts=[{"address": url, **patience} for url in hosts], **options)


def tell(group: str, message: Mapping[str, object]) -> None:
    """Send the message, which says to whom it goes: a process hears all its groups on one channel. Where
    the server is away it is lost: what it tells of is stored, and in the next snapshot.
    """
    try:
        async_to_sync(get_channel_layer().group_send)(group, {**message, "group": group})
    except NO_SERVER as error:
        log.warning("Could not tell %s: %s", group, error)
