"""Pages to have an account: register, log in and out, names, password, deletion. Thin: services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from geogame.accounts import services
from geogame.accounts.forms import LogInForm, NameForm, OwnPasswordForm, PasswordForm, RegisterForm
from geogame.accounts.services import AccountError, find_person, player_of_account
from geogame.lib.paths import own_path
from geogame.pages.decorators import limited

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@limited("register")
def register(request: HttpRequest) -> HttpResponse:
    onward = _onward(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = RegisterForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            user = services.register(
                session=request.session,
                login_name=data["username"],
                password=data["new_password"],
                name=data["name"],
            )
        except AccountError as error:
            form.add_error("username", error.message)
        else:
            login(request, user, backend=BACKEND)
            messages.success(request, _("Your account is ready. Your games are kept in it."))
            return redirect(onward)
    guest = find_person(session=request.session, user=request.user)
    return _form_page(request, "register", form, onward=onward, guest=guest)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@limited("login", account_field="username")
def log_in(request: HttpRequest) -> HttpResponse:
    onward = _onward(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = LogInForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid() and form.user:
        login(request, form.user, backend=BACKEND)
        return redirect(onward)
    return _form_page(request, "log_in", form, onward=onward)


@require_POST
@limited("settings")
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.success(request, _("You are logged out."))
    return redirect("home")


@never_cache
@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    return render(request, "account/account.html", {"player": player_of_account(user), "account": user})


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@limited("settings")
def change_name(request: HttpRequest) -> HttpResponse:
    player = player_of_account(_user(request))
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": player.name})
    if form.is_valid():
        services.rename(player=player, name=form.cleaned_data["name"])
        messages.success(request, _("Others see you as {name} now.").format(name=player.shown_name))
        return redirect("account")
    return _form_page(request, "change_name", form)


@never_cache
@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "POST"])
@limited("login")
def change_password(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    form = PasswordForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.change_password(user=user, password=form.cleaned_data["new_password"])
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed. All other browsers are logged out."))
        return redirect("account")
    return _form_page(request, "change_password", form)


@never_cache
@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "POST"])
@limited("login")
def delete(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    form = OwnPasswordForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.delete_account(user=user)
        except AccountError as error:
            form.add_error(None, error.message)
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("home")
    return _form_page(request, "delete", form)


def _form_page(request: HttpRequest, name: str, form: forms.Form, **context: Any) -> HttpResponse:
    status = 400 if form.is_bound else 200
    return render(request, f"account/{name}.html", {"form": form, **context}, status=status)


def _onward(request: HttpRequest) -> str:
    raw = request.POST.get("next") or request.GET.get("next") or ""
    return own_path(raw, otherwise=reverse("profile"))


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the views are for accounts only
    return request.user
