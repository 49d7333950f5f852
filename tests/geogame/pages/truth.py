"""Panoramas full of secrets, and a client that keeps every byte it is sent, to look for them."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.test import Client
from PIL import Image
from s2sphere import CellId, LatLng

from geogame.games.models import Round
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map
from planet_core.geography import country_name

COUNTRIES = ("PY", "BW", "MR", "KG", "BO", "ZM", "UG", "LA", "NP")
FIRST_KEY = 73_405_019
GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"
NAMELESS_INFO = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}

# Latitudes of 60 degrees and more, longitudes of 100 and more: no clock and no time left looks like one.
Place = tuple[float, float]


def true_place(number: int) -> Place:
    return round(71.2345671 + 1.3 * number, 7), round(-122.7654321 - 3.1 * number, 7)


def models_place(number: int) -> Place:
    return round(-64.8642197 - 0.7 * number, 7), round(160.2345678 + 1.7 * number, 7)


def senders_place(number: int) -> Place:
    return round(-82.1357924 - 0.3 * number, 7), round(101.9753186 + 2.3 * number, 7)


def pin(number: int) -> Place:
    """Where the player who is walked with guesses: in the right country, by `country_at`."""
    return 10.5 + number, 20.5 + number


def country_at(lat: float, lng: float) -> str:
    number = int(lat - 10)
    return COUNTRIES[number] if (lat, lng) == pin(number) else "ZW"


def secret_map(make_panorama: Callable[..., Panorama], *, projection: str) -> Map:
    """More places than a daily and a game of three rounds take together."""
    map_ = Map.objects.create(name="Secrets", slug="secrets")
    for number, country in enumerate(COUNTRIES):
        letter = "abcdefghi"[number]
        map_.panoramas.add(
            make_panorama(
                *true_place(number),
                pk=FIRST_KEY + 1009 * number,
                projection=projection,
                country=country,
                source=f"https://provider.example/pano/8Zx-secret-{letter}",
                author=f"Photographer {letter}-Secretname",
                taken_at=f"2019-0{number + 1}-13T09:41:07",
                place=f"Near {letter}-Secretville & Nowhere",
                group=f"walk-of-secrets-{letter}",
                heading=213.37 + number,
            )
        )
    publish_map(map_)
    return map_


def number_of(panorama: Panorama) -> int:
    return (panorama.pk - FIRST_KEY) // 1009


def models_answer(panorama: Panorama) -> ModelAnswer:
    lat, lng = models_place(number_of(panorama))
    return ModelAnswer(
        lat=lat,
        lng=lng,
        rule="top-cell",
        top_cells=[CellProbability(lat, lng, 0.4)],
        prediction_digest=f"{number_of(panorama)}" * 64,
        seen_in_training=True,
    )


def forms_of_a_place(place: Place) -> Iterator[str]:
    lat, lng = place
    for degrees in place:
        for digits in range(3, 8):
            yield f"{abs(degrees):.{digits}f}"
            whole = str(int(abs(degrees) * 10**digits))
            yield whole
            yield f"{whole[:-digits]}.{whole[-digits:]}"  # cut off, not rounded
        yield f"{int(abs(degrees))}°"
    cell = CellId.from_lat_lng(LatLng.from_degrees(lat, lng))
    for level in range(10, 31, 2):
        yield cell.parent(level).to_token()
        yield str(cell.parent(level).id())
    yield geohash(lat, lng)[:6]


def geohash(lat: float, lng: float, length: int = 12) -> str:
    lat_range, lng_range = [-90.0, 90.0], [-180.0, 180.0]
    number = 0
    for bit in range(5 * length):
        bounds, value = (lat_range, lat) if bit % 2 else (lng_range, lng)
        middle = sum(bounds) / 2
        bounds[value < middle] = middle
        number = 2 * number + (value >= middle)
    return "".join(GEOHASH[number >> 5 * place & 31] for place in reversed(range(length)))


def forms_of_the_truth(panorama: Panorama) -> Iterator[str]:
    """What would tell of the panorama, or of what others answered about it, while it must not be told."""
    number = number_of(panorama)
    for place in (true_place(number), models_place(number), senders_place(number)):
        yield from forms_of_a_place(place)
    texts = [panorama.source, panorama.author, panorama.place, panorama.group]
    texts += [panorama.taken_at, panorama.taken_at[:10], panorama.file, panorama.digest, panorama.file_digest]
    texts += [str(panorama.heading), str(panorama.pk)]
    texts += [country_name(panorama.country, language) for language in ("en", "de")]
    for text in texts:
        yield text
        yield html.escape(text)
        yield json.dumps(text).strip('"')
    for quote in ('"{}"', "'{}'", ">{}<", "&quot;{}&quot;", "={}&", "/{}/"):
        yield quote.format(panorama.country)
    yield "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in panorama.country)


def pairs_of_the_truth(panorama: Panorama) -> Iterator[str]:
    """Patterns of two coordinates beside each other, however coarse."""
    number = number_of(panorama)
    for place in (true_place(number), models_place(number), senders_place(number)):
        lat, lng = (int(abs(degrees)) for degrees in place)
        for first, second in ((lat, lng), (lng, lat)):
            # What may not stand before is asked after the number: to look for the number first is quick.
            yield rf"{first}(?<![\w.]{first})(?:\.\d+)?\D{{1,30}}{second}(?![\d])"


def found_in(sent: Iterable[bytes], panorama: Panorama) -> list[str]:
    return _found(_legible(sent), panorama)


def assert_no_truth(sent: Iterable[bytes], panoramas: Iterable[Panorama]) -> None:
    text = _legible(sent)
    found = {panorama.pk: forms for panorama in panoramas if (forms := _found(text, panorama))}
    if found:
        raise AssertionError(str(found))


def _legible(sent: Iterable[bytes]) -> str:
    """What is text as text, with what is not beside it: pixels, too, could hold a name."""
    return b"\n".join(sent).decode("utf-8", "surrogateescape").lower()


def _found(text: str, panorama: Panorama) -> list[str]:
    forms = {form.lower() for form in forms_of_the_truth(panorama)}
    found = [form for form in forms if form in text and re.search(rf"(?<![\w.]){re.escape(form)}", text)]
    return found + [pattern for pattern in pairs_of_the_truth(panorama) if re.search(pattern, text)]


def assert_bare(picture: bytes) -> None:
    """Pixels and nothing else: no Exif, XMP, IPTC, colour profile or comment."""
    with Image.open(io.BytesIO(picture)) as image:
        assert set(image.info) <= NAMELESS_INFO
        assert not dict(image.getexif())
    for marker in (b"Exif\0\0", b"http://ns.adobe.com", b"Photoshop 3.0", b"ICC_PROFILE", b"<x:xmpmeta"):
        assert marker not in picture


class Tap:
    """A client that keeps all that comes back: status, headers, body; pictures opened and decrypted, too."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.sent: list[bytes] = []
        self.pictures = 0

    def get(self, path: str) -> Any:
        return self.keep(self.client.get(path))

    def post(self, path: str, body: object) -> Any:
        return self.keep(self.client.post(path, json.dumps(body), content_type="application/json"))

    def keep(self, response: Any) -> Any:
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        self.sent += [headers.encode(), response.content]
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("image/") and "svg" not in kind:
            self.look_at(response.content)
        elif kind == "application/octet-stream":
            self.look_at(self.decrypted(response))
        return response

    def look_at(self, picture: bytes) -> None:
        assert_bare(picture)
        self.sent.append(picture)
        self.pictures += 1

    @staticmethod
    def decrypted(response: Any) -> bytes:
        token = re.search(r"/([\w-]{22})\.bin", response.request["PATH_INFO"])
        assert token, response.request["PATH_INFO"]
        key = base64.b64decode(Round.objects.get(picture_token=token[1]).picture_key)
        content: bytes = AESGCM(key).decrypt(response.content[:12], response.content[12:], None)
        return content
