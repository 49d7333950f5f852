"""Sets are made once and closed once; outside players come by a token and go when it is revoked."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from geogame.lib.words import counted
from geogame.panoramas.fair import FairPicture, PictureGone, fair_picture
from geogame.panoramas.models import Map, Panorama
from geogame.round_sets.errors import RoundSetError
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetRound
from geogame.round_sets.player_names import checked_name, checked_new_name
from geogame.round_sets.queries import in_open_sets, kept_back
from planet_core.geography import BORDER_DATA
from planet_core.scoring import SCORING_VERSION

MOST_ROUNDS = 10_000
TOKEN_BYTES = 32
NAME_LIMIT = 80
Done = Callable[[int, int], None]
"""Told after each picture: (done, total)."""


@dataclass(frozen=True)
class Taken:
    panorama: Panorama
    picture: FairPicture


def create(
    *, name: str, map_: Map, count: int | None = None, seed: int, done: Done = lambda *_: None
) -> RoundSet:
    """A new set of panoramas of the map, or the next version of the set of that name, open for answers.

    Panoramas of another open set, of a study that runs and of today's daily are not taken; those that were
    in no set before come first.
    """
    name = checked_name(name, "a round set", NAME_LIMIT)
    if "@" in name:
        raise RoundSetError(f"{name!r} is no name for a round set: the sign @ stands before its version.")
    if map_.scale_km is None:
        raise RoundSetError(
            f"The map “{map_}” was never published: publish it in the admin, to fix its scale."
        )
    taken = _draw(map_, count, random.Random(seed), done)
    return _store(name, map_, map_.scale_km, taken)


def _draw(map_: Map, count: int | None, rng: random.Random, done: Done) -> list[Taken]:
    on_map = map_.panoramas.filter(withdrawn_at=None)
    free = list(on_map.exclude(pk__in=in_open_sets()).exclude(kept_back()).order_by("digest"))
    used = set(on_map.filter(set_rounds__isnull=False).values_list("pk", flat=True))
    rng.shuffle(free)
    free.sort(key=lambda panorama: panorama.pk in used)
    wanted = min(len(free), MOST_ROUNDS) if count is None else count
    if wanted > MOST_ROUNDS:
        raise RoundSetError(f"A round set has {MOST_ROUNDS:,} rounds at most.")
    taken: dict[str, Taken] = {}
    for panorama in free:
        if len(taken) == wanted:
            break
        try:
            picture = fair_picture(panorama)
        except PictureGone:
            continue
        taken.setdefault(picture.digest, Taken(panorama, picture))
        done(len(taken), wanted)
    if not taken or len(taken) < (count or 1):
        raise RoundSetError(
            f"The map “{map_}” has {counted(len(taken), 'panorama')} for a new set, with a picture and in no "
            "other open set, study or daily of today: import more, close a set, or ask for fewer with "
            "--count."
        )
    return list(taken.values())


@transaction.atomic
def _store(name: str, map_: Map, scale_km: float, taken: list[Taken]) -> RoundSet:
    keys = [one.panorama.pk for one in taken]
    locked = list(Panorama.objects.select_for_update().filter(pk__in=keys))
    if any(panorama.withdrawn_at for panorama in locked):
        raise RoundSetError("A panorama was withdrawn meanwhile: run the command again.")
    if set(keys) & set(in_open_sets()):
        raise RoundSetError("Another set took one of the panoramas meanwhile: run the command again.")
    if Panorama.objects.filter(kept_back(), pk__in=keys).exists():
        raise RoundSetError("A study or a daily took one of the panoramas meanwhile: run the command again.")
    latest = RoundSet.objects.filter(name=name).aggregate(latest=Max("version"))["latest"]
    round_set = RoundSet.objects.create(
        name=name,
        version=(latest or 0) + 1,
        map_name=map_.name,
        scale_km=scale_km,
        scoring_version=SCORING_VERSION,
        border_data_version=BORDER_DATA.version,
        created_at=timezone.now(),
    )
    SetRound.objects.bulk_create(
        [
            SetRound(
                round_set=round_set,
                number=number,
                panorama=one.panorama,
                digest=one.picture.digest,
                lat=one.panorama.lat,
                lng=one.panorama.lng,
                width=one.picture.width,
                height=one.picture.height,
                drawn=one.panorama.drawn,
                licence=one.panorama.licence,
                author=one.panorama.author,
            )
            for number, one in enumerate(taken, 1)
        ]
    )
    return round_set


def close(round_set: RoundSet) -> bool:
    """Take no more answers and tell the results. False when it was closed already."""
    with transaction.atomic():
        RoundSet.objects.select_for_update().get(pk=round_set.pk)  # an answer is being stored: not after this
        closed = RoundSet.objects.filter(pk=round_set.pk, state=RoundSet.State.OPEN).update(
            state=RoundSet.State.CLOSED, closed_at=timezone.now()
        )
        round_set.refresh_from_db()
    return closed == 1


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def issue_token(name: str, *, anew: bool = False) -> str:
    """A token for an outside player, who is made when new. It is told here and never again.

    `anew` gives one to a player who has one: the old one opens nothing from then on.
    """
    name = " ".join(name.split())
    if not OutsidePlayer.objects.filter(name=name).exists():
        name = checked_new_name(name)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    fields = {"token_digest": token_digest(token), "token_made_at": timezone.now(), "revoked_at": None}
    with transaction.atomic():
        player, made = OutsidePlayer.objects.get_or_create(name=name, defaults=fields)
        if not made and not anew:
            raise RoundSetError(
                f"The outside player “{name}” has a token: --anew makes another, and the old one ends."
            )
        if not made:
            OutsidePlayer.objects.filter(pk=player.pk).update(**fields)
    return token


def revoke(player: OutsidePlayer) -> bool:
    """The player's token opens nothing from now on; answers stay. False when it was revoked already."""
    return OutsidePlayer.objects.filter(pk=player.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1
