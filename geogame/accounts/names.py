"""Display names: one spelling for what looks the same, no hidden characters, nobody in the model's clothes.

The rules follow Unicode's security profiles (UTS 39): compatibility forms are folded (NFKC), the letters are
of one script, or of those that Japanese, Chinese and Korean mix, and the scripts are in use today (UAX 31).
"""

from __future__ import annotations

import unicodedata
from typing import Final

import regex
from django.utils.translation import gettext as _

from geogame.registry.models import ModelVersion

LEAST: Final = 2
MOST: Final = 24
MOST_CODE_POINTS: Final = 60  # as many as the database keeps
MOST_RAW: Final = 4 * MOST_CODE_POINTS
MOST_MARKS: Final = 3

SCRIPTS: Final = """
    Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil
    Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Khmer Hiragana
    Katakana Bopomofo Han
"""
MIXTURES: Final = ("Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul")

# Refused anywhere in a name; as a word of it; as the whole of it, with or without a number.
WITHIN: Final = "planet arenaadmin"
WORDS: Final = """
    admin administrator bot mod model moderator neural official operator staff support sysadmin system
    webmaster
"""
WHOLE: Final = """
    anonymous arena computer everyone guest help host info machine me nobody null opponent owner player root
    security somebody team undefined unknown user you
"""
# What is drawn like a letter of those words, once case and accents are gone.
ALIKE: Final = {
    "a": "4αа",
    "b": "8βвь",
    "c": "с",
    "d": "đԁ",
    "e": "3εе",
    "h": "ħһн",
    "k": "κк",
    "l": "1iıιіłӏ",
    "m": "μм",
    "n": "ηνпи",
    "o": "0øοо",
    "p": "ρр",
    "r": "г",
    "s": "5ѕ",
    "t": "7τтŧ",
    "u": "υ",
    "w": "ωԝ",
    "x": "χх",
    "y": "γу",
}


def _one_writing(scripts: str) -> regex.Pattern[str]:
    kinds = "".join(rf"\p{{scx={script}}}" for script in [*scripts.split(), "Common", "Inherited"])
    return regex.compile(f"[{kinds}]*")


_NOT_ALLOWED = regex.compile(r"[^\p{L}\p{M}\p{Nd} '’._-]")
_HIDDEN = regex.compile(r"[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]")
# Latin letters of phonetics and palaeography, among them small capitals: no language is written in them.
_TECHNICAL = regex.compile(r"[\u0250-\u02af\u1d00-\u1dbf\ua720-\ua7ff\uab30-\uab6f]")
_PILED_MARKS = regex.compile(rf"\p{{M}}{{{MOST_MARKS + 1}}}")
_LETTER_OR_DIGIT = regex.compile(r"[\p{L}\p{Nd}]")
_NOT_OF_A_WORD = regex.compile(r"[^\p{L}\p{M}\p{Nd}]+")
_WRITINGS = [_one_writing(scripts) for scripts in (*SCRIPTS.split(), *MIXTURES)]
_FOLD = str.maketrans({like: letter for letter, alike in ALIKE.items() for like in alike})


class BadName(ValueError):
    """Why a name is refused, as a sentence for the person who chose it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def clean_name(raw: str) -> str:
    """The name as it is stored and shown. BadName where it is not one, or is another's by nature."""
    if len(raw) > MOST_RAW:
        raise BadName(_("This name is too long: use at most {most} letters.").format(most=MOST))
    name = " ".join(part for part in unicodedata.normalize("NFKC", raw).split(" ") if part)
    _check_characters(name)
    _check_length(name)
    _check_writing(name)
    _check_reserved(name)
    return name


def skeleton(name: str) -> str:
    """The same for names that look the same: compare these to find a double."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(letter for letter in letters if not unicodedata.category(letter).startswith("M"))
    return bare.translate(_FOLD).replace("rn", "m").replace("vv", "w")


def _check_characters(name: str) -> None:
    if _HIDDEN.search(name):
        raise BadName(
            _("This name has characters in it that cannot be seen, or that turn text around: type it anew.")
        )
    wrong = _NOT_ALLOWED.search(name)
    if wrong:
        raise BadName(
            _("“{character}” cannot stand in a name: use letters, digits, spaces and . - _ '").format(
                character=wrong.group()
            )
        )
    if _PILED_MARKS.search(name):
        raise BadName(_("There are too many accents on one letter of this name."))


def _check_length(name: str) -> None:
    length = len(regex.findall(r"\X", name))
    if length > MOST or len(name) > MOST_CODE_POINTS:
        raise BadName(_("This name is too long: use at most {most} letters.").format(most=MOST))
    if length < LEAST:
        raise BadName(_("This name is too short: use at least {least} letters.").format(least=LEAST))
    if not _LETTER_OR_DIGIT.search(name):
        raise BadName(_("A name needs a letter or a digit."))


def _check_writing(name: str) -> None:
    if _TECHNICAL.search(name) or not any(writing.fullmatch(name) for writing in _WRITINGS):
        raise BadName(
            _("This name mixes letters that look alike in different scripts: use the letters of one script.")
        )
    if len({ord(digit) - unicodedata.decimal(digit) for digit in name if digit.isdecimal()}) > 1:
        raise BadName(_("This name mixes digits of different scripts: use those of one script."))


def _check_reserved(name: str) -> None:
    without_digits = "".join(" " if letter.isdecimal() else letter for letter in name)
    for spelling in (name, without_digits):
        words = skeleton(_NOT_OF_A_WORD.sub(" ", spelling)).split()
        whole = "".join(words)
        if any(within in whole for within in _WITHIN) or _WORDS.intersection(words) or whole in _WHOLE:
            raise BadName(_("This name is kept for the game or for a model: choose another."))
    models = ModelVersion.objects.values_list("name", flat=True)
    if skeleton(name) in {skeleton(model) for model in models}:
        raise BadName(_("This is the name of a model: choose another."))


_WITHIN = [skeleton(word) for word in WITHIN.split()]
_WORDS = {skeleton(word) for word in WORDS.split()}
_WHOLE = {skeleton(word) for word in WHOLE.split()} | _WORDS
