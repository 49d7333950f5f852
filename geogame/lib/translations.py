"""Texts in other languages: found in the sources, kept in locale/, compiled for Django and for the pages.

`scripts/messages` brings the files in locale/ up to date with the sources. This module as a program compiles
what has changed; installing, `manage.py play` and the tests do so by themselves.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from planet_core.files import atomic_file
from planet_core.geography import BORDER_DATA
from procedural_earth.clues import CLUES, HERO, SURE_WORDS

ROOT: Final = Path(__file__).resolve().parents[2]
LOCALES: Final = ROOT / "locale"
LANGUAGES: Final = ("de",)
DOMAINS: Final = ("django", "djangojs")
CONTEXT_SEPARATOR: Final = "\x04"  # as in the compiled files of gettext

PYTHON_KEYWORDS: Final = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
JAVASCRIPT_KEYWORDS: Final = {"t": None, "tn": (1, 2)}
JAVASCRIPT_OPTIONS: Final = {"parse_template_string": "true"}  # `${t("…")}` as well
PLACEHOLDER: Final = re.compile(r"%\((\w+)\)[a-z]|%[a-z]|\{(\w*)\}")


@dataclass(frozen=True)
class Flaw:
    """What is wrong with one text of a language.

    Attributes:
        files: where the text is used, from the root of the project.
    """

    language: str
    domain: str
    text: str
    reason: str
    files: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.language}/{self.domain}: {self.reason}: {self.text!r} ({', '.join(self.files)})"


def path_of(language: str, domain: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / f"{domain}.po"


# --- From the sources ------------------------------------------------------------------------------
def sources(domain: str) -> Iterator[tuple[Path, str, Callable[[str], str]]]:
    """Each file that may hold texts, how Babel reads it, and what makes it readable."""
    if domain == "djangojs":
        for path in sorted((ROOT / "static" / "js").rglob("*.js")):
            yield path, "javascript", str
        return
    for path in sorted((ROOT / "geogame").rglob("*.py")):
        yield path, "python", str
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix in {".html", ".txt", ".svg"}:
            yield path, "python", _as_python


def _as_python(template: str) -> str:
    # Django turns the tags into calls of gettext and everything else into words of X; Python's
    # tokenizer, unlike xgettext, minds how the lines are indented.
    return "\n".join(line.lstrip() for line in templatize(template).split("\n"))


def found_in_sources(domain: str) -> Catalog:
    catalog = Catalog()
    is_script = domain == "djangojs"
    keywords, options = (JAVASCRIPT_KEYWORDS, JAVASCRIPT_OPTIONS) if is_script else (PYTHON_KEYWORDS, {})
    for path, method, readable in sources(domain):
        text = readable(path.read_text(encoding="utf-8"))
        name = path.relative_to(ROOT).as_posix()
        found = extract(method, io.BytesIO(text.encode()), keywords, options=options)
        for _, ids, comments, context in found:
            catalog.add(ids, locations=[(name, 1)], auto_comments=comments, context=context)
    if domain == "django":
        for name, text in _texts_of_packages():
            catalog.add(text, locations=[(name, 1)])
    return catalog


def _texts_of_packages() -> Iterator[tuple[str, str]]:
    """Of packages that know nothing of the web, and so mark no texts."""
    for text in _clue_texts():
        yield "procedural_earth/clues.py", text
    for text in (BORDER_DATA.name, BORDER_DATA.policy, BORDER_DATA.licence):
        yield "planet_core/geography.py", text


def _clue_texts() -> Iterator[str]:
    yield from SURE_WORDS.values()
    yield HERO.place
    for clue in CLUES:
        yield from (clue.title, clue.text, clue.reason)
        yield from (shot.place for shot in clue.shots)


# --- The files in locale/ ----------------------------------------------------------------------------
def stored(language: str, domain: str) -> Catalog:
    path = path_of(language, domain)
    if not path.exists():
        return Catalog(locale=language, domain=domain)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def updated(language: str, domain: str) -> bytes:
    """The file of the language with the texts of the sources: translations are kept, what is gone goes."""
    catalog = Catalog(locale=language, domain=domain, fuzzy=False)
    old = stored(language, domain)
    for message in found_in_sources(domain):
        if not message.id:
            continue
        known = old.get(_singular(message), message.context)
        fits = known is not None and known.pluralizable == message.pluralizable
        catalog.add(
            message.id,
            known.string if known is not None and fits else "",
            locations=sorted(set(message.locations)),
            context=message.context,
        )
    file = io.BytesIO()
    write_po(file, catalog, width=110, sort_output=True, include_lineno=False, omit_header=True)
    return _header(catalog).encode() + file.getvalue()


def _header(catalog: Catalog) -> str:
    # Babel's own has dates in it, which change without a change.
    return (
        'msgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Language: {catalog.locale}\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )


def update() -> list[Path]:
    """Bring all files up to date with the sources; those that changed."""
    changed = []
    for language in LANGUAGES:
        for domain in DOMAINS:
            path, content = path_of(language, domain), updated(language, domain)
            if not path.exists() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                with atomic_file(path) as file:
                    file.write(content)
                changed.append(path)
    return changed


# --- What is wrong ------------------------------------------------------------------------------------
def flaws(language: str, domain: str) -> list[Flaw]:
    """Texts of the sources without a translation, and translations whose placeholders are other ones."""
    known = stored(language, domain)
    found = []
    for message in found_in_sources(domain):
        if message.id and (reason := _flaw(message, known)):
            files = tuple(sorted({name for name, _ in message.locations}))
            found.append(Flaw(language, domain, _singular(message), reason, files))
    return found


def _flaw(message: Message, known: Catalog) -> str | None:
    translation = known.get(_singular(message), message.context)
    if translation is None or not all(_strings(translation)):
        return "not translated"
    if translation.fuzzy:
        return "marked fuzzy"
    allowed = [placeholders(text) for text in _ids(message)]
    if any(placeholders(text) not in allowed for text in _strings(translation)):
        return "placeholders differ"
    return None


def placeholders(text: str) -> frozenset[str]:
    return frozenset(found.group() for found in PLACEHOLDER.finditer(text.replace("%%", "")))


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _singular(message: Message) -> str:
    return _ids(message)[0]


# --- Compiled -------------------------------------------------------------------------------------------
def compile_changed() -> list[Path]:
    """Compile the files that are newer than what was made of them."""
    written = []
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/*.po")):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            continue
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parents[1].name)
        with atomic_file(target) as file:
            write_mo(file, catalog)
        written.append(target)
    return written


@cache
def script_catalogue(language: str) -> dict[str, str | list[str]]:
    """English text to text of the language, for scripts; of a text with plurals the list of its forms.

    Empty for English and for a language that is not compiled: the scripts then show English.
    """
    path = path_of(language, "djangojs").with_suffix(".mo")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        entries: dict[str | tuple[str, int], str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    texts: dict[str, str | list[str]] = {}
    for key, text in sorted(entries.items(), key=str):
        if isinstance(key, str):
            if key and text:
                texts[key] = text
            continue
        forms = texts.setdefault(key[0], [])
        if isinstance(forms, list):
            forms.append(text)
    return texts


if __name__ == "__main__":
    compile_changed()
