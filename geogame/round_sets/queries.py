from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from geogame.games.models import Round
from geogame.games.queries import in_todays_daily, set_aside, with_their_groups
from geogame.panoramas.models import Panorama
from geogame.round_sets.errors import RoundSetError
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetAnswer, SetRound


def in_open_sets() -> QuerySet[SetRound, int | None]:
    """Keys of the panoramas whose places open sets ask for: whoever publishes places leaves these out."""
    rounds = SetRound.objects.filter(round_set__state=RoundSet.State.OPEN, panorama__isnull=False)
    return rounds.values_list("panorama", flat=True)


def kept_back() -> Q:
    """Pictures whose places no set may tell now: those set aside for a study, those of today's daily, and
    others of their groups.
    """
    return set_aside() | in_todays_daily()


def asked_for() -> Q:
    """The same, and pictures of open sets with others of their groups: who is told one of these places knows
    an answer that is still to come.
    """
    open_rounds = SetRound.objects.filter(round_set__state=RoundSet.State.OPEN, panorama__isnull=False)
    return kept_back() | with_their_groups(open_rounds)


def still_asked_for(round_set: RoundSet) -> int:
    """Of how many rounds of a closed set another open set, a study or today's daily asks for the place."""
    return round_set.rounds.filter(panorama__in=Panorama.objects.filter(asked_for()).values("pk")).count()


def in_play() -> QuerySet[Round, int]:
    """Keys of the panoramas of rounds that are still open for somebody in a game."""
    return Round.objects.exclude(state=Round.State.CLOSED).values_list("panorama", flat=True)


def set_named(name: str) -> RoundSet:
    """The set NAME@VERSION, or the latest version of NAME. RoundSetError lists the sets that there are."""
    base, _, version = name.rpartition("@")
    if base and version.isdecimal():
        found = RoundSet.objects.filter(name=base, version=int(version[:9])).first()
    else:
        found = RoundSet.objects.filter(name=name).order_by("-version").first()
    if found is None:
        known = ", ".join(str(one) for one in RoundSet.objects.all()) or "none yet"
        raise RoundSetError(f"There is no round set “{name}”. Round sets: {known}.")
    return found


def players_named(names: list[str]) -> list[str]:
    """The names, checked; those of all outside players where none is given."""
    known = set(OutsidePlayer.objects.values_list("name", flat=True))
    for players in RoundSet.objects.values_list("imported_players", flat=True):
        known.update(players)
    unknown = [name for name in names if name not in known]
    if unknown:
        there = ", ".join(f"“{name}”" for name in sorted(known)) or "none yet"
        raise RoundSetError(f"There is no outside player “{unknown[0]}”. Outside players: {there}.")
    return names or sorted(known)


def sets_with_counts() -> QuerySet[RoundSet]:
    return RoundSet.objects.annotate(
        rounds_total=Count("rounds", distinct=True),
        players_total=Count("rounds__answers__player", distinct=True),
    )


def sets_for(player: OutsidePlayer) -> QuerySet[RoundSet]:
    """What an outside player may see: open sets, and closed ones in which they answered."""
    own = SetAnswer.objects.filter(player=player, round__round_set=OuterRef("pk"))
    return RoundSet.objects.filter(Q(state=RoundSet.State.OPEN) | Exists(own)).annotate(
        rounds_total=Count("rounds", distinct=True),
        rounds_answered=Count("rounds__answers", filter=Q(rounds__answers__player=player), distinct=True),
    )


def rounds_for(player: OutsidePlayer, round_set: RoundSet) -> list[SetRound]:
    """The rounds of an open set that the player has not answered, and whose picture is still shown."""
    answered = SetAnswer.objects.filter(player=player, round=OuterRef("pk"))
    rounds = round_set.rounds.filter(panorama__withdrawn_at=None).exclude(Exists(answered))
    return list(rounds.order_by("number")) if round_set.is_open else []
