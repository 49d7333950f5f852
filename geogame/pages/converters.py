from __future__ import annotations

from datetime import date


class DateConverter:
    """A day in an address, 2026-11-22: what is no day of the calendar is no such page."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


class RoomCodeConverter:
    """The code of a room; small letters are taken too, and the page answers with the right ones."""

    regex = r"[0-9A-Za-z]{6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class VersionConverter:
    """The version of static files, as `manage.py play` makes it."""

    regex = "[0-9a-f]{12}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
