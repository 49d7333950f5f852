"""Plays every mode in both conditions and walks every address in every phase as everybody who could come by:
no byte may tell of a panorama what the one who asks has not been told by the end of a round of their own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import call_command
from django.test import Client
from PIL import Image

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.games.picture_urls import picture_url
from geogame.games.services import start_game
from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from tests.geogame.live.test_room_truth import MATCHES
from tests.geogame.pages import truth
from tests.geogame.pages.truth import Tap, assert_bare, assert_no_truth
from tests.geogame.pages.walking import ROUNDS, STARTS, Table, Visitor, look_around, start_by_form
from tests.sockets import Socket

SignIn = Callable[[Client, Player], None]
SEEN = {
    "classic": "free",
    "challenge": "fair",
    "country": "free",
    "daily": "fair",
    "streak": "free",
    "study": "fair",
    "study that tells each round": "fair",
    "study that tells nothing": "fair",
}
"""How the picture is seen in each mode: a walk takes 10 to 30 s, and pages do not depend on both."""


@pytest.fixture
def table(
    make_panorama: Callable[..., Panorama],
    model_version: ModelVersion,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    projection: str,
    condition: str,
) -> Table:
    monkeypatch.setattr("planet_core.geography.country_at", truth.country_at)
    caplog.set_level(logging.CRITICAL, logger="django.request")  # thousands of 404s
    monkeypatch.setattr("geogame.games.rules.ROUNDS", ROUNDS)
    owner, stranger = (Player.objects.create(kind="person", name=name) for name in ("Owner", "Stranger"))
    visitors = [
        Visitor("owner", Client(), owner),
        Visitor("stranger with a game of their own", Client(), stranger),
        Visitor("guest without a session", Client()),
    ]
    for visitor in visitors:
        if visitor.player:
            sign_in(visitor.client, visitor.player)
    found = Table(
        map=truth.secret_map(make_panorama, projection=projection),
        version=model_version,
        owner=visitors[0],
        others=visitors[1:],
        settings={"condition": condition},
    )
    start_game(player=stranger, map_=found.map, version=None)
    return found


def test_every_way_to_play_is_walked() -> None:
    """Here, or where people play live: `test_room_truth.py` listens to their sockets."""
    live = {kind for kind, _, _ in MATCHES}
    assert live == set(Game.LIVE_MODES)
    studies = {"study that tells each round", "study that tells nothing"}
    assert set(STARTS) | live == {*Game.Mode.values, "challenge", *studies}
    assert set(SEEN) == set(STARTS)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("mode", "condition", "projection"),
    [("classic", "fair", "flat"), *((*walk, "equirectangular") for walk in SEEN.items())],
)
def test_no_byte_tells_what_is_not_told_yet(table: Table, mode: str) -> None:
    table.game = STARTS[mode](table)
    everybody = [table.owner, *table.others]
    look_around([table.owner])  # the model thinks, or has answered long ago
    table.seal()
    assert table.current().state == Round.State.OPEN
    look_around(everybody, every_kind=mode in ("classic", "challenge"))
    table.guess()
    table.seal()
    assert table.game.rounds.count() == 2, "the next one waits to be asked for"
    look_around(everybody)
    table.go_on()
    assert table.current().number == 2
    look_around([table.owner])
    table.play_on()
    look_around(everybody)
    told = (
        set()
        if mode == "study that tells nothing"
        else set(table.game.rounds.values_list("panorama", flat=True))
    )
    assert table.owner.told() == told


@pytest.mark.parametrize(("condition", "projection"), [("free", "equirectangular")])
def test_what_is_told_is_told_and_would_be_found(table: Table) -> None:
    """The search finds every truth that the result of a round holds: it is not blind."""
    table.game = start_by_form("classic")(table)
    table.seal()
    table.guess()
    tap = Tap(table.owner.client)
    tap.get(f"/api/games/{table.game.token}/")
    found = truth.found_in(tap.sent, table.current().panorama)
    lat, lng = truth.true_place(truth.number_of(table.current().panorama))
    assert f"{lat:.7f}" in found
    assert f"{abs(lng):.7f}" in found
    assert any("secretname" in form for form in found)
    assert len(found) >= 8


@pytest.mark.parametrize(("condition", "projection"), [("free", "flat")])
def test_each_form_of_the_truth_would_be_found(table: Table) -> None:
    panorama = table.map.panoramas.first()
    assert panorama
    missed = [
        form
        for form in truth.forms_of_the_truth(panorama)
        if not truth.found_in([f'"a": "{form}"'.encode()], panorama)
    ]
    assert missed == []
    assert truth.found_in([b'{"lat": 71.2, "lng": -122.8}'], panorama)
    assert truth.found_in([b"71 N, 122 W"], panorama)
    assert not truth.found_in([b'{"lat": 61.2, "lng": -102.8, "size": [640, 320]}'], panorama)


@pytest.mark.parametrize(("condition", "projection"), [("free", "equirectangular"), ("fair", "flat")])
def test_no_frame_of_the_socket_tells_it(table: Table, django_capture_on_commit_callbacks: Any) -> None:
    table.game = start_by_form("classic")(table)
    sent: list[bytes] = []

    def seal() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            table.seal()

    async def listen(visitor: Visitor) -> None:
        socket = Socket(f"/ws/games/{table.game.token}/", visitor.client)
        await socket.connect()
        sent.append(json.dumps(await socket.receive()).encode())
        if visitor is table.owner:
            await sync_to_async(seal)()
            await socket.send('{"type": "snapshot.request"}')
            while b'"snapshot"' not in sent[-1] or b"sealed" not in sent[-1]:
                sent.append(json.dumps(await socket.receive()).encode())
        await socket.close()

    for visitor in (table.owner, table.others[0]):
        async_to_sync(listen)(visitor)
    assert len(sent) >= 4
    assert_no_truth(sent, Panorama.objects.all())


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(("condition", "projection"), [("free", "flat")])
def test_an_error_page_holds_no_truth(
    table: Table, monkeypatch: pytest.MonkeyPatch, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    table.game = start_by_form("classic")(table)
    table.owner.client.raise_request_exception = False
    tap = Tap(table.owner.client)

    def broken(game: Game, player: Player) -> None:
        panorama = game.rounds.get().panorama
        raise RuntimeError(f"about {panorama}")

    monkeypatch.setattr("geogame.pages.api.snapshot", broken)
    assert tap.get(f"/api/games/{table.game.token}/").status_code == 500
    kept = [page.replace(b"Panorama 734", b"") for page in tap.sent]  # developers see which row it is
    assert_no_truth(kept, Panorama.objects.all())


@pytest.mark.parametrize(("condition", "projection"), [("free", "flat")])
def test_a_guess_of_the_model_is_stored_before_and_told_after(table: Table) -> None:
    table.game = start_by_form("classic")(table)
    table.seal()
    lat, _ = truth.models_place(truth.number_of(table.current().panorama))
    assert Guess.objects.get().lat == lat, "the walk looks for something that is there"
    tap = Tap(table.owner.client)
    tap.get(f"/api/games/{table.game.token}/")
    assert_no_truth(tap.sent, Panorama.objects.all())


def test_what_a_camera_wrote_into_a_picture_is_not_served(client: Client, tmp_path: Path, db: None) -> None:
    """Through the importer: place, camera and time in Exif, a packet of XMP, a comment and a profile."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B] = "Secret Camera", "Secret Author"
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 39.0, 15.5), 3: "W", 4: (122.0, 7.0, 24.4)})
    picture = tmp_path / "pictures" / "secret.jpg"
    picture.parent.mkdir()
    options = {"exif": exif, "comment": b"secret comment", "xmp": b"<x:xmpmeta>secret packet</x:xmpmeta>"}
    Image.effect_noise((640, 480), 60).convert("RGB").save(picture, icc_profile=b"secret profile", **options)
    for marker in (b"Exif", b"secret comment", b"secret packet", b"secret profile"):
        assert marker in picture.read_bytes()
    call_command("import_panoramas", str(picture.parent), "--map", "Secrets", stdout=StringIO())
    client.post("/games/", {"map": "secrets"})
    served = client.get(picture_url(Round.objects.get()))
    assert served.status_code == 200
    assert_bare(served.content)
    assert b"secret" not in served.content.lower()
