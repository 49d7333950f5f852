"""The addresses of static files name a version, under which nothing ever changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as defaults
from django.test import Client

pytestmark = pytest.mark.django_db
OLD, NEW = "0123456789ab", "cdef01234567"


def test_a_page_from_before_an_update_gets_the_file_of_today(settings: Any, client: Client) -> None:
    settings.STATIC_VERSION = NEW
    answer = client.get(f"/static/{OLD}/icons/x.svg")
    assert (answer.status_code, answer["Location"]) == (302, f"{defaults.STATIC_URL}icons/x.svg")


@pytest.mark.parametrize("name", ["https://evil.example/x.js", "/evil.example/x.js", "..//evil.example/x.js"])
def test_nobody_is_led_to_another_site(settings: Any, client: Client, name: str) -> None:
    settings.STATIC_VERSION = NEW
    answer = client.get(f"/static/{OLD}/{name}")
    assert answer.status_code != 302 or re.match(r"/(?!/)", answer["Location"])


def test_a_file_that_is_not_there_is_not_looked_for_in_circles(settings: Any, client: Client) -> None:
    settings.STATIC_VERSION = NEW
    assert client.get(f"/static/{NEW}/icons/none.svg").status_code == 404
