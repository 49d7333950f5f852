"""A model's answer is fixed before people see the round: its digest is shown first, its pre-image after."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class CellProbability:
    lat: float
    lng: float
    probability: float


@dataclass(frozen=True, kw_only=True)
class ModelAnswer:
    """One answer of a model version. `prediction_digest` names the whole distribution; `seen_in_training` is
    None where nobody can say.
    """

    lat: float
    lng: float
    rule: str
    top_cells: Sequence[CellProbability]
    prediction_digest: str
    seen_in_training: bool | None


def make_preimage(*, round_token: str, picture_digest: str, model_digest: str, answer: ModelAnswer) -> str:
    content = {
        "round": round_token,
        "picture_sha256": picture_digest,
        "model": model_digest,
        "lat": answer.lat,
        "lng": answer.lng,
        "rule": answer.rule,
        "top_cells": [asdict(cell) for cell in answer.top_cells],
        "distribution_sha256": answer.prediction_digest,
        "salt": secrets.token_hex(16),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def digest_of(preimage: str) -> str:
    return hashlib.sha256(preimage.encode()).hexdigest()
