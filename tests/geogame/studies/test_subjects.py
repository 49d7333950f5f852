"""What a subject of a study meets: what it asks for, one link for one person, the way back, the thanks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from geogame.accounts.models import Player
from geogame.games.challenges import send
from geogame.games.errors import GameError
from geogame.games.models import Game, Round
from geogame.panoramas.services import withdraw
from geogame.profiles.adoption import move_games
from geogame.profiles.played import played_games
from geogame.ratings.queries import outcomes
from geogame.ratings.rules import Reason
from geogame.ratings.services import rate_games
from geogame.studies.models import Study, Subject
from geogame.studies.services import take_part
from tests.geogame.studies.conftest import study_command
from tests.geogame.studies.subjects import agree, boot, go_on, play

MakeStudy = Callable[..., tuple[Study, list[str]]]


def text(client: Client, link: str, status: int = 200) -> str:
    response = client.get(link)
    assert response.status_code == status
    return response.content.decode()


def test_the_page_says_what_is_asked_and_stores_nobody(make_study: MakeStudy, client: Client) -> None:
    study, links = make_study("Pilot", "--contact", "Ada <ada@example.org>", "--time-limit", "90")
    page = text(client, links[0])
    for told in (
        "You see 2 pictures",
        "PlaNet tiny",
        "Ada &lt;ada@example.org&gt;",
        "90 seconds",
        "pseudonym",
    ):
        assert told in page
    assert not Player.objects.filter(kind="person").exists()
    subject = study.subjects.get(number=1)
    assert (subject.opened_at is not None, subject.consented_at, subject.player) == (True, None, None)


def test_nothing_begins_without_a_yes(make_study: MakeStudy, client: Client) -> None:
    _, links = make_study()
    for fields in ({}, {"agree": "no"}):
        response = client.post(f"{links[0]}begin/", fields)
        assert response.status_code == 400
        assert "Say that you agree" in response.content.decode()
    assert not Game.objects.exists()
    assert client.get(f"{links[0]}begin/")["Location"] == links[0]


def test_opened_twice_it_is_the_same_game(make_study: MakeStudy, client: Client) -> None:
    _, links = make_study()
    game = agree(client, links[0])
    assert client.get(links[0])["Location"] == f"/games/{game.token}/"
    assert client.post(f"{links[0]}begin/", {"agree": "yes"})["Location"] == f"/games/{game.token}/"
    assert Game.objects.count() == 1


def test_a_link_is_for_one_person(make_study: MakeStudy, client: Client) -> None:
    _, links = make_study()
    agree(client, links[0])
    second = Client()
    assert "for one person" in text(second, links[0], 409)
    response = second.post(f"{links[0]}begin/", {"agree": "yes"})
    assert response.status_code == 409
    assert Player.objects.filter(kind="person").count() == 1, "nobody new is stored"
    assert "with another link" in text(client, links[1], 409)
    assert client.post(f"{links[1]}begin/", {"agree": "yes"}).status_code == 409
    assert Game.objects.count() == 1


def test_a_bot_is_no_subject(make_study: MakeStudy, client: Client) -> None:
    _, links = make_study()
    client.post("/bots/", {"name": "Robbie"})
    assert "for people" in text(client, links[0], 409)
    assert client.post(f"{links[0]}begin/", {"agree": "yes"}).status_code == 409
    assert not Subject.objects.exclude(player=None).exists()


def test_a_link_that_nobody_made_is_not_there(client: Client, db: None) -> None:
    assert client.get(f"/study/{'x' * 22}/").status_code == 404
    assert client.post(f"/study/{'x' * 22}/begin/", {"agree": "yes"}).status_code == 404


def test_the_game_is_that_of_the_study_and_ends_with_thanks(make_study: MakeStudy, client: Client) -> None:
    study, links = make_study()
    game = agree(client, links[0])
    data = boot(client, game)
    assert data["snapshot"]["game"]["mode"] == "study"
    assert data["snapshot"]["game"]["rounds_total"] == 2
    assert data["urls"]["study"] == links[0]
    play(client, game, rounds=2)
    planned = study.subjects.get(number=1).plan.rounds.values_list("panorama", flat=True)
    assert list(game.rounds.order_by("number").values_list("panorama", flat=True)) == list(planned)
    page = text(client, links[0])
    assert 'data-testid="study-thanks"' in page
    assert "Look at the rounds again" in page


@pytest.mark.parametrize(
    ("show", "asked", "rows"),
    [
        ("after-round", "After each guess you see its answer and the place.", 2),
        ("at-end", "After the last guess you see its answers and the places.", 2),
        ("never", "Its answers and the places are not shown while the study runs.", 0),
    ],
)
def test_results_are_told_when_the_study_says_so(
    make_study: MakeStudy, client: Client, show: str, asked: str, rows: int
) -> None:
    study, links = make_study("Pilot", "--show-results", show)
    assert asked in text(client, links[0])
    game = agree(client, links[0])
    play(client, game, rounds=1)
    shown = 1 if show == "after-round" else 0
    assert what_is_told_of(client, game) == [shown] * 4
    go_on(client, game, after=1)
    play(client, game, rounds=1, first=2)
    assert what_is_told_of(client, game) == [rows] * 4
    thanks = text(client, links[0])
    assert thanks.count('<th scope="row">') == rows
    assert ("Look at the rounds again" in thanks) == bool(rows)
    study_command("close", study.name)
    assert what_is_told_of(client, game) == [2] * 4, "afterwards it is a game like any other"


def what_is_told_of(client: Client, game: Game) -> list[int]:
    """Of how many rounds the page, the layers, the profile and the export tell how they ended."""
    closed = game.rounds.filter(state=Round.State.CLOSED)
    layers = [client.get(f"/api/games/{game.token}/rounds/{one.token}/layers/").status_code for one in closed]
    player = game.seats.get(player__kind="person").player
    [exported] = client.get(reverse("export-data")).json()["games"]
    told = [round_ for round_ in exported["rounds"] if round_["truth"]]
    assert [
        round_ for round_ in exported["rounds"] if round_["guess"] and round_["guess"]["points"] is not None
    ] == told
    return [
        len(boot(client, game)["snapshot"]["results"]),
        layers.count(200),
        sum(len(played.rounds) for played in played_games(player)),
        len(told),
    ]


def test_of_what_is_not_told_there_is_no_text_to_share(make_study: MakeStudy, client: Client) -> None:
    _, links = make_study("Pilot", "--show-results", "never")
    game = agree(client, links[0])
    play(client, game, rounds=2)
    response = client.get(f"/api/games/{game.token}/share/")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not-finished")


def test_the_page_says_until_when(make_study: MakeStudy, client: Client) -> None:
    _, links = make_study()
    ends_at = datetime(2126, 2, 3, 12, tzinfo=UTC)
    Study.objects.update(ends_at=ends_at)
    assert "Its end is planned for 3 February 2126." in text(client, links[0])
    client.cookies["django_language"] = "de"
    assert "Ihr Ende ist für den 3. Februar 2126 geplant." in text(client, links[0])


def test_the_pages_are_in_german_too(make_study: MakeStudy, client: Client) -> None:
    _, links = make_study()
    client.cookies["django_language"] = "de"
    assert "Ich habe das gelesen" in text(client, links[0])
    play(client, agree(client, links[0]), rounds=2)
    assert "Vielen Dank" in text(client, links[0])


def test_a_picture_that_is_withdrawn_is_not_replaced(make_study: MakeStudy, client: Client) -> None:
    study, links = make_study()
    game = agree(client, links[0])
    last = study.subjects.get(number=1).plan.rounds.get(number=2).panorama
    withdraw(last)
    play(client, game, rounds=1)
    response = client.post(
        f"/api/games/{game.token}/next/",
        {"round": game.rounds.get(number=1).token},
        content_type="application/json",
    )
    assert response.status_code == 200
    game.refresh_from_db()
    assert (game.state, game.rounds.count()) == (Game.State.FINISHED, 2)
    assert "does not count" in text(client, links[0])


def test_it_is_not_rated_and_no_challenge(
    make_study: MakeStudy, make_player: Callable[..., Player], client: Client
) -> None:
    _, links = make_study()
    account = make_player("Ada", account=True)
    assert account.user
    client.force_login(account.user)
    game = agree(client, links[0])
    play(client, game, rounds=2)
    rate_games()
    assert outcomes([game.token], account)[game.token].reason == Reason.STUDY
    game.refresh_from_db()
    with pytest.raises(GameError, match="for one person alone"):
        send(game=game, player=account)
    assert (
        client.post(f"/api/games/{game.token}/challenge/", {}, content_type="application/json").status_code
        == 409
    )


# --- a guest becomes an account ------------------------------------------------------------------
def test_a_guest_who_logs_in_keeps_the_part(
    make_study: MakeStudy, make_player: Callable[..., Player]
) -> None:
    study, _ = make_study()
    guest, account = make_player("Guest"), make_player("Ada", account=True)
    subject = study.subjects.get(number=1)
    game = take_part(subject=subject, player=guest)
    move_games(guest=guest, to=account)
    subject.refresh_from_db()
    assert subject.player == account
    assert game.seats.get(player__kind="person").player == account


def test_two_parts_in_one_study_stay_with_two_players(
    make_study: MakeStudy, make_player: Callable[..., Player]
) -> None:
    study, _ = make_study()
    guest, account = make_player("Guest"), make_player("Ada", account=True)
    first, second = study.subjects.order_by("number")
    take_part(subject=first, player=guest)
    take_part(subject=second, player=account)
    move_games(guest=guest, to=account)
    assert [subject.player for subject in study.subjects.order_by("number")] == [guest, account]


def test_the_export_of_a_person_has_the_part(make_study: MakeStudy, client: Client) -> None:
    study, links = make_study()
    agree(client, links[0])
    [part] = client.get(reverse("export-data")).json()["studies"]
    assert (part["study"], part["pseudonym"]) == ("Pilot", study.subjects.get(number=1).pseudonym)
    assert part["agreed_at"]


def test_the_admin_lists_studies_without_their_links(make_study: MakeStudy, admin_client: Client) -> None:
    study, links = make_study()
    agree(Client(), links[0])
    page = admin_client.get("/admin/studies/study/").content.decode()
    assert "0 of 2" in page
    page = admin_client.get(f"/admin/studies/study/{study.pk}/change/").content.decode()
    assert "Map of Pilot" in page
    for subject in study.subjects.all():
        assert subject.token not in page
        assert subject.pseudonym not in page
