from __future__ import annotations

import pytest

from geogame.accounts.names import MOST, MOST_CODE_POINTS, BadName, clean_name, skeleton
from geogame.registry.models import ModelVersion

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Ada Lovelace",
        "Anne-Marie O'Neil_7",
        "Zoë Łukasz",
        "Søren",
        "Nguyễn Thị Ánh",
        "Владимир",
        "Ελένη",
        "محمد",
        "דוד",
        "अनन्या",
        "สมชาย",
        "さくらサクラ桜",
        "Ken健",
        "김민준",
        "王小明",
        "Modelle",
        "Botanist",
        "Me and You",
        "Guesthouse",
        "Ada 2",
        "٣٤ كريم",
    ],
)
def test_names_of_people_are_kept(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ａｄａ", "Ada"),
        ("Zoe\u0308", "Zoë"),
        ("Ada\u00a0L", "Ada L"),
        ("ﬁnn", "finn"),
    ],
)
def test_what_looks_the_same_is_spelt_the_same(raw: str, clean: str) -> None:
    assert clean_name(raw) == clean


@pytest.mark.parametrize(
    "hidden",
    [
        "\u202e",  # right-to-left override
        "\u2066",  # isolate
        "\u200f",  # right-to-left mark
        "\u200b",  # zero-width space
        "\u200d",  # joiner
        "\ufeff",
        "\u00ad",  # soft hyphen
        "\u034f",  # grapheme joiner
        "\ufe0f",  # variation selector
        "\u3164",  # Hangul filler, a letter by its category
        "\x00",
        "\n",
        "\t",
        "\x7f",
        "\u2028",
        "\ud800",  # half of a surrogate pair
        "\ue000",  # private use
        "\U000e0041",  # tag
        "\u0378",  # unassigned
    ],
)
def test_hidden_characters_are_refused(hidden: str) -> None:
    with pytest.raises(BadName, match="cannot be seen"):
        clean_name(f"Ada{hidden}Lee")


@pytest.mark.parametrize("sign", ["<", "&", '"', "⬡", "👑", "/", "@", "\u2800", "©", "½"])
def test_signs_are_refused_by_name(sign: str) -> None:
    with pytest.raises(BadName, match="cannot stand in a name") as caught:
        clean_name(f"Ada{sign}")
    assert "letters, digits" in caught.value.message


@pytest.mark.parametrize(
    "name",
    [
        "Аda",  # Cyrillic А
        "Adа",
        "Αda",  # Greek Α
        "Владimir",
        "ᴀᴅᴀ",  # small capitals
        "ʙob",
        "Ꭺda",  # Cherokee
        "ᎠᎡᎢ",
        "ⲁⲇⲁ",  # Coptic: no longer in everyday use
        "кана仮",
    ],
)
def test_mixed_and_rare_letters_are_refused(name: str) -> None:
    with pytest.raises(BadName, match="script"):
        clean_name(name)


def test_digits_are_of_one_script() -> None:
    with pytest.raises(BadName, match="digits"):
        clean_name("كريم 3٤")


def test_length_counts_what_people_see() -> None:
    family = "नि" * MOST
    assert clean_name(family) == family
    assert clean_name("m" * MOST)
    for long in ("नि" * (MOST + 1), "m" * (MOST + 1), "m" * 100_000, "ﷺ" * MOST):
        with pytest.raises(BadName, match="too long"):
            clean_name(long)
    for short in ("", " ", "x", "e\u0301"):
        with pytest.raises(BadName, match="too short"):
            clean_name(short)
    with pytest.raises(BadName, match="letter or a digit"):
        clean_name("._-")
    assert len(family) <= MOST_CODE_POINTS


def test_piled_accents_are_refused() -> None:
    with pytest.raises(BadName, match="accents"):
        clean_name("Ad" + "\u0316\u0317\u0318\u0319" + "a")


@pytest.mark.parametrize(
    "name",
    [
        "PlaNet",
        "planet",
        "PlaNet Earth",
        "The PlaNet",
        "Pl4n3t",
        "P l a n e t",
        "PIaNet",  # capital i
        "P1a.N-e_t",
        "Plánët",
        "ＰｌａＮｅｔ",
        "xXPlanetXx",
        "admin",
        "Admin 7",
        "adrnin",
        "M0del",
        "The Model",
        "Bot 3000",
        "Guest",
        "guest42",
        "Gue5t",
        "You",
        "System",
        "ВОТ",  # Cyrillic in whole
    ],
)
def test_nobody_poses_as_the_model_or_the_house(name: str) -> None:
    with pytest.raises(BadName, match="kept for"):
        clean_name(name)


def test_the_name_of_any_model_is_its_own() -> None:
    ModelVersion.objects.create(digest="a" * 64, name="Atlas two", recipe="tiny", directory="x", cells=3)
    with pytest.raises(BadName, match="name of a model"):
        clean_name("At1as Two")
    assert clean_name("Atlas three")


def test_names_that_look_the_same_have_the_same_skeleton() -> None:
    assert skeleton("сосо") == skeleton("COCO") == skeleton("C0c0")
    assert skeleton("Renée") == skeleton("RENEE")
    assert skeleton("Ada") != skeleton("Eda")
