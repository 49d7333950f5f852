"""The pixels of a round, under addresses that only this round has and that expire."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from geogame.accounts.services import find_person
from geogame.games.models import Round
from geogame.games.picture_urls import PICTURE, PICTURE_AHEAD, Expired, check
from geogame.games.snapshots import picture_of
from geogame.pages.problems import missing
from geogame.panoramas.fair import PictureGone

# Nothing here comes from the content: two rounds with the same picture have nothing in common but its pixels.
HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Disposition": 'inline; filename="picture"',
    "X-Robots-Tag": "noindex, noimageindex",
}
NONCE_BYTES = 12
SHOWN = (Round.State.OPEN, Round.State.CLOSED)
SENT_AHEAD = (Round.State.READY, *SHOWN)


class NoPicture(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@require_GET
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """The picture of a round that was opened: in the fair condition, the bytes that the model gets."""
    try:
        content = _content(_round(request, token, PICTURE, SHOWN))
    except NoPicture as problem:
        return missing(request, problem.code, problem.message)
    return HttpResponse(content, content_type="image/jpeg", headers=HEADERS)


@require_GET
def picture_ahead(request: HttpRequest, token: str) -> HttpResponse:
    """The same bytes before the round opens, encrypted: the key comes with the opening."""
    try:
        round_ = _round(request, token, PICTURE_AHEAD, SENT_AHEAD)
        content = _content(round_)
    except NoPicture as problem:
        return missing(request, problem.code, problem.message)
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(base64.b64decode(round_.picture_key)).encrypt(nonce, content, None)
    return HttpResponse(nonce + sealed, content_type="application/octet-stream", headers=HEADERS)


def _round(request: HttpRequest, token: str, name: str, states: tuple[Round.State, ...]) -> Round:
    try:
        check(name, token, request.GET.dict())
    except BadSignature:
        raise _no_such_picture() from None
    except Expired:
        raise NoPicture(
            "picture-expired", _("This address of the picture has expired: load the game again.")
        ) from None
    player = find_person(session=request.session, user=request.user)
    rounds = Round.objects.select_related("panorama__fair_view", "game").filter(state__in=states)
    found = rounds.filter(picture_token=token, game__seats__player=player).first() if player else None
    if found is None:
        raise _no_such_picture()
    return found


def _no_such_picture() -> NoPicture:
    return NoPicture("not-found", _("There is no such picture, or it is not yours."))


def _content(round_: Round) -> bytes:
    try:
        return picture_of(round_).path.read_bytes()
    except (PictureGone, OSError):
        raise NoPicture("picture-gone", _("This picture is gone.")) from None
