"""Sentences that a process without a reader stores in English, put into the language of who reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from django.utils.translation import gettext

_VALUE = re.compile(r"%\((\w+)\)s")


def in_language(text: str, known: Sequence[str]) -> str:
    """The text, one sentence after the other, as far as these are known; the rest stays as it is.

    Known ones are marked with gettext_noop, and may hold values as `%(name)s`; the longer of two that begin
    alike comes first.
    """
    told, rest = [], text
    while rest:
        found = next((match for each in known if (match := _pattern(each).match(rest))), None)
        if found is None:
            told.append(rest)
            break
        told.append(gettext(next(each for each in known if _pattern(each) is found.re)) % found.groupdict())
        rest = rest[found.end() :].lstrip()
    return " ".join(told)


@lru_cache(maxsize=256)
def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _VALUE.split(sentence)
    names = [f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)]
    return re.compile("".join(names) + r"(?=\s|$)", re.DOTALL)
