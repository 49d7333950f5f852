"""With the message server gone the game goes on: the state is in the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import channel_layers
from django.test import Client
from django.utils import timezone

from geogame.games.lifecycle import open_overdue_rounds
from geogame.games.models import Game, Round
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion

DEAD = "unix:///nowhere/valkey.sock"


@pytest.fixture(autouse=True)
def _broker_down(settings: Any) -> Any:
    settings.REDIS_URL = DEAD
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [DEAD]}}
    }
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()


def test_a_game_goes_on(
    client: Client,
    make_map: Callable[..., Map],
    model_version: ModelVersion,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/games/", {"map": make_map().slug}).status_code == 302
    game = Game.objects.get()
    Round.objects.update(answer_deadline=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert open_overdue_rounds() == 1
    body = json.dumps({"round": game.rounds.get().token, "lat": 1, "lng": 2})
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/api/games/{game.token}/guess/", body, content_type="application/json")
    assert answer.json()["round"]["state"] == "closed"
