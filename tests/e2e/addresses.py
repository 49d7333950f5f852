"""The pages of the site, as a visitor finds them."""

from __future__ import annotations

FOR_ANYBODY = {
    "home": "/",
    "tried": "/?spot.x=150&spot.y=40",
    "play": "/play/",
    "with-a-friend": "/play/?with=friend",
    "rooms": "/rooms/",
    "albums": "/albums/",
    "duel": "/duel/",
    "learn": "/learn/",
    "help": "/help/",
    "about": "/about/",
    "borders": "/borders/",
    "settings": "/settings/",
    "leaderboards": "/leaderboards/",
    "benchmark": "/benchmark/",
    "daily": "/daily/",
    "daily-archive": "/daily/archive/",
    "profile": "/players/me/",
    "register": "/account/register/",
    "login": "/account/login/",
    "your-data": "/account/data/",
}
WITH_AN_ACCOUNT = {
    "home": "/",
    "profile": "/players/me/",
    "account": "/account/",
    "name": "/account/name/",
    "password": "/account/password/",
    "delete": "/account/delete/",
    "your-data": "/account/data/",
    "leaderboards": "/leaderboards/",
    "leaderboard-of-the-week": "/leaderboards/?period=week",
    "leaderboard-of-totals": "/leaderboards/?mode=daily&period=month",
    "daily": "/daily/",
    "daily-archive": "/daily/archive/",
}
NOT_THERE = "/games/nobodys/"
