from __future__ import annotations

import pytest

from geogame.lib.paths import own_path


@pytest.mark.parametrize("path", ["/", "/games/abc/?round=2", "/players/me/#medals"])
def test_a_path_of_this_site_is_gone_on_to(path: str) -> None:
    assert own_path(path, otherwise="/home/") == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "games/",
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "\x00/",
        "javascript:alert(1)",
        "http:///evil.example/",
    ],
)
def test_any_other_address_is_replaced(path: str) -> None:
    assert own_path(path, otherwise="/home/") == "/home/"
