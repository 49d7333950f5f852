from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from geogame.games.models import Daily, DailyRound, Plan, PlannedRound
from geogame.games.services import start_game
from geogame.panoramas.fair import fair_picture
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import withdraw
from geogame.registry.models import ModelVersion
from geogame.round_sets.answers import Answer, give_answer, results
from geogame.round_sets.errors import AnswerError, RoundSetError
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetAnswer
from geogame.round_sets.pictures import picture_of
from geogame.round_sets.queries import rounds_for, set_named, still_asked_for
from geogame.round_sets.services import close, create, issue_token, revoke, token_digest
from planet_core.geography import BORDER_DATA
from planet_core.scoring import SCORING_VERSION
from tests.geogame.round_sets.taking_part import answer, answer_all

MakeMap = Callable[..., Map]
MakeSet = Callable[..., RoundSet]


def digests(round_set: RoundSet) -> list[str]:
    return list(round_set.rounds.values_list("digest", flat=True))


def test_a_set_has_the_fair_pictures_of_its_map_and_says_by_which_rules(make_map: MakeMap) -> None:
    map_ = make_map(4, projection="equirectangular", licence="CC BY 4.0", author="Ann")
    made = create(name="  Trial  one ", map_=map_, seed=3)
    assert (str(made), made.state, made.map_name, made.condition) == ("Trial one@1", "open", "Test", "fair")
    assert (made.scale_km, made.scoring_version) == (map_.scale_km, SCORING_VERSION)
    assert made.border_data_version == BORDER_DATA.version
    for round_ in made.rounds.all():
        assert round_.panorama
        assert round_.digest == fair_picture(round_.panorama).digest != round_.panorama.file_digest
        assert (round_.lat, round_.lng) == (round_.panorama.lat, round_.panorama.lng)
        assert (round_.licence, round_.author) == ("CC BY 4.0", "Ann")
    assert len(digests(made)) == 4


def test_a_seed_draws_the_same_panoramas_again(make_map: MakeMap) -> None:
    map_ = make_map(12)
    one = create(name="One", map_=map_, count=5, seed=7)
    close(one)
    Panorama.objects.filter(set_rounds__isnull=True).delete()
    one_again = digests(one)
    RoundSet.objects.all().delete()
    assert sorted(digests(create(name="Two", map_=map_, seed=7))) == sorted(one_again)


def test_the_next_version_takes_what_was_in_no_set_first(make_map: MakeMap) -> None:
    map_ = make_map(6)
    first = create(name="Trial", map_=map_, count=4, seed=1)
    with pytest.raises(RoundSetError, match="has 2 panoramas for a new set"):
        create(name="Trial", map_=map_, count=3, seed=1)
    close(first)
    second = create(name="Trial", map_=map_, count=3, seed=1)
    assert second.version == 2
    assert len(set(digests(second)) - set(digests(first))) == 2
    assert (set_named("Trial"), set_named("Trial@1")) == (second, first)


def test_what_is_gone_is_in_no_set(make_map: MakeMap) -> None:
    map_ = make_map(4)
    first, second = map_.panoramas.order_by("pk")[:2]
    withdraw(first)
    second.path.unlink()
    assert create(name="Trial", map_=map_, seed=1).rounds.count() == 2


@pytest.mark.parametrize("name", ["", "x" * 81, "a@2", "bell\a"])
def test_a_bad_name_is_refused(make_map: MakeMap, name: str) -> None:
    with pytest.raises(RoundSetError, match="is no name for a round set"):
        create(name=name, map_=make_map(1), seed=1)


def test_a_map_that_was_never_published_has_no_scale(make_map: MakeMap) -> None:
    map_ = make_map(1)
    map_.scale_km = None
    with pytest.raises(RoundSetError, match="publish it"):
        create(name="Trial", map_=map_, seed=1)


def test_a_set_closes_once(make_set: MakeSet) -> None:
    made = make_set()
    assert (close(made), close(made)) == (True, False)
    assert made.closed_at


def test_an_unknown_set_is_named_with_those_that_are_there(make_set: MakeSet) -> None:
    make_set()
    with pytest.raises(RoundSetError, match=r"no round set “Atlantis”\. Round sets: Trial@1"):
        set_named("Atlantis")


def test_a_token_is_stored_as_a_digest_alone(db: None) -> None:
    token = issue_token("Robot")
    player = OutsidePlayer.objects.get()
    assert player.token_digest == token_digest(token)
    assert token not in str(vars(player))
    with pytest.raises(RoundSetError, match="--anew"):
        issue_token("Robot")
    assert revoke(player)
    assert not revoke(player)
    again = issue_token("Robot", anew=True)
    player.refresh_from_db()
    assert player.token_digest == token_digest(again) != token_digest(token)
    assert player.revoked_at is None


@pytest.mark.parametrize(
    "name",
    ["all", "Person 1", "person  12", "people", "Model", "Ours (6dfbdea2)", "PLANET TINY", "", "x" * 61],
)
def test_no_outside_player_is_called_like_somebody_else(model_version: ModelVersion, name: str) -> None:
    assert model_version.name == "PlaNet tiny"
    with pytest.raises(RoundSetError, match=r"choose (another|a) name|is no name for an outside player"):
        issue_token(name)
    assert not OutsidePlayer.objects.exists()


def test_who_has_a_name_keeps_it_when_a_model_comes_that_is_called_so(
    robot: OutsidePlayer, model_version: ModelVersion
) -> None:
    ModelVersion.objects.update(name="Robot")
    assert issue_token("Robot", anew=True)


def test_one_answer_a_round(make_set: MakeSet, robot: OutsidePlayer) -> None:
    round_ = make_set().rounds.earliest("number")
    first = answer(robot, round_)
    same, other = answer(robot, round_), answer(robot, round_, lat=1.0)
    assert (first.is_new, same.is_new, other.is_new) == (True, False, False)
    assert (same.same, other.same) == (True, False)
    assert other.answer.lat == 45.0
    assert SetAnswer.objects.count() == 1


def test_a_closed_set_takes_no_answer_but_knows_the_one_it_has(
    make_set: MakeSet, robot: OutsidePlayer
) -> None:
    made = make_set()
    first, second, _ = made.rounds.all()
    answer(robot, first)
    close(made)
    assert answer(robot, first).same
    with pytest.raises(AnswerError, match="closed"):
        answer(robot, second)


def test_a_withdrawn_picture_is_no_round_any_more(make_set: MakeSet, robot: OutsidePlayer) -> None:
    made = make_set()
    round_ = made.rounds.select_related("panorama").earliest("number")
    assert round_.panorama
    withdraw(round_.panorama)
    assert round_ not in rounds_for(robot, made)
    assert picture_of(round_) is None
    with pytest.raises(AnswerError, match="withdrawn"):
        answer(robot, made.rounds.select_related("panorama").get(pk=round_.pk))


def test_other_bytes_are_not_the_picture_of_the_round(make_set: MakeSet) -> None:
    round_ = make_set().rounds.select_related("panorama").earliest("number")
    assert round_.panorama
    assert picture_of(round_) == round_.panorama.path.read_bytes()
    round_.panorama.path.write_bytes(b"other")
    assert picture_of(round_) is None


def test_results_are_told_when_the_set_has_closed(make_set: MakeSet, robot: OutsidePlayer) -> None:
    made = make_set()
    first, second, _third = made.rounds.select_related("panorama")
    answer(robot, first, first.lat, first.lng)
    give_answer(player=robot, round_=second, answer=Answer())
    with pytest.raises(AnswerError, match="when the set has closed"):
        results(robot, made)
    close(made)
    exact, refused, left = results(robot, made)
    assert (exact.outcome, exact.distance_km, exact.points) == ("answered", 0.0, 5000)
    assert (refused.outcome, refused.points, refused.true_lat) == ("refused", 0, second.lat)
    assert (left.outcome, left.answer, left.points) == ("timeout", None, 0)


def test_a_place_that_is_still_asked_for_is_held_back(
    make_set: MakeSet, robot: OutsidePlayer, make_player: Callable[..., object]
) -> None:
    made = make_set(2)
    answer_all(robot, made)
    close(made)
    first, second = made.rounds.select_related("panorama")
    map_ = Map.objects.get()
    map_.panoramas.set([first.panorama_id or 0])
    start_game(player=make_player("Bob"), map_=map_)  # type: ignore[arg-type]
    held, told = results(robot, made)
    assert (held.held_back, held.true_lat, held.distance_km, held.points) == (True, None, None, None)
    assert (told.held_back, told.true_lat) == (False, second.lat)
    map_.panoramas.set([second.panorama_id or 0])
    create(name="Another", map_=map_, seed=1)
    assert [result.held_back for result in results(robot, made)] == [True, True]


def daily_of(map_: Map, panorama: Panorama) -> None:
    daily = Daily.objects.create(date=timezone.now().date(), map=map_)
    DailyRound.objects.create(daily=daily, number=1, panorama=panorama)


def set_aside(panorama: Panorama) -> Plan:
    plan = Plan.objects.create()
    PlannedRound.objects.create(plan=plan, number=1, panorama=panorama)
    return plan


def test_a_set_takes_nothing_of_a_study_that_runs(make_map: MakeMap) -> None:
    map_ = make_map(4)
    first, second = map_.panoramas.order_by("pk")[:2]
    Panorama.objects.filter(pk__in=[first.pk, second.pk]).update(group="one walk")
    set_aside(first)
    made = create(name="Trial", map_=map_, seed=1)
    assert not {first.pk, second.pk} & set(made.rounds.values_list("panorama", flat=True))
    assert made.rounds.count() == 2


def test_a_set_takes_nothing_of_todays_daily(make_map: MakeMap) -> None:
    map_ = make_map(3)
    panorama = map_.panoramas.earliest("pk")
    daily_of(map_, panorama)
    made = create(name="Trial", map_=map_, seed=1)
    assert panorama.pk not in set(made.rounds.values_list("panorama", flat=True))


def test_a_place_is_held_back_while_another_of_its_walk_is_asked_for(
    make_set: MakeSet, robot: OutsidePlayer, make_panorama: Callable[..., Panorama]
) -> None:
    made = make_set(4)
    answer_all(robot, made)
    for round_, walk in zip(made.rounds.all(), ("of the daily", "of a set", "of a study", ""), strict=True):
        Panorama.objects.filter(pk=round_.panorama_id).update(group=walk)
    close(made)
    assert still_asked_for(made) == 0
    map_ = Map.objects.create(name="Beside", slug="beside", scale_km=1000.0)
    of_daily, of_set, of_study = (
        make_panorama(50.0, 9.0 + at, group=walk)
        for at, walk in enumerate(("of the daily", "of a set", "of a study"))
    )
    map_.panoramas.add(of_set)
    create(name="Another", map_=map_, seed=1)
    daily_of(map_, of_daily)
    set_aside(of_study)
    assert [result.held_back for result in results(robot, made)] == [True, True, True, False]
    assert still_asked_for(made) == 3


def test_the_place_of_a_picture_that_a_study_took_since_is_held_back(
    make_set: MakeSet, robot: OutsidePlayer
) -> None:
    made = make_set(3)
    answer_all(robot, made)
    first, second, _third = made.rounds.select_related("panorama")
    assert first.panorama
    assert second.panorama
    plan = set_aside(first.panorama)
    daily_of(Map.objects.get(), second.panorama)
    close(made)
    assert [result.held_back for result in results(robot, made)] == [True, True, False]
    Plan.objects.filter(pk=plan.pk).update(set_aside=False)
    assert [result.held_back for result in results(robot, made)] == [False, True, False]


def test_who_was_told_a_place_by_an_earlier_set_knew_it(make_set: MakeSet, robot: OutsidePlayer) -> None:
    first = make_set(2)
    answer(robot, first.rounds.earliest("number"))
    close(first)
    again = create(name="Again", map_=Map.objects.get(), seed=1)
    answer_all(robot, again)
    assert set(SetAnswer.objects.filter(round__round_set=again).values_list("known_before", flat=True)) == {
        True
    }
    assert not SetAnswer.objects.get(round__round_set=first).known_before


def test_who_was_told_a_place_of_a_walk_knew_the_walk(
    make_set: MakeSet, robot: OutsidePlayer, make_panorama: Callable[..., Panorama]
) -> None:
    first = make_set(2)
    answer_all(robot, first)
    close(first)
    Panorama.objects.filter(pk=first.rounds.earliest("number").panorama_id).update(group="a walk")
    map_ = Map.objects.create(name="Beside", slug="beside", scale_km=1000.0)
    map_.panoramas.add(make_panorama(50.0, 9.0, group="a walk"), make_panorama(51.0, 9.0, group="another"))
    again = create(name="Again", map_=map_, seed=1)
    answer_all(robot, again)
    answers = SetAnswer.objects.filter(round__round_set=again)
    assert set(answers.values_list("round__panorama__group", "known_before")) == {
        ("a walk", True),
        ("another", False),
    }
