from __future__ import annotations

from django.contrib import admin
from django.urls import path, register_converter

from geogame.lib.tokens import TokenConverter
from geogame.pages import account, api, views, your_data

register_converter(TokenConverter, "token")
handler404 = "geogame.pages.problems.not_found"

urlpatterns = [
    path("", views.home, name="home"),
    path("learn/", views.learn, name="learn"),
    path("games/", views.start, name="start"),
    path("games/<token:token>/", views.game, name="game"),
    path("pictures/<token:token>.jpg", views.picture, name="picture"),
    path("health/", views.health, name="health"),
    path("favicon.ico", views.favicon),
    path("api/games/<token:token>/", api.state, name="api-state"),
    path("api/games/<token:token>/guess/", api.guess, name="api-guess"),
    path("api/games/<token:token>/next/", api.next_round, name="api-next"),
    path("account/", account.account, name="account"),
    path("account/register/", account.register, name="register"),
    path("account/login/", account.log_in, name="log-in"),
    path("account/logout/", account.log_out, name="log-out"),
    path("account/name/", account.change_name, name="change-name"),
    path("account/password/", account.change_password, name="change-password"),
    path("account/delete/", account.delete, name="delete-account"),
    path("account/data/", your_data.your_data, name="your-data"),
    path("account/data/reports/", your_data.reports, name="reports-choice"),
    path("account/data/export.json", your_data.export, name="export-data"),
    path("account/data/forget/", your_data.forget, name="forget-guest"),
    path("admin/", admin.site.urls),
]
