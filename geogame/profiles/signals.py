from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from geogame.profiles.adoption import adopt_guest


@receiver(user_logged_in)
def keep_the_guest(sender: type, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is not None:
        adopt_guest(session=request.session, user=user)
