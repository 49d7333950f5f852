"""What a page or a program is told when there is no such thing, or a form is not ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import csrf, defaults


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return api_error("bad-request", _("This request cannot be understood."), 400)
    return render(request, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return api_error("not-found", _("There is no such game, or it is not yours."), 404)
    return defaults.page_not_found(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.path.startswith("/api/"):
        return api_error("csrf", _("This page is out of date: load it again."), 403)
    return csrf.csrf_failure(request, reason=reason)


def missing(request: HttpRequest, code: str, message: str) -> HttpResponse:
    """404 with a reason: a page where a browser shows it, else JSON."""
    if "text/html" in request.headers.get("Accept", ""):
        return render(request, "pages/missing.html", {"message": message}, status=404)
    return api_error(code, message, 404)


def too_many(request: HttpRequest, wait_s: int) -> HttpResponse:
    """The answer to what came too often; it says when to come again."""
    message = _("That was too often in a short time. {wait}").format(wait=_come_again(wait_s))
    response = (
        api_error("rate-limited", message, 429)
        if request.path.startswith("/api/")
        else render(request, "429.html", {"message": message}, status=429)
    )
    response["Retry-After"] = str(wait_s)
    return response


def _come_again(wait_s: int) -> str:
    if wait_s < 60:
        return ngettext("Try again in {n} second.", "Try again in {n} seconds.", wait_s).format(n=wait_s)
    minutes = -(-wait_s // 60)
    return ngettext("Try again in {n} minute.", "Try again in {n} minutes.", minutes).format(n=minutes)


def api_error(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)
