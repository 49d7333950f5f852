from __future__ import annotations

from django.test import Client

from planet_core.geography import BORDER_DATA


def test_the_borders_are_named_with_their_policy(client: Client, db: None) -> None:
    page = client.get("/borders/").content.decode()
    for words in (BORDER_DATA.name, BORDER_DATA.version, BORDER_DATA.policy, BORDER_DATA.licence, "3 km"):
        assert words in page, words


def test_the_borders_change_nothing(client: Client, db: None) -> None:
    assert client.post("/borders/").status_code == 405


def test_the_borders_are_explained_in_german_too(client: Client, db: None) -> None:
    page = client.get("/borders/", headers={"Accept-Language": "de"}).content.decode()
    assert "Es gelten die Grenzen, die vor Ort in Kraft sind" in page
    assert "gemeinfrei (Natural Earth)" in page
    assert BORDER_DATA.policy not in page
