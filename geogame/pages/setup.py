"""What a player asks for when a game starts: the fields of the form, each from a closed set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from geogame.games.models import Game
from geogame.games.rules import TIME_LIMITS_S
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_version, active_versions

MODES = (Game.Mode.CLASSIC, Game.Mode.COUNTRY, Game.Mode.STREAK)
ALONE = "none"
NEWEST = ""
MOST_OF_A_NAME = 24
"""Letters of a model's name in the note of a game, which has room for two sentences."""


class BadSettings(Exception):
    """A field that has no such value, as a sentence for people."""


class GameSettings(TypedDict):
    mode: Game.Mode
    condition: Game.Condition
    time_limit_s: int | None
    version: ModelVersion | None


def game_settings(fields: Mapping[str, str]) -> GameSettings:
    mode = fields.get("mode", Game.Mode.CLASSIC)
    condition = fields.get("condition", Game.Condition.FREE)
    limit = fields.get("time_limit", "0")
    if mode not in MODES:
        raise BadSettings(_("There is no such way to play."))
    if condition not in Game.Condition.values:
        raise BadSettings(_("Play either with a free look or with the fair view."))
    if limit not in {"0", *map(str, TIME_LIMITS_S)}:
        raise BadSettings(_("There is no such time limit."))
    return {
        "mode": Game.Mode(mode),
        "condition": Game.Condition(condition),
        "time_limit_s": int(limit) or None,
        "version": _opponent(fields.get("opponent", "")),
    }


def opponent_again(begins: str) -> tuple[str, str]:
    """The choice that a game against the same version needs, named by the first letters of its digest; where
    it plays no longer, the newest one, and a sentence that says so.
    """
    versions = active_versions()
    same = next((version for version in versions if version.digest.startswith(begins)), None)
    if same is not None:
        return (NEWEST if same == versions[0] else same.digest), ""
    if not versions:
        return ALONE, _("Your last opponent plays no longer: you play alone.")
    text = _("Your last opponent plays no longer; now it is {name}, the newest.")
    return NEWEST, text.format(name=Truncator(versions[0].name).chars(MOST_OF_A_NAME))


def _opponent(choice: str) -> ModelVersion | None:
    if choice == ALONE:
        return None
    if choice == NEWEST:
        return active_version()
    chosen = next((version for version in active_versions() if version.digest == choice), None)
    if chosen is None:
        raise BadSettings(_("This model does not play any longer: choose another one."))
    return chosen
