from __future__ import annotations

from django.urls import path

from geogame.pages import account, profile, your_data

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/register/", account.register, name="register"),
    path("account/login/", account.log_in, name="login"),
    path("account/logout/", account.log_out, name="logout"),
    path("account/name/", account.change_name, name="change-name"),
    path("account/password/", account.change_password, name="change-password"),
    path("account/delete/", account.delete, name="delete-account"),
    path("account/data/", your_data.your_data, name="your-data"),
    path("account/data/reports/", your_data.reports, name="reports-choice"),
    path("account/data/export.json", your_data.export, name="export-data"),
    path("account/data/forget/", your_data.forget, name="forget-guest"),
    path("players/me/", profile.own, name="profile"),
    path("players/<token:token>/", profile.public, name="player"),
    path("games/<token:token>/replay/", profile.replay, name="replay"),
]
