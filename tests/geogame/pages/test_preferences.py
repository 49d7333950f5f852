from __future__ import annotations

import pytest
from django.test import Client


def html_tag(client: Client, path: str = "/settings/") -> str:
    page = client.get(path).content.decode()
    return page[page.index("<html") : page.index(">", page.index("<html"))]


def test_a_new_visitor_gets_the_device_s_theme_and_kilometres(client: Client, db: None) -> None:
    assert html_tag(client) == '<html lang="en" data-theme="system" data-units="km"'


@pytest.mark.parametrize(
    ("name", "value"), [("theme", "dark"), ("theme", "light"), ("units", "mi"), ("units", "km")]
)
def test_a_choice_is_kept_for_guests(client: Client, db: None, name: str, value: str) -> None:
    response = client.post("/settings/", {name: value, "next": "/learn/"})
    assert (response.status_code, response["Location"]) == (302, "/learn/")
    cookie = client.cookies[name]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert f'data-{name}="{value}"' in html_tag(client)
    assert f'data-{name}="{value}"' in html_tag(client, "/")


def test_one_choice_leaves_the_other(client: Client, db: None) -> None:
    client.post("/settings/", {"theme": "dark"})
    client.post("/settings/", {"units": "mi"})
    assert 'data-theme="dark" data-units="mi"' in html_tag(client)


@pytest.mark.parametrize("fields", [{}, {"theme": "pink"}, {"units": "mi", "theme": ""}, {"other": "1"}])
def test_what_cannot_be_chosen_is_told(client: Client, db: None, fields: dict[str, str]) -> None:
    response = client.post("/settings/", fields)
    assert response.status_code == 400
    assert "There is no such setting" in response.content.decode()
    assert not {"theme", "units"} & set(client.cookies)


def test_a_made_up_cookie_changes_nothing(client: Client, db: None) -> None:
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in html_tag(client)


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_the_way_back_stays_on_this_site(client: Client, db: None, elsewhere: str) -> None:
    assert client.post("/settings/", {"units": "mi", "next": elsewhere})["Location"] == "/settings/"


def test_the_language_is_switched_without_a_script(client: Client, db: None) -> None:
    response = client.post("/language/", {"language": "de", "next": "/learn/"})
    assert response["Location"] == "/learn/"
    page = client.get("/learn/").content.decode()
    assert '<html lang="de"' in page
    assert "Die Welt lesen lernen" in page
    assert '<script id="catalogue" type="application/json">' in page


def test_the_browser_s_language_is_taken_at_first(client: Client, db: None) -> None:
    assert (
        "Die Welt lesen lernen"
        in client.get("/learn/", headers={"accept-language": "de-CH,de"}).content.decode()
    )


def test_the_theme_is_told_to_the_browser(client: Client, db: None) -> None:
    client.cookies["theme"] = "dark"
    page = client.get("/settings/").content.decode()
    assert '<meta name="color-scheme" content="dark">' in page
