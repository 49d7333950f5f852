"""Maps as cards: what they hold and what the visitor has done on them, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.games.picture_urls import picture_url
from geogame.games.rules import ROUNDS
from geogame.panoramas.models import Map, Panorama
from planet_core.scoring import MAX_POINTS


@dataclass(frozen=True)
class MapCard:
    """A map as the pages show it.

    Attributes:
        unseen: how many of its pictures are new to the visitor; None for somebody without games.
        cover_url: a picture that the visitor has met on it: any other would give a round away.
        best: most points in a whole game on it; None before the first.
        has_360: some of its pictures can be turned, so that free look differs from fair view.
    """

    name: str
    slug: str
    panoramas: int
    rounds: int
    unseen: int | None
    cover_url: str | None
    licences: list[str]
    best: int | None
    best_possible: int
    kind_note: str
    drawn_note: str
    all_drawn: bool
    has_360: bool


def map_cards(player: Player | None) -> list[MapCard]:
    maps = list(
        Map.objects.filter(is_published=True).annotate(
            all=Count("panoramas"),
            around=Count("panoramas", filter=Q(panoramas__projection=Panorama.Projection.EQUIRECTANGULAR)),
            alone=Count("panoramas", filter=Q(panoramas__group="")),
            groups=Count("panoramas__group", filter=~Q(panoramas__group=""), distinct=True),
            drawn=Count("panoramas", filter=Q(panoramas__drawn=True)),
        )
    )
    licences = _licences(maps)
    seen = _seen(player) if player else {}
    covers = _covers(player) if player else {}
    best = _best(player) if player else {}
    return [
        MapCard(
            name=map_.name,
            slug=map_.slug,
            panoramas=map_.all,
            rounds=min(ROUNDS, map_.alone + map_.groups),
            unseen=map_.all - seen.get(map_.pk, 0) if player else None,
            cover_url=covers.get(map_.pk),
            licences=licences.get(map_.pk, []),
            best=best.get(map_.pk),
            best_possible=ROUNDS * MAX_POINTS,
            kind_note=_kind_note(around=map_.around, flat=map_.all - map_.around),
            drawn_note=_drawn_note(drawn=map_.drawn, all_=map_.all),
            all_drawn=0 < map_.drawn == map_.all,
            has_360=map_.around > 0,
        )
        for map_ in maps
    ]


def _licences(maps: Iterable[Map]) -> dict[int, list[str]]:
    rows = Panorama.objects.filter(maps__in=maps).exclude(licence="").order_by("licence")
    found: dict[int, list[str]] = {}
    for map_id, licence in rows.values_list("maps", "licence").distinct():
        found.setdefault(map_id, []).append(licence)
    return found


def _seen(player: Player) -> dict[int, int]:
    rows = player.exposures.values_list("panorama__maps").annotate(seen=Count("panorama", distinct=True))
    return dict(rows)


def _covers(player: Player) -> dict[int, str]:
    last = (
        Round.objects.filter(game__map=OuterRef("pk"), game__seats__player=player, state=Round.State.CLOSED)
        .filter(void_reason="")
        .order_by("-closed_at")
        .values("pk")[:1]
    )
    latest = Map.objects.filter(is_published=True).annotate(last=Subquery(last)).values_list("pk", "last")
    wanted = dict(latest)
    rounds = Round.objects.select_related("panorama").in_bulk([pk for pk in wanted.values() if pk])
    return {map_id: picture_url(rounds[pk]) for map_id, pk in wanted.items() if pk in rounds}


def _best(player: Player) -> dict[int, int]:
    """Only games of full length: a shorter one would look worse than it was."""
    games = Guess.objects.filter(
        player=player,
        round__game__state=Game.State.FINISHED,
        round__game__mode=Game.Mode.CLASSIC,
        round__game__rounds_total=ROUNDS,
    )
    best: dict[int, int] = {}
    totals = games.values("round__game").annotate(total=Sum("points"))
    for map_id, total in totals.values_list("round__game__map", "total"):
        best[map_id] = max(total, best.get(map_id, 0))
    return best


def _kind_note(*, around: int, flat: int) -> str:
    if around and flat:
        return _("360° panoramas and photos")
    return _("360° panoramas") if around else _("photos")


def _drawn_note(*, drawn: int, all_: int) -> str:
    if not drawn:
        return ""
    if drawn == all_:
        return _("Drawn from facts, not photographed")
    text = ngettext(
        "%(drawn)s of them is drawn from facts, not photographed",
        "%(drawn)s of them are drawn from facts, not photographed",
        drawn,
    )
    return text % {"drawn": drawn}
