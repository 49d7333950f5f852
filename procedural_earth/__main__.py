"""`python -m procedural_earth COMMAND ...`; a command's module is imported only when it is asked for."""

from __future__ import annotations

import importlib
import sys

from planet_core.stopping import UserError

# command: (module whose main(arguments) runs it, what it does)
COMMANDS = {
    "render": ("procedural_earth.render_cli", "draw a panorama or a view of a place"),
    "shards": ("procedural_earth.shards_cli", "draw training views and pack them into shards"),
    "trips": ("procedural_earth.trips_cli", "draw photo trips as albums"),
    "places": ("procedural_earth.places_cli", "draw places and write them as CSV"),
    "play_set": ("procedural_earth.play_set_cli", "draw the panoramas that come with the program"),
    "clue_pictures": ("procedural_earth.clue_pictures", "draw the pictures that explain the clues"),
    "hero_picture": ("procedural_earth.hero_picture", "draw the picture of the game's first page"),
}


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help"):
        print(_usage())  # noqa: T201
        return 0 if words else 2
    if words[0] not in COMMANDS:
        print(f"python -m procedural_earth: no command {words[0]!r}\n{_usage()}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        code: int | None = importlib.import_module(COMMANDS[words[0]][0]).main(words[1:])
    except UserError as error:
        print(f"{words[0]}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return code or 0


def _usage() -> str:
    lines = [f"  {name:14} {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(["usage: python -m procedural_earth COMMAND [--help]", "", *lines])


if __name__ == "__main__":
    raise SystemExit(main())
