from __future__ import annotations

import pytest

from geogame.lib.words import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 pictures"), (1, "1 picture"), (2, "2 pictures"), (26_263, "26,263 pictures")]
)
def test_a_count_agrees_with_its_word(number: int, text: str) -> None:
    assert counted(number, "picture") == text


def test_some_words_have_a_plural_of_their_own() -> None:
    assert [counted(n, "is missing", "are missing") for n in (1, 2)] == ["1 is missing", "2 are missing"]
