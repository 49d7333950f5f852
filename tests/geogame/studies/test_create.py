"""What a study draws, what it leaves out and says so, and what it refuses."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings

from geogame.accounts.models import Player
from geogame.games.challenges import accept, send
from geogame.games.dailies import start_daily
from geogame.games.errors import GameError
from geogame.games.models import PlannedRound
from geogame.games.queries import candidates_for, candidates_for_all
from geogame.games.services import start_game
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map, unpublish_map
from geogame.predictions.models import Prediction
from geogame.registry.models import ModelVersion
from geogame.registry.services import deactivate
from geogame.round_sets.services import close as close_set
from geogame.round_sets.services import create as create_set
from geogame.studies.models import Study, Subject
from tests.geogame.games.playing import play
from tests.geogame.studies.conftest import links_in, study_command

MakeMap = Callable[..., Map]
MakeStudy = Callable[..., tuple[Study, list[str]]]
SMALL = ("--subjects", "2", "--rounds", "2")


def drawn_by(study: Study) -> list[int]:
    rounds = PlannedRound.objects.filter(plan__subject__study=study)
    return list(rounds.order_by("plan", "number").values_list("panorama", flat=True))


def create(map_: Map, *options: str, name: str = "Pilot") -> Study:
    study_command("create", name, "--map", map_.name, *(options or SMALL))
    return Study.objects.get(name=name)


def test_each_subject_gets_other_pictures_and_the_model_has_answered_all(
    wide_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = wide_map(20, name="Wide")
    printed = study_command("create", "Pilot", "--map", "Wide", "--subjects", "3", "--rounds", "5")
    study = Study.objects.get()
    drawn = drawn_by(study)
    assert len(drawn) == len(set(drawn)) == 15
    assert set(drawn) <= set(map_.panoramas.values_list("pk", flat=True))
    assert set(Prediction.objects.values_list("panorama", flat=True)) == set(drawn), "and no others"
    links = links_in(printed)
    assert links == [f"/study/{token}/" for token in study.subjects.values_list("token", flat=True)]
    assert len(set(links)) == 3
    assert "20 panoramas on the map, 20 of them can be drawn (left out: none). Drawn: 15 (--seed " in printed


def test_a_seed_draws_the_same_again(wide_map: MakeMap, model_version: ModelVersion) -> None:
    map_ = wide_map(12, name="Wide")
    found = []
    for seed in ("7", "7", "8"):
        study = create(map_, *SMALL, "--seed", seed)
        found.append(drawn_by(study))
        Study.objects.all().delete()
        PlannedRound.objects.all().delete()
    assert found[0] == found[1] != found[2]


def test_without_a_seed_the_one_that_was_used_is_kept_and_said(
    wide_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = wide_map(12, name="Wide")
    first = create(map_)
    assert first.seed is not None
    assert f"Drawn with --seed {first.seed}." in study_command("status", first.name)
    drawn, seed = drawn_by(first), str(first.seed)
    Study.objects.all().delete()
    PlannedRound.objects.all().delete()
    assert drawn_by(create(map_, *SMALL, "--seed", seed)) == drawn
    Study.objects.all().delete()
    PlannedRound.objects.all().delete()
    assert create(map_).seed != int(seed), "chance, not a number that is always the same"


def test_what_the_model_knows_and_the_rest_of_a_group_are_left_out_and_counted(
    wide_map: MakeMap, make_panorama: Callable[..., Panorama], model_version: ModelVersion
) -> None:
    map_ = wide_map(2, name="Wide")
    learnt = [make_panorama(group="trained-on-walk") for _ in range(3)]
    walk = [make_panorama(50.0, 9.0 + number, group="a walk") for number in range(4)]
    map_.panoramas.add(*learnt, *walk)
    with pytest.raises(CommandError) as error:
        create(map_, *SMALL)
    message = str(error.value)
    assert "2 subjects with 2 rounds each need 4" in message
    assert "9 panoramas on the map, 3 of them can be drawn" in message
    assert "3 because the model trained on them" in message
    assert "3 that share a group" in message
    assert not Study.objects.exists()
    drawn = drawn_by(create(map_, "--subjects", "3", "--rounds", "1"))
    assert not {panorama.pk for panorama in learnt} & set(drawn)
    assert len({panorama.pk for panorama in walk} & set(drawn)) == 1


def test_a_picture_that_cannot_be_read_makes_way_for_another(
    wide_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = wide_map(8, name="Wide")
    broken = list(map_.panoramas.all()[:4])
    broken[0].path.unlink()
    for panorama in broken[1:]:
        panorama.path.write_bytes(b"no picture")
    printed = study_command("create", "Pilot", "--map", "Wide", *SMALL, "--seed", "1")
    assert not {panorama.pk for panorama in broken} & set(drawn_by(Study.objects.get()))
    assert "that cannot be read" in printed
    with pytest.raises(CommandError, match="4 in the daily of today, in an open round set or set aside"):
        create(map_, name="Second")


def test_a_model_that_cannot_be_loaded_studies_nobody(
    wide_map: MakeMap, model_version: ModelVersion, settings: Settings
) -> None:
    wide_map(4, name="Wide")
    ModelVersion.objects.update(directory="gone", digest="0" * 64)
    with pytest.raises(CommandError, match="so it cannot be studied"):
        study_command("create", "Pilot", "--map", "Wide", *SMALL)
    assert not Study.objects.exists()


def test_a_model_without_its_weights_stores_nothing(
    wide_map: MakeMap, model_version: ModelVersion, settings: Settings, tmp_path: Path
) -> None:
    wide_map(4, name="Wide")
    shutil.copytree(model_version.path, tmp_path / model_version.directory)
    settings.MODEL_ROOT = tmp_path
    ModelVersion.objects.update(digest="0" * 64)
    for weights in tmp_path.glob("*/*.safetensors"):
        weights.unlink()
    with pytest.raises(CommandError, match="cannot be loaded"):
        study_command("create", "Pilot", "--map", "Wide", *SMALL)
    assert not Study.objects.exists()


def test_pictures_of_an_open_round_set_and_their_groups_are_left_out_until_it_closes(
    wide_map: MakeMap, make_panorama: Callable[..., Panorama], model_version: ModelVersion
) -> None:
    map_ = wide_map(3, name="Wide")
    map_.panoramas.add(*(make_panorama(50.0, 9.0 + number, group="a walk") for number in range(2)))
    asked = create_set(name="Trial", map_=map_, count=5, seed=1)
    others = asked.rounds.exclude(panorama=map_.panoramas.filter(group="a walk").earliest("pk"))
    others.delete()
    printed = study_command("create", "Pilot", "--map", "Wide", "--subjects", "3", "--rounds", "1")
    assert "2 in the daily of today, in an open round set or set aside for another study" in printed
    study_command("close", "Pilot")
    with pytest.raises(CommandError, match="3 of them can be drawn"):
        create(map_, "--subjects", "4", "--rounds", "1", name="Second")
    close_set(asked)
    create(map_, "--subjects", "4", "--rounds", "1", name="Second")


def test_others_of_the_dailys_walks_are_left_out(
    wide_map: MakeMap, make_panorama: Callable[..., Panorama], model_version: ModelVersion, alice: Player
) -> None:
    map_ = Map.objects.create(name="Walks", slug="walks")
    for walk in range(6):
        map_.panoramas.add(*(make_panorama(40.0 + walk, 9.0, group=f"walk {walk}") for _ in range(2)))
    publish_map(map_)
    daily = start_daily(player=alice).daily
    assert daily
    with pytest.raises(CommandError, match="1 of them can be drawn"):
        create(map_)


# --- set aside -----------------------------------------------------------------------------------
def test_pictures_of_a_running_study_are_drawn_nowhere_else(make_study: MakeStudy, alice: Player) -> None:
    study, _ = make_study(panoramas=9)
    aside = set(drawn_by(study))

    def drawable() -> list[set[int]]:
        alone = candidates_for(map_=study.map, player=alice, version=None)
        together = candidates_for_all(map_=study.map, players=[alice.pk], version=None)
        return [{found.panorama for found in several} for several in (alone, together)]

    assert all(not found & aside and len(found) == 5 for found in drawable())
    daily = start_daily(player=alice).daily
    assert daily
    assert not set(daily.rounds.values_list("panorama", flat=True)) & aside
    study_command("close", study.name)
    assert all(aside <= found for found in drawable()), "afterwards they are pictures like any other"


def test_others_of_their_groups_are_set_aside_too(
    make_panorama: Callable[..., Panorama], model_version: ModelVersion, alice: Player
) -> None:
    map_ = Map.objects.create(name="Walks", slug="walks")
    for walk in ("one", "two", "three"):
        map_.panoramas.add(make_panorama(41.0, 2.0, group=walk), make_panorama(42.0, 3.0, group=walk))
    publish_map(map_)
    study = create(map_, "--subjects", "2", "--rounds", "1")
    left = candidates_for(map_=map_, player=alice, version=None)
    walks = {PlannedRound.objects.get(plan=subject.plan).panorama.group for subject in study.subjects.all()}
    assert len(walks) == 2
    assert {found.group for found in left} == {"one", "two", "three"} - walks


def test_a_map_that_has_nothing_else_says_why(make_study: MakeStudy, alice: Player) -> None:
    study, _ = make_study()
    with pytest.raises(GameError, match="kept for a study") as error:
        start_game(player=alice, map_=study.map, version=None)
    assert error.value.code == "set-aside"


def test_a_challenge_waits_for_the_end_of_the_study(
    wide_map: MakeMap, model_version: ModelVersion, make_player: Callable[..., Player]
) -> None:
    map_ = wide_map(5, name="Wide")
    sender, friend = make_player("Sender"), make_player("Friend")
    challenge = send(game=play(start_game(player=sender, map_=map_, version=None), sender), player=sender)
    create(map_, *SMALL)
    with pytest.raises(GameError, match="kept for a study"):
        accept(challenge=challenge, player=friend)
    study_command("close", "Pilot")
    accept(challenge=challenge, player=friend)


# --- what cannot be ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--subjects", "0"], "--subjects 0: 1 to 1,000"),
        (["--rounds", "51"], "--rounds 51: 1 to 50"),
        (["--time-limit", "5"], "--time-limit 5: 10 to 3,600 seconds"),
        (["--seed", str(2**63)], "at most 64 bits"),
        (["--contact", "x" * 201], "200 characters at most"),
        (["--days", "0"], "--days 0: a study runs for 1 to 730 days"),
        (["--days", "731"], "--days 731: a study runs for 1 to 730 days"),
        (["--model", "nothing"], "'nothing' is no model version. Model versions: PlaNet tiny"),
        (["--map", "Atlantis"], "There is no map “Atlantis”"),
    ],
)
def test_a_design_that_cannot_be_is_refused(
    wide_map: MakeMap, model_version: ModelVersion, options: list[str], message: str
) -> None:
    map_ = wide_map(4, name="Wide")
    with pytest.raises(CommandError, match=re.escape(message)):
        create(map_, *SMALL, *options)
    assert not Subject.objects.exists()


def test_a_name_is_used_once(make_study: MakeStudy) -> None:
    study, _ = make_study(panoramas=8)
    with pytest.raises(CommandError, match="There is a study “Pilot” already"):
        create(study.map)
    with pytest.raises(CommandError, match="needs a name"):
        create(study.map, name=" ")


def test_a_map_has_to_be_open_and_a_model_in_play(wide_map: MakeMap, model_version: ModelVersion) -> None:
    map_ = wide_map(4, name="Wide")
    unpublish_map(map_)
    with pytest.raises(CommandError, match="not open for play"):
        create(map_)
    deactivate(model_version)
    with pytest.raises(CommandError, match="No model plays"):
        create(map_)
    with pytest.raises(CommandError, match="not open for play"):
        create(map_, *SMALL, "--model", model_version.digest[:8])


@pytest.mark.parametrize(
    ("settings_", "address"),
    [
        ({}, "http://127.0.0.1:8000/study/"),
        ({"HOST": "0.0.0.0", "PORT": 8001}, "http://localhost:8001/study/"),
        ({"CSRF_TRUSTED_ORIGINS": ["https://arena.example.org"]}, "https://arena.example.org/study/"),
    ],
)
def test_links_begin_where_people_reach_the_game(
    make_study: MakeStudy, settings: Settings, settings_: dict[str, object], address: str
) -> None:
    make_study()
    for name, value in {"PORT": 8000, **settings_}.items():
        setattr(settings, name, value)
    assert study_command("status", "Pilot").count(address) == 2
