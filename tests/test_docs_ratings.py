from __future__ import annotations

import re

from geogame.ratings import glicko2, rules
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "ratings.md").read_text()


def test_every_reason_is_explained_and_each_explained_one_exists() -> None:
    section = DOCUMENT.split("## What is rated")[1].split("\n## ")[0]
    explained = {
        code for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for code in row.split(", ")
    }
    assert {code.strip("`") for code in explained} == {reason.value for reason in rules.Reason} - {""}


def test_the_constants_are_those_of_the_code() -> None:
    new = glicko2.Rating()
    assert f"| {new.rating:g}, {new.deviation:g}, {new.volatility:g} |" in DOCUMENT
    assert f"| tau | {glicko2.TAU:g} |" in DOCUMENT
    assert f"| a period | {rules.PERIOD.days} days |" in DOCUMENT
    assert f"| deviation at most | {glicko2.MOST_DEVIATION:g} |" in DOCUMENT
    assert f"| provisional above | {rules.CERTAIN_DEVIATION:g} |" in DOCUMENT
    assert f"nothing happened for {rules.LEFT_AFTER.days} days" in DOCUMENT
    words = (
        f"Within any {rules.PAIR_WINDOW.days} days the first {rules.PAIR_FULL} games of a pair count in full"
    )
    assert words in DOCUMENT
