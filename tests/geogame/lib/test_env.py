from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from geogame.lib.env import env_bool, env_float, env_int, env_list, env_slug, env_str, kept_secret


@pytest.mark.parametrize(("text", "expected"), [("1", True), ("yes", True), ("0", False), ("OFF", False)])
def test_a_switch(monkeypatch: pytest.MonkeyPatch, text: str, expected: bool) -> None:
    monkeypatch.setenv("SWITCH", text)
    assert env_bool("SWITCH", not expected) is expected


def test_what_is_no_switch_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", "maybe")
    with pytest.raises(ImproperlyConfigured, match="SWITCH='maybe'"):
        env_bool("SWITCH", True)


@pytest.mark.parametrize("text", ["x", "0", "70000", "1.5"])
def test_what_is_no_port_stops_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(ImproperlyConfigured, match="PORT="):
        env_int("PORT", 8000, minimum=1, maximum=65535)


@pytest.mark.parametrize("text", ["x", "-1", "nan"])
def test_what_is_no_duration_stops_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("WAIT_S", text)
    with pytest.raises(ImproperlyConfigured, match="WAIT_S="):
        env_float("WAIT_S", 3.0, minimum=0, maximum=10)


def test_set_but_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", " ")
    assert env_str("NAME", "default") == "default"
    assert env_int("NAME", 7, minimum=0, maximum=9) == 7


def test_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTS", "a.example, b.example,")
    assert env_list("HOSTS", []) == ["a.example", "b.example"]


def test_a_kept_secret_stays_the_same_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    assert kept_secret(path) == kept_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret"]


def test_a_damaged_secret_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("short")
    with pytest.raises(ImproperlyConfigured, match="delete it"):
        kept_secret(path)


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={"PATH": "", "DATA_DIR": str(settings.DATA_DIR), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DEBUG": "0"}, "SECRET_KEY is not set"),
        ({"DEBUG": "perhaps"}, "DEBUG='perhaps'"),
        ({"PORT": "web"}, "PORT='web'"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read"),
        ({"REDIS_URL": "localhost:6379"}, "use redis://host:6379/0"),
        ({"MAP_TILE_URL": "https://tiles.example/"}, "MAP_TILE_URL"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL='LOUD'"),
        ({"DATA_DIR": "/proc/nowhere"}, "choose another folder with DATA_DIR"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(environment: dict[str, str], message: str) -> None:
    run = check(**environment)
    assert run.returncode == 1
    assert message in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_secret_is_enough_for_production() -> None:
    run = check(DEBUG="0", SECRET_KEY="x" * 50)
    assert run.returncode == 0, run.stderr


def test_what_stands_in_an_address_has_no_strange_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "2026-11.v_2")
    assert env_slug("NAME") == "2026-11.v_2"
    monkeypatch.setenv("NAME", "a/b")
    with pytest.raises(ImproperlyConfigured, match=r"NAME='a/b' has other characters"):
        env_slug("NAME")
