from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.lib.env import Limit
from geogame.panoramas.models import Map

MakeMap = Callable[..., Map]
PASSWORD = "a long secret"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def filled(**changes: str) -> dict[str, str]:
    form = {"username": "ada", "name": "", "new_password": PASSWORD, "new_password_again": PASSWORD}
    return form | changes


class Inputs(HTMLParser):
    """The inputs of a page, its labels and all ids, as a screen reader connects them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inputs: list[dict[str, str | None]] = []
        self.labels: set[str | None] = set()
        self.ids: set[str | None] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        if tag == "label":
            self.labels.add(attributes.get("for"))
        if tag == "input" and attributes.get("type") not in ("hidden", "radio"):
            self.inputs.append(attributes)


def test_a_guest_registers_and_keeps_the_game(client: Client, make_map: MakeMap) -> None:
    client.post("/games/", {"map": make_map().slug})
    game = Game.objects.get()
    response = client.post("/account/register/", filled(name="Ada L."), follow=True)
    assert "Your account is ready" in response.content.decode()
    player = Player.objects.get()
    assert (player.name, player.user and player.user.username) == ("Ada L.", "ada")
    assert client.get(f"/games/{game.token}/").status_code == 200
    client.post("/account/logout/")
    assert client.get(f"/games/{game.token}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"username": ""}, "username", "required"),
        ({"username": "ADA"}, "username", "already"),
        ({"username": "a b"}, "username", "valid username"),
        ({"name": "PlaNet"}, "name", "kept for the game"),
        ({"name": "a\u202eb"}, "name", "cannot be seen"),
        ({"new_password": "short", "new_password_again": "short"}, "new_password", "too short"),
        ({"new_password": "password", "new_password_again": "password"}, "new_password", "too common"),
        ({"new_password_again": "another secret"}, "new_password_again", "not the same"),
        ({"new_password": "x" * 300, "new_password_again": "x" * 300}, "new_password", "200"),
    ],
)
def test_a_wrong_field_says_so_beside_it(
    client: Client, ada: User, changes: dict[str, str], field: str, sentence: str
) -> None:
    response = client.post("/account/register/", filled(username="eve") | changes)
    assert response.status_code == 400
    assert sentence in " ".join(response.context["form"].errors[field])
    page = Inputs(response.content.decode())
    wrong = next(one for one in page.inputs if one["name"] == field)
    assert wrong["aria-invalid"] == "true"
    described_by = (wrong["aria-describedby"] or "").split()
    assert f"id_{field}_error" in described_by
    assert set(described_by) <= page.ids
    assert User.objects.count() == 1


@pytest.mark.parametrize("path", ["register", "login", "name", "password", "delete"])
def test_every_input_has_a_label_and_says_what_it_is(client: Client, ada: User, path: str) -> None:
    if path not in ("register", "login"):
        client.force_login(ada)
    page = Inputs(client.get(f"/account/{path}/").content.decode())
    assert page.inputs
    for one in page.inputs:
        assert one["id"] in page.labels
        assert one["autocomplete"]
        assert set((one.get("aria-describedby") or "").split()) <= page.ids


@pytest.mark.parametrize("typed", ["ada", "Ada", " ADA "])
def test_logging_in_whatever_the_capitals(client: Client, ada: User, typed: str) -> None:
    response = client.post("/account/login/", {"username": typed, "password": PASSWORD})
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_an_account_with_capitals_in_its_name_logs_in(client: Client) -> None:
    User.objects.create_superuser("Root", password=PASSWORD)
    assert client.post("/account/login/", {"username": "Root", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("form", [{"username": "ada", "password": "x"}, {"username": "eve", "password": "x"}])
def test_a_wrong_login_does_not_say_which_part_was_wrong(
    client: Client, ada: User, form: dict[str, str]
) -> None:
    page = client.post("/account/login/", form).content.decode()
    assert "do not belong together" in page
    assert "_auth_user_id" not in client.session


def test_guessing_at_an_account_is_limited_however_its_name_is_typed(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS = {"login": Limit(2, 0, 900)}
    answers = [
        Client(REMOTE_ADDR=f"198.51.100.{number}")
        .post("/account/login/", {"username": typed, "password": "wrong"})
        .status_code
        for number, typed in enumerate(("ada", "\uff41da", " ADA "))
    ]
    assert answers == [400, 400, 429]


def test_an_account_that_is_switched_off_cannot_log_in(client: Client, ada: User) -> None:
    User.objects.update(is_active=False)
    response = client.post("/account/login/", {"username": "ada", "password": PASSWORD})
    assert "do not belong together" in response.content.decode()


@pytest.mark.parametrize("where", ["login", "register"])
@pytest.mark.parametrize(
    ("wanted", "gone_to"), [("/learn/", "/learn/"), ("https://evil.example/", None), ("//evil.example", None)]
)
def test_the_way_on_stays_on_this_site(
    client: Client, ada: User, where: str, wanted: str, gone_to: str | None
) -> None:
    form = {"username": "ada", "password": PASSWORD} if where == "login" else filled(username="eve")
    response = client.post(f"/account/{where}/", {**form, "next": wanted})
    assert response.status_code == 302
    assert response["Location"].startswith("/")
    assert "evil" not in response["Location"]
    assert gone_to in (None, response["Location"])


def test_logging_out_takes_a_form(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/account/logout/").status_code == 405
    client.post("/account/logout/")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["", "name/", "password/", "delete/"])
def test_who_is_not_logged_in_is_led_to_log_in(client: Client, path: str) -> None:
    response = client.get(f"/account/{path}")
    assert response["Location"] == f"/account/login/?next=/account/{path}"


def test_a_name_is_changed(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.post("/account/name/", {"name": "Ada Lovelace"}, follow=True).content.decode()
    assert "Others see you as Ada Lovelace now" in page
    assert Player.objects.get().name == "Ada Lovelace"


def test_a_new_password_logs_out_every_other_browser(client: Client, ada: User) -> None:
    other = Client()
    for browser in (client, other):
        browser.post("/account/login/", {"username": "ada", "password": PASSWORD})
    form = {"password": PASSWORD, "new_password": "another secret", "new_password_again": "another secret"}
    assert client.post("/account/password/", form).status_code == 302
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("another secret")


@pytest.mark.parametrize("path", ["password", "delete"])
def test_what_cannot_be_taken_back_asks_for_the_password(client: Client, ada: User, path: str) -> None:
    client.force_login(ada)
    form = {"password": "wrong", "new_password": "another secret", "new_password_again": "another secret"}
    response = client.post(f"/account/{path}/", form)
    assert "not the password of your account" in response.content.decode()
    assert User.objects.get().check_password(PASSWORD)


def test_an_account_is_deleted_and_its_games_are_nobodys(
    client: Client, ada: User, make_map: MakeMap
) -> None:
    client.force_login(ada)
    client.post("/games/", {"map": make_map().slug})
    game = Game.objects.get()
    page = client.post("/account/delete/", {"password": PASSWORD}, follow=True)
    assert page.status_code == 200
    assert not User.objects.exists()
    assert client.get(f"/games/{game.token}/").status_code == 404
    assert Player.objects.get().name == "Deleted player"


def test_an_account_of_the_staff_is_told_where_it_is_deleted(client: Client, ada: User) -> None:
    User.objects.update(is_staff=True)
    client.force_login(ada)
    assert "deleted there" in client.post("/account/delete/", {"password": PASSWORD}).content.decode()
    assert User.objects.exists()


@pytest.mark.parametrize(
    "path", ["register", "login", "logout", "name", "password", "delete", "data/reports"]
)
def test_a_form_from_another_site_changes_nothing(ada: User, path: str) -> None:
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(ada)
    assert stranger.post(f"/account/{path}/", {"password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("path", ["", "name/", "password/", "delete/", "data/"])
def test_no_page_of_an_account_is_kept_by_a_cache(client: Client, ada: User, path: str) -> None:
    client.force_login(ada)
    assert "no-store" in client.get(f"/account/{path}")["Cache-Control"]


def test_an_account_page_asks_the_database_few_questions(
    client: Client, ada: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(ada)
    client.get("/account/")
    with django_assert_max_num_queries(6):
        client.get("/account/")
