"""Addresses of pictures: one for each round, signed, and good for some hours.

An address stays the same for a stretch of time, so that a page need not load its picture anew with each
snapshot. The stretches count from the making of the round: few games last from one into the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import timezone

from geogame.games.models import Round

GOOD_FOR = timedelta(hours=3)
"""At least; at most twice as long."""

PICTURE = "picture"
PICTURE_AHEAD = "picture-ahead"


class Expired(Exception):
    """The address was right once: a new snapshot has another."""


def picture_url(round_: Round) -> str:
    return signed_url(PICTURE, round_.picture_token, since=round_.created_at)


def picture_ahead_url(round_: Round) -> str:
    """Where the encrypted picture is, for a round that is not open yet."""
    return signed_url(PICTURE_AHEAD, round_.picture_token, since=round_.created_at)


def check(name: str, token: str, query: Mapping[str, str]) -> None:
    """Whether we made the address of that kind for that picture. BadSignature, or Expired."""
    until, signature = query.get("until", ""), query.get("signature", "")
    _signer().unsign(f"{name}:{token}:{until}:{signature}")
    if not until.isdecimal():  # never signed by us
        raise BadSignature("no time")
    if timezone.now().timestamp() > int(until):
        raise Expired


def signed_url(name: str, token: str, *, since: datetime) -> str:
    """The address of that name for the picture of that token; its stretches of time count from `since`."""
    until = int(_good_until(since).timestamp())
    signature = _signer().signature(f"{name}:{token}:{until}")
    query = urlencode({"until": until, "signature": signature})
    return f"{reverse(name, args=[token])}?{query}"


def _good_until(since: datetime) -> datetime:
    stretches = (timezone.now() - since) // GOOD_FOR
    return since + (stretches + 2) * GOOD_FOR


def _signer() -> Signer:
    return Signer(salt="geogame.games.picture_urls")
