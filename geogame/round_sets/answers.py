"""One answer a round, sealed until the set closes, then told with what it was worth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from django.db import transaction
from django.db.models import Q

from geogame.games.rules import score
from geogame.panoramas.models import Panorama
from geogame.round_sets.errors import AnswerError
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetAnswer, SetRound
from geogame.round_sets.queries import asked_for, in_play

NO_ANSWER = "timeout"
"""The outcome of a round that a player left without an answer when the set closed."""
VOID = "void"
"""The outcome of such a round whose picture was withdrawn before: nobody could answer it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a player sent, checked. Without `lat, lng` it is a refusal."""

    lat: float | None = None
    lng: float | None = None
    country_probabilities: dict[str, float] = field(default_factory=dict)
    confidence: float | None = None
    seen_in_training: bool = False

    @classmethod
    def of(cls, stored: SetAnswer) -> Answer:
        return cls(
            lat=stored.lat,
            lng=stored.lng,
            country_probabilities=stored.country_probabilities,
            confidence=stored.confidence,
            seen_in_training=stored.seen_in_training,
        )


@dataclass(frozen=True)
class Stored:
    """An answer as it is kept: whether it is new, else whether it says the same as the one that came now."""

    answer: SetAnswer
    is_new: bool
    same: bool


def give_answer(*, player: OutsidePlayer, round_: SetRound, answer: Answer) -> Stored:
    """Store the answer, unless there is one already. AnswerError where the round takes none."""
    with transaction.atomic():
        round_set = RoundSet.objects.select_for_update().get(pk=round_.round_set_id)
        there = SetAnswer.objects.filter(round=round_, player=player).first()
        if there:
            return Stored(there, is_new=False, same=Answer.of(there) == answer)
        if not round_set.is_open:
            raise AnswerError("set-closed", "This set is closed: it takes no more answers.")
        if round_.panorama is None or round_.panorama.withdrawn_at:
            raise AnswerError("round-void", "The picture of this round was withdrawn: it counts for nobody.")
        made = SetAnswer.objects.create(
            round=round_,
            player=player,
            outcome=SetAnswer.Outcome.REFUSED if answer.lat is None else SetAnswer.Outcome.ANSWERED,
            known_before=_was_told(player, round_),
            **asdict(answer),
        )
    return Stored(made, is_new=True, same=True)


def _was_told(player: OutsidePlayer, round_: SetRound) -> bool:
    """Results of a closed set have the places of all its rounds, answered or not, and the file of a set has
    them too. Who knows a place of a group knows the group. Nobody can say afterwards what was held back for
    how long: it counts as told.
    """
    told = SetRound.objects.filter(round_set__state=RoundSet.State.CLOSED)
    group = round_.panorama.group if round_.panorama else ""
    same = (
        told.filter(Q(panorama=round_.panorama_id) | Q(panorama__group=group))
        if group
        else told.filter(panorama=round_.panorama_id)
    )
    if same.filter(round_set__rounds__answers__player=player).exists():
        return True
    brought = same.values_list("round_set__imported_players", flat=True).distinct()
    return any(player.name in names for names in brought)


def is_void(round_: SetRound, round_set: RoundSet) -> bool:
    """Whether the picture was withdrawn before the set closed: a round without an answer is none then."""
    withdrawn_at = round_.panorama and round_.panorama.withdrawn_at
    return bool(withdrawn_at and round_set.closed_at and withdrawn_at <= round_set.closed_at)


@dataclass(frozen=True)
class Result:
    """How a round of a closed set ended for a player. Nothing is told of a picture that is still in play."""

    round: SetRound
    answer: SetAnswer | None
    outcome: str
    true_lat: float | None = None
    true_lng: float | None = None
    country: str | None = None
    distance_km: float | None = None
    points: int | None = None
    held_back: bool = False


def results(player: OutsidePlayer, round_set: RoundSet) -> list[Result]:
    """The player's results in a closed set, round by round."""
    if round_set.is_open:
        raise AnswerError("set-open", "Results are told when the set has closed.")
    answers = {
        answer.round_id: answer
        for answer in SetAnswer.objects.filter(player=player, round__round_set=round_set)
    }
    rounds = list(round_set.rounds.select_related("panorama").order_by("number"))
    shown = [round_.panorama_id for round_ in rounds if round_.panorama_id]
    running: set[int | None] = {
        *in_play().filter(panorama__in=shown),
        *Panorama.objects.filter(asked_for(), pk__in=shown).values_list("pk", flat=True),
    }
    return [_result(round_, answers.get(round_.pk), round_set, running) for round_ in rounds]


def _result(
    round_: SetRound, answer: SetAnswer | None, round_set: RoundSet, running: set[int | None]
) -> Result:
    panorama = round_.panorama
    outcome = answer.outcome if answer else VOID if is_void(round_, round_set) else NO_ANSWER
    if panorama is None or panorama.pk in running:
        return Result(round_, answer, outcome, held_back=True)
    truth = (round_.lat, round_.lng, panorama.country)
    if answer is None or answer.lat is None or answer.lng is None:
        return Result(round_, answer, outcome, *truth, points=0)
    worth = score(
        lat=answer.lat,
        lng=answer.lng,
        true_lat=round_.lat,
        true_lng=round_.lng,
        scale_km=round_set.scale_km,
    )
    return Result(round_, answer, outcome, *truth, worth.distance_km, worth.points)
