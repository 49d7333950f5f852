from __future__ import annotations

from django.contrib import admin
from django.urls import path

from geogame.pages import api, views

urlpatterns = [
    path("", views.home, name="home"),
    path("games/", views.start, name="start"),
    path("games/<str:token>/", views.game, name="game"),
    path("pictures/<str:token>.jpg", views.picture, name="picture"),
    path("health/", views.health, name="health"),
    path("favicon.ico", views.favicon),
    path("api/games/<str:token>/", api.state, name="api-state"),
    path("api/games/<str:token>/guess/", api.guess, name="api-guess"),
    path("api/games/<str:token>/next/", api.next_round, name="api-next"),
    path("admin/", admin.site.urls),
]
