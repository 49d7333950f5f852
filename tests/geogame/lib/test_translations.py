"""Every text that people read can be translated, and is."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.formats import date_format

from geogame.lib import translations
from geogame.lib.translations import Flaw

# Files whose texts are not all marked or translated yet. Empty when the game is finished.
UNFINISHED: tuple[str, ...] = ()
WORDS_OF_NO_LANGUAGE = re.compile(r"^(PlaNet( Arena)?|·|[\d\s]+|[MR]|sha256sum|MIT)$")
PAIRS = [(language, domain) for language in translations.LANGUAGES for domain in translations.DOMAINS]


def finished(flaw: Flaw) -> bool:
    return not all(name.startswith(UNFINISHED) for name in flaw.files)


@pytest.mark.parametrize(("language", "domain"), PAIRS)
def test_every_text_is_translated(language: str, domain: str) -> None:
    missing = [str(flaw) for flaw in translations.flaws(language, domain) if finished(flaw)]
    assert not missing, "run scripts/messages, then translate:\n" + "\n".join(missing)


@pytest.mark.skipif(bool(UNFINISHED), reason="texts are still being written")
@pytest.mark.parametrize(("language", "domain"), PAIRS)
def test_the_stored_texts_are_those_of_the_sources(language: str, domain: str) -> None:
    stored = translations.path_of(language, domain)
    assert stored.read_bytes() == translations.updated(language, domain), "run scripts/messages"


# --- What is not marked ----------------------------------------------------------------------------
def unmarked(template: str) -> list[str]:
    """Texts and labels of a template that stand outside of its translation tags."""
    for pattern in (
        r"{% comment %}.*?{% endcomment %}",
        r"{% blocktranslate.*?{% endblocktranslate %}",
        r"{% block \w+_(?:class|attributes) %}.*?{% endblock %}",
        r"<(script|style|pre|code)\b.*?</\1>",
        r"{#.*?#}",
        r"{{.*?}}",
    ):
        template = re.sub(pattern, " ", template, flags=re.DOTALL)
    template = re.sub(r"{%.*?%}", "\n", template, flags=re.DOTALL)
    labels = re.findall(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"', template)
    texts = re.sub(r"<[^>]*>", "\n", template).split("\n")
    found = (text.strip(" \t:.,·…") for text in [*texts, *labels])
    return [
        text for text in found if re.search(r"[^\W\d_]{2}", text) and not WORDS_OF_NO_LANGUAGE.match(text)
    ]


def templates() -> list[str]:
    paths = (translations.ROOT / "templates").rglob("*.html")
    names = sorted(path.relative_to(translations.ROOT).as_posix() for path in paths)
    return [name for name in names if not name.startswith((*UNFINISHED, "templates/admin/"))]


@pytest.mark.parametrize("name", templates())
def test_a_template_has_no_unmarked_text(name: str) -> None:
    assert unmarked((translations.ROOT / name).read_text()) == []


def test_unmarked_texts_are_found() -> None:
    text = '<p>Hello {{ name }}<img alt="A tree">{% translate "Hi" %}<code>ls</code></p>'
    assert unmarked(text) == ["Hello", "A tree"]


# --- How texts are found and kept --------------------------------------------------------------------
@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("geogame", "templates", "static/js"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "LOCALES", tmp_path / "locale")
    monkeypatch.setattr(translations, "_texts_of_packages", lambda: iter(()))
    return tmp_path


def texts(domain: str) -> set[object]:
    return {message.id for message in translations.found_in_sources(domain) if message.id}


def test_texts_of_templates_python_and_scripts_are_found(project: Path) -> None:
    (project / "templates" / "page.html").write_text(
        '{% load i18n %}\n  <p title="{% translate "A title" %}">it\'s\n'
        "      {% blocktranslate trimmed count n=n %}\n  {{ n }} pin\n"
        " {% plural %}{{ n }} pins{% endblocktranslate %}"
    )
    (project / "geogame" / "a.py").write_text(
        '_("Python")\nngettext("one", "many", 2)\npgettext("key", "Esc")\n'
    )
    (project / "static" / "js" / "a.js").write_text(
        'h(t("Round {n}", { n }));\ntn("{n} day", "{n} days", 2); set("no");\nh(` (${t("won")})`);'
    )
    assert texts("django") == {
        "A title",
        ("%(n)s pin", "%(n)s pins"),
        "Python",
        ("one", "many"),
        "Esc",
    }
    assert texts("djangojs") == {"Round {n}", ("{n} day", "{n} days"), "won"}


def test_no_text_of_the_scripts_is_overlooked() -> None:
    scripts = (translations.ROOT / "static" / "js").rglob("*.js")
    call = re.compile(r'(?<![\w.*])tn?\(\s*"([^"]+)"')
    written = {text for path in scripts for text in call.findall(path.read_text(encoding="utf-8"))}
    found = {translations._singular(message) for message in translations.found_in_sources("djangojs")}
    assert written
    assert written - found == set(), "Babel cannot read objects within `${…}`: take the call out of it"


def write_german(project: Path, *entries: str) -> None:
    path = translations.path_of("de", "django")
    path.parent.mkdir(parents=True, exist_ok=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text("\n\n".join([head, *entries]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "not translated"),
        ('msgid "{n} of %(all)s"\nmsgstr ""', "not translated"),
        ('#, fuzzy\nmsgid "{n} of %(all)s"\nmsgstr "{n} von %(all)s"', "marked fuzzy"),
        ('msgid "{n} of %(all)s"\nmsgstr "{n} von %(alle)s"', "placeholders differ"),
        ('msgid "{n} of %(all)s"\nmsgstr "%(all)s"', "placeholders differ"),
        ('msgid "{n} of %(all)s"\nmsgstr "von %(all)s {n}"', None),
    ],
)
def test_what_is_wrong_is_said(project: Path, entry: str, reason: str | None) -> None:
    (project / "geogame" / "a.py").write_text('_("{n} of %(all)s")\n')
    write_german(project, entry)
    assert [flaw.reason for flaw in translations.flaws("de", "django")] == ([reason] if reason else [])


def test_an_update_keeps_translations_and_drops_what_is_gone(project: Path) -> None:
    (project / "geogame" / "a.py").write_text('_("kept")\n_("new")\n')
    write_german(project, 'msgid "kept"\nmsgstr "bleibt"', 'msgid "gone"\nmsgstr "fort"')
    assert translations.path_of("de", "django") in translations.update()
    content = translations.path_of("de", "django").read_text()
    assert 'msgid "kept"\nmsgstr "bleibt"' in content
    assert 'msgid "new"\nmsgstr ""' in content
    assert "gone" not in content
    assert translations.update() == []


def test_scripts_get_their_texts_and_plurals(project: Path) -> None:
    path = translations.path_of("de", "djangojs")
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "Guess"\nmsgstr "Tippen"\n\n'
        'msgid "{n} day"\nmsgid_plural "{n} days"\nmsgstr[0] "{n} Tag"\nmsgstr[1] "{n} Tage"\n'
    )
    assert translations.compile_changed() == [path.with_suffix(".mo")]
    assert translations.compile_changed() == []
    translations.script_catalogue.cache_clear()
    try:
        found = translations.script_catalogue("de")
    finally:
        translations.script_catalogue.cache_clear()
    assert found == {"Guess": "Tippen", "{n} day": ["{n} Tag", "{n} Tage"]}


def test_django_speaks_german() -> None:
    with translation.override("de"):
        assert translation.gettext("Play against PlaNet") == "Gegen PlaNet spielen"


@pytest.mark.parametrize(("language", "written"), [("en", "2 November 2026"), ("de", "2. November 2026")])
def test_a_date_has_one_form(language: str, written: str) -> None:
    with translation.override(language):
        assert date_format(date(2026, 11, 2), "DATE_FORMAT") == written
