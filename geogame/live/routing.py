from __future__ import annotations

from django.urls import re_path

from geogame.lib.tokens import TOKEN
from geogame.live.consumer import GameConsumer, NoSuchSocket
from geogame.live.rooms import RoomConsumer
from geogame.live.training import TrainingConsumer
from geogame.rooms.codes import ALPHABET, LENGTH

websocket_urlpatterns = [
    re_path(rf"^ws/games/(?P<token>{TOKEN})/$", GameConsumer.as_asgi()),
    re_path(rf"^ws/rooms/(?P<code>[{ALPHABET}]{{{LENGTH}}})/$", RoomConsumer.as_asgi()),
    re_path(rf"^ws/training/(?P<token>{TOKEN})/$", TrainingConsumer.as_asgi()),
    re_path("", NoSuchSocket.as_asgi()),
]
