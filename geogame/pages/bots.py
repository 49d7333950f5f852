"""Where a program says that it is one: from then on everybody sees it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from geogame.accounts.names import BadName
from geogame.accounts.services import AccountError, bot_for
from geogame.pages.decorators import limited

FIELDS = {"name", "csrfmiddlewaretoken"}


@never_cache
@require_POST
@limited("bot")
def check_in(request: HttpRequest) -> HttpResponse:
    if unknown := sorted(set(request.POST) - FIELDS):
        return _refusal(f"There is no field {unknown[0]!r}.")
    try:
        bot_for(session=request.session, user=request.user, name=request.POST.get("name", ""))
    except AccountError as error:
        return _refusal(error.message, status=409)
    except BadName as error:
        return _refusal(str(error))
    return HttpResponse(status=204)


def _refusal(message: str, status: int = 400) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
