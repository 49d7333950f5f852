from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from benchmark.report import build
from benchmark.rounds import Rounds, Row
from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import withdraw
from geogame.predictions.models import RULE, Prediction
from geogame.predictions.queries import view_name
from geogame.registry.models import ModelVersion
from geogame.reports.rows import rows_of
from geogame.round_sets.answers import results
from geogame.round_sets.errors import RoundSetError
from geogame.round_sets.models import OutsidePlayer, RoundSet
from geogame.round_sets.queries import players_named
from geogame.round_sets.rows import notes_on_players, rows_of_players, rows_of_set
from geogame.round_sets.services import close
from geogame.round_sets.stored_rows import csv_of, rounds_of, rows_from
from tests.geogame.round_sets.taking_part import answer, answer_all, play, player_named

MakeSet = Callable[..., RoundSet]


def added(names: list[str] | None = None) -> tuple[list[Row], list[Row]]:
    played = list(rows_of())
    return played, rows_of_players(played, players_named(names or []))


def comparisons(rows: list[Row]) -> dict[str, Any]:
    report = build(Rounds.from_rows(rows))
    return {one["model"]: one for one in report["comparisons"] if one["person"] == "all"}


def predict(version: ModelVersion, round_set: RoundSet) -> None:
    for round_ in round_set.rounds.all():
        Prediction.objects.create(
            model_version=version,
            panorama_id=round_.panorama_id,
            view=view_name(round_.digest),
            rule=RULE,
            lat=10.0,
            lng=10.0,
            top_cells=[],
            distribution=b"",
            digest=hashlib.sha256(b"").hexdigest(),
        )


def test_a_run_is_paired_with_people_who_met_the_same_pictures(
    make_set: MakeSet, robot: OutsidePlayer, alice: Player
) -> None:
    made = make_set(5)
    answer_all(robot, made, lat=43.5, lng=-5.0)
    play(alice, Map.objects.get())
    assert added() == (list(rows_of()), []), "sealed while the set is open"
    close(made)
    played, rows = added()
    assert len(played) == 5
    beside = [row for row in rows if row.round_id in {one.round_id for one in played}]
    assert len(beside) == 5
    assert {(row.player_id, row.player_kind, row.seen_in_training) for row in rows} == {
        ("Robot", "model", False)
    }
    comparison = comparisons([*played, *rows])["Robot"]
    # Truths are on 40 to 44 north: nearer to 43.5 than to Alice's 41 are the last two.
    assert [comparison[name] for name in ("rounds", "wins", "losses")] == [5, 2, 3]


def test_what_a_run_left_counts_as_time_out(make_set: MakeSet, robot: OutsidePlayer, alice: Player) -> None:
    made = make_set(3)
    answer(robot, made.rounds.earliest("number"))
    play(alice, Map.objects.get())
    close(made)
    played, rows = added()
    assert sorted(row.outcome for row in rows) == ["answered"] * 2 + ["timeout"] * 4  # with people and alone
    assert comparisons([*played, *rows])["Robot"]["sides"]["model"]["outcomes"]["timeout"] == 2


def test_a_round_that_nobody_could_answer_is_no_time_out(make_set: MakeSet, robot: OutsidePlayer) -> None:
    made = make_set(3)
    first, second, third = made.rounds.select_related("panorama")
    answer(robot, first)
    assert second.panorama
    withdraw(second.panorama)
    close(made)
    assert third.panorama
    withdraw(third.panorama)
    assert [row.outcome for row in added()[1]] == ["answered", "timeout"]
    assert [result.outcome for result in results(robot, made)] == ["answered", "void", "timeout"]


def test_a_picture_met_again_counts_apart(make_set: MakeSet, robot: OutsidePlayer, alice: Player) -> None:
    made = make_set(3)
    answer_all(robot, made)
    for _ in range(2):
        play(alice, Map.objects.get())
    close(made)
    report = build(Rounds.from_rows([row for rows in added() for row in rows]))
    assert [one["rounds"] for one in report["comparisons"] if one["person"] == "all"] == [3]
    assert [one["apart"] for one in report["apart"]] == ["the person had seen it before"]


def test_pictures_that_the_player_trained_on_count_apart(
    make_set: MakeSet, robot: OutsidePlayer, alice: Player
) -> None:
    made = make_set(2)
    answer_all(robot, made, seen_in_training=True)
    play(alice, Map.objects.get())
    close(made)
    report = build(Rounds.from_rows([row for rows in added() for row in rows]))
    assert not report["comparisons"]
    assert [one["apart"] for one in report["apart"]] == ["the model trained on it"]


def test_our_model_in_play_stands_beside_it_once(
    make_set: MakeSet, robot: OutsidePlayer, alice: Player, make_player: Any, model_version: ModelVersion
) -> None:
    made = make_set(3)
    answer_all(robot, made)
    play(alice, Map.objects.get(), version=model_version)
    play(make_player("Bob"), Map.objects.get())
    predict(model_version, made)
    close(made)
    played, rows = added()
    ours = player_of_model(model_version)
    name = f"{ours.name} ({ours.token})"
    found = comparisons([*played, *rows])
    assert {one: found[one]["rounds"] for one in found} == {"Robot": 6, name: 6}
    of_alice = [row for row in (*played, *rows) if row.player_id == name and row.lat == 41.0]
    assert len(of_alice) == 3, "what it answered in the round itself stands"


def test_where_nobody_knows_what_our_model_trained_on_its_rows_say_so(
    make_set: MakeSet, robot: OutsidePlayer, model_version: ModelVersion
) -> None:
    made = make_set(2)
    answer_all(robot, made)
    predict(model_version, made)
    close(made)
    ours = [row for row in added()[1] if row.player_id != "Robot"]
    assert {row.seen_in_training for row in ours} == {False}
    ModelVersion.objects.filter(pk=model_version.pk).update(directory="nowhere", digest="ef" * 32)
    ours = [row for row in added()[1] if row.player_id != "Robot"]
    assert [row.seen_in_training for row in ours] == [None, None]


def test_notes_say_how_much_each_player_answered(make_set: MakeSet, robot: OutsidePlayer) -> None:
    made = make_set(3)
    answer_all(player_named("Other"), made)
    answer(robot, made.rounds.earliest("number"))
    assert len(notes_on_players(["Other", "Robot"])) == 1, "sealed"
    close(made)
    assert notes_on_players(["Other", "Robot"])[:2] == [
        "Other answered 3 of 3 rounds of the set Trial@1.",
        "Robot answered 1 of 3 rounds of the set Trial@1.",
    ]


def test_players_are_chosen_by_name(make_set: MakeSet, robot: OutsidePlayer, alice: Player) -> None:
    made = make_set(2)
    answer_all(robot, made)
    answer_all(player_named("Other"), made)
    close(made)
    assert {row.player_id for row in added(["Other"])[1]} == {"Other"}
    with pytest.raises(
        RoundSetError, match=r"no outside player “Nobody”\. Outside players: “Other”, “Robot”"
    ):
        players_named(["Nobody"])


def test_rows_of_a_set_name_nobody_and_come_back_the_same(
    make_set: MakeSet, robot: OutsidePlayer, alice: Player, make_player: Any
) -> None:
    made = make_set(3)
    answer_all(robot, made)
    game = play(alice, Map.objects.get())
    play(make_player("Says no"), Map.objects.get())
    Player.objects.filter(name="Says no").update(in_reports=False)
    close(made)
    rows = rows_of_set(made, list(rows_of()))
    text = csv_of(rows)
    assert len([row for row in rows if row.player_kind == "person"]) == 3
    for secret in (alice.token, game.token, *game.rounds.values_list("token", flat=True)):
        assert secret not in text
    assert {row.panorama_id for row in rows} == set(made.rounds.values_list("digest", flat=True))
    assert csv_of(rows_from(rounds_of(text))) == text


def test_its_own_rounds_are_of_the_same_source_as_those_of_people(
    make_set: MakeSet, robot: OutsidePlayer, alice: Player
) -> None:
    made = make_set(2)
    for panorama, source in zip(Panorama.objects.all(), ("https://www.example.org/1", ""), strict=True):
        Panorama.objects.filter(pk=panorama.pk).update(source=source)
    answer_all(robot, made)
    play(alice, Map.objects.get())
    close(made)
    played, rows = added()
    assert sorted(row.source for row in played) == ["example.org", "photo"]
    assert sorted(row.source for row in rows) == ["example.org", "example.org", "photo", "photo"]
