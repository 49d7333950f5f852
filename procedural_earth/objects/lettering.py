"""Writes names in their own script with the Noto fonts that npm installs.

A font comes as several files, each for some characters; `unicode.json` beside them says which. Text is cut
into
runs that one file holds and shaped by raqm. What no file holds falls back to the Latin name, with one
warning.
"""

from __future__ import annotations

import json
import logging
import os
import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

logger = logging.getLogger(__name__)

FONT_VARIABLE = "PROCEDURAL_EARTH_FONTS"
"""Environment variable that may name another folder with the font packages."""

PACKAGES: dict[str, tuple[str, ...]] = {
    "Latin": ("noto-sans",),
    "Cyrillic": ("noto-sans",),
    "Greek": ("noto-sans",),
    "Arabic": ("noto-sans-arabic",),
    "Hebrew": ("noto-sans-hebrew",),
    "Devanagari": ("noto-sans-devanagari",),
    "Bengali": ("noto-sans-bengali",),
    "Thai": ("noto-sans-thai",),
    "Chinese": ("noto-sans-sc", "noto-sans-jp"),
    "Japanese": ("noto-sans-jp", "noto-sans-sc"),
    "Korean": ("noto-sans-kr", "noto-sans-sc"),
    "Georgian": ("noto-sans-georgian",),
    "Armenian": ("noto-sans-armenian",),
    "Khmer": ("noto-sans-khmer",),
    "Amharic": ("noto-sans-ethiopic",),
    "Ethiopic": ("noto-sans-ethiopic",),
    "Tamil": ("noto-sans-tamil",),
    "Lao": ("noto-sans-lao",),
    "Burmese": ("noto-sans-myanmar",),
    "Myanmar": ("noto-sans-myanmar",),
    "Sinhala": ("noto-sans-sinhala",),
}
RIGHT_TO_LEFT = frozenset({"Arabic", "Hebrew"})
_warned: set[str] = set()


BUILT_IN = ""  # in place of a font's path: the font inside Pillow


class MissingGlyphs(LookupError):
    """No installed font holds a character."""


def fonts_folder() -> Path:
    """Where the font packages lie: the environment's folder, else node_modules of the checkout."""
    given = os.environ.get(FONT_VARIABLE)
    if given:
        return Path(given)
    return Path(__file__).resolve().parents[2] / "node_modules" / "@fontsource-variable"


@lru_cache(maxsize=64)
def _coverage(folder: str, package: str) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    """Files of a package with the ranges of characters in each."""
    listing = Path(folder) / package / "unicode.json"
    if not listing.is_file():
        return ()
    files = []
    for subset, ranges in json.loads(listing.read_text(encoding="utf-8")).items():
        name = f"{package}-{subset.strip('[]')}-wght-normal.woff2"
        spans = [part[2:].split("-") for part in ranges.split(",")]
        files.append((name, tuple((int(span[0], 16), int(span[-1], 16)) for span in spans)))
    # the package's own script last in the listing: Latin subsets of other packages must not win
    return tuple(files)


@lru_cache(maxsize=8192)
def _file_for(folder: str, packages: tuple[str, ...], character: str) -> str:
    code = ord(character)
    for package in (*packages, "noto-sans"):
        for name, spans in _coverage(folder, package):
            if any(low <= code <= high for low, high in spans):
                path = Path(folder) / package / "files" / name
                if path.is_file():
                    return str(path)
    if _is_plain(character):
        if BUILT_IN not in _warned:
            _warned.add(BUILT_IN)
            logger.warning("Signs are lettered plainly: no fonts in %s; run npm ci to install them", folder)
        return BUILT_IN
    raise MissingGlyphs(f"no font for {character!r} (U+{code:04X})")


def _is_plain(character: str) -> bool:
    """Whether Pillow's own font may serve: Latin letters, digits and punctuation."""
    return not character.isalpha() or unicodedata.name(character, "").startswith("LATIN")


@lru_cache(maxsize=128)
def _font(path: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
    if path == BUILT_IN:
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont)
        return font
    font = ImageFont.truetype(path, size)
    font.set_variation_by_axes([weight])
    return font


def _runs(text: str, script: str) -> list[tuple[str, str]]:
    """Pieces of the text with the font file of each; spaces and marks stay with what goes before."""
    folder, packages = str(fonts_folder()), PACKAGES.get(script, ("noto-sans",))
    runs: list[tuple[str, str]] = []
    for character in text:
        joins = character in " -'’.\u200c\u200d" or unicodedata.category(character).startswith("M")
        if joins and runs:
            runs[-1] = (runs[-1][0] + character, runs[-1][1])
            continue
        path = _file_for(folder, packages, character)
        if runs and runs[-1][1] == path:
            runs[-1] = (runs[-1][0] + character, path)
        else:
            runs.append((character, path))
    return runs


def readable(text: str, fallback: str, script: str) -> tuple[str, str]:
    """The text and its script, or the fallback and "Latin" where a font is missing (one warning a script)."""
    try:
        if script not in ("Latin", "Cyrillic", "Greek") and not features.check("raqm"):
            raise MissingGlyphs("Pillow was built without raqm, which shapes this script")
        _runs(text, script)
    except MissingGlyphs as error:
        if script not in _warned:
            _warned.add(script)
            logger.warning(
                "Signs in %s script show Latin names: %s; run npm ci to install the fonts", script, error
            )
        return fallback, "Latin"
    return text, script


def write(
    text: str, script: str, height: int, colour: tuple[int, int, int], weight: int = 600
) -> Image.Image:
    """The text as an RGBA image, cropped to its ink; `height` is the font's size in pixels.

    Raises:
        MissingGlyphs: see `readable`.
    """
    runs = _runs(text, script)
    if script in RIGHT_TO_LEFT:
        runs = runs[::-1]
    drawn = []
    for piece, path in runs:
        font = _font(path, height, weight)
        length = int(font.getlength(piece)) + 1
        drawn.append((piece, font, length))
    width = max(1, sum(length for _, _, length in drawn))
    image = Image.new("RGBA", (width + height, height * 2 + height // 2), (*colour, 0))
    draw = ImageDraw.Draw(image)
    x = height // 2
    for piece, font, length in drawn:
        draw.text((x, height * 1.5), piece, font=font, fill=(*colour, 255), anchor="ls")
        x += length
    box = image.getchannel("A").getbbox()
    return image.crop(box) if box else image.crop((0, 0, 1, 1))


def fit(image: Image.Image, width: int, height: int) -> Image.Image:
    """The image shrunk to lie within a box, its proportions kept."""
    scale = min(width / image.width, height / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


SHOP_WORDS: dict[str, tuple[str, ...]] = {
    "de": ("Bäckerei", "Apotheke", "Metzgerei", "Blumen", "Gasthaus", "Buchhandlung"),
    "fr": ("Boulangerie", "Pharmacie", "Café", "Fleuriste", "Tabac", "Librairie"),
    "es": ("Panadería", "Farmacia", "Ferretería", "Tienda", "Restaurante", "Carnicería"),
    "pt": ("Padaria", "Farmácia", "Mercado", "Restaurante", "Livraria", "Açougue"),
    "it": ("Panificio", "Farmacia", "Alimentari", "Trattoria", "Libreria", "Bar"),
    "en": ("Bakery", "Pharmacy", "Hardware", "Books", "Café", "Grocery"),
    "nl": ("Bakkerij", "Apotheek", "Bloemen", "Slagerij", "Boekhandel", "Café"),
    "sv": ("Bageri", "Apotek", "Blommor", "Bokhandel", "Livs", "Kafé"),
    "no": ("Bakeri", "Apotek", "Blomster", "Bokhandel", "Matvarer", "Kafé"),
    "nb": ("Bakeri", "Apotek", "Blomster", "Bokhandel", "Matvarer", "Kafé"),
    "da": ("Bageri", "Apotek", "Blomster", "Boghandel", "Købmand", "Café"),
    "fi": ("Leipomo", "Apteekki", "Kukat", "Kirjakauppa", "Ruokakauppa", "Kahvila"),
    "pl": ("Piekarnia", "Apteka", "Kwiaty", "Księgarnia", "Sklep", "Kawiarnia"),
    "cs": ("Pekárna", "Lékárna", "Květiny", "Potraviny", "Knihy", "Kavárna"),
    "hu": ("Pékség", "Patika", "Virág", "Könyvek", "Élelmiszer", "Kávézó"),
    "ro": ("Brutărie", "Farmacie", "Flori", "Librărie", "Magazin", "Cafenea"),
    "tr": ("Fırın", "Eczane", "Kitabevi", "Lokanta", "Market", "Çiçekçi"),
    "id": ("Toko Roti", "Apotek", "Warung", "Toko Buku", "Rumah Makan", "Bengkel"),
    "ms": ("Kedai Roti", "Farmasi", "Restoran", "Kedai Buku", "Kedai Runcit", "Bengkel"),
    "vi": ("Tiệm bánh", "Nhà thuốc", "Quán cà phê", "Nhà sách", "Tạp hóa", "Quán ăn"),
    "sw": ("Duka", "Famasia", "Hoteli", "Vitabu", "Mkate", "Chai"),
    "ru": ("Хлеб", "Аптека", "Продукты", "Цветы", "Книги", "Кафе"),
    "uk": ("Хліб", "Аптека", "Продукти", "Квіти", "Книги", "Кав'ярня"),
    "bg": ("Хляб", "Аптека", "Храни", "Цветя", "Книги", "Кафе"),
    "sr": ("Пекара", "Апотека", "Цвеће", "Књиге", "Кафана", "Месара"),
    "el": ("Φούρνος", "Φαρμακείο", "Καφενείο", "Βιβλία", "Ταβέρνα", "Άνθη"),
    "ar": ("مخبز", "صيدلية", "مطعم", "مكتبة", "بقالة", "مقهى"),
    "fa": ("نانوایی", "داروخانه", "رستوران", "کتاب", "سوپرمارکت", "گل"),
    "ur": ("بیکری", "دواخانہ", "ہوٹل", "کتابیں", "دکان", "چائے"),
    "he": ("מאפייה", "בית מרקחת", "מסעדה", "ספרים", "מכולת", "קפה"),
    "hi": ("किराना", "दवाखाना", "मिठाई", "पुस्तकें", "भोजनालय", "चाय"),
    "ne": ("किराना", "औषधि", "मिठाई", "पुस्तक", "होटल", "चिया"),
    "bn": ("বেকারি", "ঔষধালয়", "মিষ্টি", "বই", "হোটেল", "চা"),
    "ta": ("பேக்கரி", "மருந்தகம்", "உணவகம்", "புத்தகம்", "மளிகை", "தேநீர்"),
    "th": ("ร้านอาหาร", "ร้านขายยา", "เบเกอรี่", "กาแฟ", "ร้านหนังสือ", "ตลาด"),
    "km": ("ហាងបាយ", "ឱសថស្ថាន", "កាហ្វេ", "សៀវភៅ", "ផ្សារ", "ហាង"),
    "lo": ("ຮ້ານອາຫານ", "ຮ້ານຂາຍຢາ", "ກາເຟ", "ຕະຫຼາດ", "ປຶ້ມ", "ຮ້ານ"),
    "my": ("ဆေးဆိုင်", "စားသောက်ဆိုင်", "ကော်ဖီ", "စာအုပ်", "ဈေး", "မုန့်"),
    "si": ("බේකරිය", "ෆාමසිය", "කඩය", "පොත්", "තේ", "හෝටලය"),
    "zh": ("饭店", "药店", "超市", "书店", "茶馆", "面包"),
    "ja": ("パン", "薬局", "食堂", "書店", "花屋", "酒店"),
    "ko": ("빵집", "약국", "식당", "서점", "꽃집", "슈퍼"),
    "ka": ("პური", "აფთიაქი", "კაფე", "წიგნები", "მარკეტი", "ყვავილები"),
    "hy": ("Հաց", "Դեղատուն", "Սրճարան", "Գրքեր", "Մթերք", "Ծաղիկներ"),
    "am": ("ዳቦ", "መድኃኒት ቤት", "ምግብ ቤት", "መጻሕፍት", "ሱቅ", "ቡና"),
}
"""What shops are called, by language code; without brands."""

_SCRIPT_LANGUAGE = {
    "Cyrillic": "ru", "Greek": "el", "Arabic": "ar", "Hebrew": "he", "Devanagari": "hi", "Bengali": "bn",
    "Tamil": "ta", "Thai": "th", "Khmer": "km", "Chinese": "zh", "Japanese": "ja", "Korean": "ko",
    "Georgian": "ka", "Armenian": "hy", "Amharic": "am", "Ethiopic": "am", "Lao": "lo", "Burmese": "my",
    "Myanmar": "my", "Sinhala": "si",
}  # fmt: skip


def shop_words(language: str, script: str) -> tuple[str, ...]:
    """Shop names of a language (code like "de" or "de-AT"), else of the script, else English."""
    code = language.lower().replace("_", "-").split("-")[0]
    if code in SHOP_WORDS:
        return SHOP_WORDS[code]
    return SHOP_WORDS.get(_SCRIPT_LANGUAGE.get(script, "en"), SHOP_WORDS["en"])
