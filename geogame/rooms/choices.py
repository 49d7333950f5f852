"""The settings of a room: what may be chosen, and what they are if nobody chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from geogame.games import match_rules
from geogame.games.models import Game
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_version, active_versions
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Room

NAMES = frozenset({"map", "condition", "time_limit_s", "rounds_total", "model"})
"""As people name them; `map` by its slug, `model` by its digest or None for nobody."""


def defaults(kind: str) -> dict[str, Any]:
    is_duel = kind == Room.Kind.DUEL
    return {
        "condition": Game.Condition.FREE,
        "time_limit_s": match_rules.DUEL_TIME_LIMIT_S,
        "rounds_total": match_rules.DUEL_ROUNDS if is_duel else match_rules.ROOM_ROUNDS,
        "model_version": None if is_duel else active_version(),
    }


def checked(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a room for these settings; RoomError where one cannot be."""
    unknown = set(settings) - NAMES
    if unknown:
        raise _wrong(_("There is no such setting: {name}.").format(name=", ".join(sorted(unknown))))
    fields: dict[str, Any] = {}
    if "map" in settings:
        fields["map"] = _map(settings["map"])
    if "condition" in settings:
        fields["condition"] = _condition(settings["condition"])
    if "time_limit_s" in settings:
        fields["time_limit_s"] = _time_limit(kind, settings["time_limit_s"])
    if "rounds_total" in settings:
        fields["rounds_total"] = _rounds(kind, settings["rounds_total"])
    if "model" in settings:
        fields["model_version"] = _model(settings["model"])
    return fields


def check_together(room: Room) -> None:
    """What each setting alone cannot tell."""
    check_map(room.map)
    if room.kind == Room.Kind.CROWD and room.model_version is None:
        raise _wrong(_("A crowd plays against a model: choose one."))


def check_map(map_: Map) -> None:
    if not map_.is_published or map_.scale_km is None:
        raise _wrong(_("This map is not open for play."))


def _wrong(message: str) -> RoomError:
    return RoomError("wrong-settings", message)


def _map(value: object) -> Map:
    found = Map.objects.filter(slug=value).first() if isinstance(value, str) else None
    if found is None:
        raise _wrong(_("There is no such map."))
    return found


def _condition(value: object) -> str:
    if value not in Game.Condition.values:
        raise _wrong(_("Play either with a free look or with the fair view."))
    return str(value)


def _time_limit(kind: str, value: object) -> int | None:
    least, most = match_rules.TIME_LIMIT_S
    if value is None and kind == Room.Kind.DUEL:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _wrong(
            _("The time for a round is between {least} and {most} seconds.").format(least=least, most=most)
        )
    return value


def _rounds(kind: str, value: object) -> int:
    if kind == Room.Kind.DUEL:
        if value == match_rules.DUEL_ROUNDS:
            return match_rules.DUEL_ROUNDS
        raise _wrong(_("A duel lasts until somebody has no health left."))
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= match_rules.MOST_ROUNDS:
        raise _wrong(_("A match has 1 to {most} rounds.").format(most=match_rules.MOST_ROUNDS))
    return value


def _model(value: object) -> ModelVersion | None:
    if value is None:
        return None
    chosen = next((version for version in active_versions() if version.digest == value), None)
    if chosen is None:
        raise _wrong(_("This model does not play any longer: choose another one."))
    return chosen
