"""The colours of the pages, in both themes: WCAG 2.2 asks for 4.5:1 for text and 3:1 for what is not text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parent.parent / "static" / "css"
TOKENS = dict(re.findall(r"^  --([\w-]+):\s*([^;]+);", (CSS / "tokens.css").read_text(), re.MULTILINE))
THEMES = ("light", "dark")
Rgb = tuple[float, float, float]

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft") for ground in ("paper", "surface", "sunken")),
    *((ink, f"{kind}-wash") for ink in ("ink",) for kind in ("good", "bad", "warn", "info")),
    *((ink, ground) for ink in ("bad", "good", "warn") for ground in ("paper", "surface")),
    ("bad", "bad-wash"),
    *(
        (f"{who}-text", ground)
        for who in ("truth", "you", "model", "crowd")
        for ground in ("paper", "surface", "sunken")
    ),
    *((f"scale-{number}", ground) for number in range(1, 6) for ground in ("paper", "surface")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-stage-accent", "stage-accent"),
    ("on-stage-accent", "stage-accent-strong"),
    ("stage-ink", "stage"),
    ("stage-soft", "stage"),
    ("paper", "ink"),
    ("map-text", "map-land"),
    ("map-text", "map-sea"),
    ("map-text-soft", "map-land"),
]
NOT_TEXT = [
    *(("line-strong", ground) for ground in ("paper", "surface", "sunken")),
    *(("focus", ground) for ground in ("paper", "surface", "sunken", "focus-halo")),
    *((f"{who}-bar", ground) for who in ("you", "model") for ground in ("paper", "surface")),
    *(("pin-outline", ground) for ground in ("map-land", "map-sea")),
    *(("model", ground) for ground in ("paper", "surface", "sunken")),
    *(("you", ground) for ground in ("paper", "surface", "sunken")),
]


def of_theme(value: str, theme: str) -> str:
    pair = re.fullmatch(r"light-dark\((.+?), ((?:rgb\(.+\)|#\w+))\)", value)
    return value if pair is None else pair.group(1 + THEMES.index(theme))


def colour(name: str, theme: str) -> Rgb:
    value = of_theme(TOKENS[name], theme)
    assert re.fullmatch(r"#[0-9a-f]{6}", value), f"--{name}: {value} is not an opaque colour"
    red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def luminance(rgb: Rgb) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast((0x77 / 255,) * 3, (1, 1, 1)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(ink: str, ground: str, theme: str) -> None:
    assert contrast(colour(ink, theme), colour(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), NOT_TEXT)
def test_what_is_not_text_can_be_seen(mark: str, ground: str, theme: str) -> None:
    assert contrast(colour(mark, theme), colour(ground, theme)) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("who", ["truth", "you", "model", "crowd"])
@pytest.mark.parametrize("ground", ["map-land", "map-sea"])
def test_a_pin_can_be_seen_on_the_map_by_itself_or_its_outline(who: str, ground: str, theme: str) -> None:
    outlined = min(
        contrast(colour("pin-outline", theme), colour(ground, theme)),
        contrast(colour("pin-outline", theme), colour(who, theme)) + 1,
    )
    assert max(contrast(colour(who, theme), colour(ground, theme)), outlined) >= 3


def test_every_value_that_is_used_is_defined() -> None:
    files = {path.name: path.read_text() for path in CSS.glob("*.css")}
    defined = {name for text in files.values() for name in re.findall(r"^\s+--([\w-]+):", text, re.MULTILINE)}
    by_script = {"share"}  # the length of a bar
    for name, text in files.items():
        assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= defined | by_script, name


def test_colours_that_scripts_read_are_registered() -> None:
    registered = set(re.findall(r"@property --([\w-]+)", (CSS / "tokens.css").read_text()))
    scripts = (CSS.parent / "js").rglob("*.js")
    read = {name for path in scripts for name in re.findall(r'colour\("(\w+)"\)', path.read_text())}
    assert read
    assert {f"map-{name}" for name in read} <= registered
