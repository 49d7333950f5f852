"""System checks: what is wrong with this installation, with an id and a hint (`manage.py check`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register()
def npm_packages(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    missing = [
        str(path) for prefix, path in settings.VENDOR.items() if prefix != "basemap" and not path.is_dir()
    ]
    if not missing:
        return []
    return [
        Warning(
            f"The map and the panorama viewer are not installed: {missing[0]} is missing.",
            hint="Run `make install`.",
            id="geogame.W001",
        )
    ]
