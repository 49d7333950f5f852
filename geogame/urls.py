from __future__ import annotations

from django.contrib import admin
from django.urls import path, register_converter

from geogame.lib.tokens import TokenConverter
from geogame.pages import api, pictures, views

register_converter(TokenConverter, "token")
handler404 = "geogame.pages.problems.not_found"

urlpatterns = [
    path("", views.home, name="home"),
    path("learn/", views.learn, name="learn"),
    path("games/", views.start, name="start"),
    path("games/<token:token>/", views.game, name="game"),
    path("pictures/<token:token>.jpg", pictures.picture, name="picture"),
    path("pictures/<token:token>.bin", pictures.picture_ahead, name="picture-ahead"),
    path("health/", views.health, name="health"),
    path("favicon.ico", views.favicon),
    path("api/games/<token:token>/", api.state, name="api-state"),
    path("api/games/<token:token>/guess/", api.guess, name="api-guess"),
    path("api/games/<token:token>/next/", api.next_round, name="api-next"),
    path("api/games/<token:token>/skip/", api.skip, name="api-skip"),
    path("admin/", admin.site.urls),
]
