"""Walks every address while an album round waits, is open photo by photo, and is handed in: no byte may tell
of a photo what the one who asks has not been told by handing it in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.albums.lifecycle import seal_answers
from geogame.albums.models import Album, AlbumPhoto, AlbumRound
from geogame.albums.seals import PhotoAnswer, SideAnswer
from geogame.albums.services import hand_in, next_photo, place_pin
from geogame.panoramas.models import Panorama
from geogame.panoramas.services import unpublish_map
from geogame.registry.models import ModelVersion
from tests.geogame.pages import truth
from tests.geogame.pages.truth import Tap, assert_no_truth
from tests.geogame.pages.walking import Visitor, look_around

PHOTOS = 3
TIMES = ("2019-01-13T09:41:07", "2019-02-13T09:41:07", "2019-03-13T09:41:07")


@pytest.fixture
def visitors(
    make_panorama: Callable[..., Panorama],
    model_version: ModelVersion,
    sign_in: Callable[[Client, Player], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> list[Visitor]:
    """The owner of a round, somebody with a round on the same album, and a guest without a session."""
    monkeypatch.setattr("planet_core.geography.country_at", truth.country_at)
    caplog.set_level(logging.CRITICAL, logger="django.request")
    map_ = truth.secret_map(make_panorama, projection="flat")
    unpublish_map(map_)
    album = Album.objects.create(map=map_, name="secret-album-name", source="secret source")
    for number, panorama in enumerate(map_.panoramas.order_by("pk")[:PHOTOS], start=1):
        AlbumPhoto.objects.create(album=album, number=number, panorama=panorama, taken_at=TIMES[number - 1])
    people = [Player.objects.create(kind="person", name=name) for name in ("Owner", "Stranger")]
    found = [Visitor(person.name, Client(), person) for person in people]
    for visitor in found:
        assert visitor.player
        sign_in(visitor.client, visitor.player)
        response = visitor.client.post("/albums/start/", {"map": map_.slug})
        assert response.status_code == 302
    return [*found, Visitor("guest without a session", Client())]


def seal(round_: AlbumRound) -> None:
    """Both sides answer what nobody may read before the round is handed in."""
    photos = list(round_.album.photos.select_related("panorama"))
    answers = []
    for side in ("single", "album"):
        told = [truth.models_answer(photo.panorama) for photo in photos]
        answers.append(
            SideAnswer(
                side=side,
                model="PlaNet tiny",
                digests=["d" * 64],
                variant="",
                rule="top-cell",
                photos=[
                    PhotoAnswer(
                        photo=photo.pk,
                        picture_digest=photo.panorama.file_digest,
                        lat=answer.lat,
                        lng=answer.lng,
                        top_cells=answer.top_cells,
                        seen_in_training=False,
                    )
                    for photo, answer in zip(photos, told, strict=True)
                ],
            )
        )
    seal_answers(round_id=round_.pk, answers=answers)


def pin(round_: AlbumRound, player: Player, number: int) -> None:
    place_pin(round_=round_, player=player, number=number, lat=10.5 + number, lng=20.5 + number)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_byte_of_an_album_is_told_before_it_is_handed_in(visitors: list[Visitor]) -> None:
    owner = visitors[0]
    assert owner.player
    round_ = owner.player.album_rounds.get()
    look_around([owner])  # the models look
    for one in AlbumRound.objects.all():
        seal(one)
    pin(round_, owner.player, 1)
    next_photo(round_=round_, player=owner.player, after=1)
    look_around(visitors)
    for number in (2, 3):
        pin(round_, owner.player, number)
        next_photo(round_=round_, player=owner.player, after=number)
    look_around([owner])
    hand_in(round_=round_, player=owner.player)
    look_around(visitors)
    assert len(owner.told()) == PHOTOS
    assert visitors[1].told() == set()


def test_what_is_told_is_told_and_would_be_found(visitors: list[Visitor]) -> None:
    owner = visitors[0]
    assert owner.player
    round_ = owner.player.album_rounds.get()
    seal(round_)
    tap = Tap(owner.client)
    for number in range(1, PHOTOS + 1):
        pin(round_, owner.player, number)
        next_photo(round_=round_, player=owner.player, after=number)
    tap.get(f"/api/albums/{round_.token}/")
    assert_no_truth(tap.sent, Panorama.objects.all())
    hand_in(round_=round_, player=owner.player)
    tap.get(f"/api/albums/{round_.token}/")
    for photo in round_.album.photos.select_related("panorama"):
        assert len(truth.found_in(tap.sent, photo.panorama)) >= 8


def test_a_photo_that_was_not_shown_has_no_picture(visitors: list[Visitor]) -> None:
    owner, stranger = visitors[:2]
    assert owner.player
    round_ = owner.player.album_rounds.get()
    assert b"/pictures/" not in owner.client.get(f"/albums/{round_.token}/").content
    seal(round_)
    photos = owner.client.get(f"/api/albums/{round_.token}/").json()["photos"]
    assert [photo["picture"] is not None for photo in photos] == [True, False, False]
    address = photos[0]["picture"]["url"]
    shown = owner.client.get(address)
    first = round_.album.photos.get(number=1).panorama
    assert shown.content == first.path.read_bytes(), "the very bytes that the models get"
    assert stranger.client.get(address).status_code == 404
    assert owner.client.get(address.split("?")[0]).status_code == 404
