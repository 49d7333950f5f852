from __future__ import annotations

from django.urls import path

from geogame.live.consumer import GameConsumer

websocket_urlpatterns = [path("ws/games/<str:token>/", GameConsumer.as_asgi())]
