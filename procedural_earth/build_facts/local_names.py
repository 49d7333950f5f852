"""Which of a town's other names is the one that its own sign shows: chosen by script, alphabet and sound."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

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
CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґўјљњћђџѓќѕ",
        "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya i i e g u j lj nj c dj dz g k z".split(),
        strict=True,
    )
)
GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(),
        strict=True,
    )
)
SILENT = {"alef", "ain", "waw", "yeh", "vav", "yod", "hamza", "heh", "teh marbuta"}


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


def local_name(name: str, others: Iterable[str], country: str, script: str) -> str:
    """The name in `script` that a sign of `country` would show, or "" where none of `others` is one."""
    wanted = {script, "Chinese"} if script == "Japanese" else {script}
    fitting = [other for other in others if script_of(other) in wanted and _is_written(other, country)]
    if not fitting:
        return ""
    sound = _skeleton(name)
    return min(fitting, key=lambda other: (_oddness(other, country, sound), len(other), other))


def _is_written(other: str, country: str) -> bool:
    if any(mark in other for mark in ",()/;0123456789"):
        return False
    if country in ENCODINGS:
        try:
            other.encode(ENCODINGS[country])
        except UnicodeEncodeError:
            return False
    foreign = FOREIGN_LETTERS.get(country, "")
    return not any(letter in foreign for letter in other.lower())


def _oddness(other: str, country: str, sound: str) -> float:
    if country in ENCODINGS:
        return 0.0 if other[-1] in ENDINGS.get(country, "") else 1.0
    heard = _skeleton("".join(_romanised(letter) for letter in other.lower()))
    # tenths, so that a slight difference in sound does not outweigh a shorter name
    return -round(10 * difflib.SequenceMatcher(None, sound, heard, autojunk=False).ratio()) / 10


def _romanised(letter: str) -> str:
    for table in (CYRILLIC, GREEK):
        if letter in table:
            return table[letter]
    words = unicodedata.name(letter, "").lower().split()
    if "letter" not in words and "character" not in words and "syllable" not in words:
        return " " if letter == " " else ""
    last = words[-1]
    return "" if last in SILENT else last.rstrip("aeiou") or last[:1]


def _skeleton(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    kept = [letter for letter in plain if letter.isalpha() and letter not in "aeiouyhw"]
    return "".join(kept).translate(str.maketrans("qcv", "kkb"))
