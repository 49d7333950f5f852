"""Walks the addresses of outside players, in every phase of a set: no byte tells of a panorama before the set
closes, and then to those alone who took part.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from django.test import Client

from geogame.panoramas.models import Panorama
from geogame.round_sets.models import RoundSet
from geogame.round_sets.services import close, create
from tests.geogame.pages import truth
from tests.geogame.pages.addresses import Address, addresses
from tests.geogame.pages.truth import Tap, assert_no_truth, found_in
from tests.geogame.round_sets.taking_part import client_of

OF_SETS = "/api/sets/"


@pytest.fixture(params=["flat", "equirectangular"])
def secrets(
    make_panorama: Callable[..., Panorama], caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> RoundSet:
    caplog.set_level(logging.CRITICAL, logger="django.request")
    map_ = truth.secret_map(make_panorama, projection=request.param)
    return create(name="Trial", map_=map_, count=4, seed=1)


def walk(client: Client, round_set: RoundSet) -> Tap:
    """Every address of a set with every round in it, by GET and by POST."""
    tap = Tap(client)
    tokens = list(round_set.rounds.values_list("token", flat=True))
    for address in (one for one in addresses() if one.route.startswith(OF_SETS)):
        for path in paths_of(address, round_set.token, tokens):
            tap.get(path)
            tap.post(path, {"lat": "x", "lng": 1})
            tap.post(path, {"lat": 91, "lng": 1})
    return tap


def paths_of(address: Address, token: str, rounds: list[str]) -> list[str]:
    several = rounds if "round_token" in address.variables else [""]
    return [address.path(token=token, round_token=one) for one in several]


def answer_as_the_model(client: Client, round_set: RoundSet) -> Tap:
    """Answers that are truths of the search: what others answered must not be told either."""
    tap = Tap(client)
    for one in client.get(f"{OF_SETS}{round_set.token}/").json()["rounds"]:
        panorama = round_set.rounds.select_related("panorama").get(token=one["id"]).panorama
        assert panorama
        lat, lng = truth.models_place(truth.number_of(panorama))
        assert (
            client.post(one["answer"], json.dumps({"lat": lat, "lng": lng}), "application/json").status_code
            == 201
        )
    return tap


def test_nothing_is_told_before_the_set_closes(secrets: RoundSet) -> None:
    robot, other, stranger = client_of("Robot"), client_of("Other"), Client()
    pictures = [walk(client, secrets) for client in (robot, other, stranger)]
    assert [tap.pictures for tap in pictures] == [4, 4, 0]
    answer_as_the_model(other, secrets)
    later = [walk(client, secrets) for client in (robot, stranger)]
    for tap in [*pictures, *later]:
        assert_no_truth(tap.sent, Panorama.objects.all())
    again = Tap(robot)
    for one in robot.get(f"{OF_SETS}{secrets.token}/").json()["rounds"]:
        again.post(one["answer"], {"lat": 1, "lng": 2})
        again.post(one["answer"], {"lat": 2, "lng": 1})
    assert_no_truth(again.sent, Panorama.objects.all())


def test_then_it_is_told_to_those_who_took_part(secrets: RoundSet) -> None:
    robot, other, stranger = client_of("Robot"), client_of("Other"), Client()
    answer_as_the_model(robot, secrets)
    close(secrets)
    told = walk(robot, secrets)
    for round_ in secrets.rounds.select_related("panorama"):
        assert round_.panorama
        assert f"{round_.lat:.7f}" in found_in(told.sent, round_.panorama)
    in_the_set = secrets.rounds.values_list("panorama", flat=True)
    assert_no_truth(told.sent, Panorama.objects.exclude(pk__in=in_the_set))
    for client in (other, stranger):
        assert_no_truth(walk(client, secrets).sent, Panorama.objects.all())
    for round_ in secrets.rounds.select_related("panorama"):
        panorama = round_.panorama
        assert panorama
        for secret in (panorama.author, panorama.source, panorama.group, panorama.file, panorama.place):
            assert secret not in b"\n".join(told.sent).decode("utf-8", "replace")
