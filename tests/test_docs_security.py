"""Each row of docs/security.md names tests that are there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "security.md").read_text()
ROWS = {int(number): row for number, row in re.findall(r"^\| (\d+) \| (.*) \|$", DOCUMENT, re.MULTILINE)}
NOT_YET: set[int] = set()


def named_tests(row: str) -> list[str]:
    return re.findall(r"`(tests/[\w/]+\.py::\w+)`", row)


def test_every_hole_has_a_row() -> None:
    assert sorted(ROWS) == list(range(1, 23))


@pytest.mark.parametrize("number", sorted(ROWS))
def test_each_row_has_tests_and_they_are_there(number: int) -> None:
    named = named_tests(ROWS[number])
    assert bool(named) == (number not in NOT_YET)
    for path, name in (test.split("::") for test in named):
        tree = ast.walk(ast.parse((ROOT / path).read_text()))
        functions = {node.name for node in tree if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{path} has no {name}"


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:geogame|tests)/[\w/]+\.py)`", DOCUMENT)
    assert len(named) >= 4
    assert [path for path in named if not (ROOT / path).is_file()] == []
