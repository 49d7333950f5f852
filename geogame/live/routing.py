from __future__ import annotations

from django.urls import re_path

from geogame.lib.tokens import TOKEN
from geogame.live.consumer import GameConsumer, NoSuchSocket

websocket_urlpatterns = [
    re_path(rf"^ws/games/(?P<token>{TOKEN})/$", GameConsumer.as_asgi()),
    re_path("", NoSuchSocket.as_asgi()),
]
