"""The model's answer for a round where it is known already: no round waits for a model that has answered."""

from __future__ import annotations

from geogame.accounts.models import Player
from geogame.games.models import Round, Seal
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.predictions import explanations
from geogame.predictions.models import Prediction
from geogame.predictions.queries import stored
from geogame.registry.models import ModelVersion
from geogame.registry.queries import trained_on


def answer_of(prediction: Prediction) -> ModelAnswer:
    panorama = prediction.panorama
    picture = (panorama.digest, panorama.group, panorama.lat, panorama.lng)
    return ModelAnswer(
        lat=prediction.lat,
        lng=prediction.lng,
        rule=prediction.rule,
        top_cells=[CellProbability(**cell) for cell in prediction.top_cells],
        prediction_digest=prediction.digest,
        seen_in_training=trained_on(prediction.model_version, [picture])[0],
    )


def answer_at_hand(round_: Round, version: ModelVersion) -> ModelAnswer | None:
    prediction = stored(version, round_.panorama)
    return answer_of(prediction) if prediction else None


def locked_answer(round_: Round, model: Player) -> ModelAnswer | None:
    """What the model answered in the run that the challenge locked. None where it was absent then."""
    if round_.game.challenge is None:
        return None
    seal = (
        Seal.objects.filter(
            guess__round__game=round_.game.challenge.game,
            guess__round__number=round_.number,
            guess__player=model,
        )
        .select_related("guess")
        .first()
    )
    if seal is None or seal.guess.lat is None or seal.guess.lng is None:
        return None
    return ModelAnswer(
        lat=seal.guess.lat,
        lng=seal.guess.lng,
        rule=seal.rule,
        top_cells=[CellProbability(**cell) for cell in seal.top_cells],
        prediction_digest=seal.prediction_digest,
        seen_in_training=seal.seen_in_training,
    )


def prediction_behind(round_: Round) -> Prediction | None:
    """The stored distribution that the model's answer in the round came from. None where it was absent."""
    seal = (
        Seal.objects.filter(guess__round=round_, guess__player__kind=Player.Kind.MODEL)
        .select_related("guess__player")
        .first()
    )
    if seal is None:
        return None
    return (
        Prediction.objects.filter(
            model_version=seal.guess.player.model_version_id,
            panorama=round_.panorama_id,
            digest=seal.prediction_digest,
        )
        .defer("distribution")
        .first()
    )


def explain_soon(round_: Round) -> None:
    """Let the pictures behind the model's answer be drawn while the player looks at the round."""
    if prediction := prediction_behind(round_):
        explanations.ask(prediction)
