from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "geogame.accounts"

    def ready(self) -> None:
        from geogame.accounts import signals  # noqa: F401
