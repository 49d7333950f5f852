"""The pixels of a round, under names that only this round has."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from geogame.accounts.services import find_person
from geogame.games.models import Round
from geogame.games.snapshots import picture_of
from geogame.panoramas.fair import PictureGone

HEADERS = {"Cache-Control": "private, no-store"}
NONCE_BYTES = 12


@require_GET
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """The picture of a round that was opened: in the fair condition, the bytes that the model gets."""
    round_ = _round(request, token)
    if round_ is None or round_.state not in (Round.State.OPEN, Round.State.CLOSED):
        raise Http404("There is no such picture.")
    return HttpResponse(_content(round_), content_type="image/jpeg", headers=HEADERS)


@require_GET
def picture_ahead(request: HttpRequest, token: str) -> HttpResponse:
    """The same bytes before the round opens, encrypted: the key comes with the opening."""
    round_ = _round(request, token)
    if round_ is None or round_.state == Round.State.PREPARING:
        raise Http404("There is no such picture.")
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(base64.b64decode(round_.picture_key)).encrypt(nonce, _content(round_), None)
    return HttpResponse(nonce + sealed, content_type="application/octet-stream", headers=HEADERS)


def _round(request: HttpRequest, token: str) -> Round | None:
    player = find_person(session=request.session, user=request.user)
    if player is None:
        return None
    rounds = Round.objects.select_related("panorama__fair_view", "game")
    return rounds.filter(picture_token=token, game__seats__player=player).first()


def _content(round_: Round) -> bytes:
    try:
        return picture_of(round_).path.read_bytes()
    except (PictureGone, OSError):
        raise Http404("This picture is gone.") from None
