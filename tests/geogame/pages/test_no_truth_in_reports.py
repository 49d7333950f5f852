"""Nobody learns from the reports where a picture was taken that they may still meet, nor who somebody is:
every byte of the pages and of the files is searched, as in `test_no_truth.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Round
from geogame.games.services import start_game
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import withdraw
from geogame.registry.models import ModelVersion
from geogame.reports.stored import refresh_all
from geogame.round_sets.services import close, create
from tests.geogame.pages import truth
from tests.geogame.pages.truth import Tap, assert_no_truth, found_in
from tests.geogame.reports.played import play_rounds
from tests.geogame.round_sets.taking_part import answer_all, player_renamed

PATHS = (
    "/benchmark/",
    "/benchmark/state/",
    "/benchmark/secrets/fair/photo/",
    "/benchmark/secrets/fair/photo/report.json",
    *(
        f"/benchmark/secrets/fair/photo/{rows}.{kind}"
        for rows in ("pairs", "told", "all")
        for kind in ("csv", "jsonl")
    ),
)
SignIn = Callable[[Client, Player], None]


@pytest.fixture
def people(make_player: Callable[..., Player]) -> list[Player]:
    return [make_player(f"Secretperson {number}", account=True) for number in range(12)]


@pytest.fixture
def secrets(
    make_panorama: Callable[..., Panorama],
    model_version: ModelVersion,
    people: list[Player],
    monkeypatch: pytest.MonkeyPatch,
) -> Map:
    """Enough rounds for parts by place; each place is in a country of its own."""
    map_ = truth.secret_map(make_panorama, projection="flat")
    play_rounds(map_, model_version, people, each=6)
    refresh_all()
    return map_


def bytes_for(client: Client) -> list[bytes]:
    """All that comes, but lines of drawings: they follow from numbers that the page has anyway."""
    tap = Tap(client)
    for language in ("en", "de"):
        client.cookies["django_language"] = language
        for path in PATHS:
            tap.get(path)
    return [re.sub(rb'\b(?:d|x|y|viewBox)="[-\w. ]*"', b"", sent) for sent in tap.sent]


def visitors(people: list[Player], secrets: Map, sign_in: SignIn) -> dict[str, Client]:
    stranger, player, ahead = Client(), Client(), Client()
    sign_in(player, people[0])
    late = Player.objects.create(kind="person", name="Late")
    sign_in(ahead, late)
    start_game(player=late, map_=secrets, version=None)
    return {"stranger": stranger, "who has played": player, "who plays now": ahead}


def test_reports_tell_no_truth_and_no_name(secrets: Map, people: list[Player], sign_in: SignIn) -> None:
    for name, client in visitors(people, secrets, sign_in).items():
        sent = bytes_for(client)
        assert b"60" in b"".join(sent), "there is a report"
        assert_no_truth(sent, Panorama.objects.all())
        text = b"\n".join(sent).decode()
        everybody = Player.objects.filter(kind="person").exclude(name="Late")
        names = [name for row in everybody.values_list("token", "profile_token", "name") for name in row]
        rounds = Round.objects.values_list("token", "picture_token", "game__token")
        names += [name for row in rounds for name in row]
        assert [one for one in names if one in text] == [], name


def test_outside_players_bring_no_truth_along(secrets: Map, people: list[Player], sign_in: SignIn) -> None:
    round_set = create(name="Trial", map_=secrets, seed=1)
    answer_all(player_renamed("person 1"), round_set, lat=1.25, lng=2.5)
    close(round_set)
    refresh_all()
    for client in visitors(people, secrets, sign_in).values():
        sent = bytes_for(client)
        assert b"person 1 (outside player)" in b"".join(sent)
        assert_no_truth(sent, Panorama.objects.all())


def test_the_search_is_not_blind(secrets: Map) -> None:
    """The staff sees what the search looks for."""
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    sent = bytes_for(client)
    for panorama in Panorama.objects.all():
        if Round.objects.filter(panorama=panorama).exists():
            assert len(found_in(sent, panorama)) >= 4
    assert Player.objects.filter(kind="person")[0].token in b"\n".join(sent).decode()


def test_of_a_withdrawn_panorama_the_place_is_told_and_of_no_other(secrets: Map) -> None:
    gone = secrets.panoramas.order_by("pk")[0]
    withdraw(gone)
    refresh_all()
    sent = bytes_for(Client())
    assert f"{gone.lat:.7f}" in b"\n".join(sent).decode()
    assert_no_truth(sent, Panorama.objects.exclude(pk=gone.pk))
    assert not {form for form in found_in(sent, gone) if "secret" in form}, (
        "the place alone, no name and no file"
    )


def test_one_more_game_changes_no_part_by_place(
    secrets: Map, model_version: ModelVersion, make_panorama: Callable[..., Panorama], people: list[Player]
) -> None:
    """Who reads the report before and after a game of somebody else does not learn where it was."""
    secrets.panoramas.add(*(make_panorama(48.1 + number / 50, 11.5) for number in range(20)))
    play_rounds(secrets, model_version, people, each=20, seed=4)
    refresh_all()

    def parts(client: Client) -> str:
        report = client.get("/benchmark/secrets/fair/photo/report.json").json()
        return json.dumps([model["places"] for model in report["models"]])

    before = parts(Client())
    assert "Germany" in before
    play_rounds(secrets, model_version, [Player.objects.create(kind="person", name="New")], each=5)
    refresh_all()
    assert parts(Client()) == before
