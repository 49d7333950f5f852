"""Every module of a page is announced to the browser, none twice, none that is not there."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders

from geogame.pages.templatetags.modules import imported_by, module_preloads
from tests.conftest import ROOT


def test_all_modules_that_the_game_imports_are_announced() -> None:
    paths = imported_by("js/game.js")
    assert len(paths) == len(set(paths)) > 30
    assert {"js/core/state.js", "js/net/vault.js", "js/core/units.js"} <= set(paths)
    assert "js/game.js" not in paths
    assert all(finders.find(path) for path in paths)


def test_no_module_is_left_out() -> None:
    known = {"js/game.js", *imported_by("js/game.js")}
    for path in known:
        for name in re.findall(
            r'^[^*\n]*from "(\.[^"]+)"', (ROOT / "static" / path).read_text(), re.MULTILINE
        ):
            assert (
                str((ROOT / "static" / path).parent.joinpath(name).resolve().relative_to(ROOT / "static"))
                in known
            )


def test_the_tag_writes_links() -> None:
    links = module_preloads("js/game.js")
    assert links.count('rel="modulepreload"') == len(imported_by("js/game.js"))
    assert '"/static/js/core/dom.js"' in links


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"js/nothing\.js"):
        imported_by("js/nothing.js")
