from __future__ import annotations

import fcntl
import re
import socket
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import get_finder
from pytest_django.fixtures import Settings

from geogame.pages import startup
from geogame.pages.converters import VersionConverter
from geogame.pages.startup import Problem


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.EMBEDDED_REDIS_FILE = tmp_path / "run" / "redis_url"
    return tmp_path


def test_a_free_port_passes() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    startup.check_port("127.0.0.1", port)


def test_a_port_in_use_names_another_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Problem, match=f"Port {port} is in use: .* PORT={port + 1} make play"):
            startup.check_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(Problem, match=host):
        startup.check_port(host, 8000)


def test_the_data_belong_to_one_game(data: Path) -> None:
    first = startup.claim_data("http://127.0.0.1:8000/")
    with pytest.raises(Problem, match=r"\(process \d+, http://127.0.0.1:8000/\)"):
        startup.claim_data("http://127.0.0.1:8001/", patience_s=0)
    first.close()
    startup.claim_data("http://127.0.0.1:8001/").close()


def test_it_waits_for_a_game_that_is_just_ending(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = startup.claim_data("http://127.0.0.1:8000/")
    monkeypatch.setattr(startup.time, "sleep", lambda _: fcntl.flock(first, fcntl.LOCK_UN))
    startup.claim_data("http://127.0.0.1:8001/").close()
    first.close()


def test_the_address_of_the_embedded_server_is_there_while_it_runs(data: Path, settings: Settings) -> None:
    (data / "run").mkdir()
    with startup.published("unix:///tmp/x.sock"):
        assert settings.EMBEDDED_REDIS_FILE.read_text() == "unix:///tmp/x.sock\n"
    assert list((data / "run").iterdir()) == []


def test_the_socket_has_a_short_private_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup.tempfile, "gettempdir", lambda: f"/tmp/{'x' * 100}")
    with startup.socket_directory() as directory:
        assert len(str(directory)) < 80
        assert directory.stat().st_mode & 0o777 == 0o700
    assert not directory.exists()


def test_a_password_is_not_shown() -> None:
    with pytest.raises(Problem) as problem:
        startup.check_redis("redis://me:secret@127.0.0.1:1/0?password=secret")
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, address: str) -> None:
    assert startup.address(host, 8000) == address


@pytest.mark.parametrize(
    ("host", "allowed", "hint"),
    [
        ("127.0.0.1", ["localhost"], None),
        ("0.0.0.0", ["localhost"], "ALLOWED_HOSTS=localhost,192.168.1.5: http://192.168.1.5:8000/"),
        ("0.0.0.0", ["192.168.1.5"], "From other computers in your network: http://192.168.1.5:8000/"),
        ("192.168.1.9", ["*"], "From other computers in your network: http://192.168.1.9:8000/"),
    ],
)
def test_other_computers_get_an_address(
    host: str,
    allowed: list[str],
    hint: str | None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.ALLOWED_HOSTS = allowed
    monkeypatch.setattr(startup, "_own_address", lambda: "192.168.1.5")
    found = startup.network_hint(host, 8000)
    assert (found is None) if hint is None else hint in (found or "")


def test_the_programs_run_as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEBUG")
    env = startup.environment("unix:///tmp/x.sock")
    assert env["DEBUG"] == "0"
    assert env["REDIS_URL"] == "unix:///tmp/x.sock"
    assert len(env["SECRET_KEY"]) >= 50
    monkeypatch.setenv("DEBUG", "1")
    assert startup.environment("")["DEBUG"] == "1"


def test_addresses_of_files_name_what_was_collected_unless_a_developer_edits_them(
    static: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    monkeypatch.delenv("STATIC_VERSION", raising=False)
    assert startup.environment("")["STATIC_VERSION"] == ""
    startup.collect_static(lambda text: None)
    first = startup.environment("")["STATIC_VERSION"]
    (static / "page.css").write_text("a { color: red }")
    startup.collect_static(lambda text: None)
    second = startup.environment("")["STATIC_VERSION"]
    assert re.fullmatch(VersionConverter.regex, first)
    assert second not in ("", first)
    monkeypatch.setenv("STATIC_VERSION", "own")
    assert startup.environment("")["STATIC_VERSION"] == "own"
    monkeypatch.delenv("STATIC_VERSION")
    monkeypatch.setenv("DEBUG", "1")
    assert "STATIC_VERSION" not in startup.environment("")


class Opened(list[str]):
    def open(self, url: str) -> None:
        self.append(url)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Opened:
    opened = Opened()
    monkeypatch.setattr(webbrowser, "get", lambda: opened)
    monkeypatch.setattr(startup.sys, "platform", "linux")
    for name in ("CI", "SSH_CONNECTION", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    return opened


def test_a_desktop_gets_the_page_opened(browser: Opened) -> None:
    startup.open_browser("http://127.0.0.1:8000/")
    assert browser == ["http://127.0.0.1:8000/"]


@pytest.mark.parametrize("name", ["CI", "SSH_CONNECTION"])
def test_no_browser_where_nobody_sees_it(browser: Opened, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    startup.open_browser("http://127.0.0.1:8000/")
    assert browser == []


def test_no_text_browser_in_the_terminal(browser: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("false"))
    startup.open_browser("http://127.0.0.1:8000/")


@pytest.fixture
def static(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "page.css").write_text("a {}")
    settings.STATICFILES_DIRS = [source]
    settings.VENDOR = {"basemap": tmp_path / "basemap"}
    settings.STATIC_ROOT = tmp_path / "build" / "static"
    get_finder.cache_clear()
    yield source
    get_finder.cache_clear()


def test_static_files_are_collected_only_when_something_changed(static: Path, settings: Settings) -> None:
    said: list[str] = []
    startup.collect_static(said.append)
    startup.collect_static(said.append)
    assert said == ["Collecting static files …"]
    (static / "page.css").write_text("a { color: red }")
    startup.collect_static(said.append)
    assert len(said) == 2
    assert (settings.STATIC_ROOT / "page.css").read_text() == "a { color: red }"
