from __future__ import annotations

from django.test import Client

from planet_core.geography import BORDER_DATA


def test_the_borders_are_named_with_their_policy(client: Client, db: None) -> None:
    page = client.get("/borders/").content.decode()
    for words in (BORDER_DATA.name, BORDER_DATA.version, BORDER_DATA.policy, BORDER_DATA.licence, "3 km"):
        assert words in page, words


def test_the_borders_change_nothing(client: Client, db: None) -> None:
    assert client.post("/borders/").status_code == 405
