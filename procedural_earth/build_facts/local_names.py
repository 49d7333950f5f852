"""Which of a town's other names is the one that its own sign shows: chosen by script, alphabet and sound."""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

UNICODE_NAMES = {
    "CYRILLIC": "Cyrillic",
    "GREEK": "Greek",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari",
    "BENGALI": "Bengali",
    "THAI": "Thai",
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "KATAKANA-HIRAGANA": "Japanese",
    "HANGUL": "Korean",
    "GEORGIAN": "Georgian",
    "ARMENIAN": "Armenian",
    "KHMER": "Khmer",
    "ETHIOPIC": "Amharic",
    "TAMIL": "Tamil",
    "TELUGU": "Telugu",
    "KANNADA": "Kannada",
    "MALAYALAM": "Malayalam",
    "GUJARATI": "Gujarati",
    "GURMUKHI": "Gurmukhi",
    "ORIYA": "Odia",
    "SINHALA": "Sinhala",
    "LAO": "Lao",
    "MYANMAR": "Burmese",
    "TIBETAN": "Tibetan",
    "THAANA": "Thaana",
    "LATIN": "Latin",
}
# letters that the language does not write: a name with one of them is another language's
FOREIGN_LETTERS = {
    "RU": "іїєґўћђјљњџѓќѕәғқңөұүһ",
    "UA": "ыэъёўћђјљњџ",
    "BY": "иъщїєґћђјљњџ",
    "BG": "ыэёіїєґўћђјљњџ",
    "RS": "йщъыьэюяёіїєґўѓќѕ",
    "MK": "йщъыьэюяёіїєґўћђ",
    "MN": "іїєґўћђјљњџ",
    "KG": "іїєґўћђјљњџ",
    "TJ": "іїєґўћђљњџщыц",
    "IR": "يكىةڈٹں",
    "AF": "يكىةڈٹں",
    "PK": "يكىة",
}
ENCODINGS = {"CN": "gb2312", "TW": "big5", "HK": "big5", "MO": "big5", "JP": "shift_jis"}
ENDINGS = {"JP": "市町村区", "CN": "", "KR": ""}
CYRILLIC = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
    **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "ё": "e"},
    **{"і": "i", "ї": "i", "є": "e", "ґ": "g", "ў": "u"},
    **{"ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ђ": "dj", "џ": "dz", "ѓ": "g", "ќ": "k", "ѕ": "z"},
}
GREEK = {
    **dict(zip("αβγδεζικλμνξοπρσςτυφω", "avgdeziklmnxoprsstyfo", strict=True)),
    **{"η": "i", "θ": "th", "χ": "ch", "ψ": "ps"},
}
MOST_LATIN_NAMES = 30
SAME_NAME = 0.85
HALL = "សាលា"  # Khmer names that begin with the district's "hall"
SPECIAL = {"և": "ev", "ь": "", "ъ": "", "ة": ""}
FOREIGN_TO_ARABIC = "یکگپچژہھےٹڈړښېۍڪە"
ARTICLES = r"^(al|el|as|ash|ad|ar|at|az|an|aş|aţ|aḑ|az̧)[- ]"
NOT_ARABIC = ("IR", "AF", "PK", "IN")  # of the countries that write it
UKRAINIAN = {"г": "h", "и": "y"}


@cache
def known_names() -> dict[tuple[str, str], str]:
    """(country, name) to the local name, from general knowledge."""
    with (Path(__file__).parent / "known_names.csv").open(newline="", encoding="utf-8") as file:
        return {(row["country"], row["name"]): row["local_name"] for row in csv.DictReader(file)}


def script_of(text: str) -> str:
    """The script of the letters of `text`; "Japanese" for any kana, "" for a mixture or no letters."""
    found = set()
    for letter in text:
        if unicodedata.category(letter)[0] in "LM" and unicodedata.category(letter) != "Lm":
            words = unicodedata.name(letter, "").split()
            if words and words[0] != "COMBINING":
                found.add(UNICODE_NAMES.get(words[0], words[0]))
    if found == {"Chinese", "Japanese"}:
        return "Japanese"
    return found.pop() if len(found) == 1 else ""


def local_name(name: str, others: Sequence[str], country: str, script: str) -> str:
    """The name in `script` that a sign of `country` would show, or "" where none of `others` is one.

    What the rules get wrong of large towns is in `known_names.csv`.
    """
    if (country, name) in known_names():
        return known_names()[country, name]
    wanted = {script, "Chinese"} if script == "Japanese" else {script}
    fitting = [other for other in others if script_of(other) in wanted and _is_written(other, country)]
    if not fitting:
        return ""
    if country in ENCODINGS:
        return min(fitting, key=lambda other: (_oddness(other, country), len(other), other))
    latin = [other for other in others if other.isascii() and other != name][:MOST_LATIN_NAMES]
    # shorter wins, but for soft signs: Казань is Russian, Казан another language's
    return min(
        fitting,
        key=lambda other: (-_likeness(name, latin, other, country), len(other) - 2 * other.count("ь"), other),
    )


def _is_written(other: str, country: str) -> bool:
    if other.startswith((HALL, "ئ")) or any(mark in other for mark in ",()/;0123456789\u200b"):
        return False
    if country in ENCODINGS:
        try:
            other.encode(ENCODINGS[country])
        except UnicodeEncodeError:
            return False
    if _is_stripped(other) or _is_vocalised(other) or (script_of(other) == "Chinese" and len(other) < 2):
        return False
    foreign = FOREIGN_LETTERS.get(country, "" if country in NOT_ARABIC else FOREIGN_TO_ARABIC)
    return not any(letter in foreign for letter in other.lower())


def _is_stripped(other: str) -> bool:
    """GeoNames has names whose vowel signs got lost; a long name without any is taken for one."""
    signs = any(unicodedata.category(letter) == "Mn" for letter in other)
    return script_of(other) in ("Sinhala", "Burmese", "Khmer", "Tibetan") and len(other) > 3 and not signs


def _is_vocalised(other: str) -> bool:
    """Arabic with its vowel signs, as in a dictionary."""
    return script_of(other) == "Arabic" and any(unicodedata.category(letter) == "Mn" for letter in other)


def _oddness(other: str, country: str) -> float:
    if any("ぁ" <= letter <= "ゖ" for letter in other):
        # kana among kanji (つがる市) is how the town writes itself; kana alone (きょうとし) is how it sounds
        return 2.0 if all("ぁ" <= letter <= "ゖ" for letter in other) else -1.0
    return 0.0 if other[-1] in ENDINGS.get(country, "") else 1.0


def _likeness(name: str, latin: list[str], other: str, country: str) -> float:
    """How much `other` sounds like the Latin names, in tenths, so that a near tie goes by length.

    The name may be an English one (Moscow): where `other` is unlike it, what most Latin names say counts.
    """
    heard = "".join(_romanised(letter, country) for letter in other.lower().removeprefix("ال"))
    spoken = _plain if script_of(other) in ("Cyrillic", "Greek") else _consonants
    names = [spoken(re.sub(ARTICLES, "", word.lower())) for word in (name, *latin)]
    likeness = [difflib.SequenceMatcher(None, word, spoken(heard), autojunk=False).ratio() for word in names]
    alike = likeness[0]
    if alike < SAME_NAME and latin:
        alike = max(alike, sum(likeness[1:]) / len(latin))
    # القاهرة, not قاهره: the article and the ending are left out where Arabic is written carelessly
    careful = 0.1 * (other.startswith("ال") + other.endswith("ة"))
    return round(10 * (alike + careful)) / 10


def _romanised(letter: str, country: str) -> str:
    if country == "UA" and letter in UKRAINIAN:
        return UKRAINIAN[letter]
    for table in (CYRILLIC, GREEK, SPECIAL):
        if letter in table:
            return table[letter]
    words = unicodedata.name(letter, "").lower().split()
    for kind in ("character", "syllable", "letter"):
        if kind in words and "vowel" not in words and "sara" not in words:
            sound = words[words.index(kind) + 1] if kind == "character" else words[-1]
            return re.split("[aeiou]", sound)[0]
    return ""


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.lower()) if letter.isalpha())


def _consonants(text: str) -> str:
    kept = [letter for letter in _plain(text) if letter not in "aeiouyhw"]
    return "".join(kept).translate(str.maketrans("qcv", "kkb")).replace("x", "ks")
