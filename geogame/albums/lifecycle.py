"""The life of an album round: waiting for the models, open, closed. Each step is a conditional update that
one caller wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone

from geogame.accounts.services import lock
from geogame.albums import rules
from geogame.albums.models import AlbumPhoto, AlbumPin, AlbumRound, AlbumSeal, Sight
from geogame.albums.queries import photos_of, revealed_to
from geogame.albums.seals import SideAnswer, make_preimage
from geogame.albums.words import MODEL_LATE, NO_MODEL
from geogame.games.rules import score
from geogame.games.seals import digest_of
from geogame.lib.queue import ANSWER_ALBUM, INFERENCE, enqueue

State = AlbumRound.State
Side = AlbumPin.Side


# --- waiting for the models ------------------------------------------------------------------------
def answer_deadline(photos: int) -> datetime:
    wait_s = settings.MODEL_ANSWER_TIMEOUT_S + rules.ANSWER_S_PER_PHOTO * photos
    return timezone.now() + timedelta(seconds=wait_s)


def ask_models(round_: AlbumRound) -> None:
    if round_.image_version_id is None:
        go_without_model(round_, reason=NO_MODEL)
    else:
        enqueue(ANSWER_ALBUM, queue=INFERENCE, round_id=round_.pk)


@transaction.atomic
def seal_answers(*, round_id: int, answers: Sequence[SideAnswer]) -> bool:
    """Store what the models answer and open the round. False when it did not wait any longer."""
    round_ = AlbumRound.objects.select_related("album", "player").get(pk=round_id)
    if not _claim(round_):
        return False
    numbers = dict(round_.album.photos.values_list("pk", "number"))
    for answer in answers:
        preimage = make_preimage(round_token=round_.token, numbers=numbers, answer=answer)
        AlbumSeal.objects.create(
            round=round_,
            side=answer.side,
            digest=digest_of(preimage),
            preimage=preimage,
            model=answer.model[:200],
            variant=answer.variant,
        )
        AlbumPin.objects.bulk_create(_pins_of_model(round_, answer))
    show_next(round_)
    return True


def _pins_of_model(round_: AlbumRound, answer: SideAnswer) -> list[AlbumPin]:
    return [
        AlbumPin(
            round=round_,
            photo_id=photo.photo,
            side=answer.side,
            lat=photo.lat,
            lng=photo.lng,
            top_cells=[asdict(cell) for cell in photo.top_cells],
            seen_in_training=photo.seen_in_training,
        )
        for photo in answer.photos
    ]


@transaction.atomic
def go_without_model(round_: AlbumRound, *, reason: str = MODEL_LATE) -> bool:
    if not _claim(round_, model_absent=reason):
        return False
    show_next(round_)
    return True


def _claim(round_: AlbumRound, *, model_absent: str = "") -> bool:
    """The one change from preparing to open: whoever makes it decides what the round opens with."""
    claimed = AlbumRound.objects.filter(pk=round_.pk, state=State.PREPARING).update(
        state=State.OPEN, model_absent=model_absent, opened_at=timezone.now()
    )
    return claimed == 1


# --- open ------------------------------------------------------------------------------------------
def show_next(round_: AlbumRound) -> Sight | None:
    """The next photo that is there is shown from now on. None behind the last one."""
    last = round_.sights.aggregate(last=Max("photo__number"))["last"] or 0
    for photo in photos_of(round_.album):
        if photo.number > last and photo.panorama.path.is_file():
            return _show(round_, photo)
    return None


def _show(round_: AlbumRound, photo: AlbumPhoto) -> Sight:
    before = Sight.objects.filter(round__player=round_.player_id, photo__panorama=photo.panorama_id)
    seen = before.exclude(round=round_).count()
    return Sight.objects.get_or_create(round=round_, photo=photo, defaults={"times_seen": seen})[0]


def is_gone(photo: AlbumPhoto) -> bool:
    """Taken down, or its file is lost: it counts for nobody."""
    return photo.panorama.withdrawn_at is not None or not photo.panorama.path.is_file()


# --- closed ----------------------------------------------------------------------------------------
def close(round_: AlbumRound) -> bool:
    """The player hands in: what every pin is worth is known from now on. False when it was closed before."""
    lock(round_.player)
    pins = list(round_.pins.select_related("photo__panorama"))
    known = revealed_to(
        round_.player,
        [pin.photo.panorama_id for pin in pins],
        {pin.photo.panorama.group for pin in pins},
    )
    closed = AlbumRound.objects.filter(pk=round_.pk, state=State.OPEN).update(
        state=State.CLOSED, closed_at=timezone.now()
    )
    if closed != 1:
        return False
    of_panoramas, of_groups = known
    for pin in pins:
        _settle(pin, round_.scale_km)
        if pin.side == Side.PERSON:
            panorama = pin.photo.panorama
            pin.times_revealed = of_panoramas[panorama.pk]
            others = of_groups[panorama.group] - of_panoramas[panorama.pk]
            pin.group_revealed = others if panorama.group else 0
    AlbumPin.objects.bulk_update(
        pins,
        ["distance_km", "points", "first_distance_km", "first_points", "times_revealed", "group_revealed"],
        batch_size=200,
    )
    return True


def _settle(pin: AlbumPin, scale_km: float) -> None:
    panorama = pin.photo.panorama
    truth = {"true_lat": panorama.lat, "true_lng": panorama.lng, "scale_km": scale_km}
    worth = score(lat=pin.lat, lng=pin.lng, **truth)
    pin.distance_km, pin.points = worth.distance_km, worth.points
    if pin.first_lat is not None and pin.first_lng is not None:
        first = score(lat=pin.first_lat, lng=pin.first_lng, **truth)
        pin.first_distance_km, pin.first_points = first.distance_km, first.points


# --- by the clock ----------------------------------------------------------------------------------
def open_overdue_rounds() -> int:
    """Open the rounds whose models did not answer in time; the clock calls this again and again."""
    return sum(go_without_model(round_) for round_ in _waiting_too_long())


def settle(round_: AlbumRound) -> None:
    """For a page that asks: its round opens in time even while the clock is down."""
    for overdue in _waiting_too_long().filter(pk=round_.pk):
        go_without_model(overdue)


def _waiting_too_long() -> models.QuerySet[AlbumRound]:
    waiting = AlbumRound.objects.filter(state=State.PREPARING, answer_deadline__lte=timezone.now())
    return waiting.select_related("album", "player")
