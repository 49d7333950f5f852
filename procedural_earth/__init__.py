"""Procedural Earth: panoramas drawn from real geographic facts, by `render` and `render_view(s)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from procedural_earth.rendering import Rendering, render, render_view, render_views

__all__ = ["Rendering", "render", "render_view", "render_views"]


def __getattr__(name: str) -> Any:
    # facts and places are wanted without the compiler, so it is imported only by who draws
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from procedural_earth import rendering

    return getattr(rendering, name)
