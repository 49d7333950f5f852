from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from geogame.accounts.models import Player
from geogame.albums.models import Album, AlbumPhoto, AlbumPin, AlbumRound
from geogame.albums.rules import Candidate
from geogame.games.models import Round
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import known_to_model


def open_albums() -> QuerySet[Album]:
    """Those that can be played: open, with at least one photo that is there."""
    there = AlbumPhoto.objects.filter(album=OuterRef("pk"), panorama__withdrawn_at=None)
    return Album.objects.filter(Exists(there), is_open=True)


def maps_with_albums() -> QuerySet[Map]:
    return Map.objects.filter(Exists(open_albums().filter(map=OuterRef("pk")))).order_by("name")


def photos_of(album: Album) -> list[AlbumPhoto]:
    """Those that are there, in their order."""
    there = album.photos.filter(panorama__withdrawn_at=None)
    return list(there.select_related("panorama").order_by("number"))


def round_of(player: Player, token: str) -> AlbumRound | None:
    rounds = AlbumRound.objects.select_related("album__map", "image_version", "album_version")
    return rounds.filter(player=player, token=token).first()


def unfinished_round(player: Player, map_: Map | None = None) -> AlbumRound | None:
    """The one that the player began last and has not handed in."""
    rounds = player.album_rounds.exclude(state=AlbumRound.State.CLOSED).select_related("album__map")
    return (rounds.filter(album__map=map_) if map_ else rounds).order_by("-created_at").first()


def candidates_for(*, map_: Map, player: Player, version: ModelVersion | None) -> list[Candidate]:
    played = Count("rounds", filter=Q(rounds__player=player))
    albums = dict(open_albums().filter(map=map_).annotate(played=played).values_list("pk", "played"))
    rows = list(
        AlbumPhoto.objects.filter(album__in=albums, panorama__withdrawn_at=None).values_list(
            "album", "panorama__digest", "panorama__group", "panorama__lat", "panorama__lng"
        )
    )
    trained = known_to_model(version, [row[1:] for row in rows])
    known = {row[0] for row, is_known in zip(rows, trained, strict=True) if is_known}
    return [Candidate(pk, times, pk in known) for pk, times in sorted(albums.items())]


def revealed_to(
    player: Player, panoramas: Collection[int], groups: Collection[str]
) -> tuple[Counter[int], Counter[str]]:
    """How often closed rounds told the player the truth of these panoramas, and of any of these groups."""
    of_panoramas: Counter[int] = Counter()
    of_groups: Counter[str] = Counter()
    wanted = Q(panorama__in=panoramas) | Q(panorama__group__in=[group for group in groups if group])
    singles = Round.objects.filter(wanted, game__seats__player=player, state=Round.State.CLOSED)
    albums = AlbumPhoto.objects.filter(
        wanted, album__rounds__player=player, album__rounds__state=AlbumRound.State.CLOSED
    )
    for rows in (singles, albums):
        for panorama, group, times in (
            rows.order_by().values_list("panorama", "panorama__group").annotate(times=Count("pk"))
        ):
            of_panoramas[panorama] += times
            of_groups[group] += times
    return of_panoramas, of_groups


def shown_pins(round_: AlbumRound) -> dict[tuple[int, str], AlbumPin]:
    return {(pin.photo_id, pin.side): pin for pin in round_.pins.all()}
