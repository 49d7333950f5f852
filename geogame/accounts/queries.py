from __future__ import annotations

from geogame.accounts.models import Player


def public_player(profile_token: str) -> Player | None:
    """Who has a public page: accounts, as long as there are."""
    return Player.objects.filter(
        profile_token=profile_token, kind=Player.Kind.PERSON, user__is_active=True, deleted_at=None
    ).first()
