from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import choose_reports
from geogame.lib.queue import REFRESH_REPORTS
from geogame.panoramas.models import Map
from geogame.panoramas.services import withdraw
from geogame.reports import refresh, tasks
from geogame.reports.models import Refresh
from geogame.reports.refresh import LOOK_EVERY, LOST_AFTER, MAKE_EVERY, QUEUED_AGAIN_AFTER, look, the_refresh

State = Refresh.State


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was enqueued."""
    names: list[str] = []
    monkeypatch.setattr(refresh, "enqueue", lambda name, queue: names.append(name))
    return names


def later(**more: timedelta) -> None:
    """Time goes by: what was looked at was so long ago, and so were the other moments named."""
    row = the_refresh()
    row.looked_at = timezone.now() - LOOK_EVERY - timedelta(seconds=1)
    for name, ago in more.items():
        setattr(row, name, timezone.now() - ago)
    row.save()


def make() -> None:
    begun = refresh.begin(1)
    refresh.succeed(begun, refresh.what_is_there())


def test_the_first_look_asks_and_the_next_does_not(map_played: Map, asked: list[str]) -> None:
    assert look()
    assert not look()
    assert asked == [REFRESH_REPORTS]
    assert the_refresh().state == State.QUEUED


def test_a_look_just_after_another_asks_the_database_once(
    map_played: Map, asked: list[str], django_assert_num_queries: Any
) -> None:
    look()
    with django_assert_num_queries(1):
        look()


def test_where_nobody_has_played_nothing_is_asked_for(db: None, asked: list[str]) -> None:
    assert not look()
    assert the_refresh().read == refresh.what_is_there()


def test_without_news_nothing_is_asked_for(map_played: Map, asked: list[str]) -> None:
    make()
    later(asked_at=MAKE_EVERY * 2)
    assert not look()
    assert asked == []


def test_news_are_asked_for_after_a_pause(map_played: Map, people: list[Player], asked: list[str]) -> None:
    make()
    choose_reports(player=people[0], in_reports=False)
    later(asked_at=MAKE_EVERY - timedelta(seconds=5))
    assert not look()
    later(asked_at=MAKE_EVERY + timedelta(seconds=5))
    assert look()


def test_a_withdrawn_panorama_is_news(map_played: Map, asked: list[str]) -> None:
    make()
    panorama = map_played.panoramas.first()
    assert panorama
    withdraw(panorama)
    later(asked_at=MAKE_EVERY * 2)
    assert look()


def test_a_bot_is_none(map_played: Map, asked: list[str]) -> None:
    make()
    Player.objects.create(kind="person", name="Robbie", is_bot=True, in_reports=False)
    later(asked_at=MAKE_EVERY * 2)
    assert not look()


def test_a_message_that_was_lost_is_sent_again(map_played: Map, asked: list[str]) -> None:
    look()
    later(asked_at=QUEUED_AGAIN_AFTER - timedelta(seconds=5))
    assert not look()
    later(asked_at=QUEUED_AGAIN_AFTER + timedelta(seconds=5))
    assert look()
    assert len(asked) == 2


def test_a_process_that_is_gone_is_replaced(map_played: Map, asked: list[str]) -> None:
    begun = refresh.begin(3)
    later(heartbeat_at=LOST_AFTER - timedelta(seconds=5))
    assert not look()
    later(heartbeat_at=LOST_AFTER + timedelta(seconds=5))
    assert look()
    refresh.succeed(begun, "late")
    assert the_refresh().state == State.QUEUED, "who was replaced says nothing any more"


def test_what_fails_is_tried_less_and_less_often(map_played: Map, asked: list[str]) -> None:
    for failures, pause in ((1, 2), (2, 4), (3, 8)):
        refresh.fail(refresh.begin(1), "No.")
        assert the_refresh().failures == failures
        later(asked_at=MAKE_EVERY * pause - timedelta(seconds=5))
        assert not look()
        later(asked_at=MAKE_EVERY * pause + timedelta(seconds=5))
        assert look()
    make()
    assert the_refresh().failures == 0


def test_the_task_starts_a_process_where_it_was_asked_for(
    map_played: Map, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "start_one", lambda *arguments, log: started.append(arguments))
    tasks.refresh()
    assert started == []
    look()
    tasks.refresh()
    assert started == [("refresh_reports", "--background")]
