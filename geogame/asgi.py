"""The web process: pages, JSON and websockets. Never imports torch (tests/geogame/test_imports.py)."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geogame.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()  # loads the apps, which the imports below need

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import reverse  # noqa: E402

from geogame.lib.bodies import LimitedBodies  # noqa: E402
from geogame.live.routing import websocket_urlpatterns  # noqa: E402


def files() -> dict[str, int]:
    """Addresses that take a file, and how many bytes of it."""
    return {
        reverse("admin:datasets_dataset_add"): settings.DATA_SET_UPLOAD_MB * 10**6,
        reverse("admin:registry_modelversion_import"): settings.MODEL_UPLOAD_MB * 10**6,
    }


application = ProtocolTypeRouter(
    {
        "http": LimitedBodies(http, files),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
