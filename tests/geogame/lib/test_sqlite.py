from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import OperationalError

from geogame.lib.sqlite.base import DatabaseWrapper


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE pin (lat REAL)")
    return tmp_path / "db.sqlite3"


@pytest.fixture(autouse=True)
def _may_open_databases(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def ours(file: Path) -> Iterator[DatabaseWrapper]:
    wrapper = open_(file, timeout_s=20)
    yield wrapper
    wrapper.close()


def open_(file: Path, *, timeout_s: float) -> DatabaseWrapper:
    options = {"transaction_mode": "IMMEDIATE", "timeout": timeout_s}
    names = ("AUTOCOMMIT", "ATOMIC_REQUESTS", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS", "TIME_ZONE")
    settings = dict.fromkeys(names) | {"NAME": file, "OPTIONS": options, "AUTOCOMMIT": True}
    return DatabaseWrapper(settings, alias="apart")


def test_who_waits_to_write_comes_soon_after_the_other_is_done(file: Path, ours: DatabaseWrapper) -> None:
    ours.connect()
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done: list[float] = []

    def end() -> None:
        other.execute("COMMIT")
        done.append(time.monotonic())

    timer = threading.Timer(0.3, end)
    timer.start()
    ours.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert done, "two write at once"
    timer.join()
    other.close()
    assert ours.connection.in_transaction
    ours.rollback()


def test_one_statement_waits_as_long_as_before(ours: DatabaseWrapper) -> None:
    ours.connect()
    ours.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    ours.commit()
    assert ours.connection.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


def test_who_waits_too_long_is_told(file: Path) -> None:
    ours = open_(file, timeout_s=0.05)
    ours.connect()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"):
        ours.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert ours.connection.execute("PRAGMA busy_timeout").fetchone() == (50,)
    other.close()
    ours.close()


def test_another_trouble_is_told_at_once(ours: DatabaseWrapper) -> None:
    ours.connect()
    ours.connection.execute("BEGIN")
    with pytest.raises(OperationalError, match="within a transaction"):
        ours.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    ours.connection.execute("ROLLBACK")
