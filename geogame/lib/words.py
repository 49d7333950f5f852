"""Small words of messages to whoever runs the game. Texts for players go through gettext's ngettext."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """1 picture, 2 pictures, 1,000 pictures. `several` is for words that do not just take an s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
