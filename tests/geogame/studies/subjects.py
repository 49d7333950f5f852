"""Simulated subjects, who do everything through the pages."""

from __future__ import annotations

import json
import re
from typing import Any

from django.test import Client

from geogame.games.models import Game


def agree(client: Client, link: str) -> Game:
    """The subject reads the page, agrees, and is in the game."""
    assert 'data-testid="agree"' in client.get(link).content.decode()
    response = client.post(f"{link}begin/", {"agree": "yes"})
    assert response.status_code == 302, response.content.decode()
    return Game.objects.get(token=response["Location"].split("/")[2])


def boot(client: Client, game: Game) -> Any:
    page = client.get(f"/games/{game.token}/").content.decode()
    found = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page)
    assert found, page
    return json.loads(found[1])


def go_on(client: Client, game: Game, *, after: int) -> Any:
    """To the round behind that number."""
    return _post(client, f"/api/games/{game.token}/next/", {"round": game.rounds.get(number=after).token})


def play(
    client: Client, game: Game, *, rounds: int, first: int = 1, lat: float = 45.0, lng: float = 5.0
) -> None:
    """So many rounds, as the scripts of the page ask for them."""
    state = boot(client, game)["snapshot"]
    for number in range(first, first + rounds):
        assert (state["round"]["number"], state["round"]["state"]) == (number, "open")
        assert state["round"]["model"]["state"] == "sealed", "the model answers first"
        assert state["round"]["condition"] == "fair"
        answer = {"round": state["round"]["id"], "lat": lat, "lng": lng}
        state = _post(client, f"/api/games/{game.token}/guess/", answer)
        assert state["round"]["outcome"] == "answered"
        assert (state["round"]["result"] is not None) == is_told(state["game"])
        assert bool(state["results"]) == is_told(state["game"])
        if number < first + rounds - 1:
            state = go_on(client, game, after=number)


def is_told(game: Any) -> bool:
    """Whether the subject knows now how closed rounds ended, in a study that runs."""
    return bool(
        game["show_results"] == "after-round"
        or (game["show_results"] == "at-end" and game["state"] == "finished")
    )


def _post(client: Client, path: str, body: dict[str, object]) -> Any:
    response = client.post(path, json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content.decode()
    return response.json()
