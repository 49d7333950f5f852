from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, register_converter
from django.views.i18n import set_language

from geogame.lib.tokens import TokenConverter
from geogame.pages import (
    albums,
    api,
    borders,
    bots,
    challenge,
    daily,
    duels,
    home,
    layers,
    leaderboards,
    new_game,
    pictures,
    players_api,
    preferences,
    reports,
    rooms,
    share,
    static_files,
    study,
    views,
)
from geogame.pages.converters import DateConverter, RoomCodeConverter, VersionConverter
from geogame.pages.decorators import limited

register_converter(TokenConverter, "token")
register_converter(DateConverter, "day")
register_converter(RoomCodeConverter, "code")
register_converter(VersionConverter, "static_version")
handler400 = "geogame.pages.problems.bad_request"
handler404 = "geogame.pages.problems.not_found"

urlpatterns = [
    path("", home.home, name="home"),
    path("learn/", home.learn, name="learn"),
    path("help/", home.guide, name="help"),
    path("about/", home.about, name="about"),
    path("settings/", preferences.preferences, name="settings"),
    path("language/", limited("settings")(set_language), name="set_language"),
    path("play/", new_game.play, name="play"),
    path("games/", new_game.start, name="start"),
    path("games/<token:token>/", views.game, name="game"),
    path("games/<token:token>/challenge/", challenge.send, name="challenge-send"),
    path("albums/", albums.albums, name="albums"),
    path("albums/start/", albums.start, name="album-start"),
    path("albums/<token:token>/", albums.album, name="album"),
    path("c/<token:token>/", challenge.challenge, name="challenge"),
    path("c/<token:token>/accept/", challenge.accept, name="challenge-accept"),
    path("daily/", daily.daily, name="daily"),
    path("daily/start/", daily.start, name="daily-start"),
    path("daily/archive/", daily.archive, name="daily-archive"),
    path("daily/<day:day>/", daily.earlier, name="daily-day"),
    path("study/<token:token>/", study.study, name="study"),
    path("study/<token:token>/begin/", study.begin, name="study-begin"),
    path("leaderboards/", leaderboards.leaderboards, name="leaderboards"),
    path("benchmark/", reports.overview, name="benchmark"),
    path("benchmark/state/", reports.state, name="benchmark-state"),
    path("benchmark/<str:map>/<slug:view>/<slug:source>/", reports.report, name="report"),
    path(
        "benchmark/<str:map>/<slug:view>/<slug:source>/report.json", reports.report_json, name="report-json"
    ),
    path(
        "benchmark/<str:map>/<slug:view>/<slug:source>/<slug:rows>.<slug:format>",
        reports.report_rows,
        name="report-rows",
    ),
    path("rooms/", rooms.rooms, name="rooms"),
    path("rooms/join/", rooms.enter, name="room-enter"),
    path("rooms/<code:code>/", rooms.room, name="room"),
    path("rooms/<code:code>/join/", rooms.join, name="room-join"),
    path("duel/", duels.duel, name="duel"),
    path("duel/queue/", duels.queue, name="duel-queue"),
    path("duel/cancel/", duels.cancel, name="duel-cancel"),
    path("duel/model/", duels.against_model, name="duel-model"),
    path("borders/", borders.borders, name="borders"),
    path("bots/", bots.check_in, name="bots"),
    path("pictures/<token:token>.jpg", pictures.picture, name="picture"),
    path("pictures/albums/<token:token>.jpg", albums.picture, name="album-picture"),
    path("pictures/<token:token>.bin", pictures.picture_ahead, name="picture-ahead"),
    path("", include("geogame.pages.account_urls")),
    path("health/", views.health, name="health"),
    path("static/<static_version:version>/<path:name>", static_files.of_another_version),
    path("favicon.ico", views.favicon),
    path("api/games/<token:token>/", api.state, name="api-state"),
    path("api/games/<token:token>/guess/", api.guess, name="api-guess"),
    path("api/games/<token:token>/next/", api.next_round, name="api-next"),
    path("api/games/<token:token>/challenge/", challenge.api_send, name="api-challenge"),
    path("api/games/<token:token>/share/", share.share, name="api-share"),
    path("api/games/<token:token>/rating/", leaderboards.rating, name="api-rating"),
    path("api/games/<token:token>/country/", api.country, name="api-country"),
    path("api/games/<token:token>/skip/", api.skip, name="api-skip"),
    path("api/games/<token:token>/rounds/<token:round_token>/layers/", layers.layers, name="api-layers"),
    path(
        "api/games/<token:token>/rounds/<token:round_token>/layers/<slug:name>.<slug:ending>",
        layers.layer,
        name="layer",
    ),
    path("api/albums/<token:token>/", albums.state, name="api-album"),
    path("api/albums/<token:token>/pin/", albums.pin, name="api-album-pin"),
    path("api/albums/<token:token>/next/", albums.next_photo, name="api-album-next"),
    path("api/albums/<token:token>/hand-in/", albums.hand_in, name="api-album-hand-in"),
    path("api/rooms/<code:code>/", rooms.state, name="api-room"),
    path("api/rooms/<code:code>/guess/", rooms.guess, name="api-room-guess"),
    path("api/openapi.json", players_api.openapi, name="api-openapi"),
    path("api/sets/", players_api.sets, name="api-sets"),
    path("api/sets/<token:token>/", players_api.one_set, name="api-set"),
    path("api/sets/<token:token>/results/", players_api.own_results, name="api-set-results"),
    path(
        "api/sets/<token:token>/rounds/<token:round_token>/picture/",
        players_api.picture,
        name="api-set-picture",
    ),
    path(
        "api/sets/<token:token>/rounds/<token:round_token>/answer/",
        players_api.answer,
        name="api-set-answer",
    ),
    path("api/duel/", duels.waiting, name="api-duel"),
    path("admin/login/", limited("login", account_field="username")(admin.site.login)),
    path("admin/", admin.site.urls),
]
