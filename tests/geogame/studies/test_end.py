"""A study has an end: the clock closes it then, and gives its pictures back, unless it is extended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.test import Client
from django.utils import timezone

from geogame.games.models import Game, Plan
from geogame.pages.management.commands.clock import DUTIES
from geogame.studies.models import Study
from geogame.studies.services import close_ended
from tests.geogame.studies.conftest import study_command
from tests.geogame.studies.subjects import agree, play

MakeStudy = Callable[..., tuple[Study, list[str]]]


def in_days(study: Study) -> int:
    study.refresh_from_db()
    return round((study.ends_at - timezone.now()) / timedelta(days=1))


def test_it_ends_after_sixty_days_unless_another_number_is_said(make_study: MakeStudy) -> None:
    usual, _ = make_study()
    short, _ = make_study("Short", "--days", "7")
    assert (in_days(usual), in_days(short)) == (60, 7)
    assert f"ends {short.ends_at:%Y-%m-%d %H:%M} UTC" in study_command("status", "Short")


def test_the_clock_closes_what_has_ended_and_nothing_else(make_study: MakeStudy) -> None:
    assert any(close_ended in duties for duties in DUTIES.values())
    ended, links = make_study()
    running, _ = make_study("Running")
    client = Client()
    game = agree(client, links[0])
    play(client, game, rounds=1)
    Study.objects.filter(pk=ended.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert client.get(links[0]).status_code == 409, "even before the clock has looked"
    assert client.post(f"{links[1]}begin/", {"agree": "yes"}).status_code == 409
    assert (close_ended(), close_ended()) == (1, 0)
    game.refresh_from_db()
    ended.refresh_from_db()
    running.refresh_from_db()
    assert game.state == Game.State.FINISHED
    assert ended.closed_at
    assert running.is_open
    aside = Plan.objects.filter(set_aside=True)
    assert set(aside.values_list("subject__study", flat=True)) == {running.pk}


def test_the_command_closes_what_has_ended_where_no_clock_runs(make_study: MakeStudy) -> None:
    make_study()
    Study.objects.update(ends_at=timezone.now())
    assert ", closed " in study_command("status", "Pilot")
    with pytest.raises(CommandError, match="is closed, its pictures are drawn again"):
        study_command("extend", "Pilot", "--days", "5")


def test_it_can_be_extended_and_not_shortened(make_study: MakeStudy) -> None:
    study, _ = make_study("Pilot", "--days", "7")
    Study.objects.update(ends_at=timezone.now() + timedelta(days=8))
    with pytest.raises(CommandError, match="--days 7: the study “Pilot” runs until"):
        study_command("extend", "Pilot", "--days", "7")
    assert "runs until" in study_command("extend", "Pilot", "--days", "30")
    assert in_days(study) == 30
    study_command("close", "Pilot")
    with pytest.raises(CommandError, match="is closed"):
        study_command("extend", "Pilot")
