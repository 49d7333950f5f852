from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.contrib.admin.apps import SimpleAdminConfig
from django.utils.module_loading import module_has_submodule


class AdminConfig(SimpleAdminConfig):
    default = False
    default_site = "geogame.pages.admin_site.ArenaAdminSite"


class PagesConfig(AppConfig):
    default = True
    name = "geogame.pages"

    def ready(self) -> None:
        # django-leaflet's admin module needs the GDAL library, which nothing here uses: the usual
        # discovery of admin modules would stop the start on a machine without it.
        for app in apps.get_app_configs():
            if app.name != "leaflet" and module_has_submodule(app.module, "admin"):
                import_module(f"{app.name}.admin")
