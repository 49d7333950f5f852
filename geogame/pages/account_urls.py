from __future__ import annotations

from django.urls import path

from geogame.pages import account, your_data

urlpatterns = [
    path("", account.account, name="account"),
    path("register/", account.register, name="register"),
    path("login/", account.log_in, name="login"),
    path("logout/", account.log_out, name="logout"),
    path("name/", account.change_name, name="change-name"),
    path("password/", account.change_password, name="change-password"),
    path("delete/", account.delete, name="delete-account"),
    path("data/", your_data.your_data, name="your-data"),
    path("data/reports/", your_data.reports, name="reports-choice"),
    path("data/export.json", your_data.export, name="export-data"),
    path("data/forget/", your_data.forget, name="forget-guest"),
]
